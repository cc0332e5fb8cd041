#include "load.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

bool load_string(const struct reader *reader, uint32_t reference, const char **text)
{
    if (reference >= reader->strings.n)
        return false;
    *text = reader->strings.items[reference];
    return true;
}

bool load_text(const struct reader *reader, uint32_t reference, const char **text)
{
    if (!load_string(reader, reference, text))
        return false;
    if (!*text)
        *text = "";
    return true;
}

static const char *take_string(struct reader *reader, struct cursor *in)
{
    size_t n = cursor_left(in);
    if (n > FORMAT_STRING_MAX)
        return "a string is longer than a string may be";
    if (reader->strings.n >= FORMAT_IDS_MAX || reader->arena.bytes + n > FORMAT_ARENA_MAX)
        return "it holds more strings than a trace may";
    vec_push(&reader->strings, arena_strndup(&reader->arena, (const char *)in->at, n));
    return NULL;
}

static const char *take_run(struct reader *reader, struct cursor *in)
{
    struct record_run record;
    record_get_run(in, &record);
    struct trace_run run = {.unix_ns = record.unix_ns};
    if (in->bad || !load_text(reader, record.command, &run.command) || !load_text(reader, record.host, &run.host) ||
        !load_text(reader, record.version, &run.version))
        return "the record of the run is malformed";
    reader->trace.run = run;
    reader->has_run = true;
    return NULL;
}

static const char *take_process(struct reader *reader, struct cursor *in)
{
    struct record_process record;
    struct trace_process *process = &record.process;
    record_get_process(in, &record);
    if (in->bad || !load_text(reader, record.command, &process->command) ||
        !load_text(reader, record.executable, &process->executable))
        return "a process record is malformed";
    if (process->parent != TRACE_NONE && process->parent >= reader->processes.n)
        return "a process has a parent that does not exist";
    if (reader->processes.n >= FORMAT_PROCESSES_MAX)
        return "it holds more processes than a trace may";
    uint32_t id = (uint32_t)reader->processes.n;
    vec_push(&reader->processes, *process);
    struct trace_process_end *end = vec_add(&reader->ends);
    end->last_ns = process->start_ns;
    end->exit.process = end->totals.process = end->losses.process = id;
    (void)vec_add(&reader->lists);
    return NULL;
}

static const char *take_thread(struct reader *reader, struct cursor *in)
{
    struct record_thread record;
    record_get_thread(in, &record);
    if (in->bad || !load_text(reader, record.name, &record.thread.name))
        return "a thread record is malformed";
    if (record.thread.process >= reader->processes.n)
        return "a thread belongs to a process that does not exist";
    if (reader->threads.n >= FORMAT_IDS_MAX)
        return "it holds more threads than a trace may";
    struct trace_process_end *end = &reader->ends.items[record.thread.process];
    if (end->last_ns < record.thread.start_ns)
        end->last_ns = record.thread.start_ns;
    vec_push(&reader->threads, record.thread);
    return NULL;
}

static const char *take_thread_name(struct reader *reader, struct cursor *in)
{
    struct record_thread_name record;
    const char *name;
    record_get_thread_name(in, &record);
    if (in->bad || !load_text(reader, record.name, &name))
        return "the record of a thread's name is malformed";
    if (record.thread >= reader->threads.n)
        return "a thread that does not exist is given a name";
    reader->threads.items[record.thread].name = name;
    return NULL;
}

static const char *take_module(struct reader *reader, struct cursor *in)
{
    struct record_module record;
    record_get_module(in, &record);
    if (in->bad || !load_text(reader, record.path, &record.module.path))
        return "a module record is malformed";
    if (reader->modules.n >= FORMAT_IDS_MAX)
        return "it holds more modules than a trace may";
    vec_push(&reader->modules, record.module);
    return NULL;
}

/* The text that came last stands in the place of those before it. */
static const char *take_source(struct reader *reader, struct cursor *in)
{
    struct record_source record;
    struct trace_source source;
    record_get_source(in, &record);
    if (in->bad || !load_text(reader, record.file, &source.file))
        return "the record of a source is malformed";
    if (reader->texts.n >= FORMAT_IDS_MAX || reader->arena.bytes + record.bytes > FORMAT_ARENA_MAX)
        return "it holds more sources than a trace may";
    char *text = arena_alloc(&reader->arena, record.bytes + 1);    /* it may hold NULs, and ends in one that is not part of it */
    memcpy(text, record.text, record.bytes);
    text[record.bytes] = '\0';
    source.text = text;
    source.bytes = record.bytes;
    bool fresh;
    uint64_t *place = map_put(&reader->text_of, record.file, &fresh);
    if (fresh) {
        *place = reader->texts.n;
        vec_push(&reader->texts, source);
    }
    reader->texts.items[*place] = source;
    return NULL;
}

/* Rows of a table continue where the table ends. */
static uint32_t take_rows(struct cursor *in, unsigned least, size_t n_so_far)
{
    uint32_t first, rows;
    columns_get_table_head(in, least, &first, &rows);
    if (first != n_so_far || rows > FORMAT_IDS_MAX - n_so_far)
        in->bad = true;
    return in->bad ? 0 : rows;
}

static const char *take_codes(struct reader *reader, struct cursor *in)
{
    uint32_t rows = take_rows(in, 3, reader->codes.n);
    struct code_row *codes = xcalloc(rows + 1, sizeof *codes);
    columns_get_codes(in, codes, rows);
    const char *wrong = in->bad ? "a record of code is malformed" : NULL;
    vec_reserve(&reader->codes, rows + 1);
    struct trace_code *out = reader->codes.items + reader->codes.n;
    for (uint32_t i = 0; i < rows && !wrong; i++) {
        out[i].first_line = codes[i].first_line;
        if (!load_text(reader, codes[i].function, &out[i].function) || !load_text(reader, codes[i].file, &out[i].file))
            wrong = "a record of code names a string that does not exist";
    }
    if (!wrong)
        reader->codes.n += rows;
    free(codes);
    return wrong;
}

static bool frame_stands(const struct reader *reader, const struct trace_frame *frame)
{
    if (frame->kind == TRACE_FRAME_PYTHON)
        return frame->module < reader->codes.n && frame->address <= UINT32_MAX;
    if (frame->module == TRACE_NONE)
        return frame->kind != TRACE_FRAME_NATIVE;
    return frame->module < reader->modules.n;
}

/* A Python frame's code says what symbols would. */
static struct trace_frame_symbols symbols_of_code(struct reader *reader, const struct trace_frame *frame)
{
    const struct trace_code *code = &reader->codes.items[frame->module];
    struct trace_symbol *symbol = arena_alloc(&reader->arena, sizeof *symbol);
    *symbol = (struct trace_symbol){code->function, code->file, (uint32_t)frame->address};
    return (struct trace_frame_symbols){symbol, 1};
}

static const char *take_frames(struct reader *reader, struct cursor *in)
{
    uint32_t rows = take_rows(in, 3, reader->frames.n);
    vec_reserve(&reader->frames, rows + 1);
    vec_reserve(&reader->symbols, rows + 1);
    struct trace_frame *frames = reader->frames.items + reader->frames.n;
    columns_get_frames(in, frames, rows);
    if (in->bad)
        return "a record of frames is malformed";
    for (uint32_t i = 0; i < rows; i++)
        if (!frame_stands(reader, &frames[i]))
            return "a frame lies in a module or in code that does not exist";
    if (reader->arena.bytes + rows * sizeof(struct trace_symbol) > FORMAT_ARENA_MAX)
        return "it holds more symbols than a trace may";
    struct trace_frame_symbols *symbols = reader->symbols.items + reader->symbols.n;
    for (uint32_t i = 0; i < rows; i++)
        symbols[i] = frames[i].kind == TRACE_FRAME_PYTHON ? symbols_of_code(reader, &frames[i]) : (struct trace_frame_symbols){0};
    reader->frames.n += rows;
    reader->symbols.n += rows;
    return NULL;
}

static const char *take_stacks(struct reader *reader, struct cursor *in)
{
    uint32_t first = (uint32_t)reader->stacks.n;
    uint32_t rows = take_rows(in, 2, first);
    vec_reserve(&reader->stacks, rows + 1);
    struct trace_stack *stacks = reader->stacks.items + first;
    columns_get_stacks(in, first, stacks, rows);
    if (in->bad)
        return "a record of stacks is malformed";
    for (uint32_t i = 0; i < rows; i++)
        if (stacks[i].parent >= first + i || stacks[i].frame >= reader->frames.n)
            return "a stack names a parent or a frame that does not exist";
    reader->stacks.n += rows;
    return NULL;
}

static const char *take_sites(struct reader *reader, struct cursor *in)
{
    uint32_t rows = take_rows(in, 2, reader->sites.n);
    vec_reserve(&reader->sites, rows + 1);
    struct trace_site *sites = reader->sites.items + reader->sites.n;
    columns_get_sites(in, sites, rows);
    if (in->bad)
        return "a record of sites is malformed";
    for (uint32_t i = 0; i < rows; i++)
        if (sites[i].thread >= reader->threads.n || sites[i].stack >= reader->stacks.n)
            return "a site names a thread or a stack that does not exist";
    reader->sites.n += rows;
    return NULL;
}

static const char *take_symbols(struct reader *reader, struct cursor *in)
{
    uint32_t frame, n;
    record_get_symbols_head(in, &frame, &n);
    if (in->bad)
        return "a record of symbols is malformed";
    if (frame >= reader->frames.n)
        return "a frame that does not exist is given symbols";
    if (reader->arena.bytes > FORMAT_ARENA_MAX)
        return "it holds more symbols than a trace may";
    struct trace_symbol *symbols = n ? arena_alloc(&reader->arena, n * sizeof *symbols) : NULL;
    for (uint32_t i = 0; i < n; i++) {
        struct record_symbol record;
        record_get_symbol(in, &record);
        symbols[i].line = record.line;
        if (in->bad || !load_string(reader, record.function, &symbols[i].function) ||
            !load_string(reader, record.file, &symbols[i].file))
            return "a record of symbols is malformed";
    }
    if (reader->frames.items[frame].kind != TRACE_FRAME_PYTHON)
        reader->symbols.items[frame] = (struct trace_frame_symbols){symbols, n};
    return NULL;
}

const char *load_table(struct reader *reader, struct record *record)
{
    switch (record->kind) {
    case FORMAT_RUN: return take_run(reader, &record->payload);
    case FORMAT_STRING: return take_string(reader, &record->payload);
    case FORMAT_PROCESS: return take_process(reader, &record->payload);
    case FORMAT_THREAD: return take_thread(reader, &record->payload);
    case FORMAT_THREAD_NAME: return take_thread_name(reader, &record->payload);
    case FORMAT_MODULE: return take_module(reader, &record->payload);
    case FORMAT_CODES: return take_codes(reader, &record->payload);
    case FORMAT_FRAMES: return take_frames(reader, &record->payload);
    case FORMAT_STACKS: return take_stacks(reader, &record->payload);
    case FORMAT_SITES: return take_sites(reader, &record->payload);
    case FORMAT_SYMBOLS: return take_symbols(reader, &record->payload);
    case FORMAT_SOURCE: return take_source(reader, &record->payload);
    case FORMAT_SNAPSHOT:
    case FORMAT_ROOTS:
    case FORMAT_ROOT_NAMES: return load_snapshot(reader, record);
    default: return NULL;
    }
}
