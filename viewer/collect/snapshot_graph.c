#include "snapshot_graph.h"

#include "../base/map.h"
#include "../trace/graph_stream.h"
#include "collector.h"
#include "root_names.h"
#include "snapshot.h"

#define NAMES_MAX 200000u                 /* words and functions of one snapshot */

void snapshot_graph_words(struct snapshot *snapshot)
{
    struct graph_stream stream;
    struct graph_record record;
    graph_stream_open(&stream, snapshot->graph.data, snapshot->graph.length, snapshot->table.n);
    while (graph_stream_next(&stream, &record))
        if (record.kind == HL_GRAPH_ROOT && (record.sort & ~HL_GRAPH_INSIDE) == TRACE_ROOT_GLOBAL &&
            snapshot->names.n < NAMES_MAX)
            vec_push(&snapshot->names, ((struct trace_root_name){record.address, NULL}));
    graph_stream_close(&stream);
}

static const struct snapshot_module *module_at(const struct snapshot *snapshot, uint64_t address)
{
    for (size_t i = 0; i < snapshot->modules.n; i++)
        if (address - snapshot->modules.items[i].start < snapshot->modules.items[i].end - snapshot->modules.items[i].start)
            return &snapshot->modules.items[i];
    return NULL;
}

struct naming {
    struct snapshot *snapshot;
    struct map seen;
};

static void name_address(struct naming *naming, uint64_t address, bool code)
{
    struct snapshot *snapshot = naming->snapshot;
    const struct snapshot_module *module = module_at(snapshot, address);
    bool fresh = false;
    if (!module || snapshot->names.n >= NAMES_MAX || (map_put(&naming->seen, address, &fresh), !fresh))
        return;
    struct root_names *names = snapshot->collector->snapshots.names;
    char *name = code ? root_names_function(names, &module->file, module->trace, address - module->bias)
                      : root_names_find(names, &module->file, module->trace, address - module->bias);
    if (name)
        vec_push(&snapshot->names, ((struct trace_root_name){address, name}));
}

static void name_type(void *context, const struct graph_record *record)
{
    if (record->kind == HL_GRAPH_TYPE && record->sort == HL_TYPE_VTABLE && !record->string)
        name_address(context, record->address, false);
}

void snapshot_graph_name(struct snapshot *snapshot)
{
    struct naming naming = {.snapshot = snapshot};
    struct graph_stream stream;
    struct graph_record record;
    graph_stream_open(&stream, snapshot->graph.data, snapshot->graph.length, snapshot->table.n);
    stream.between = name_type;
    stream.context = &naming;
    while (graph_stream_next(&stream, &record)) {
        name_type(&naming, &record);
        if (record.kind == HL_GRAPH_ROOT && record.code)
            name_address(&naming, record.code, true);
    }
    graph_stream_close(&stream);
    map_release(&naming.seen);
}
