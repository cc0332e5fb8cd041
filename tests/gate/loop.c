/* loop ITERATIONS [MODE [STATUS]]: iterations with a mark at the end of each.
 *
 *   steady   a cache that fills in ten iterations, and garbage
 *   lose     besides, 100 bytes an iteration that nothing leads to
 *   hoard    besides, a list that gets a node of 24 bytes an iteration
 *   line     the same from one line that allocates something else, too
 *   abort    ends by SIGABRT
 */
#include "heapline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node { struct node *next; char text[16]; };

static void *cache[10];
static struct node *list;
static void *volatile last;

static void *fill(void) { return calloc(1, 4096); }

static void lose(void)
{
    last = calloc(1, 100);
    last = NULL;
}

static void hoard(void)
{
    struct node *node = calloc(1, sizeof *node);
    node->next = list;
    list = node;
}

static struct node *make(void) { free(malloc(8)); return calloc(1, sizeof(struct node)); }

static void line(void)
{
    struct node *node = make();
    node->next = list;
    list = node;
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 20;
    const char *mode = argc > 2 ? argv[2] : "steady";
    puts("begins");
    for (int i = 0; i < n; i++) {
        last = malloc(1000 + 13 * (size_t)(i % 10));
        free(last);
        last = NULL;
        if (i < 10)
            cache[i] = fill();
        if (strcmp(mode, "lose") == 0)
            lose();
        if (strcmp(mode, "hoard") == 0)
            hoard();
        if (strcmp(mode, "line") == 0)
            line();
        HEAPLINE_MARK("iteration");
    }
    if (strcmp(mode, "abort") == 0)
        abort();
    return argc > 3 ? atoi(argv[3]) : 0;
}
