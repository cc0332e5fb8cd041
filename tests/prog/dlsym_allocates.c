/* dlsym that fails allocates its message, in several threads at once; the hooks' own search for libc's functions is not
 * confused by it.
 *
 * group: life
 * count: sums
 */
#include "prog.h"
#include <dlfcn.h>
#include <pthread.h>

static void *ask(void *unused)
{
    for (int i = 0; i < 50; i++) {
        CHECK(dlsym(RTLD_DEFAULT, "no_such_function") == NULL);
        CHECK(strstr(dlerror(), "no_such_function") != NULL);
        free(malloc(40));           /* expect: count=250 bytes=10000 live=0 temporary=250 */
    }
    return unused;
}

int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, ask, NULL) == 0);
    ask(NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
