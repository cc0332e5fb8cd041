#include "selection.h"

#include "../base/glob.h"
#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

const char *const memory_names[] = { "heap", "mapped", "file", "reserved", "arenas", "all", NULL };

enum { MATCHED_FILE = 1, MATCHED_FUNCTION = 2, MATCHED_MODULE = 4 };

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool matches_any(const struct patterns *patterns, const char *text, bool path)
{
    for (size_t i = 0; text && i < patterns->n; i++)
        if (path ? glob_match_path(patterns->items[i], text) : glob_match(patterns->items[i], text))
            return true;
    return false;
}

/* A function matches by its whole name, or by its name without parameters. */
static bool matches_function(const struct patterns *patterns, const char *function)
{
    if (matches_any(patterns, function, false))
        return true;
    const char *parameters = function ? strchr(function, '(') : NULL;
    if (!parameters || parameters == function)
        return false;
    char *bare = xstrndup(function, (size_t)(parameters - function));
    bool matches = matches_any(patterns, bare, false);
    free(bare);
    return matches;
}

static unsigned match_location(const struct selection *selection, const struct locations *locations, uint32_t id)
{
    const struct location *location = &locations->items[id];
    const char *module = location->module == TRACE_NONE ? NULL : locations->trace->modules[location->module].path;
    unsigned matched = 0;
    if (matches_any(&selection->files, location->file, true))
        matched |= MATCHED_FILE;
    if (matches_function(&selection->functions, location->function))
        matched |= MATCHED_FUNCTION;
    if (matches_any(&selection->modules, module, true))
        matched |= MATCHED_MODULE;
    return matched;
}

/* A stack matches what its outer frames match, and what its own frame does: one pass, for parents stand before children. */
static uint8_t *match_stacks(const struct selection *selection, const struct locations *locations)
{
    const struct trace *trace = locations->trace;
    uint8_t *places = xcalloc(locations->n, 1), *stacks = xcalloc(trace->n_stacks, 1);
    for (uint32_t l = 0; l < locations->n; l++)
        places[l] = (uint8_t)match_location(selection, locations, l);
    for (uint32_t s = 1; s < trace->n_stacks; s++) {
        uint32_t frame = trace->stacks[s].frame;
        stacks[s] = stacks[trace->stacks[s].parent];
        for (uint32_t i = locations->first[frame]; i < locations->first[frame + 1]; i++)
            stacks[s] |= places[locations->levels[i]];
    }
    free(places);
    return stacks;
}

/* By its first word: redis-server may be a link to a file of another name. */
static bool is_called(const char *wanted, const char *command)
{
    char *program = xstrndup(command, strcspn(command, " "));
    bool matches = *program && glob_match_path(wanted, program);
    free(program);
    return matches;
}

static bool process_matches(const char *wanted, const struct trace_process *process)
{
    if (!wanted)
        return true;
    if (is_number(wanted))
        return strtol(wanted, NULL, 10) == process->pid;
    return glob_match_path(wanted, process->executable) || glob_match(wanted, process->command) ||
           is_called(wanted, process->command);
}

static bool thread_matches(const char *wanted, const struct trace_thread *thread)
{
    if (!wanted)
        return true;
    return is_number(wanted) ? strtol(wanted, NULL, 10) == thread->tid : glob_match(wanted, thread->name);
}

enum trace_frame_kind stack_leaf_kind(const struct trace *trace, uint32_t stack)
{
    return stack ? trace->frames[trace->stacks[stack].frame].kind : TRACE_FRAME_NATIVE;
}

bool selection_takes_kind(enum memory_kind memory, enum trace_frame_kind leaf)
{
    bool mapped = leaf == TRACE_FRAME_MAPPED || leaf == TRACE_FRAME_BREAK;
    bool apart = leaf == TRACE_FRAME_FILE || leaf == TRACE_FRAME_RESERVED || leaf == TRACE_FRAME_ARENA;
    switch (memory) {
    case MEMORY_HEAP: return !mapped && !apart;
    case MEMORY_MAPPED: return mapped;
    case MEMORY_FILE: return leaf == TRACE_FRAME_FILE;
    case MEMORY_RESERVED: return leaf == TRACE_FRAME_RESERVED;
    case MEMORY_ARENAS: return leaf == TRACE_FRAME_ARENA;
    case MEMORY_ALL: return !apart;
    }
    return false;
}

bool selection_is_part(const struct selection *selection)
{
    return selection->windowed || selection->scope;
}

bool selection_is_filtered(const struct selection *selection)
{
    return selection->files.n || selection->functions.n || selection->modules.n || selection->process || selection->thread;
}

void selection_apply(const struct selection *selection, const struct locations *locations, bool *sites, bool *processes)
{
    const struct trace *trace = locations->trace;
    unsigned wanted = (selection->files.n ? MATCHED_FILE : 0) | (selection->functions.n ? MATCHED_FUNCTION : 0) |
                      (selection->modules.n ? MATCHED_MODULE : 0);
    uint8_t *stacks = wanted ? match_stacks(selection, locations) : NULL;
    bool *threads = xcalloc(trace->n_threads, sizeof *threads);
    for (uint32_t p = 0; p < trace->n_processes; p++)
        processes[p] = process_matches(selection->process, &trace->processes[p]);
    for (uint32_t t = 0; t < trace->n_threads; t++)
        threads[t] = processes[trace->threads[t].process] && thread_matches(selection->thread, &trace->threads[t]);
    for (uint32_t s = 0; s < trace->n_sites; s++) {
        const struct trace_site *site = &trace->sites[s];
        sites[s] = threads[site->thread] && (!stacks || (stacks[site->stack] & wanted) == wanted) &&
                   selection_takes_kind(selection->memory, stack_leaf_kind(trace, site->stack));
    }
    free(threads);
    free(stacks);
}
