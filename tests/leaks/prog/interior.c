/* Pointers into the inside that nothing explains make a block possibly lost, and what it leads to with it; its very
 * end does not hold it. */
#include "leaks.h"

struct node { long filler[20]; struct node *next; };

static char *inside, *end;
static struct node *chain;
static void *both, *both_inside;

static void fill(void)
{
    inside = malloc(1000);              /* leak: possible=1000/1 */
    inside += 500;
    end = malloc(1016);                 /* leak: lost=1016/1 */
    end += 1016;
    chain = calloc(1, sizeof *chain);   /* leak: possible=168/1 */
    chain->next = malloc(88);           /* leak: possible=88/1 */
    chain = (struct node *)((char *)chain + 96);
    both = malloc(300);                 /* leak: reachable=300/1 by=global:both */
    both_inside = (char *)both + 100;
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
