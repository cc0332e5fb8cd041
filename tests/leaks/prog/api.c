/* heapline.h: what is lost, indirectly lost, possibly lost and held is counted while the program runs, and what it
 * ignores or allocates while disabled is held.
 *
 * valgrind: no, it does not know these names
 */
#include "leaks.h"
#include "heapline.h"

struct node { struct node *next; long room[30]; };

static void *kept, *inside;

static struct node *make(void)
{
    struct node *node = calloc(1, sizeof *node);        /* leak: lost=248/1 reachable=248/1 */
    node->next = calloc(1, sizeof *node);               /* leak: indirect=248/1 reachable=248/1 */
    return node;
}

static void fill(void)
{
    struct heapline_leaks before, after;
    CHECK(heapline_leak_check(&before) == 0 && before.complete && before.lost_blocks == 0);
    kept = malloc(40);                                  /* leak: reachable=40/1 by=global:kept */
    inside = (char *)malloc(500) + 99;                  /* leak: possible=500/1 */
    make();
    struct node *ignored = make();
    HEAPLINE_IGNORE_OBJECT(ignored);
    HEAPLINE_DISABLE();
    free(malloc(5));
    void *volatile disabled = malloc(70);               /* leak: reachable=70/1 */
    HEAPLINE_ENABLE();
    CHECK(disabled);
    disabled = NULL;
    ignored = NULL;
    scrub();
    CHECK(heapline_leak_check(&after) == 1 && after.complete);
    CHECK(after.lost_blocks == 1 && after.lost_bytes == sizeof(struct node));
    CHECK(after.indirect_blocks == 1 && after.indirect_bytes == sizeof(struct node));
    CHECK(after.possible_blocks == 1 && after.possible_bytes == 500);
    CHECK(after.reachable_blocks == before.reachable_blocks + 4);
    CHECK(after.reachable_bytes == before.reachable_bytes + 40 + 2 * sizeof(struct node) + 70);
}

int main(void)
{
    if (!heapline_leak_check)
        return 0;
    fill();
    scrub();
    return 0;
}
