/* Names of what stands at words of global memory: "servers", "pool+0x40". One for all snapshots of a run, used by their
 * threads in turn. */
#ifndef HEAPLINE_COLLECT_ROOT_NAMES_H
#define HEAPLINE_COLLECT_ROOT_NAMES_H

#include "../trace/model.h"

struct root_names;

struct root_names *root_names_create(void);
void root_names_destroy(struct root_names *names);                /* accepts NULL */

/* The variable at an address of the module's own space, to be freed; NULL: it has no name. `id`: of the module in the trace.
 * Any thread. */
char *root_names_find(struct root_names *names, const struct trace_module *module, uint32_t id, uint64_t address);

/* In the same way, the function that the code there belongs to. */
char *root_names_function(struct root_names *names, const struct trace_module *module, uint32_t id, uint64_t address);

#endif
