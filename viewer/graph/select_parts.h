/* The parts of SELECTORs: one selector is a name, a colon and a value. */
#ifndef HEAPLINE_GRAPH_SELECT_PARTS_H
#define HEAPLINE_GRAPH_SELECT_PARTS_H

#include "graph.h"

struct select {
    struct graph *graph;
    struct trace_error *error;
    unsigned depth;                        /* of selectors inside of selectors */
};

/* Takes out of the set what the value does not fit. Returns 0, or -errno with a sentence. */
typedef int select_fn(struct select *select, const char *value, uint8_t *set);

struct select_key { const char *name, *example; select_fn *narrow; };
extern const struct select_key select_keys[];                /* closed by a NULL */

/* All selectors of a text. */
int select_narrow(struct select *select, const char *text, uint8_t *set);

/* Something is of such a type. */
bool select_is_type(const struct graph *graph, const char *pattern);

/* The sentence in select->error; returns -EINVAL. */
int select_fail(struct select *select, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "; did you mean X?" or nothing, for the end of a sentence. */
struct select_hint { char text[128]; };
struct select_hint select_hint_of(const char *nearest);

/* The selectors that are not of one node alone, each in a file of its own: select_since.c, select_module.c. */
select_fn select_since, select_module;

#endif
