/* Variables with static storage hold what they point to: of the file, of a function, of another object, in
 * structures and deep in big arrays.
 */
#include "leaks.h"

static void *of_file, *dropped;
static struct { int number; void *member; } initialised = { 1, NULL };
static void *big[1 << 17];

static void fill(void)
{
    static void *of_function;
    of_function = malloc(101);          /* leak: reachable=101/1 by=global:of_function */
    CHECK(of_function);
    of_file = malloc(102);              /* leak: reachable=102/1 by=global:of_file */
    initialised.member = malloc(103);   /* leak: reachable=103/1 by=global:initialised */
    big[100000] = malloc(104);          /* leak: reachable=104/1 by=global:big */
    environ = realloc(NULL, 105);       /* leak: reachable=105/1 by=global */
    memset(environ, 0, 105);
    dropped = malloc(106);              /* leak: lost=106/1 */
    dropped = NULL;
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
