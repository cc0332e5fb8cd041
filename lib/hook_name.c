/* Threads that name themselves: short-lived ones are gone before anybody could ask for their name. */
#include "event.h"
#include "real.h"

#include <pthread.h>
#include <string.h>

HL_EXPORT int pthread_setname_np(pthread_t thread, const char *name)
{
    int error = HL_REAL(int (*)(pthread_t, const char *), "pthread_setname_np")(thread, name);
    struct hl_thread *self = error || !pthread_equal(thread, pthread_self()) ? NULL : hl_enter();
    if (self) {
        hl_event_path(self, (uint64_t[]){hl_record_word(HL_RECORD_NAME, 0)}, 1, name);
        hl_leave(self);
    }
    return error;
}
