/* Strings to dense references: 0 is NULL, the first new string is 1. Keeps a copy of each string. */
#ifndef HEAPLINE_TRACE_INTERN_H
#define HEAPLINE_TRACE_INTERN_H

#include "varint.h"

struct intern_slot {
    uint32_t hash, reference;      /* reference 0: free */
};

struct intern {
    struct intern_slot *slots;     /* a power of two of them, at most half of them taken */
    size_t n_slots;
    uint64_t *starts;              /* by reference - 1; one more than strings */
    size_t capacity;
    uint32_t n;
    struct buffer bytes;
};

void intern_release(struct intern *intern);

/* The string's reference; *fresh says whether it is new. */
uint32_t intern_string(struct intern *intern, const char *text, size_t length, bool *fresh);

#endif
