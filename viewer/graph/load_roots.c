/* Roots: what they are called, and how far they are to be trusted. */
#include "load.h"

#include <inttypes.h>
#include <stdlib.h>

static int compare_root(const void *key, const void *item)
{
    uint64_t at = *(const uint64_t *)key;
    const struct trace_root *root = item;
    return at < root->start ? -1 : at >= root->end;
}

static void add_thread(struct strbuf *out, const struct load *load, const struct trace_root *range, int32_t tid)
{
    const struct trace_thread *thread = range && range->thread != TRACE_NONE ? &load->trace->threads[range->thread] : NULL;
    if (thread || tid)
        strbuf_printf(out, " of thread %" PRId32, thread ? thread->tid : tid);
    if (thread && *thread->name)
        strbuf_printf(out, " (%s)", thread->name);
}

static bool add_global(struct strbuf *out, const struct load *load, const struct trace_root *range, uint64_t at)
{
    const char *name = graph_load_address_name(load->graph->snapshot, at);
    const char *module = range && range->module != TRACE_NONE ? path_base(load->trace->modules[range->module].path) : NULL;
    if (name)
        strbuf_printf(out, "global %s%s%s", name, module ? " in " : "", module ? module : "");
    else if (module)
        strbuf_printf(out, "globals of %s at +0x%" PRIx64, module, at - range->bias);
    else
        strbuf_printf(out, "global data at 0x%" PRIx64, at);
    return name || module;
}

/* True: a place that means what it holds, unlike words of stacks and registers, which may be left from before. */
static bool add_root(struct strbuf *out, const struct load *load, const struct graph_record *record,
                     const struct trace_root *range)
{
    const char *function = (const char *)(uintptr_t)record->code;
    if (record->string) {
        strbuf_add(out, load->strings.items[record->string]);
        return true;
    }
    switch ((enum trace_root_kind)(record->sort & ~HL_GRAPH_INSIDE)) {
    case TRACE_ROOT_GLOBAL:
        return add_global(out, load, range, record->address);
    case TRACE_ROOT_STACK:
        strbuf_add(out, "stack");
        add_thread(out, load, range, record->tid);
        if (function)
            strbuf_printf(out, " in %s", function);
        return false;
    case TRACE_ROOT_TLS:
        strbuf_add(out, "thread-local data");
        add_thread(out, load, range, record->tid);
        return true;
    case TRACE_ROOT_REGISTERS:
        strbuf_add(out, "a register");
        add_thread(out, load, range, record->tid);
        return false;
    case TRACE_ROOT_MAPPING:
    case TRACE_ROOT_REGION:
        strbuf_printf(out, "memory that the program %s",
                      (record->sort & ~HL_GRAPH_INSIDE) == TRACE_ROOT_MAPPING ? "mapped" : "registered");
        if (range)
            strbuf_printf(out, " at +0x%" PRIx64, record->address - range->start);
        return true;
    case TRACE_ROOT_OTHER:
        break;
    }
    strbuf_printf(out, "memory at 0x%" PRIx64, record->address);
    return false;
}

void graph_load_roots(struct load *load)
{
    struct graph *graph = load->graph;
    const struct trace_snapshot *snapshot = graph->snapshot;
    struct strbuf name = STRBUF_INIT;
    for (uint32_t i = 0; i < graph->n_roots; i++) {
        const struct graph_record *record = &load->roots.items[i];
        const struct trace_root *range = bsearch(&record->address, snapshot->roots, snapshot->n_roots, sizeof *snapshot->roots,
                                                 compare_root);
        uint32_t sort = record->sort & ~HL_GRAPH_INSIDE;
        strbuf_clear(&name);
        bool named = add_root(&name, load, record, range);
        graph->roots[i] = (struct graph_root){
            .kind = sort >= TRACE_ROOT_GLOBAL && sort <= TRACE_ROOT_OTHER ? (enum trace_root_kind)sort : TRACE_ROOT_OTHER,
            .thread = range ? range->thread : TRACE_NONE, .at = record->address, .to = (uint32_t)record->target,
            .name = arena_strdup(graph->arena, name.data), .named = named,
        };
    }
    strbuf_release(&name);
}
