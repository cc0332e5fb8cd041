/* Threads that allocate, link, move and release without a pause while the heap is looked at again and again: at no moment is
 * anything lost, however the stop catches them.
 *
 * valgrind: no, it does not know these names
 */
#include "leaks.h"
#include "heapline.h"

#define THREADS 3
#define LOOKS 40

struct node { struct node *next; size_t size; };

static _Atomic int stop;
static pthread_barrier_t barrier;

static void *work(void *unused)
{
    struct node *list = NULL;
    unsigned seed = 7;
    meet(&barrier);
    for (unsigned n = 0; !stop; n++) {
        seed = seed * 1103515245 + 12345;
        if (n % 64 < 40) {
            struct node *node = malloc(sizeof *node + seed % 500);      /* leak: any */
            node->next = list;
            list = node;
        } else if (list) {
            struct node *node = list;
            if (seed & 0x10000)
                node = realloc(node, sizeof *node + seed % 3000);       /* leak: any */
            list = node->next;
            free(node);
        }
        if (n % 4096 == 0)
            while (list) {
                struct node *next = list->next;
                free(list);
                list = next;
            }
    }
    while (list) {
        struct node *next = list->next;
        free(list);
        list = next;
    }
    return unused;
}

int main(void)
{
    pthread_t threads[THREADS];
    if (!heapline_leak_check)
        return 0;
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);      /* leak: any */
    meet(&barrier);
    for (int i = 0; i < LOOKS; i++) {
        struct heapline_leaks leaks;
        int result = heapline_leak_check(&leaks);
        if (result != 0)
            dprintf(2, "look %d: result %d, lost %llu blocks of %llu bytes, indirect %llu, complete %d\n", i, result,
                    leaks.lost_blocks, leaks.lost_bytes, leaks.indirect_blocks, leaks.complete);
        CHECK(result == 0 && leaks.complete && leaks.indirect_blocks == 0);
    }
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    return 0;
}
