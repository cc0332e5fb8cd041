#include "leaks_parts.h"

#include "../base/format.h"

#include <inttypes.h>
#include <string.h>

struct writer {
    struct strbuf *out;
    const struct leaks *leaks;
    const char *arrow;
};

static void add_thread(struct writer *writer, const struct trace_root *root)
{
    const struct trace *trace = writer->leaks->profile->trace;
    if (root->thread == TRACE_NONE)
        return;
    const struct trace_thread *thread = &trace->threads[root->thread];
    strbuf_printf(writer->out, " of thread %" PRId32, thread->tid);
    if (*thread->name)
        strbuf_printf(writer->out, " (%s)", thread->name);
}

/* "pool+0x40" is a name and the way on from it. */
static void add_named(struct writer *writer, const char *kind, const char *name, const char *of)
{
    const char *plus = strstr(name, "+0x");
    size_t n = plus ? (size_t)(plus - name) : strlen(name);
    strbuf_printf(writer->out, "%s %.*s%s%s", kind, (int)n, name, of ? " in " : "", of ? of : "");
    if (plus)
        strbuf_printf(writer->out, "%s%s", writer->arrow, plus);
}

static void add_global(struct writer *writer, const struct leaks_step *step)
{
    const struct trace_root *root = step->root;
    const char *module = root->module == TRACE_NONE ? NULL : path_base(writer->leaks->profile->trace->modules[root->module].path);
    if (step->name)
        add_named(writer, "global", step->name, module);
    else if (module)
        strbuf_printf(writer->out, "globals of %s, %s+0x%" PRIx64, module, module, step->address - root->bias);
    else
        strbuf_printf(writer->out, "global data at 0x%" PRIx64, step->address);
}

static void add_root(struct writer *writer, const struct leaks_step *step)
{
    switch (step->root->kind) {
    case TRACE_ROOT_GLOBAL:
        add_global(writer, step);
        return;
    case TRACE_ROOT_STACK:
        strbuf_add(writer->out, "stack");
        break;
    case TRACE_ROOT_TLS:
        if (step->name)
            add_named(writer, "thread-local", step->name, NULL);
        else
            strbuf_add(writer->out, "thread-local data");
        break;
    case TRACE_ROOT_REGISTERS:
        strbuf_add(writer->out, "a register");
        break;
    case TRACE_ROOT_MAPPING:
        strbuf_printf(writer->out, "memory that the program mapped%s+0x%" PRIx64, writer->arrow, step->offset);
        break;
    case TRACE_ROOT_REGION:
        strbuf_printf(writer->out, "memory that the program registered%s+0x%" PRIx64, writer->arrow, step->offset);
        break;
    case TRACE_ROOT_OTHER:
        strbuf_printf(writer->out, "memory at 0x%" PRIx64, step->address);
        break;
    }
    add_thread(writer, step->root);
}

/* A list that holds itself together by its next pointers is told once. */
static bool is_alike(const struct leaks *leaks, const struct leaks_step *a, const struct leaks_step *b)
{
    return !a->root && !b->root && a->bytes == b->bytes && a->offset == b->offset &&
        leaks_owner(leaks, a->stack) == leaks_owner(leaks, b->stack);
}

static void add_block(struct writer *writer, const struct leaks_step *step, uint64_t n)
{
    const struct locations *locations = &writer->leaks->profile->locations;
    uint32_t owner = leaks_owner(writer->leaks, step->stack);
    if (n > 1)
        strbuf_printf(writer->out, "%s blocks of %" PRIu64 " from ", format_count(n).text, step->bytes);
    else
        strbuf_printf(writer->out, "block of %" PRIu64 " from ", step->bytes);
    if (location_has_line(&locations->items[owner]) && !location_is_python(&locations->items[owner])) {
        location_add_place(writer->out, locations, owner);
        return;
    }
    location_add_name(writer->out, locations, owner);
    strbuf_add_char(writer->out, ' ');
    size_t length = writer->out->length;
    location_add_place(writer->out, locations, owner);
    if (writer->out->length == length)
        strbuf_truncate(writer->out, length - 1);
}

/* Blocks from step i on that are told as one; *end is the step behind them. The last step is never among them. */
static uint64_t count_alike(const struct leaks *leaks, const struct leaks_path *path, size_t i, size_t *end)
{
    uint64_t n = 1;
    size_t next = i + 1;
    for (; next + 1 < path->n && is_alike(leaks, &path->items[i], &path->items[next]); next++)
        n += 1 + path->items[next].skipped;
    *end = next;
    return n;
}

void leaks_add_path(struct strbuf *out, const struct leaks *leaks, const struct leaks_path *path, bool utf8)
{
    struct writer writer = { out, leaks, utf8 ? " → " : " -> " };
    for (size_t i = 0, end; i + 1 < path->n; i = end) {
        const struct leaks_step *step = &path->items[i];
        uint64_t n = count_alike(leaks, path, i, &end);
        if (step->skipped)
            strbuf_printf(out, "%s%s more blocks", writer.arrow, format_count(step->skipped).text);
        if (i)
            strbuf_add(out, writer.arrow);
        if (step->root)
            add_root(&writer, step);
        else
            add_block(&writer, step, n);
        if (!step->root && step->offset)
            strbuf_printf(out, "%s+0x%" PRIx64, writer.arrow, step->offset);
    }
}
