/* new[] of a class with a destructor keeps the number of elements in front: the program's pointer is behind it.
 * Without a destructor there is none.
 *
 * why: in front of elements with an alignment of their own the number stands farther from the beginning than valgrind looks
 */
#include "leaks.h"

struct element { void *block; long more; ~element() { free(block); } };
struct alignas(64) wide { void *block[8]; ~wide() { free(block[0]); } };
struct bare { void *block; };

static element *kept;
static bare *kept_bare;
static wide *kept_wide;

static void fill()
{
    kept = new element[10]();                   /* leak: reachable=168/1 by=global:kept */
    kept[3].block = malloc(33);                 /* leak: reachable=33/1 */
    kept_bare = new bare[10]();                 /* leak: reachable=80/1 by=global:kept_bare */
    element *lost = new element[20]();          /* leak: lost=328/1 */
    lost[5].block = malloc(44);                 /* leak: indirect=44/1 */
    kept_wide = new wide[3]();                  /* leak: reachable=256/1 by=global:kept_wide valgrind=possible */
    kept_wide[1].block[0] = malloc(55);         /* leak: reachable=55/1 valgrind=possible */
    wide *lost_wide = new wide[2]();            /* leak: lost=192/1 */
    CHECK(lost_wide);
}

int main()
{
    fill();
    scrub();
    return 0;
}
