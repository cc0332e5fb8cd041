/* Pieces that the JSON outputs share (docs/json.md). */
#ifndef HEAPLINE_OUTPUT_JSON_H
#define HEAPLINE_OUTPUT_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "../analyze/profile.h"

/* Strings of any bytes: what is no UTF-8 becomes U+FFFD. NULL gives null. */
json_t *json_text(const char *text);
json_t *json_seconds(uint64_t ns);

/* An object with "schema", "trace", "selection" and "totals"; the report's own fields follow. */
json_t *json_begin(const char *schema, const struct profile *profile, const char *by);

/* Adds the figures of `costs` to an object. */
void json_add_costs(json_t *object, const struct costs *costs);

/* Adds "function", "file", "line", "module", "address" of a place; unknown ones are null. */
void json_add_location(json_t *object, const struct locations *locations, uint32_t id);

json_t *json_exit(const struct trace_process_end *end);
json_t *json_losses(const struct trace *trace);

/* Writes and frees the object. Returns 0 or -errno. */
int json_finish(json_t *object, FILE *out);

#endif
