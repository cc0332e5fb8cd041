#include "graph_trace.h"

#include "../../viewer/trace/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_blocks(struct trace_writer *writer, uint32_t snapshot, uint32_t object, uint32_t native)
{
    struct trace_snapshot_block blocks[GRAPH_TRACE_BLOCKS];
    for (uint32_t i = 0; i < GRAPH_TRACE_BLOCKS; i++)
        blocks[i] = (struct trace_snapshot_block){.address = 0x1000 + 0x100 * i, .bytes = 16 * (i + 1),
                                                  .site = i < GRAPH_TRACE_BLOCKS - 2 ? object : native, .born_ns = i,
                                                  .reach = TRACE_REACH_HELD, .at = 0x500};
    trace_write_snapshot_blocks(writer, snapshot, blocks, GRAPH_TRACE_BLOCKS);
}

static void write_all(struct trace_writer *writer, const void *graph, size_t n)
{
    struct trace_process process = {.pid = 7, .parent = TRACE_NONE, .command = "app", .executable = "/usr/bin/app"};
    struct trace_thread thread = {.tid = 7, .name = "main"};
    struct trace_module module = {.path = "/usr/bin/app"};
    trace_write_process(writer, &process);
    trace_write_thread(writer, &thread);
    trace_write_module(writer, &module);
    uint32_t frame = trace_write_frame(writer, &(struct trace_frame){.kind = TRACE_FRAME_NATIVE, .module = 0, .address = 0x10});
    uint32_t leaf = trace_write_frame(writer, &(struct trace_frame){.kind = TRACE_FRAME_OBJECT, .module = TRACE_NONE});
    uint32_t stack = trace_write_stack(writer, &(struct trace_stack){.parent = 0, .frame = frame});
    uint32_t object = trace_write_stack(writer, &(struct trace_stack){.parent = stack, .frame = leaf});
    uint32_t native_site = trace_write_site(writer, &(struct trace_site){0, stack});
    uint32_t object_site = trace_write_site(writer, &(struct trace_site){0, object});
    struct trace_root root = {TRACE_ROOT_GLOBAL, 0x500, 0x600, TRACE_NONE, 0, 0x400};
    struct trace_root_name name = {0x500, "servers"};
    struct trace_snapshot snapshot = {.cause = TRACE_SNAPSHOT_CALL, .label = "one", .ns = 5, .threads = 1,
                                      .blocks = GRAPH_TRACE_BLOCKS, .reasons = "", .roots = &root, .n_roots = 1,
                                      .names = &name, .n_names = 1, .graph_bytes = n};
    uint32_t id = trace_write_snapshot(writer, &snapshot);
    write_blocks(writer, id, object_site, native_site);
    trace_write_graph(writer, id, graph, n);
}

bool graph_trace_open(struct graph_trace *opened, const void *graph, size_t n)
{
    char path[] = "/tmp/graph_trace.XXXXXX";
    struct trace_writer *writer;
    struct trace_run run = {.command = "app", .host = "here", .version = "1"};
    struct selection selection = {0};
    struct trace_error error = {""};
    int fd = mkstemp(path);
    *opened = (struct graph_trace){.path = strdup(path)};
    if (fd < 0 || trace_writer_create(&writer, path, &run) != 0)
        return false;
    close(fd);
    write_all(writer, graph, n);
    trace_writer_close(writer);
    opened->trace = trace_open(path, &error);
    return opened->trace && profile_create(&opened->profile, opened->trace, &selection, &error) == 0;
}

void graph_trace_close(struct graph_trace *opened)
{
    profile_destroy(opened->profile);
    trace_close(opened->trace);
    if (opened->path)
        unlink(opened->path);
    free(opened->path);
}
