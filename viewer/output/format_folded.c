/* Folded stacks: "main;parse;xmalloc 4096", outermost first, one line a stack. Two stacks may give the same line; readers add
 * them up. */
#include "format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* Names hold no separators of the format. Those of Python functions need file and line: many are called <module> or __init__. */
static void add_name(struct strbuf *out, const struct locations *locations, uint32_t id)
{
    size_t start = out->length;
    location_add_name(out, locations, id);
    if (location_is_python(&locations->items[id])) {
        strbuf_add_char(out, ' ');
        location_add_place(out, locations, id);
    }
    for (size_t i = start; i < out->length; i++)
        if (out->data[i] == ';' || out->data[i] == '\n')
            out->data[i] = ':';
}

static void put_stack(FILE *out, const struct profile *profile, uint32_t stack, struct level_list *levels, struct strbuf *line)
{
    const struct locations *locations = &profile->locations;
    strbuf_clear(line);
    profile_levels(profile, stack, levels);
    for (size_t i = levels->n; i-- > 0;) {
        if (line->length)
            strbuf_add_char(line, ';');
        add_name(line, locations, levels->items[i]);
    }
    if (line->length == 0)
        add_name(line, locations, locations->nowhere);
    fputs(line->data, out);
}

int format_write_folded(FILE *out, const struct profile *profile, enum measure by)
{
    const struct costs *stacks = profile->stacks;
    struct level_list levels = { 0 };
    struct strbuf line = STRBUF_INIT;
    for (uint32_t s = 0; s < profile->trace->n_stacks && !ferror(out); s++) {
        uint64_t measure = costs_measure(&stacks[s], by);
        if (measure == 0)
            continue;
        put_stack(out, profile, s, &levels, &line);
        fprintf(out, " %" PRIu64 "\n", measure);
    }
    vec_release(&levels);
    strbuf_release(&line);
    return ferror(out) ? -EIO : 0;
}
