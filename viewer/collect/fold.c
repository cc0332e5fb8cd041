#include "fold.h"

#include "../base/xalloc.h"
#include "ahead.h"
#include "collector.h"

#include <stdlib.h>
#include <string.h>

#define MARK_EPOCH_NS UINT64_C(1000000)

void fold_shared_release(struct fold_shared *shared)
{
    map_release(&shared->modules);
    map_release(&shared->frames);
    map_release(&shared->stacks);
    map_release(&shared->sites);
    vec_release(&shared->rows);
    vec_release(&shared->frame_list);
    for (size_t i = 0; i < shared->module_list.n; i++)
        free((char *)shared->module_list.items[i].path);
    vec_release(&shared->module_list);
    codes_shared_release(&shared->codes);
}

static uint64_t mix(uint64_t hash, const void *data, size_t n)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static bool same_module(const struct trace_module *a, const struct trace_module *b)
{
    return strcmp(a->path, b->path) == 0 && a->build_id_len == b->build_id_len && memcmp(a->build_id, b->build_id, a->build_id_len) == 0;
}

static uint32_t intern_module(struct collector *collector, const struct trace_module *module)
{
    uint64_t key = mix(mix(UINT64_C(0xcbf29ce484222325), module->path, strlen(module->path)), module->build_id, module->build_id_len);
    for (;; key++) {                     /* a hash that is taken by another module moves on */
        uint64_t *id = map_put(&collector->shared.modules, key, NULL);
        if (*id && same_module(&collector->shared.module_list.items[*id - 1], module))
            return (uint32_t)*id - 1;
        if (*id)
            continue;
        struct trace_module copy = *module;
        copy.path = xstrdup(module->path);
        vec_push(&collector->shared.module_list, copy);
        uint32_t made = trace_write_module(collector->writer, module);
        *id = (uint64_t)made + 1;
        return made;
    }
}

static void add_module(struct target *target, const struct hl_module_record *record, const char *path, bool ahead)
{
    struct trace_module module = {.path = path, .build_id_len = (uint8_t)record->build_id_len};
    memcpy(module.build_id, record->build_id, sizeof module.build_id);
    struct target_module entry = {record->start, record->end, record->bias, intern_module(target->collector, &module), false};
    for (size_t i = 0; i < target->modules.n; i++) {
        struct target_module *old = &target->modules.items[i];
        if (!old->gone && old->start == entry.start && old->end == entry.end && old->trace == entry.trace)
            return;
        if (old->gone || old->start >= entry.end || entry.start >= old->end)
            continue;
        if (ahead)
            return;
        fold_unload(target, old->start);     /* closed behind our back */
    }
    vec_push(&target->modules, entry);
}

/* The room for the path is not on the stack of rings read within rings. */
__attribute__((noinline)) void fold_module_record(struct target *target, const uint64_t *w, uint32_t words, bool ahead)
{
    struct hl_module_record module;
    uint32_t header = 1 + sizeof module / 8;
    char path[8 * HL_RECORD_WORDS_MAX + 1];
    size_t bytes = words > header && words <= HL_RECORD_WORDS_MAX ? (size_t)(words - header) * 8 : 0;
    memcpy(&module, w + 1, sizeof module);
    memcpy(path, w + header, bytes);
    path[bytes] = 0;
    if (module.build_id_len > sizeof module.build_id)
        module.build_id_len = 0;
    add_module(target, &module, path, ahead);
}

static const struct target_module *find_module(const struct target *target, uint64_t pc)
{
    for (size_t i = target->modules.n; i-- > 0;) {
        const struct target_module *module = &target->modules.items[i];
        if (!module->gone && pc > module->start && pc <= module->end)
            return module;
    }
    return NULL;
}

/* What is written at the end of an epoch was read before: one look then is enough, however many addresses are in no module. */
static bool may_look(struct target *target)
{
    if (target->modules_looked == target->accounts.epoch + 1 && !target->collector->all_events)
        return false;
    target->modules_looked = target->accounts.epoch + 1;
    return true;
}

static struct trace_frame describe(struct target *target, uint64_t pc)
{
    static const enum trace_frame_kind pseudo[] = {
        [HL_FRAME_TRUNCATED] = TRACE_FRAME_TRUNCATED, [FOLD_PC_MAPPED] = TRACE_FRAME_MAPPED, [FOLD_PC_FILE] = TRACE_FRAME_FILE,
        [FOLD_PC_RESERVED] = TRACE_FRAME_RESERVED,    [FOLD_PC_BREAK] = TRACE_FRAME_BREAK,
        [FOLD_PC_ARENA] = TRACE_FRAME_ARENA,          [FOLD_PC_OBJECT] = TRACE_FRAME_OBJECT,
    };
    if (pc & HL_FRAME_PYTHON) {
        struct code_line at = codes_resolve(target, pc);
        return (struct trace_frame){TRACE_FRAME_PYTHON, at.code, at.line};
    }
    if (pc >= HL_FRAME_TRUNCATED && pc <= FOLD_PC_LAST)
        return (struct trace_frame){pseudo[pc], TRACE_NONE, 0};
    const struct target_module *module = find_module(target, pc);
    if (!module && may_look(target) && ahead_look(target))
        module = find_module(target, pc);
    if (!module)
        return (struct trace_frame){TRACE_FRAME_ANONYMOUS, TRACE_NONE, pc};
    return (struct trace_frame){TRACE_FRAME_NATIVE, module->trace, pc - module->bias};
}

static uint32_t intern_frame(struct target *target, uint64_t pc)
{
    bool added;
    uint64_t *local = map_put(&target->frames, pc, &added);
    if (!added)
        return (uint32_t)*local;
    struct fold_shared *shared = &target->collector->shared;
    struct trace_frame frame = describe(target, pc);
    uint64_t key = (frame.address ^ (uint64_t)frame.module << 44) * 16 + frame.kind;
    uint32_t result = 0;
    for (;; key += UINT64_C(0x9e3779b97f4a7c15)) {
        uint64_t *id = map_put(&shared->frames, key, NULL);
        if (*id) {
            const struct trace_frame *old = &shared->frame_list.items[*id - 1];
            if (old->kind != frame.kind || old->module != frame.module || old->address != frame.address)
                continue;
            result = (uint32_t)*id - 1;
            break;
        }
        result = trace_write_frame(target->collector->writer, &frame);
        *id = (uint64_t)result + 1;
        vec_push(&shared->frame_list, frame);
        break;
    }
    *map_put(&target->frames, pc, NULL) = result;
    return result;
}

/* The trace's stack for a node, written with all that it stands on. The root of a thread is the empty stack. */
static uint32_t intern_stack(struct target *target, uint32_t node)
{
    VEC(uint32_t) way = {0};
    uint32_t stack = 0;
    for (; target->trie.nodes.items[node].parent != TRIE_NONE; node = target->trie.nodes.items[node].parent) {
        stack = target->trie.nodes.items[node].stack;
        if (stack)
            break;
        vec_push(&way, node);
    }
    while (way.n) {
        struct trie_node *entry = &target->trie.nodes.items[vec_pop(&way)];
        struct trace_stack record = {stack, intern_frame(target, entry->pc)};
        uint64_t *id = map_put(&target->collector->shared.stacks, (uint64_t)stack << 32 | record.frame, NULL);
        if (!*id)
            *id = trace_write_stack(target->collector->writer, &record);
        entry->stack = stack = (uint32_t)*id;
    }
    vec_release(&way);
    return stack;
}

static uint32_t root_tag(const struct target *target, uint32_t node)
{
    while (target->trie.nodes.items[node].parent != TRIE_NONE)
        node = target->trie.nodes.items[node].parent;
    return (uint32_t)target->trie.nodes.items[node].pc;
}

uint32_t fold_trace_site(struct target *target, uint32_t site)
{
    struct account_rare *rare = &target->accounts.rare.items[site];
    if (rare->trace_site == TRACE_NONE) {
        struct trace_site record = {target->threads.items[root_tag(target, rare->node)].trace, intern_stack(target, rare->node)};
        uint64_t *id = map_put(&target->collector->shared.sites, (uint64_t)record.thread << 32 | record.stack, NULL);
        if (!*id)
            *id = (uint64_t)trace_write_site(target->collector->writer, &record) + 1;
        rare->trace_site = (uint32_t)*id - 1;
    }
    return rare->trace_site;
}

/* Where the row of a site stands among `n` rows, n: nowhere yet, it comes next. A row has `stride` bytes, its first
 * member is the site. */
static size_t row_of(struct collector *collector, uint32_t site, const void *rows, size_t stride, size_t n)
{
    struct fold_shared *shared = &collector->shared;
    while (shared->rows.n <= site)
        vec_push(&shared->rows, 0);
    uint32_t *row = &shared->rows.items[site];
    if (*row < n && *(const uint32_t *)((const char *)rows + *row * stride) == site)
        return *row;
    *row = (uint32_t)n;
    return n;
}

/* Stacks through a module are written while it is known where it stood; then its addresses mean nothing any more. */
void fold_unload(struct target *target, uint64_t start)
{
    for (size_t i = 0; i < target->modules.n; i++) {
        struct target_module *module = &target->modules.items[i];
        if (module->gone || module->start != start)
            continue;
        for (uint32_t node = 0; node < target->trie.nodes.n; node++) {
            const struct trie_node *entry = &target->trie.nodes.items[node];
            if (entry->parent != TRIE_NONE && entry->pc > module->start && entry->pc <= module->end)
                intern_stack(target, node);
        }
        for (uint32_t site = 0; site < target->accounts.sites.n; site++)
            fold_trace_site(target, site);
        trie_retire(&target->trie, module->start, module->end + 1);
        stack_cache_forget(&target->stacks);
        map_release(&target->frames);
        module->gone = true;
    }
}

void fold_event(struct target *target, const struct lane *lane, enum trace_event_kind kind, const struct live_block *block)
{
    struct trace_event event = {
        .kind = kind,
        .thread = target->threads.items[lane->thread].trace,
        .site = fold_trace_site(target, block->site),
        .address = block->key & HL_RECORD_ADDRESS_MASK,
        .bytes = block->bytes,
        .ns = target->accounts.now_ns,
    };
    trace_write_event(target->collector->writer, &event);
}

static struct trace_counts difference(const struct trace_counts *now, const struct trace_counts *before)
{
    struct trace_counts difference;
    const uint64_t *from = (const uint64_t *)before, *to = (const uint64_t *)now;
    uint64_t *out = (uint64_t *)&difference;
    for (size_t i = 0; i < sizeof difference / sizeof *out; i++)
        out[i] = to[i] - from[i];
    return difference;
}

void fold_epoch(struct target *target, uint64_t now_ns)
{
    struct accounts *accounts = &target->accounts;
    VEC(struct trace_site_counts) deltas = {0};
    if (now_ns < target->epoch_start_ns)
        now_ns = target->epoch_start_ns;
    target_settle(target, false);
    vec_reserve(&deltas, accounts->touched.n);
    for (size_t i = 0; i < accounts->touched.n; i++) {
        uint32_t site = accounts->touched.items[i];
        struct trace_counts counts = accounts_counts(accounts, site), *written = &accounts->rare.items[site].written;
        struct trace_site_counts delta = {fold_trace_site(target, site), difference(&counts, written)};
        size_t row = row_of(target->collector, delta.site, deltas.items, sizeof delta, deltas.n);
        *written = counts;
        accounts->sites.items[site].epoch = UINT32_MAX;    /* the next epoch may have the same number */
        if (row < deltas.n)
            trace_counts_add(&deltas.items[row].counts, &delta.counts);
        else
            vec_push(&deltas, delta);
    }
    if (deltas.n) {
        struct trace_epoch epoch = {
            .process = target->trace,
            .start_ns = target->epoch_start_ns,
            .end_ns = now_ns,
            .live_bytes = accounts->domains[DOMAIN_HEAP].live_bytes,
            .live_blocks = accounts->domains[DOMAIN_HEAP].live_blocks,
            .max_live_bytes = accounts->epoch_max_bytes,
            .max_ns = accounts->epoch_max_ns,
            .mapped_bytes = accounts->domains[DOMAIN_MAPPED].live_bytes,
            .rss_bytes = target->rss_bytes,
        };
        trace_write_epoch(target->collector->writer, &epoch, deltas.items, deltas.n);
    }
    vec_release(&deltas);
    target->epoch_start_ns = now_ns;
    target->epoch_events = target->events;
    accounts_next_epoch(accounts, target->collector->epoch);
}

/* Blocks know the epoch in which they were born: another one begins behind a mark, but not more often than once a tick. */
static void begin_epoch(struct collector *collector)
{
    if (collector->now_ns - vec_last(&collector->epochs) < MARK_EPOCH_NS)
        return;
    vec_push(&collector->epochs, collector->now_ns);
    collector->epoch = (uint32_t)collector->epochs.n - 1;
}

/* Marks with an event between them have different times, so that what lies between them can be told apart. */
void fold_mark(struct target *target, const struct lane *lane, enum trace_mark_kind kind, const char *label)
{
    bool idle = target->events == target->epoch_events && target->accounts.touched.n == 0;
    uint64_t earliest = target->epoch_start_ns + !idle, now = target->accounts.now_ns;
    begin_epoch(target->collector);
    fold_epoch(target, now < earliest ? earliest : now);
    struct trace_mark mark = {
        .process = target->trace,
        .thread = target->threads.items[lane->thread].trace,
        .ns = target->epoch_start_ns,
        .kind = kind,
        .label = label,
    };
    trace_write_mark(target->collector->writer, &mark);
}

uint64_t fold_cut(struct target *target)
{
    begin_epoch(target->collector);
    fold_epoch(target, target->collector->now_ns);
    return target->epoch_start_ns;
}

static struct trace_totals sum_up(const struct target *target)
{
    const struct accounts *accounts = &target->accounts;
    const struct domain *heap = &accounts->domains[DOMAIN_HEAP], *mapped = &accounts->domains[DOMAIN_MAPPED];
    struct trace_counts maps = accounts_sum(accounts, DOMAIN_MAPPED);
    struct trace_totals totals = {
        .process = target->trace,
        .heap = accounts_sum(accounts, DOMAIN_HEAP),
        .peak_bytes = heap->peak_bytes,
        .peak_blocks = heap->peak_blocks,
        .peak_ns = heap->peak_ns,
        .mapped_allocations = maps.allocations,
        .mapped_bytes = maps.allocated_bytes,
        .mapped_live_bytes = mapped->live_bytes,
        .mapped_peak_bytes = mapped->peak_bytes,
        .mapped_peak_ns = mapped->peak_ns,
    };
    memcpy(totals.size_count, accounts->size_count, sizeof totals.size_count);
    memcpy(totals.size_bytes, accounts->size_bytes, sizeof totals.size_bytes);
    return totals;
}

static int by_site(const void *a, const void *b)
{
    uint32_t x = ((const struct trace_site_totals *)a)->site, y = ((const struct trace_site_totals *)b)->site;
    return x < y ? -1 : x > y;
}

static void write_sites(struct target *target)
{
    accounts_settle(&target->accounts);
    struct trace_totals totals = sum_up(target);
    VEC(struct trace_site_totals) sites = {0};
    for (uint32_t i = 0; i < target->accounts.sites.n; i++) {
        const struct account *account = &target->accounts.sites.items[i];
        struct trace_site_totals site = {fold_trace_site(target, i), accounts_counts(&target->accounts, i), account->peak_bytes, account->peak_blocks};
        size_t row = row_of(target->collector, site.site, sites.items, sizeof site, sites.n);
        if (row == sites.n) {
            vec_push(&sites, site);
            continue;
        }
        struct trace_site_totals *sum = &sites.items[row];
        trace_counts_add(&sum->counts, &site.counts);
        sum->peak_bytes += site.peak_bytes;
        sum->peak_blocks += site.peak_blocks;
    }
    vec_sort(&sites, by_site);
    trace_write_totals(target->collector->writer, &totals, sites.items, sites.n);
    vec_release(&sites);
}

static int by_address(const void *a, const void *b)
{
    uint64_t x = ((const struct trace_block *)a)->address, y = ((const struct trace_block *)b)->address;
    return x < y ? -1 : x > y;
}

#define BLOCKS_A_PIECE 65536

static void write_blocks(struct target *target)
{
    VEC(struct trace_block) blocks = {0};
    for (uint64_t i = 0; i <= target->live.mask; i++) {
        const struct live_block *live = &target->live.slots[i];
        if (!live_is_block(live))
            continue;
        struct trace_block block = {live->key & HL_RECORD_ADDRESS_MASK, live->bytes, fold_trace_site(target, live->site),
                                    collector_epoch_ns(target->collector, live->born)};
        vec_push(&blocks, block);
    }
    vec_sort(&blocks, by_address);
    for (size_t i = 0; i < blocks.n; i += BLOCKS_A_PIECE)
        trace_write_blocks(target->collector->writer, target->trace, blocks.items + i, blocks.n - i < BLOCKS_A_PIECE ? blocks.n - i : BLOCKS_A_PIECE);
    vec_release(&blocks);
}

static struct trace_losses count_losses(const struct target *target)
{
    struct trace_losses losses = {.process = target->trace, .truncated_stacks = target->truncated, .unmatched_frees = target->unmatched,
                                  .damaged_records = target->damaged};
    for (uint32_t i = 0; i < target->lanes_used; i++) {
        struct hl_ring_head *head = &target->segment->heads[i];
        losses.events += atomic_load(&head->dropped);
        losses.waits += atomic_load(&head->waits);
        losses.wait_ns += atomic_load(&head->wait_ns);
    }
    if (!target->segment)                /* it could not be made: the process went unrecorded */
        return losses;
    losses.events += atomic_load(&target->segment->unowned_events);
    for (uint32_t i = 0; i < target->lanes_used; i++)
        losses.self_bytes += target->lanes[i].tail < target->ring_bytes ? target->lanes[i].tail : target->ring_bytes;
    losses.self_bytes += atomic_load(&target->segment->self_bytes);
    return losses;
}

static void write_python(const struct target *target)
{
    struct trace_python python = {target->trace, target->python_version, target->python_state, target->python_reason};
    if (target->has_python)
        trace_write_python(target->collector->writer, &python);
}

void fold_end(struct target *target, const struct trace_exit *exit)
{
    target_settle(target, true);
    fold_epoch(target, exit->end_ns);
    write_sites(target);
    write_blocks(target);
    write_python(target);
    watch_end(target);
    struct trace_losses losses = count_losses(target);
    trace_write_losses(target->collector->writer, &losses);
    trace_write_exit(target->collector->writer, exit);
}
