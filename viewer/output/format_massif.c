/* Massif's text format (valgrind's massif/ms_main.c and ms_print): snapshots in the order of time, the one at the peak with a
 * tree of allocating functions and their callers. Several processes share one line of time; the tree adds what each held at
 * its own peak. */
#include "../analyze/timeline.h"
#include "../analyze/tree.h"
#include "format.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define SNAPSHOTS 96
#define LINE_MAX_CHARS 4000           /* ms_print and others read into buffers of their own */

static void put_snapshot(FILE *out, unsigned number, uint64_t ns, uint64_t bytes, const char *tree)
{
    fprintf(out, "#-----------\nsnapshot=%u\n#-----------\ntime=%" PRIu64 "\nmem_heap_B=%" PRIu64 "\nmem_heap_extra_B=0\n"
                 "mem_stacks_B=0\nheap_tree=%s\n", number, ns / 1000000, bytes, tree);
}

static void add_node_name(struct strbuf *line, const struct profile *profile, const struct tree_node *node)
{
    const struct location *location = &profile->locations.items[node->location];
    const char *module = location_module_name(&profile->locations, node->location);
    strbuf_printf(line, "0x%" PRIX64 ": ", location->address);
    location_add_name(line, &profile->locations, node->location);
    if (location_has_line(location))
        strbuf_printf(line, " (%s:%" PRIu32 ")", path_base(location->file), location->line);
    else if (location_is_python(location))
        strbuf_printf(line, " (in %s)", location->file ? location->file : "Python");
    else
        strbuf_printf(line, " (in %s)", module ? module : "unknown code");
}

static uint32_t count_children(const struct tree *tree, uint32_t id)
{
    uint32_t n = tree->nodes[id].hidden > 0;
    for (uint32_t child = tree->nodes[id].child; child; child = tree->nodes[child].sibling)
        n++;
    return n;
}

static void put_node(FILE *out, const struct profile *profile, const struct tree *tree, uint32_t id, unsigned level)
{
    const struct tree_node *node = &tree->nodes[id];
    struct strbuf line = STRBUF_INIT;
    strbuf_fill(&line, ' ', level);
    strbuf_printf(&line, "n%" PRIu32 ": %" PRIu64 " ", count_children(tree, id), node->total.peak_bytes);
    if (level == 0)
        strbuf_add(&line, "(heap allocation functions) malloc/new/new[], --alloc-fns, etc.");
    else
        add_node_name(&line, profile, node);
    fprintf(out, "%.*s\n", LINE_MAX_CHARS, line.data);
    strbuf_release(&line);
    for (uint32_t child = node->child; child; child = tree->nodes[child].sibling)
        put_node(out, profile, tree, child, level + 1);
    if (node->hidden)
        fprintf(out, "%*sn0: %" PRIu64 " in %" PRIu32 " place%s, %s below massif's threshold (1.00%%)\n", (int)level + 1, "",
                node->hidden_measure, node->hidden, node->hidden == 1 ? "" : "s", node->hidden == 1 ? "" : "all");
}

static void put_peak(FILE *out, const struct profile *profile, unsigned number, uint64_t ns)
{
    struct tree tree;
    struct tree_options options = {
        .by = MEASURE_PEAK, .inverted = true, .fold_recursion = true, .min_measure = profile->total.peak_bytes / 100 + 1,
    };
    tree_build(&tree, profile, &options);
    put_snapshot(out, number, ns, profile->total.peak_bytes, "peak");
    put_node(out, profile, &tree, 0, 0);
    tree_release(&tree);
}

/* Newlines would end the header's lines. */
static void put_command(FILE *out, const char *command)
{
    fputs("cmd: ", out);
    for (; *command; command++)
        fputc(*command == '\n' ? ' ' : *command, out);
}

int format_write_massif(FILE *out, const struct profile *profile, enum measure by)
{
    struct timeline timeline;
    struct trace_error error;
    int status = timeline_build(&timeline, profile, &error);
    if (status < 0)
        return status;
    uint64_t peak_ns = profile->largest == TRACE_NONE ? 0 : profile->processes[profile->largest].peak_ns;
    unsigned number = 0, per = TIMELINE_SLOTS / SNAPSHOTS;
    bool peaked = profile->total.peak_bytes == 0;
    fputs("desc: (none)\n", out);
    put_command(out, profile->trace->run.command);
    fputs("\ntime_unit: ms\n", out);
    put_snapshot(out, number++, 0, 0, "empty");
    for (unsigned slot = per - 1; slot < TIMELINE_SLOTS; slot += per) {
        uint64_t ns = (slot + 1) * timeline.slot_ns, bytes = timeline.end[slot];
        if (!peaked && peak_ns < ns) {
            put_peak(out, profile, number++, peak_ns);
            peaked = true;
        }
        put_snapshot(out, number++, ns < profile->trace->end_ns ? ns : profile->trace->end_ns,
                     bytes < profile->total.peak_bytes ? bytes : profile->total.peak_bytes, "empty");
    }
    return ferror(out) ? -EIO : 0;
}
