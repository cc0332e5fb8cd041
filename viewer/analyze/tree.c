#include "tree.h"

#include "../base/map.h"
#include "../base/vec.h"
#include "../base/xalloc.h"

#include <stdlib.h>

struct builder {
    struct tree *tree;
    const struct profile *profile;
    const struct tree_options *options;
    struct map children;            /* (parent node, location) -> node */
};

static uint32_t add_node(struct tree *tree, uint32_t parent, uint32_t location)
{
    if (tree->n == tree->capacity) {
        tree->capacity = tree->capacity ? 2 * tree->capacity : 1024;
        tree->nodes = xreallocarray(tree->nodes, tree->capacity, sizeof *tree->nodes);
    }
    tree->nodes[tree->n] = (struct tree_node){ .location = location, .parent = parent };
    return tree->n++;
}

static uint32_t child_at(struct builder *builder, uint32_t parent, uint32_t location)
{
    bool added;
    uint64_t *node = map_put(&builder->children, (uint64_t)parent << 32 | location, &added);
    if (added)
        *node = add_node(builder->tree, parent, location);
    return (uint32_t)*node;
}

/* The node on the way up, `node` included, that stands at `location`; 0: none. */
static uint32_t find_above(const struct tree *tree, uint32_t node, uint32_t location)
{
    while (node && tree->nodes[node].location != location)
        node = tree->nodes[node].parent;
    return node;
}

/* Where a stack stands in the tree, and how often it came back to a node on its way. */
struct position {
    uint32_t node, returns;
};

static struct position step(struct builder *builder, struct position at, uint32_t location)
{
    uint32_t above = builder->options->fold_recursion ? find_above(builder->tree, at.node, location) : 0;
    if (!above) {
        at.node = child_at(builder, at.node, location);
        return at;
    }
    at.node = above;
    at.returns++;
    if (builder->tree->nodes[above].recursion < at.returns)
        builder->tree->nodes[above].recursion = at.returns;
    return at;
}

/* The first Python frame of a stack: what stands outside of it is shown as far as stacks with Python frames show it. */
static struct position enter_python(struct builder *builder, uint32_t whole, uint32_t outer)
{
    struct level_list levels = { 0 };
    const struct profile *profile = builder->profile;
    struct position at = { 0 };
    for (uint32_t s = outer; s; s = profile->trace->stacks[s].parent) {
        uint32_t frame = profile->trace->stacks[s].frame;
        for (uint32_t i = profile->locations.first[frame + 1]; i-- > profile->locations.first[frame];)
            if (!profile_hides(profile, whole, s, profile->locations.levels[i]))
                vec_push(&levels, profile->locations.levels[i]);
    }
    while (levels.n)
        at = step(builder, at, vec_pop(&levels));
    vec_release(&levels);
    return at;
}

/* Stacks without Python frames that have costs or lead to such a one. */
static bool *find_native(const struct profile *profile, const struct costs *stacks)
{
    const struct trace *trace = profile->trace;
    bool *native = xcalloc(trace->n_stacks, sizeof *native);
    for (uint32_t s = trace->n_stacks; s-- > 1;) {
        native[s] |= !profile->python_stacks[s] && !costs_none(&stacks[s]);
        native[trace->stacks[s].parent] |= native[s];
    }
    return native;
}

static void build_down(struct builder *builder, const struct costs *stacks)
{
    const struct trace *trace = builder->profile->trace;
    const struct locations *locations = &builder->profile->locations;
    const bool *python = builder->profile->python_stacks;
    bool *needed = profile_needed_stacks(builder->profile, stacks), *native = find_native(builder->profile, stacks);
    struct position *at = xcalloc(trace->n_stacks, sizeof *at);
    for (uint32_t s = 1; s < trace->n_stacks; s++) {
        if (!needed[s] || (!python[s] && !native[s]))
            continue;
        uint32_t frame = trace->stacks[s].frame, parent = trace->stacks[s].parent;
        bool entry = python[s] && !python[parent];
        at[s] = entry ? enter_python(builder, s, parent) : at[parent];
        for (uint32_t i = locations->first[frame]; i < locations->first[frame + 1]; i++)
            if (!profile_hides(builder->profile, s, s, locations->levels[i]))
                at[s] = step(builder, at[s], locations->levels[i]);
        costs_add(&builder->tree->nodes[at[s].node].self, &stacks[s]);
    }
    free(at);
    free(needed);
    free(native);
    struct tree *tree = builder->tree;
    costs_add(&tree->nodes[0].self, &stacks[0]);
    for (uint32_t n = tree->n; n-- > 0;) {
        costs_add(&tree->nodes[n].total, &tree->nodes[n].self);
        if (n)
            costs_add(&tree->nodes[tree->nodes[n].parent].total, &tree->nodes[n].total);
    }
}

/* A stack on its way outwards: `stack` and the level of its frame that comes next. */
struct climber {
    uint32_t origin, stack, level;  /* level counts from the frame's outermost; the next to look at is level - 1 */
};

struct climbers VEC_FIELDS(struct climber);

static struct climber climber_at(const struct builder *builder, uint32_t origin, uint32_t stack)
{
    const struct locations *locations = &builder->profile->locations;
    uint32_t frame = stack ? builder->profile->trace->stacks[stack].frame : 0;
    return (struct climber){ origin, stack, stack ? locations->first[frame + 1] - locations->first[frame] : 0 };
}

/* The place of the next level outwards, or TRACE_NONE at the end; moves the climber past it. */
static uint32_t climb_level(const struct builder *builder, struct climber *climber)
{
    if (climber->stack == 0)
        return TRACE_NONE;
    const struct trace *trace = builder->profile->trace;
    const struct locations *locations = &builder->profile->locations;
    uint32_t location = locations->levels[locations->first[trace->stacks[climber->stack].frame] + --climber->level];
    if (climber->level == 0)
        *climber = climber_at(builder, climber->origin, trace->stacks[climber->stack].parent);
    return location;
}

static uint32_t climb(const struct builder *builder, struct climber *climber)
{
    uint32_t at, location;
    do {
        at = climber->stack;
        location = climb_level(builder, climber);
    } while (location != TRACE_NONE && profile_hides(builder->profile, climber->origin, at, location));
    return location;
}

/* With folding, levels that stand on the way already are skipped. */
static uint32_t climb_to_new(struct builder *builder, uint32_t node, struct climber *climber)
{
    uint32_t location, above;
    while ((location = climb(builder, climber)) != TRACE_NONE && builder->options->fold_recursion &&
           (above = find_above(builder->tree, node, location)))
        builder->tree->nodes[above].recursion = 1;
    return location;
}

/* Each level is grouped only below nodes that are large enough to be shown. */
static void expand(struct builder *builder, uint32_t node, struct climbers *climbers, const struct costs *stacks);

static void expand_children(struct builder *builder, uint32_t first, struct climbers *groups, const struct costs *stacks)
{
    uint32_t n = builder->tree->n - first;
    for (uint32_t i = 0; i < n; i++)
        if (costs_measure(&builder->tree->nodes[first + i].total, builder->options->by) >= builder->options->min_measure)
            expand(builder, first + i, &groups[i], stacks);
    for (uint32_t i = 0; i < n; i++)
        vec_release(&groups[i]);
    free(groups);
}

static void expand(struct builder *builder, uint32_t node, struct climbers *climbers, const struct costs *stacks)
{
    struct tree *tree = builder->tree;
    uint32_t first = tree->n;
    struct map places = { 0 };
    struct climbers *groups = NULL;
    for (size_t i = 0; i < climbers->n; i++) {
        struct climber climber = climbers->items[i];
        uint32_t location = climb_to_new(builder, node, &climber);
        bool added;
        if (location == TRACE_NONE) {
            costs_add(&tree->nodes[node].self, &stacks[climber.origin]);
            continue;
        }
        uint64_t *child = map_put(&places, location, &added);
        if (added) {
            *child = add_node(tree, node, location);
            groups = xreallocarray(groups, tree->n - first, sizeof *groups);
            groups[*child - first] = (struct climbers){ 0 };
        }
        costs_add(&tree->nodes[*child].total, &stacks[climber.origin]);
        vec_push(&groups[*child - first], climber);
    }
    map_release(&places);
    vec_release(climbers);
    expand_children(builder, first, groups, stacks);
}

static void build_inverted(struct builder *builder, const struct costs *stacks)
{
    const struct trace *trace = builder->profile->trace;
    struct climbers climbers = { 0 };
    for (uint32_t s = 0; s < trace->n_stacks; s++) {
        if (costs_none(&stacks[s]))
            continue;
        costs_add(&builder->tree->nodes[0].total, &stacks[s]);
        vec_push(&climbers, climber_at(builder, s, s));
    }
    expand(builder, 0, &climbers, stacks);
}

static int compare_nodes(const void *a, const void *b, void *context)
{
    const struct tree *tree = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (tree->nodes[x].parent != tree->nodes[y].parent)
        return tree->nodes[x].parent < tree->nodes[y].parent ? -1 : 1;
    int order = costs_compare(&tree->nodes[x].total, &tree->nodes[y].total, tree->by);
    return order ? order : (x > y) - (x < y);
}

/* Links the children that are large enough, the largest first. */
static void link_children(struct tree *tree, uint64_t min_measure)
{
    uint32_t *order = xcalloc(tree->n, sizeof *order), kept = 0;
    for (uint32_t n = 1; n < tree->n; n++) {
        struct tree_node *parent = &tree->nodes[tree->nodes[n].parent];
        uint64_t measure = costs_measure(&tree->nodes[n].total, tree->by);
        if (measure >= min_measure) {
            order[kept++] = n;
        } else {
            parent->hidden++;
            parent->hidden_measure += measure;
        }
    }
    if (kept)
        qsort_r(order, kept, sizeof *order, compare_nodes, tree);
    for (uint32_t i = kept; i-- > 0;) {
        struct tree_node *node = &tree->nodes[order[i]], *parent = &tree->nodes[node->parent];
        node->sibling = parent->child;
        parent->child = order[i];
    }
    free(order);
}

void tree_build(struct tree *tree, const struct profile *profile, const struct tree_options *options)
{
    *tree = (struct tree){ .by = options->by, .inverted = options->inverted };
    struct builder builder = { .tree = tree, .profile = profile, .options = options };
    size_t n_stacks = profile->trace->n_stacks;
    struct costs *stacks = options->inverted ? xmemdup(profile->stacks, n_stacks * sizeof *stacks) : profile->stacks;
    add_node(tree, 0, TRACE_NONE);
    for (uint32_t s = 0; options->inverted && s < n_stacks; s++)
        stacks[s].transient = stacks[s].transient_bytes = 0;       /* no blocks of the stack itself, see costs.h */
    if (options->inverted)
        build_inverted(&builder, stacks);
    else
        build_down(&builder, stacks);
    map_release(&builder.children);
    if (options->inverted)
        free(stacks);
    link_children(tree, options->min_measure);
}

void tree_release(struct tree *tree)
{
    free(tree->nodes);
    *tree = (struct tree){ 0 };
}
