/* "Did you mean …": the nearest of a few names. */
#ifndef HEAPLINE_BASE_SUGGEST_H
#define HEAPLINE_BASE_SUGGEST_H

#include <stddef.h>

/* Keeps the nearest name seen so far. Start with { .typed = text }. */
struct suggestion {
    const char *typed;
    const char *nearest;            /* NULL: nothing is near */
    unsigned distance;
};

void suggestion_offer(struct suggestion *suggestion, const char *name);

#endif
