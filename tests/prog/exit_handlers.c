/* atexit and on_exit handlers that allocate, handlers registered by handlers, and a destructor that runs after all of them.
 *
 * group: life
 * exit: 5
 */
#include "prog.h"

static void *kept[4];

static void second(void)
{
    kept[0] = malloc(401);          /* expect: count=1 bytes=401 live=401 function=second */
}

static void first(void)
{
    kept[1] = malloc(402);          /* expect: count=1 bytes=402 live=402 function=first */
    atexit(second);
}

static void with_status(int status, void *argument)
{
    kept[2] = realloc(argument, 403);   /* expect: count=1 bytes=403 live=403 function=with_status */
    CHECK(status == 5);
}

__attribute__((destructor)) static void after(void)
{
    kept[3] = malloc(404);          /* expect: count=1 bytes=404 live=404 function=after */
}

int main(void)
{
    on_exit(with_status, malloc(400));  /* expect: count=1 bytes=400 live=0 freed=400 */
    atexit(first);
    exit(5);
}
