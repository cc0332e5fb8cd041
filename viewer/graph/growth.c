/* What grew between two snapshots. Both are summed up into cells of (type, line), the rows are sums over cells: so each row
 * can also tell where most of it is from. */
#include "graph.h"

#include "../base/arena.h"
#include "../base/map.h"
#include "../base/strmap.h"
#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct cell {
    uint32_t type, line;                   /* numbers of ours, the same for both graphs */
    struct graph_growth_row row;
};

struct names {                             /* of types or of lines */
    struct strmap keys;
    VEC(const char *) names;               /* by number */
};

struct builder {
    struct graph_growth *growth;
    struct names types, lines;
    struct map places;                     /* type and line to the place in cells */
    VEC(struct cell) cells;
};

/* What is shown of it stays with the first graph that has it. */
static uint32_t number_of(struct builder *builder, struct names *names, const struct strbuf *key, const struct strbuf *name)
{
    uint32_t number = strmap_intern_bytes(&names->keys, key->data, key->length);
    if (number == names->names.n)
        vec_push(&names->names, arena_strdup(builder->growth->arena, name->data));
    return number;
}

static uint32_t number_type(struct builder *builder, const struct graph *graph, uint32_t type)
{
    const struct graph_type *this = &graph->types[type];
    struct strbuf key = STRBUF_INIT, name = STRBUF_INIT;
    strbuf_printf(&key, "%d %s\n%s", this->sort, this->module, this->name);
    graph_add_type(&name, graph, type);
    uint32_t number = number_of(builder, &builder->types, &key, &name);
    strbuf_release(&key);
    strbuf_release(&name);
    return number;
}

static uint32_t number_line(struct builder *builder, const struct graph *graph, uint32_t location)
{
    struct strbuf name = STRBUF_INIT;
    graph_add_location(&name, graph, location);
    uint32_t number = number_of(builder, &builder->lines, &name, &name);
    strbuf_release(&name);
    return number;
}

static struct graph_growth_row *row_at(struct builder *builder, uint32_t type, uint32_t line)
{
    bool added;
    uint64_t *place = map_put(&builder->places, (uint64_t)type << 32 | line, &added);
    if (added) {
        *place = builder->cells.n;
        *vec_add(&builder->cells) = (struct cell){ type, line, { 0 } };
    }
    return &builder->cells.items[*place].row;
}

/* A graph's nodes, told by numbers that both graphs share. */
struct numbering {
    uint32_t *types, *lines;               /* by the graph's own; lines: by location + 1, found when first met: then number + 1 */
};

static void numbering_init(struct numbering *numbering, struct builder *builder, const struct graph *graph)
{
    numbering->types = xcalloc(graph->n_types, sizeof *numbering->types);
    numbering->lines = xcalloc(graph->profile ? graph->profile->locations.n : 0, sizeof *numbering->lines);
    for (uint32_t i = 0; i < graph->n_types; i++)
        numbering->types[i] = number_type(builder, graph, i);
}

static void numbering_release(struct numbering *numbering)
{
    free(numbering->types);
    free(numbering->lines);
}

static struct graph_growth_row *row_of(struct builder *builder, struct numbering *numbering, const struct graph *graph,
                                       uint32_t node)
{
    uint32_t location = graph->profile ? graph_line_of(graph, node) : GRAPH_NONE, line = 0;
    if (location != GRAPH_NONE && !numbering->lines[location])
        numbering->lines[location] = number_line(builder, graph, location) + 1;
    if (location != GRAPH_NONE)
        line = numbering->lines[location] - 1;
    return row_at(builder, numbering->types[graph->nodes[node].type], line);
}

/* By address the birth of what was there before. */
static void add_before(struct builder *builder, const struct graph *graph, struct map *births)
{
    struct numbering numbering;
    numbering_init(&numbering, builder, graph);
    for (uint32_t i = 1; i < graph->n; i++) {
        const struct graph_node *node = &graph->nodes[i];
        struct graph_growth_row *row = row_of(builder, &numbering, graph, i);
        row->count--;
        row->bytes -= (int64_t)node->bytes;
        *map_put(births, node->address, NULL) = node->born_ns;
    }
    numbering_release(&numbering);
}

static void add_after(struct builder *builder, const struct graph *graph, const struct map *births)
{
    struct numbering numbering;
    numbering_init(&numbering, builder, graph);
    for (uint32_t i = 1; i < graph->n; i++) {
        const struct graph_node *node = &graph->nodes[i];
        struct graph_growth_row *row = row_of(builder, &numbering, graph, i);
        const uint64_t *birth = map_get(births, node->address);
        bool fresh = !birth || *birth != node->born_ns;
        row->count++;
        row->bytes += (int64_t)node->bytes;
        row->count_now++;
        row->bytes_now += node->bytes;
        row->count_new += fresh;
        row->bytes_new += fresh ? node->bytes : 0;
    }
    numbering_release(&numbering);
}

static void add_row(struct graph_growth_row *sum, const struct graph_growth_row *more)
{
    sum->count += more->count;
    sum->bytes += more->bytes;
    sum->count_now += more->count_now;
    sum->bytes_now += more->bytes_now;
    sum->count_new += more->count_new;
    sum->bytes_new += more->bytes_new;
}

static int compare_rows(const void *a, const void *b)
{
    const struct graph_growth_row *one = a, *two = b;
    if (one->bytes != two->bytes)
        return one->bytes < two->bytes ? 1 : -1;
    if (one->count != two->count)
        return one->count < two->count ? 1 : -1;
    int order = strcmp(one->name, two->name);
    return order ? order : strcmp(one->line, two->line);
}

struct growth_rows VEC_FIELDS(struct graph_growth_row);

/* The rows of what cells have in common, by type or by line. Of what they differ in, the one that grew most names the row. */
static void sum_up(struct growth_rows *rows, const struct builder *builder, bool by_type)
{
    const struct names *names = by_type ? &builder->types : &builder->lines;
    struct graph_growth_row *sums = xcalloc(names->names.n, sizeof *sums);
    int64_t *most = xcalloc(names->names.n, sizeof *most);
    for (size_t i = 0; i < builder->cells.n; i++) {
        const struct cell *cell = &builder->cells.items[i];
        uint32_t at = by_type ? cell->type : cell->line;
        struct graph_growth_row *sum = &sums[at];
        bool leads = cell->row.bytes > most[at] || (!sum->name && cell->row.count > 0);
        if (leads || !sum->name) {
            most[at] = leads ? cell->row.bytes : 0;
            sum->name = by_type || leads ? builder->types.names.items[cell->type] : "";
            sum->line = !by_type || leads ? builder->lines.names.items[cell->line] : "";
        }
        add_row(sum, &cell->row);
    }
    for (size_t i = 0; i < names->names.n; i++)
        if (sums[i].count || sums[i].bytes)
            vec_push(rows, sums[i]);
    vec_sort(rows, compare_rows);
    free(most);
    free(sums);
}

void graph_growth(struct graph_growth *growth, const struct graph *before, const struct graph *after)
{
    struct builder builder = { .growth = growth };
    struct growth_rows types = { 0 }, lines = { 0 };
    struct strbuf nowhere = STRBUF_INIT;
    struct map births = { 0 };
    *growth = (struct graph_growth){ .arena = xcalloc(1, sizeof *growth->arena) };
    number_of(&builder, &builder.lines, &nowhere, &nowhere);     /* line 0: none is known */
    add_before(&builder, before, &births);
    add_after(&builder, after, &births);
    map_release(&births);
    sum_up(&types, &builder, true);
    sum_up(&lines, &builder, false);
    vec_append(&growth->types, types.items, types.n);
    vec_append(&growth->lines, lines.items, lines.n);
    vec_release(&types);
    vec_release(&lines);
    vec_release(&builder.types.names);
    vec_release(&builder.lines.names);
    strmap_release(&builder.types.keys);
    strmap_release(&builder.lines.keys);
    map_release(&builder.places);
    vec_release(&builder.cells);
}

void graph_growth_release(struct graph_growth *growth)
{
    vec_release(&growth->types);
    vec_release(&growth->lines);
    if (growth->arena)
        arena_release(growth->arena);
    free(growth->arena);
    growth->arena = NULL;
}
