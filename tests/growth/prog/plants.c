/* plants PLANT SEED ITERATIONS: something grows with every iteration, in noise of thousands of blocks of all sizes that come and go. The line that asks for
 * it ends in "plant: PLANT". Besides "iteration" the label "first N" marks the first N iterations, for all N from 12 on: one run answers how many are
 * needed. */
#include "heapline.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 64                      /* blocks of the noise that live at a time: every one for some iterations, some ten KiB together */
#define CALLS 2000

struct node { struct node *next; uint64_t value; };

static void *slots[SLOTS];
static struct node *list;
static char *text;
static uint64_t state;

static uint32_t next_random(void)     /* xorshift64 */
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static void noise(void)
{
    for (int i = 0; i < CALLS; i++) {
        uint32_t slot = next_random() % SLOTS;
        free(slots[slot]);
        slots[slot] = malloc(1 + next_random() % 512);
    }
}

static struct node *keep(struct node *node)
{
    node->next = list;
    return list = node;
}

static void node_of_16(int i)
{
    keep(malloc(sizeof(struct node)))->value = (uint64_t)i;                   /* plant: node_of_16 */
}

static void lost_16(int i)
{
    *(int *volatile)malloc(16) = i;                                           /* plant: lost_16 */
}

static void every_second(int i)
{
    if (i % 2)
        keep(malloc(32))->value = (uint64_t)i;                                /* plant: every_second */
}

static void lost_24_every_second(int i)
{
    if (i % 2)
        *(int *volatile)malloc(24) = i;                                       /* plant: lost_24_every_second */
}

static void realloc_by_16(int i)
{
    text = realloc(text, 16 * ((size_t)i + 1));                               /* plant: realloc_by_16 */
}

static void realloc_by_half(int i)
{
    static size_t room;
    if (16 * ((size_t)i + 1) > room)
        text = realloc(text, room = room + room / 2 + 16);                    /* plant: realloc_by_half */
}

static void at_random(int i)
{
    if (next_random() % 4 == 0)
        keep(malloc(64))->value = (uint64_t)i;                                /* plant: at_random */
}

/* The leak is one of many blocks of the same line. */
static void in_its_own_noise(int i)
{
    enum { OTHERS = 40 };
    static void *others[OTHERS];
    for (int k = 0; k < 200; k++) {
        void *block = malloc(16);                                             /* plant: in_its_own_noise */
        if (k == 0) {
            keep(block)->value = (uint64_t)i;
            continue;
        }
        free(others[k % OTHERS]);
        others[k % OTHERS] = block;
    }
    for (uint32_t k = next_random() % 4; k > 0; k--) {                        /* up to three fewer at the end: 48 bytes of noise */
        free(others[k]);
        others[k] = NULL;
    }
}

static const struct { const char *name; void (*grow)(int); } plants[] = {
    { "node_of_16", node_of_16 },
    { "lost_16", lost_16 },
    { "every_second", every_second },
    { "lost_24_every_second", lost_24_every_second },
    { "realloc_by_16", realloc_by_16 },
    { "realloc_by_half", realloc_by_half },
    { "at_random", at_random },
    { "in_its_own_noise", in_its_own_noise },
};

static void mark(int i, int iterations)
{
    char label[32];
    HEAPLINE_MARK("iteration");
    for (int n = i + 1 > 12 ? i + 1 : 12; n <= iterations; n++) {
        snprintf(label, sizeof label, "first %d", n);
        HEAPLINE_MARK(label);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    int iterations = atoi(argv[3]);
    state = 0x9e3779b97f4a7c15u * (strtoull(argv[2], NULL, 10) + 1);
    for (size_t p = 0; p < sizeof plants / sizeof *plants; p++)
        for (int i = 0; strcmp(plants[p].name, argv[1]) == 0 && i < iterations; i++) {
            noise();
            plants[p].grow(i);
            mark(i, iterations);
        }
    return 0;
}
