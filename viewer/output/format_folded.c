/* Folded stacks: "main;parse;xmalloc 4096", outermost first, one line a stack. Two stacks may give the same line; readers add
 * them up. */
#include "format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "../base/vec.h"

struct path VEC_FIELDS(uint32_t);

/* Names hold no separators of the format. */
static void add_name(struct strbuf *out, const struct locations *locations, uint32_t id)
{
    size_t start = out->length;
    location_add_name(out, locations, id);
    for (size_t i = start; i < out->length; i++)
        if (out->data[i] == ';' || out->data[i] == '\n')
            out->data[i] = ':';
}

static void put_stack(FILE *out, const struct profile *profile, uint32_t stack, struct path *path, struct strbuf *line)
{
    const struct locations *locations = &profile->locations;
    vec_clear(path);
    strbuf_clear(line);
    for (uint32_t s = stack; s; s = profile->trace->stacks[s].parent)
        vec_push(path, profile->trace->stacks[s].frame);
    for (size_t f = path->n; f-- > 0;) {
        for (uint32_t i = locations->first[path->items[f]]; i < locations->first[path->items[f] + 1]; i++) {
            if (line->length)
                strbuf_add_char(line, ';');
            add_name(line, locations, locations->levels[i]);
        }
    }
    if (line->length == 0)
        add_name(line, locations, locations->nowhere);
    fputs(line->data, out);
}

int format_write_folded(FILE *out, const struct profile *profile, enum measure by)
{
    struct costs *stacks = profile_stack_costs(profile);
    struct path path = { 0 };
    struct strbuf line = STRBUF_INIT;
    for (uint32_t s = 0; s < profile->trace->n_stacks && !ferror(out); s++) {
        uint64_t measure = costs_measure(&stacks[s], by);
        if (measure == 0)
            continue;
        put_stack(out, profile, s, &path, &line);
        fprintf(out, " %" PRIu64 "\n", measure);
    }
    vec_release(&path);
    strbuf_release(&line);
    free(stacks);
    return ferror(out) ? -EIO : 0;
}
