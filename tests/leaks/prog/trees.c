/* A tree whose root is lost: the root is lost, all under it indirectly; what another root holds as well is
 * reachable. */
#include "leaks.h"

struct node { struct node *left, *right; void *payload; };

static void *shared;

static struct node *tree(int depth)
{
    struct node *node = calloc(1, sizeof *node);        /* leak: lost=24/1 indirect=336/14 */
    node->payload = malloc(10);                         /* leak: indirect=150/15 */
    if (depth > 1) {
        node->left = tree(depth - 1);
        node->right = tree(depth - 1);
    }
    return node;
}

static void lose(void)
{
    struct node *root = tree(4);
    struct node *holder = calloc(1, sizeof *holder);    /* leak: lost=24/1 */
    shared = malloc(77);                                /* leak: reachable=77/1 by=global:shared */
    holder->payload = shared;
    CHECK(root);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
