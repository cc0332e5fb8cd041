/* dlclose: the only call of the loader's that is worth a hook. dlopen must keep its caller (it decides the search path), and new modules
 * make themselves known by their first return address. */
#include "modules.h"
#include "real.h"

#include <dlfcn.h>

HL_EXPORT int dlclose(void *handle)
{
    int (*real)(void *) = HL_REAL(int (*)(void *), "dlclose");
    int result = real(handle);
    struct hl_thread *thread = hl_enter();
    if (thread) {
        hl_modules_closed(thread);
        hl_leave(thread);
    }
    return result;
}
