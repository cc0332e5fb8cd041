/* Pointers to a second base class and to a virtual one lead into the inside of the object, whose table of virtual
 * functions says how far. */
#include "leaks.h"

struct first { long a[4]; virtual ~first() {} };
struct second { long b[4]; void *block; virtual ~second() {} };
struct both : first, second { long c[4]; };
struct root { long r; void *block; virtual ~root() {} };
struct left : virtual root { long l; };
struct right : virtual root { long r2; };
struct diamond : left, right { long d[30]; };

static second *kept;
static root *kept_root;
static long *kept_member;

static void fill()
{
    kept = new both;                            /* leak: reachable=120/1 by=global:kept */
    kept->block = malloc(31);                   /* leak: reachable=31/1 */
    kept_root = new diamond;                    /* leak: reachable=296/1 by=global:kept_root */
    kept_root->block = malloc(32);              /* leak: reachable=32/1 */
    second *lost = new both;                    /* leak: lost=120/1 */
    lost->block = malloc(33);                   /* leak: indirect=33/1 */
    kept_member = (new both)->c + 1;            /* leak: possible=120/1 */
}

int main()
{
    fill();
    scrub();
    return 0;
}
