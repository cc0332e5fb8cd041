/* module: the module of a Python type, the library that holds a C++ class, or the one whose code asked for a native block: the
 * innermost on its stack that is no allocator or runtime. */
#include "select_parts.h"

#include "../base/glob.h"
#include "../base/suggest.h"
#include "../base/xalloc.h"
#include "../analyze/python_path.h"

#include <stdlib.h>
#include <string.h>

/* A package is meant with all that is in it. */
static bool matches_package(const char *pattern, const char *module)
{
    size_t n = strlen(pattern);
    return strcmp(pattern, module) == 0 || (strncmp(pattern, module, n) == 0 && module[n] == '.') || glob_match(pattern, module);
}

/* A library by its path, its file "libplug.so.2", as "libplug", or as Python calls it. */
static bool matches_library(const char *pattern, const char *path)
{
    const char *base = path_base(path), *end = strstr(base, ".so");
    char *stem = xstrndup(base, end ? (size_t)(end - base) : strlen(base));
    struct strbuf python = STRBUF_INIT;
    if (python_path_is_library(path))
        python_add_module(&python, path);
    bool matches = glob_match_path(pattern, path) || glob_match(pattern, stem) ||
                   (python.length && matches_package(pattern, python.data));
    strbuf_release(&python);
    free(stem);
    return matches;
}

/* The library whose code asked for what is allocated at the stack; TRACE_NONE: none is known. */
static uint32_t library_of(const struct profile *profile, uint32_t stack)
{
    const struct trace *trace = profile->trace;
    const struct locations *locations = &profile->locations;
    for (; stack; stack = trace->stacks[stack].parent) {
        uint32_t frame = trace->stacks[stack].frame;
        for (uint32_t i = locations->first[frame + 1]; i > locations->first[frame]; i--) {
            const struct location *location = &locations->items[locations->levels[i - 1]];
            if (location->kind == TRACE_FRAME_NATIVE && location->module != TRACE_NONE && location->rank > RANK_RUNTIME)
                return location->module;
        }
    }
    return TRACE_NONE;
}

struct verdicts {
    uint8_t *types, *libraries, *sites;    /* sites: 2: not looked at yet */
    bool any;
};

static void judge(struct verdicts *verdicts, const struct graph *graph, const char *pattern)
{
    const struct trace *trace = graph->profile ? graph->profile->trace : NULL;
    verdicts->types = xcalloc(graph->n_types, 1);
    verdicts->libraries = xcalloc(trace ? trace->n_modules : 0, 1);
    verdicts->sites = xmalloc(trace ? trace->n_sites : 0);
    for (uint32_t i = 0; i < graph->n_types; i++) {
        const struct graph_type *type = &graph->types[i];
        bool matches = (type->sort == GRAPH_PYTHON ? matches_package : matches_library)(pattern, type->module);
        verdicts->any |= verdicts->types[i] = *type->module && matches;
    }
    for (uint32_t i = 0; trace && i < trace->n_modules; i++)
        verdicts->any |= verdicts->libraries[i] = matches_library(pattern, trace->modules[i].path);
    if (trace)
        memset(verdicts->sites, 2, trace->n_sites);
}

static bool is_of_library(struct verdicts *verdicts, const struct graph *graph, uint32_t site)
{
    if (site == TRACE_NONE || !graph->profile)
        return false;
    if (verdicts->sites[site] == 2) {
        uint32_t library = library_of(graph->profile, graph->profile->trace->sites[site].stack);
        verdicts->sites[site] = library != TRACE_NONE && verdicts->libraries[library];
    }
    return verdicts->sites[site];
}

static bool is_of_module(struct verdicts *verdicts, const struct graph *graph, uint32_t node)
{
    const struct graph_node *this = &graph->nodes[node];
    if (this->sort == GRAPH_PYTHON || this->sort == GRAPH_FRAME)
        return verdicts->types[this->type];
    return (this->sort == GRAPH_CPP && verdicts->types[this->type]) || is_of_library(verdicts, graph, this->site);
}

static void say_no_module(struct select *select, const char *pattern)
{
    const struct graph *graph = select->graph;
    struct suggestion suggestion = { .typed = pattern };
    for (uint32_t i = 0; i < graph->n_types; i++)
        suggestion_offer(&suggestion, graph->types[i].module);
    for (uint32_t i = 0; graph->profile && i < graph->profile->trace->n_modules; i++)
        suggestion_offer(&suggestion, path_base(graph->profile->trace->modules[i].path));
    select_fail(select, "nothing is of a module \"%.100s\"%s", pattern, select_hint_of(suggestion.nearest).text);
}

int select_module(struct select *select, const char *value, uint8_t *set)
{
    const struct graph *graph = select->graph;
    struct verdicts verdicts = { 0 };
    judge(&verdicts, graph, value);
    for (uint32_t i = 0; i < graph->n; i++)
        set[i] = set[i] && is_of_module(&verdicts, graph, i);
    if (!verdicts.any)
        say_no_module(select, value);
    free(verdicts.types);
    free(verdicts.libraries);
    free(verdicts.sites);
    return 0;
}
