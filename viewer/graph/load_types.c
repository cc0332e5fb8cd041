#include "load.h"

#include "../symbol/demangle.h"
#include "cpp_type.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void graph_load_string(struct load *load, const struct graph_record *record)
{
    if (!load->strings.n)
        vec_push(&load->strings, "");
    vec_push(&load->strings, arena_strndup(load->graph->arena, record->bytes, (size_t)record->n));
}

static int compare_name(const void *key, const void *item)
{
    uint64_t address = *(const uint64_t *)key;
    const struct trace_root_name *name = item;
    return (address > name->address) - (address < name->address);
}

const char *graph_load_address_name(const struct trace_snapshot *snapshot, uint64_t address)
{
    const struct trace_root_name *found = bsearch(&address, snapshot->names, snapshot->n_names, sizeof *snapshot->names,
                                                  compare_name);
    return found ? found->name : NULL;
}

/* "vtable for Order+0x10", "typeinfo name for Order" -> "Order" */
static const char *without_head(struct arena *arena, const char *text)
{
    const char *of = strstr(text, " for "), *plus = strstr(text, "+0x");
    const char *start = of ? of + 5 : text;
    return arena_strndup(arena, start, plus && plus > start ? (size_t)(plus - start) : strlen(start));
}

/* The module whose memory the address lies in, by the snapshot's globals and the places of modules: one of its roots. NULL: none. */
static const struct trace_root *module_root(const struct load *load, uint64_t address)
{
    const struct trace_snapshot *snapshot = load->graph->snapshot;
    const struct trace_root *nearest = NULL;
    for (uint32_t i = 0; i < snapshot->n_roots; i++) {
        const struct trace_root *root = &snapshot->roots[i];
        if (root->kind != TRACE_ROOT_GLOBAL || root->module == TRACE_NONE || root->bias > address)
            continue;
        if (!nearest || root->bias > nearest->bias)
            nearest = root;
    }
    return nearest;
}

static const char *module_name(const struct load *load, uint64_t address)
{
    const struct trace_root *root = module_root(load, address);
    return root ? path_base(load->trace->modules[root->module].path) : "";
}

/* By where its virtual table lies: classes without names are still several. */
static const char *nameless_class(const struct load *load, uint64_t table)
{
    const struct trace_root *root = module_root(load, table);
    struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "class without a name (%s%s0x%" PRIx64 ")", module_name(load, table), root ? "+" : "", root ? table - root->bias : table);
    const char *name = arena_strdup(load->graph->arena, text.data);
    strbuf_release(&text);
    return name;
}

/* From the class's own type information (Itanium C++ ABI 2.9.5: the mangled name of the type), else from the symbol of its
 * virtual table. */
static const char *class_name(struct load *load, const struct graph_record *record)
{
    struct arena *arena = load->graph->arena;
    char linkage[4096];
    if (!record->string) {
        const char *name = graph_load_address_name(load->graph->snapshot, record->address);
        return name ? without_head(arena, name) : nameless_class(load, record->address);
    }
    snprintf(linkage, sizeof linkage, "_ZTS%s", load->strings.items[record->string]);
    char *name = demangle(linkage);
    struct strbuf text = STRBUF_INIT;
    cpp_type_add(&text, name ? without_head(arena, name) : load->strings.items[record->string]);
    const char *called = arena_strdup(arena, text.data);
    strbuf_release(&text);
    free(name);
    return called;
}

void graph_load_type(struct load *load, const struct graph_record *record)
{
    static const enum graph_sort sorts[] = {[HL_TYPE_PYTHON] = GRAPH_PYTHON, [HL_TYPE_VTABLE] = GRAPH_CPP,
                                            [HL_TYPE_TABLE] = GRAPH_MEMORY};
    struct graph_type type = {.sort = sorts[record->sort], .node = GRAPH_NONE, .location = GRAPH_NONE};
    if (!load->strings.n)
        vec_push(&load->strings, "");
    type.name = record->sort == HL_TYPE_VTABLE ? class_name(load, record) : load->strings.items[record->string];
    type.module = record->sort == HL_TYPE_VTABLE ? module_name(load, record->address) : load->strings.items[record->module];
    if (record->sort == HL_TYPE_PYTHON)
        *map_put(&load->type_nodes, load->types.n, NULL) = record->address;
    vec_push(&load->types, type);
}

/* The innermost function that says what it makes, below any that does not pass on what it asks for. */
static bool add_made(struct strbuf *out, const struct load *load, uint32_t stack)
{
    const struct locations *locations = &load->graph->profile->locations;
    for (; stack; stack = load->trace->stacks[stack].parent) {
        uint32_t frame = load->trace->stacks[stack].frame;
        for (uint32_t i = locations->first[frame + 1]; i > locations->first[frame]; i--) {
            const struct location *location = &locations->items[locations->levels[i - 1]];
            if (location->kind != TRACE_FRAME_NATIVE || !location->function)
                return false;
            if (cpp_type_add_made(out, location->function))
                return true;
            if (location->rank > RANK_RUNTIME && !cpp_type_passes_on(location->function))
                return false;
        }
    }
    return false;
}

static uint32_t element_type(struct load *load, uint32_t stack)
{
    struct strbuf name = STRBUF_INIT;
    uint32_t id = GRAPH_NONE;
    const char *module = location_module_name(&load->graph->profile->locations, load->graph->owners[stack]);
    strbuf_printf(&name, "%s\n", module ? module : "");
    size_t head = name.length;
    if (add_made(&name, load, stack)) {
        uint32_t known = strmap_intern(&load->element_names, name.data);
        if (known == load->element_ids.n) {
            struct graph_type type = {.name = arena_strdup(load->graph->arena, name.data + head),
                                      .module = arena_strndup(load->graph->arena, name.data, head - 1), .sort = GRAPH_CPP,
                                      .node = GRAPH_NONE, .location = GRAPH_NONE};
            vec_push(&load->element_ids, (uint32_t)load->types.n);
            vec_push(&load->types, type);
        }
        id = load->element_ids.items[known];
    }
    strbuf_release(&name);
    return id;
}

/* GRAPH_NONE: the stack does not say of what a block is made. */
static uint32_t element_type_of(struct load *load, uint32_t stack)
{
    bool fresh;
    uint64_t *id = map_put(&load->element_types, stack, &fresh);
    if (fresh)
        *id = element_type(load, stack);
    return (uint32_t)*id;
}

uint32_t graph_load_native_type(struct load *load, uint32_t stack, enum graph_sort sort)
{
    const struct locations *locations = &load->graph->profile->locations;
    uint32_t location = load->graph->owners[stack], element = sort == GRAPH_NATIVE ? element_type_of(load, stack) : GRAPH_NONE;
    bool fresh;
    if (element != GRAPH_NONE)
        return element;
    uint64_t *id = map_put(&load->native_types, (uint64_t)location << 4 | sort, &fresh);
    if (!fresh)
        return (uint32_t)*id;
    struct strbuf name = STRBUF_INIT;
    strbuf_add(&name, sort == GRAPH_MEMORY ? "memory of Python in "
                      : sort == GRAPH_FREE ? "kept for the next object, from " : "malloc in ");
    location_add_name(&name, locations, location);
    size_t length = name.length;
    strbuf_add(&name, " ");
    location_add_place(&name, locations, location);
    if (name.length == length + 1)
        strbuf_truncate(&name, length);
    const char *module = location_module_name(locations, location);
    struct graph_type type = {.name = arena_strdup(load->graph->arena, name.data), .module = module ? module : "", .sort = sort,
                              .node = GRAPH_NONE, .location = location};
    *id = load->types.n;
    vec_push(&load->types, type);
    strbuf_release(&name);
    return (uint32_t)*id;
}

void graph_load_type_nodes(struct load *load)
{
    for (uint32_t i = 0; i < load->types.n; i++) {
        const uint64_t *address = load->types.items[i].sort == GRAPH_PYTHON ? map_get(&load->type_nodes, i) : NULL;
        uint32_t node = address ? graph_find(load->graph, *address) : GRAPH_NONE;
        if (node != GRAPH_NONE && load->graph->nodes[node].address == *address)
            load->types.items[i].node = node;
    }
}
