#include "watch.h"

#include "collector.h"
#include "visits.h"

void watch_release(struct watch *watch)
{
    map_release(&watch->codes);
    map_release(&watch->index);
    vec_release(&watch->lines);
}

static uint32_t find_line(struct target *target, uint32_t code, uint32_t line)
{
    uint64_t *index = map_put(&target->watch.index, (uint64_t)code << 32 | line, NULL);
    if (!*index) {
        struct trace_line made = {.process = target->trace, .code = code, .line = line};
        vec_push(&target->watch.lines, made);
        *index = target->watch.lines.n;
    }
    return (uint32_t)*index - 1;
}

static void stand_on(struct lane *lane, uint32_t depth, uint32_t line)
{
    struct watched_line entry = {depth, line};
    for (size_t i = 0; i < lane->watched.n; i++)
        if (lane->watched.items[i].line == line)
            return;
    vec_push(&lane->watched, entry);
}

void watch_follow(struct target *target, struct lane *lane, uint32_t low)
{
    while (lane->watched.n && vec_last(&lane->watched).depth >= low)
        lane->watched.n--;
    for (uint32_t i = low; i + 1 < lane->path.n; i++) {
        uint32_t node = lane->path.items[i + 1];
        if (!visits_is_python(target, node))
            continue;
        uint32_t code = codes_find(target, hl_frame_code(target->trie.nodes.items[node].pc));
        if (map_get(&target->watch.codes, code))
            stand_on(lane, i, find_line(target, code, visits_line(target, node)));
    }
}

void watch_event(struct target *target, const struct lane *lane, int64_t bytes)
{
    for (size_t i = 0; i < lane->watched.n; i++) {
        struct trace_line *line = &target->watch.lines.items[lane->watched.items[i].line];
        line->increment_bytes += bytes;
        line->live_bytes = target->accounts.domains[DOMAIN_HEAP].live_bytes;
    }
}

void watch_code(struct target *target, uint32_t number)
{
    bool added;
    map_put(&target->watch.codes, codes_find(target, number), &added);
    if (!added)
        return;
    visits_begin(target);
    for (uint32_t i = 0; i < target->lanes_used; i++)    /* frames that stand there already */
        watch_follow(target, &target->lanes[i], 0);
}

void watch_executed(struct target *target, uint32_t number, uint32_t line, uint32_t count)
{
    uint32_t index = find_line(target, codes_find(target, number), line);
    target->watch.lines.items[index].executed += count;
}

void watch_inherit(struct target *child, const struct target *parent)
{
    size_t cursor = 0;
    const struct map_slot *slot;
    while ((slot = map_next(&parent->watch.codes, &cursor)))
        map_put(&child->watch.codes, slot->key, NULL);
}

static int by_code_and_line(const void *a, const void *b)
{
    const struct trace_line *x = a, *y = b;
    if (x->code != y->code)
        return x->code < y->code ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

void watch_end(struct target *target)
{
    vec_sort(&target->watch.lines, by_code_and_line);
    trace_write_lines(target->collector->writer, target->watch.lines.items, target->watch.lines.n);
    map_release(&target->watch.index);       /* it no longer fits the order */
}
