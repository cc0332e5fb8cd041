/* Blocks that hold each other and that nothing else holds are lost: one stands for all, the others go with it. */
#include "leaks.h"

struct node { struct node *next, *other; char text[32]; };

static struct node *kept;

static struct node *ring(int n)
{
    struct node *first = NULL, *last = NULL;
    for (int i = 0; i < n; i++) {
        struct node *node = calloc(1, sizeof *node);    /* leak: lost=96/2 indirect=480/10 reachable=144/3 */
        node->next = first;
        first = node;
        last = last ? last : node;
    }
    last->next = first;
    return first;
}

static void lose_one(void) { struct node *alone = ring(1); CHECK(alone->next == alone); }

static void lose_ten(void) { ring(10); }

static void lose_tail(void)      /* a block, not of the cycle, leads into it: it stands for the cycle */
{
    struct node *node = calloc(1, sizeof *node);        /* leak: lost=48/1 */
    node->next = ring(1);
}

int main(void)
{
    kept = ring(3);
    lose_one();
    lose_ten();
    lose_tail();
    scrub();
    return 0;
}
