#include "baseline.h"

#include "../base/xalloc.h"
#include "identity.h"
#include "lines.h"

#include <stdlib.h>
#include <string.h>

/* "parse (parse.c)": what a line of a list calls the place that owns a stack; its line changes with every build. */
static char *owner_name(const struct profile *profile, uint32_t owner)
{
    const struct location *location = &profile->locations.items[owner];
    const char *module = location_module_name(&profile->locations, owner);
    struct strbuf text = STRBUF_INIT;
    location_add_name(&text, &profile->locations, owner);
    if (location->file)
        strbuf_printf(&text, " (%s)", path_base(location->file));
    else if (location->function && module)
        strbuf_printf(&text, " (%s)", module);
    return strbuf_detach(&text);
}

/* All that orders groups: what weighs most at a stack that several share. */
static uint64_t weight(const struct costs *costs)
{
    return costs->peak_bytes + costs->live_bytes + costs->allocated_bytes;
}

static struct baseline_group *group_of(struct baseline *baseline, const struct profile *profile, const uint32_t *owners,
                                       uint32_t stack, struct strbuf *text)
{
    char fingerprint[17];
    strbuf_clear(text);
    identity_add(text, profile, NULL, stack);
    identity_fingerprint(text->data, fingerprint);
    uint32_t id = strmap_intern(&baseline->keys, fingerprint);
    if (id < baseline->groups.n)
        return &baseline->groups.items[id];
    struct baseline_group *group = vec_add(&baseline->groups);
    char *name = owner_name(profile, owners[stack]);
    group->fingerprint = strmap_text(&baseline->keys, id);
    group->name = arena_strdup(&baseline->texts, name);
    group->stack = stack;
    free(name);
    return group;
}

struct baseline *baseline_of(const struct profile *profile, const uint32_t *owners)
{
    struct baseline *baseline = xcalloc(1, sizeof *baseline);
    struct strbuf text = STRBUF_INIT;
    baseline->command = arena_strdup(&baseline->texts, profile->trace->run.command);
    baseline->version = arena_strdup(&baseline->texts, profile->trace->run.version);
    baseline->total = profile->total;
    for (uint32_t s = 0; s < profile->trace->n_stacks; s++) {
        const struct costs *costs = &profile->stacks[s];
        if (costs_none(costs))
            continue;
        struct baseline_group *group = group_of(baseline, profile, owners, s, &text);
        costs_add(&group->costs, costs);
        if (weight(costs) > group->heaviest) {
            group->heaviest = weight(costs);
            group->stack = s;
        }
    }
    strbuf_release(&text);
    return baseline;
}

void baseline_destroy(struct baseline *baseline)
{
    if (!baseline)
        return;
    vec_release(&baseline->groups);
    strmap_release(&baseline->keys);
    arena_release(&baseline->texts);
    free(baseline);
}

const struct baseline_group *baseline_find(const struct baseline *baseline, const char *fingerprint)
{
    uint32_t id = strmap_find(&baseline->keys, fingerprint);
    return id < baseline->groups.n ? &baseline->groups.items[id] : NULL;
}
