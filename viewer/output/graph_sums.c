/* Figures that the text and the JSON of graphs share. */
#include "graph_print.h"
#include "graph_view.h"

#include "../base/xalloc.h"

#include <string.h>

const char *const graph_by_names[] = { "count", "bytes", "retained", NULL };

void graph_sort_sums(struct graph_sorts *sums, const struct graph *graph, const uint8_t *set)
{
    *sums = (struct graph_sorts){ 0 };
    for (uint32_t node = 1; node < graph->n; node++) {
        if (set && !set[node])
            continue;
        sums->nodes[graph->nodes[node].sort]++;
        sums->bytes[graph->nodes[node].sort] += graph->nodes[node].bytes;
        sums->all_nodes++;
        sums->all_bytes += graph->nodes[node].bytes;
    }
}

struct live { uint64_t bytes, blocks; };

static bool count_live(void *context, const struct trace_snapshot_block *blocks, size_t n)
{
    struct live *live = context;
    for (size_t i = 0; i < n; i++)
        live->bytes += blocks[i].bytes;
    live->blocks += n;
    return true;
}

bool graph_live(const struct graph *graph, uint64_t *bytes, uint64_t *blocks)
{
    struct live live = { 0 };
    struct trace_error error = { "" };
    if (!graph->profile || trace_each_snapshot_block(graph->profile->trace, graph->number, count_live, &live, &error) < 0)
        return false;
    *bytes = live.bytes;
    *blocks = live.blocks;
    return true;
}

/* qsort knows no context. */
static const struct graph *sorted_graph;
static enum graph_by sorted_by;

static uint64_t figure(const struct graph_row *row)
{
    return sorted_by == GRAPH_BY_COUNT ? row->sum.count : sorted_by == GRAPH_BY_BYTES ? row->sum.bytes : row->sum.retained;
}

static int compare_rows(const void *left, const void *right)
{
    const struct graph_row *a = left, *b = right;
    if (figure(a) != figure(b))
        return figure(a) > figure(b) ? -1 : 1;
    int order = strcmp(sorted_graph->types[a->type].name, sorted_graph->types[b->type].name);
    return order ? order : (a->type > b->type) - (a->type < b->type);
}

void graph_rows_sort(struct graph_rows *rows, const struct graph *graph, enum graph_by by)
{
    sorted_graph = graph;
    sorted_by = by;
    vec_sort(rows, compare_rows);
}

/* Rows whose bytes are made exact at a time: a bit each. */
#define LANES 64

/* Which lanes a way from the roots leads to a node in, that no object of the lane's type lies on. One walk does for all lanes: a
 * node is looked at again only when it is reached in more of them. */
struct lanes {
    const struct graph *graph;
    uint64_t *open;                        /* by node: the lanes that reach it */
    uint64_t *closed;                      /* by type: the lane that its objects are taken out of; 0: none */
    const uint8_t *set;
    uint32_t *queue, head, length;
    uint8_t *waits;                        /* by node: it is in the queue */
};

static uint64_t lane_of(const struct lanes *lanes, uint32_t node)
{
    return node && (!lanes->set || lanes->set[node]) ? lanes->closed[lanes->graph->nodes[node].type] : 0;
}

static void lead_on(struct lanes *lanes, uint32_t node)
{
    const struct graph *graph = lanes->graph;
    for (uint32_t i = graph->nodes[node].first; i < graph->nodes[node + 1].first; i++) {
        uint32_t to = graph->edges[i].to;
        uint64_t more = lanes->open[node] & ~lanes->open[to];
        if (!more || !graph_edge_holds(&graph->edges[i]) || !(more &= ~lane_of(lanes, to)))
            continue;
        lanes->open[to] |= more;
        if (lanes->waits[to])
            continue;
        lanes->waits[to] = 1;
        lanes->queue[(lanes->head + lanes->length++) % graph->n] = to;
    }
}

static void walk(struct lanes *lanes)
{
    lanes->open[0] = UINT64_MAX;
    lanes->queue[0] = 0;
    lanes->length = 1;
    while (lanes->length) {
        uint32_t node = lanes->queue[lanes->head];
        lanes->head = (lanes->head + 1) % lanes->graph->n;
        lanes->length--;
        lanes->waits[node] = 0;
        lead_on(lanes, node);
    }
}

static void sum_lanes(const struct lanes *lanes, struct graph_row *rows, size_t n)
{
    const struct graph *graph = lanes->graph;
    uint64_t all = n < LANES ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
    for (uint32_t node = 1; node < graph->n; node++) {
        uint64_t missing = graph->dominator[node] == GRAPH_NONE ? lane_of(lanes, node) : ~lanes->open[node] & all;
        for (; missing; missing &= missing - 1)
            rows[__builtin_ctzll(missing)].sum.retained += graph->nodes[node].bytes;
    }
}

static void make_exact(struct graph_row *rows, size_t n, struct graph *graph, const uint8_t *set)
{
    struct lanes lanes = { .graph = graph, .set = set };
    lanes.open = xcalloc(graph->n, sizeof *lanes.open);
    lanes.closed = xcalloc(graph->n_types, sizeof *lanes.closed);
    lanes.queue = xmalloc(graph->n * sizeof *lanes.queue);
    lanes.waits = xcalloc(graph->n, 1);
    for (size_t row = 0; row < n; row++) {
        lanes.closed[rows[row].type] = UINT64_C(1) << row;
        rows[row].sum.retained = 0;
    }
    walk(&lanes);
    sum_lanes(&lanes, rows, n);
    free(lanes.waits);
    free(lanes.queue);
    free(lanes.closed);
    free(lanes.open);
}

void graph_rows_exact(struct graph_rows *rows, struct graph *graph, const uint8_t *set, size_t n)
{
    n = n < rows->n ? n : rows->n;
    graph_dominate(graph);
    for (size_t row = 0; row < n; row += LANES)
        make_exact(rows->items + row, n - row < LANES ? n - row : LANES, graph, set);
}

/* Lots */

struct keyed { uint32_t type, line, node; };

static int compare_keyed(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->node > b->node) - (a->node < b->node);
}

static int compare_lots(const void *left, const void *right)
{
    const struct graph_lot *a = left, *b = right;
    if (a->retained != b->retained)
        return a->retained > b->retained ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return (a->example > b->example) - (a->example < b->example);
}

static void retain(struct graph_lot *lot, struct graph *graph, const struct keyed *items, size_t n)
{
    uint8_t *set = xcalloc(graph->n, 1);
    uint64_t nodes;
    for (size_t i = 0; i < n; i++)
        set[items[i].node] = 1;
    lot->retained = graph_retained_by(graph, set, &nodes);
    free(set);
}

#define EXACT_LOTS 40                      /* each costs a walk over the graph */

void graph_lots_build(struct graph_lots *lots, struct graph *graph, const uint32_t *nodes, size_t n)
{
    struct keyed *items = xmalloc(n * sizeof *items);
    size_t exact = 0;
    graph_dominate(graph);
    for (size_t i = 0; i < n; i++)
        items[i] = (struct keyed){ graph->nodes[nodes[i]].type, graph_line_of(graph, nodes[i]), nodes[i] };
    qsort(items, n, sizeof *items, compare_keyed);
    for (size_t i = 0, end; i < n; i = end) {
        struct graph_lot lot = { .type = items[i].type, .line = items[i].line, .example = items[i].node };
        for (end = i; end < n && items[end].type == lot.type && items[end].line == lot.line; end++) {
            uint32_t node = items[end].node;
            lot.count++;
            lot.bytes += graph->nodes[node].bytes;
            if (graph->retained[node] > graph->retained[lot.example])
                lot.example = node;
        }
        lot.retained = lot.bytes;
        if (lot.count == 1)
            lot.retained = graph->retained[lot.example] > lot.bytes ? graph->retained[lot.example] : lot.bytes;
        else if (exact++ < EXACT_LOTS)
            retain(&lot, graph, items + i, end - i);
        vec_push(lots, lot);
    }
    vec_sort(lots, compare_lots);
    free(items);
}

/* Single nodes */

uint32_t graph_c_holder(const struct graph *graph, uint32_t node, uint32_t *edge)
{
    uint32_t holder = GRAPH_NONE;
    *edge = GRAPH_NONE;
    for (uint32_t i = graph->nodes[node].first_in; i < graph->nodes[node + 1].first_in; i++) {
        uint32_t from = graph->in[i].from, sort = graph->nodes[from].sort,
                 root = from ? GRAPH_NONE : graph_edge_root(graph, graph->in[i].edge);
        bool native = from == 0 || sort == GRAPH_NATIVE || sort == GRAPH_CPP;
        if (!native || graph_edge_counts(&graph->edges[graph->in[i].edge]))
            continue;
        bool better = holder == GRAPH_NONE || (holder == 0 && from) || (root != GRAPH_NONE && graph->roots[root].named);
        if (better) {
            holder = from;
            *edge = graph->in[i].edge;
        }
        if (better && (from || (root != GRAPH_NONE && graph->roots[root].named)))
            break;
    }
    return holder;
}

struct wanted_block { uint64_t address, bytes; };

static bool look_for_block(void *context, const struct trace_snapshot_block *blocks, size_t n)
{
    struct wanted_block *wanted = context;
    for (size_t i = 0; i < n; i++)
        if (blocks[i].address <= wanted->address && wanted->address - blocks[i].address < blocks[i].bytes)
            wanted->bytes = blocks[i].bytes;
    return wanted->bytes == 0;
}

uint64_t graph_own_bytes(const struct graph *graph, uint32_t node)
{
    struct wanted_block wanted = { .address = graph->nodes[node].address };
    struct trace_error error = { "" };
    if (!graph->profile || graph->nodes[node].site == TRACE_NONE)
        return 0;
    if (trace_each_snapshot_block(graph->profile->trace, graph->number, look_for_block, &wanted, &error) < 0)
        return 0;
    return wanted.bytes;
}

const char *graph_cause_text(enum trace_snapshot_cause cause)
{
    static const char *const texts[] = {
        [TRACE_SNAPSHOT_EXIT] = "at its end",
        [TRACE_SNAPSHOT_BEFORE_EXIT] = "before Python ended",
        [TRACE_SNAPSHOT_REQUEST] = "as asked for from outside",
        [TRACE_SNAPSHOT_CALL] = "as the program asked for",
        [TRACE_SNAPSHOT_CHECK] = "at a leak check of the program",
    };
    return cause < sizeof texts / sizeof *texts && texts[cause] ? texts[cause] : "";
}

const char *graph_cause_name(enum trace_snapshot_cause cause)
{
    static const char *const names[] = { "unknown", "exit", "request", "call", "check", "before-exit" };
    return names[cause < sizeof names / sizeof *names ? cause : 0];
}

static int by_retained(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    if (sorted_graph->retained[a] != sorted_graph->retained[b])
        return sorted_graph->retained[a] > sorted_graph->retained[b] ? -1 : 1;
    return (a > b) - (a < b);
}

size_t graph_largest(struct graph *graph, const uint8_t *set, uint32_t *nodes, size_t most)
{
    VEC(uint32_t) all = { 0 };
    graph_dominate(graph);
    for (uint32_t node = 1; node < graph->n; node++)
        if (!set || set[node])
            vec_push(&all, node);
    sorted_graph = graph;
    vec_sort(&all, by_retained);
    size_t n = all.n < most ? all.n : most;
    if (n)
        memcpy(nodes, all.items, n * sizeof *nodes);
    vec_release(&all);
    return n;
}

struct graph_kept graph_kept(const struct profile *profile, uint32_t snapshot)
{
    struct graph_kept kept = { 0 };
    struct trace_error error = { "" };
    struct graph_stream stream;
    struct graph_record record;
    void *bytes = NULL;
    size_t n = 0;
    if (!profile->trace->snapshots[snapshot].graph_bytes || trace_read_graph(profile->trace, snapshot, &bytes, &n, &error) < 0)
        return kept;
    kept.graph = true;
    graph_stream_open(&stream, bytes, n, profile->trace->snapshots[snapshot].blocks);
    while (graph_stream_next(&stream, &record)) {
        kept.python |= (record.kind == HL_GRAPH_BLOCK || record.kind == HL_GRAPH_EXTRA) && record.flags & HL_NODE_PYTHON;
        kept.nodes += record.kind == HL_GRAPH_EXTRA;
    }
    kept.nodes += profile->trace->snapshots[snapshot].blocks;
    kept.whole = stream.ended;
    graph_stream_close(&stream);
    free(bytes);
    return kept;
}
