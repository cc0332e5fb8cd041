/* Opens arbitrary bytes as a trace and touches everything that a reader gives.
 *
 * Bytes that begin like a trace are taken as they are. Others are taken as chunks (type, length in two bytes, payload) and
 * wrapped with right checksums, so that a fuzzer reaches the records without having to guess a checksum: once behind the
 * record of a run alone, once behind one row of every table, so that what names an id finds one.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined. With -DFUZZ_STANDALONE: a program that takes files;
 * `-w FILE...` writes what they are wrapped into to stdout. */
#include "../../viewer/base/xalloc.h"
#include "../../viewer/trace/format.h"
#include "../../viewer/trace/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static volatile uint64_t sink;

static void touch(const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sink += ((const uint8_t *)bytes)[i];
}

static void touch_text(const char *text) { touch(text, text ? strlen(text) : 0); }

static bool touch_epoch(void *context, const struct trace_epoch *epoch, const struct trace_site_counts *deltas, size_t n)
{
    const struct trace *trace = context;
    touch(epoch, sizeof *epoch);
    sink += trace->processes[epoch->process].start_ns;
    for (size_t i = 0; i < n; i++)
        sink += trace->sites[deltas[i].site].stack + deltas[i].counts.allocations;
    return true;
}

static bool touch_blocks(void *context, uint32_t process, const struct trace_block *blocks, size_t n)
{
    const struct trace *trace = context;
    sink += trace->processes[process].start_ns;
    for (size_t i = 0; i < n; i++)
        sink += trace->sites[blocks[i].site].stack + blocks[i].bytes;
    return true;
}

static bool touch_event(void *context, const struct trace_event *event)
{
    const struct trace *trace = context;
    sink += trace->sites[event->site].stack + trace->threads[event->thread].start_ns + event->bytes;
    return true;
}

struct touch_snapshot {
    const struct trace *trace;
    uint64_t end, rows;
};

static bool touch_snapshot_blocks(void *context, const struct trace_snapshot_block *blocks, size_t n)
{
    struct touch_snapshot *touching = context;
    for (size_t i = 0; i < n; i++) {
        uint64_t end = blocks[i].address + blocks[i].bytes;
        if (blocks[i].address < touching->end || end < blocks[i].address || blocks[i].reach >= TRACE_REACHES)
            abort();
        touching->end = end;
        sink += touching->trace->sites[blocks[i].site].stack + blocks[i].born_ns + blocks[i].at + blocks[i].ignored;
    }
    touching->rows += n;
    return true;
}

static bool touch_line(void *context, uint64_t offset, const char *line)
{
    (void)context;
    sink += offset;
    if (strchr(line, '\n'))
        abort();
    return true;
}

static void touch_tables(const struct trace *trace)
{
    touch_text(trace->run.command);
    for (uint32_t i = 0; i < trace->n_processes; i++) {
        const struct trace_process_end *end = &trace->ends[i];
        touch_text(trace->processes[i].command);
        touch_text(trace->processes[i].executable);
        if (trace->processes[i].parent != TRACE_NONE && trace->processes[i].parent >= i)
            abort();
        for (size_t k = 0; k < end->n_sites; k++)
            sink += trace->sites[end->sites[k].site].stack + end->sites[k].peak_bytes;
    }
    for (uint32_t i = 0; i < trace->n_threads; i++) {
        touch_text(trace->threads[i].name);
        sink += trace->processes[trace->threads[i].process].start_ns;
    }
    for (uint32_t i = 0; i < trace->n_modules; i++) {
        touch_text(trace->modules[i].path);
        touch(trace->modules[i].build_id, trace->modules[i].build_id_len);
    }
    for (uint32_t i = 0; i < trace->n_frames; i++) {
        if (trace->frames[i].kind == TRACE_FRAME_NATIVE)
            touch_text(trace->modules[trace->frames[i].module].path);
        if (trace->frames[i].kind == TRACE_FRAME_PYTHON) {
            touch_text(trace->codes[trace->frames[i].module].function);
            if (trace->symbols[i].n != 1 || trace->symbols[i].symbols->line != trace->frames[i].address)
                abort();
        }
        for (uint32_t k = 0; k < trace->symbols[i].n; k++) {
            touch_text(trace->symbols[i].symbols[k].function);
            touch_text(trace->symbols[i].symbols[k].file);
        }
    }
    for (uint32_t i = 1; i < trace->n_stacks; i++)
        sink += trace->frames[trace->stacks[i].frame].address + trace->stacks[trace->stacks[i].parent].frame;
    for (uint32_t i = 0; i < trace->n_sites; i++)
        sink += trace->stacks[trace->sites[i].stack].frame + trace->threads[trace->sites[i].thread].start_ns;
    for (uint32_t i = 0; i < trace->n_unprofiled; i++) {
        touch_text(trace->unprofiled[i].path);
        touch_text(trace->unprofiled[i].reason);
    }
}

static void touch_python(const struct trace *trace)
{
    for (uint32_t i = 0; i < trace->n_codes; i++) {
        touch_text(trace->codes[i].function);
        touch_text(trace->codes[i].file);
    }
    for (uint32_t i = 0; i < trace->n_texts; i++) {
        touch_text(trace->texts[i].file);
        touch(trace->texts[i].text, trace->texts[i].bytes);
    }
    for (uint32_t i = 0; i < trace->n_marks; i++) {
        touch_text(trace->marks[i].label);
        sink += trace->processes[trace->marks[i].process].start_ns + trace->threads[trace->marks[i].thread].start_ns;
        if (i && trace->marks[i - 1].ns > trace->marks[i].ns)
            abort();
    }
    for (uint32_t i = 0; i < trace->n_pythons; i++) {
        touch_text(trace->pythons[i].reason);
        if (i && trace->pythons[i - 1].process >= trace->pythons[i].process)
            abort();
    }
    for (uint32_t i = 0; i < trace->n_lines; i++) {
        const struct trace_line *line = &trace->lines[i];
        sink += trace->processes[line->process].start_ns + trace->codes[line->code].first_line + line->live_bytes;
        if (i && line[-1].process > line->process)
            abort();
    }
}

static void touch_roots(const struct trace *trace, const struct trace_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->n_roots; i++) {
        const struct trace_root *root = &snapshot->roots[i];
        if (root->end < root->start || (i && root->start < root[-1].end) || !root->kind || root->kind > TRACE_ROOT_OTHER)
            abort();
        sink += root->thread == TRACE_NONE ? root->bias : trace->threads[root->thread].start_ns;
        touch_text(root->module == TRACE_NONE ? NULL : trace->modules[root->module].path);
    }
    for (uint32_t i = 0; i < snapshot->n_names; i++) {
        touch_text(snapshot->names[i].name);
        if (i && snapshot->names[i - 1].address > snapshot->names[i].address)
            abort();
    }
}

/* When all went well, as many blocks came as were announced, or the snapshot is said to be incomplete. */
static void touch_snapshots(struct trace *trace)
{
    for (uint32_t i = 0; i < trace->n_snapshots; i++) {
        const struct trace_snapshot *snapshot = &trace->snapshots[i];
        struct touch_snapshot touching = {.trace = trace};
        struct trace_error error;
        sink += trace->processes[snapshot->process].start_ns + snapshot->cause;
        touch_text(snapshot->label);
        touch_text(snapshot->reasons);
        touch_text(snapshot->unseen);
        touch_roots(trace, snapshot);
        if (i && snapshot[-1].ns > snapshot->ns)
            abort();
        int result = trace_each_snapshot_block(trace, i, touch_snapshot_blocks, &touching, &error);
        if (touching.rows > snapshot->blocks || (!result && touching.rows < snapshot->blocks && !snapshot->reasons[0]))
            abort();
    }
}

static void read_trace(const uint8_t *bytes, size_t n)
{
    struct trace_error error = {""};
    trace_dump_memory(bytes, n, touch_line, NULL, &error);
    struct trace *trace = trace_open_memory(bytes, n, &error);
    if (!trace) {
        if (!error.text[0])
            abort();
        return;
    }
    if (trace->cut_offset > n)
        abort();
    touch_tables(trace);
    touch_python(trace);
    trace_each_epoch(trace, touch_epoch, trace, &error);
    trace_each_block(trace, touch_blocks, trace, &error);
    trace_each_event(trace, touch_event, trace, &error);
    touch_snapshots(trace);
    trace_close(trace);
}

static void seal(uint8_t *header) { format_put32(header + 20, (uint32_t)crc32(0, header, 20)); }

static const uint8_t no_tables[] = {FORMAT_TABLES, 6, 0, FORMAT_RUN, 4, 0, 0, 0, 0};

/* String 1, and id 0 of everything: a native and a Python frame, a site for each; a snapshot of 200 blocks with a root and a name,
 * and room for more of them. */
static const uint8_t all_tables[] = {
    FORMAT_TABLES, 98, 0, FORMAT_RUN, 4, 0, 0, 0, 0, FORMAT_STRING, 1, 'f', FORMAT_PROCESS, 6, 2, 0, 0, 0, 1, 1,
    FORMAT_THREAD, 4, 0, 2, 0, 1, FORMAT_MODULE, 2, 1, 0, FORMAT_CODES, 5, 0, 1, 2, 2, 6,
    FORMAT_FRAMES, 8, 0, 2, TRACE_FRAME_NATIVE, TRACE_FRAME_PYTHON, 1, 1, 4, 4, FORMAT_STACKS, 6, 1, 2, 1, 1, 0, 1,
    FORMAT_SITES, 6, 0, 2, 0, 0, 2, 2, FORMAT_SOURCE, 3, 1, 1, 'x',
    FORMAT_SNAPSHOT, 15, 0, 1, 1, 5, 0, 0, 0, 0, 1, 0, 0xc8, 1, 0, 9, 9, FORMAT_ROOTS, 8, 0, 1, 1, 16, 16, 0, 1, 0,
    FORMAT_ROOT_NAMES, 4, 0, 1, 20, 1,
};
_Static_assert(sizeof all_tables == 3 + 98, "the chunk says how long it is");

/* Wraps (type, length, payload)... into a file that begins with `first`. */
static uint8_t *wrap(const uint8_t *first, size_t n_first, const uint8_t *bytes, size_t n, size_t *wrapped_n)
{
    size_t n_all = n_first + n, at = FORMAT_HEADER_BYTES;
    uint8_t *all = xmalloc(n_all), *out = xcalloc(1, FORMAT_HEADER_BYTES + n_all * (FORMAT_CHUNK_HEADER_BYTES + 1));
    memcpy(all, first, n_first);
    if (n)
        memcpy(all + n_first, bytes, n);
    memcpy(out, FORMAT_MAGIC, FORMAT_MAGIC_BYTES);
    format_put16(out + 8, FORMAT_MAJOR);
    seal(out);
    for (size_t i = 0; i + 3 <= n_all;) {
        uint32_t length = format_get16(all + i + 1);
        uint8_t *header = out + at;
        if (length > n_all - i - 3)
            length = (uint32_t)(n_all - i - 3);
        memcpy(header, FORMAT_CHUNK_MARK, 4);
        header[4] = all[i];
        format_put32(header + 8, length);
        format_put32(header + 12, length);
        memcpy(header + FORMAT_CHUNK_HEADER_BYTES, all + i + 3, length);
        format_put32(header + 16, (uint32_t)crc32(0, header + FORMAT_CHUNK_HEADER_BYTES, length));
        seal(header);
        at += FORMAT_CHUNK_HEADER_BYTES + length;
        i += 3 + length;
    }
    free(all);
    *wrapped_n = at;
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n >= FORMAT_MAGIC_BYTES && !memcmp(bytes, FORMAT_MAGIC, FORMAT_MAGIC_BYTES)) {
        read_trace(bytes, n);
        return 0;
    }
    size_t wrapped_n;
    uint8_t *wrapped = wrap(no_tables, sizeof no_tables, bytes, n, &wrapped_n);
    read_trace(wrapped, wrapped_n);
    free(wrapped);
    wrapped = wrap(all_tables, sizeof all_tables, bytes, n, &wrapped_n);
    read_trace(wrapped, wrapped_n);
    free(wrapped);
    return 0;
}

#ifdef FUZZ_STANDALONE
static uint8_t *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    uint8_t *bytes = xmalloc(1u << 20);
    *n = fread(bytes, 1, 1u << 20, file);
    fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    bool show = argc > 1 && !strcmp(argv[1], "-w");
    for (int i = 1 + show; i < argc; i++) {
        size_t n, wrapped_n;
        uint8_t *bytes = read_file(argv[i], &n);
        if (show) {
            uint8_t *wrapped = wrap(all_tables, sizeof all_tables, bytes, n, &wrapped_n);
            fwrite(wrapped, 1, wrapped_n, stdout);
            free(wrapped);
        } else {
            LLVMFuzzerTestOneInput(bytes, n);
        }
        free(bytes);
    }
    return 0;
}
#endif
