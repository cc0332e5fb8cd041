#include "snapshot.h"

#include "../base/xalloc.h"
#include "collector.h"
#include "fold.h"
#include "request.h"
#include "root_names.h"

#include <inttypes.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SILENT_NS UINT64_C(200000000)     /* from the end of a process's connections to the news of its death, at most */
#define GRAPH_SLICE (4u << 20)             /* bytes of a graph written in one turn */
#define SLICE 65536u                      /* rows written in one turn */

static struct snapshot *new_snapshot(struct collector *collector, const struct target *target, uint32_t number)
{
    struct snapshots *snapshots = &collector->snapshots;
    struct snapshot *snapshot = xcalloc(1, sizeof *snapshot);
    if (!snapshots->has_abandon) {
        snapshots->abandon = eventfd(0, EFD_CLOEXEC);
        snapshots->names = root_names_create();
        snapshots->has_abandon = true;
    }
    snapshot->collector = collector;
    snapshot->serial = target->serial;
    snapshot->process = target->trace;
    snapshot->pid = target->pid;
    snapshot->number = number;
    snapshot->cause = HL_SNAPSHOT_EXIT;
    snapshot->connection = snapshot->table.fd = -1;
    strbuf_init(&snapshot->reasons);
    strbuf_init(&snapshot->unseen);
    strbuf_init(&snapshot->graph);
    vec_push(&snapshots->all, snapshot);
    return snapshot;
}

static void give_back(struct snapshot *snapshot)
{
    struct snapshots *snapshots = &snapshot->collector->snapshots;
    for (size_t i = 0; i < snapshots->all.n; i++)
        if (snapshots->all.items[i] == snapshot) {
            memmove(snapshots->all.items + i, snapshots->all.items + i + 1, (snapshots->all.n - 1 - i) * sizeof snapshot);
            snapshots->all.n--;
            break;
        }
    if (snapshot->connection >= 0)
        close(snapshot->connection);
    snapshot_table_release(&snapshot->table);
    vec_release(&snapshot->modules);
    vec_release(&snapshot->threads);
    vec_release(&snapshot->roots);
    for (size_t i = 0; i < snapshot->names.n; i++)
        free((char *)snapshot->names.items[i].name);
    vec_release(&snapshot->names);
    strbuf_release(&snapshot->reasons);
    strbuf_release(&snapshot->unseen);
    strbuf_release(&snapshot->graph);
    free(snapshot->label);
    free(snapshot);
}

static struct snapshot *find(const struct collector *collector, uint64_t serial, uint32_t number, enum snapshot_state state)
{
    for (size_t i = 0; i < collector->snapshots.all.n; i++) {
        struct snapshot *snapshot = collector->snapshots.all.items[i];
        if (snapshot->serial == serial && snapshot->number == number && atomic_load(&snapshot->state) == state && !snapshot->orphan)
            return snapshot;
    }
    return NULL;
}

bool snapshot_is_under_way(const struct collector *collector, const struct target *target)
{
    for (size_t i = 0; i < collector->snapshots.all.n; i++)
        if (collector->snapshots.all.items[i]->serial == target->serial)
            return true;
    return false;
}

/* ---- the cut ---- */

static void add_reason(struct snapshot *snapshot, const char *reason)
{
    strbuf_printf(&snapshot->reasons, "%s%s", snapshot->reasons.length ? "\n" : "", reason);
}

/* What makes the live map wrong, and so the table. */
static void tell_losses(struct snapshot *snapshot, const struct target *target)
{
    char text[160];
    uint64_t dropped = atomic_load(&target->segment->unowned_events);
    for (uint32_t i = 0; i < target->lanes_used; i++)
        dropped += atomic_load(&target->segment->heads[i].dropped);
    if (dropped) {
        snprintf(text, sizeof text, "%" PRIu64 " events of the process were not recorded, so blocks may be missing or gone", dropped);
        add_reason(snapshot, text);
    }
    if (target->damaged) {
        snprintf(text, sizeof text, "%" PRIu64 " rings of the process were damaged, so blocks may be missing or gone", target->damaged);
        add_reason(snapshot, text);
    }
}

#define SITE_UNKNOWN UINT64_MAX

/* A site's id in the trace, and flags of its blocks from bit 32 on. */
static uint64_t site_of(struct target *target, uint64_t *known, uint32_t site)
{
    if (known[site] == SITE_UNKNOWN) {
        uint64_t pc = target->trie.nodes.items[target->accounts.rare.items[site].node].pc;
        known[site] = (uint64_t)(pc == FOLD_PC_OBJECT ? HL_BLOCK_OBJECT : 0) << 32 | fold_trace_site(target, site);
    }
    return known[site];
}

static void take_blocks(struct snapshot_table *table, struct target *target)
{
    size_t sites = target->accounts.sites.n;
    uint64_t *known = xreallocarray(NULL, sites ? sites : 1, sizeof *known);
    memset(known, 0xff, sites * sizeof *known);
    for (uint64_t i = 0; i <= target->live.mask && table->n < table->room; i++) {
        const struct live_block *live = &target->live.slots[i];
        if (!live_is_block(live))
            continue;
        uint64_t site = site_of(target, known, live->site), flags = site >> 32;
        if (target->ignored.n && map_get(&target->ignored, live->key))
            flags |= HL_BLOCK_IGNORED;
        uint64_t bytes = live->bytes < HL_BLOCK_BYTES_MASK ? live->bytes : HL_BLOCK_BYTES_MASK;
        table->blocks[table->n++] = (struct hl_snapshot_block){
            .start = live->key & HL_RECORD_ADDRESS_MASK, .bytes = bytes | flags << 48, .site = (uint32_t)site, .born = live->born};
    }
    free(known);
}

static void take_mappings(struct snapshot_table *table, const struct mappings *mappings)
{
    for (size_t i = 0; i < mappings->pieces.n; i++) {
        const struct mapping_piece *piece = &mappings->pieces.items[i];
        table->mappings[table->n_mappings++] = (struct hl_snapshot_mapping){piece->start, piece->end, piece->class};
    }
}

/* What stands behind roots is told by modules and threads as they are now. */
static void take_surroundings(struct snapshot *snapshot, const struct target *target)
{
    for (size_t i = 0; i < target->modules.n; i++) {
        const struct target_module *module = &target->modules.items[i];
        if (module->gone || module->trace >= snapshot->collector->shared.module_list.n)
            continue;
        struct snapshot_module copy = {module->start, module->end, module->bias, module->trace,
                                       snapshot->collector->shared.module_list.items[module->trace]};
        vec_push(&snapshot->modules, copy);
    }
    for (size_t i = 1; i < target->threads.n; i++) {
        struct snapshot_thread copy = {target->threads.items[i].tid, target->threads.items[i].trace};
        vec_push(&snapshot->threads, copy);
    }
}

static void take_table(struct snapshot *snapshot, struct target *target)
{
    char text[200];
    snapshot->ns = fold_cut(target);
    take_surroundings(snapshot, target);
    if (target->segment)
        tell_losses(snapshot, target);
    int error = snapshot_table_make(&snapshot->table, target->live.n, target->mappings.pieces.n);
    if (error) {
        snprintf(text, sizeof text, "there was no memory for a table of %zu blocks (%s)", target->live.n, strerror(-error));
        add_reason(snapshot, text);
        return;
    }
    take_blocks(&snapshot->table, target);
    take_mappings(&snapshot->table, &target->mappings);
}

static void begin_search(struct snapshot *snapshot)
{
    sigset_t all, before;
    atomic_store(&snapshot->state, SNAPSHOT_SEARCH);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&snapshot->worker, NULL, snapshot_search, snapshot);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    snapshot->working = error == 0;
    if (error)
        snapshot_search(snapshot);
}

/* Numbers go up: what waits for an earlier cut waits in vain. */
static void pass_over(struct collector *collector, uint64_t serial, uint32_t number)
{
    for (size_t i = 0; i < collector->snapshots.all.n; i++) {
        struct snapshot *snapshot = collector->snapshots.all.items[i];
        if (snapshot->serial == serial && atomic_load(&snapshot->state) == SNAPSHOT_HELLO && snapshot->number != number)
            snapshot->orphan = true;
    }
}

static bool has_ended(int connection)
{
    char byte;
    return recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void snapshot_cut(struct target *target, uint32_t number)
{
    struct collector *collector = target->collector;
    struct snapshot *snapshot = find(collector, target->serial, number, SNAPSHOT_HELLO);
    pass_over(collector, target->serial, number);
    /* One whose connection ended may have been given up, and another that has the number now waits to be heard (mind_unclaimed). */
    if (!snapshot || has_ended(snapshot->connection)) {
        snapshot = new_snapshot(collector, target, number);
        atomic_store(&snapshot->state, SNAPSHOT_CUT);
    }
    take_table(snapshot, target);
    target->cut_taken = number;
    atomic_store_explicit(&target->segment->cut_taken, number, memory_order_release);
    syscall(SYS_futex, &target->segment->cut_taken, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
    if (snapshot->connection >= 0)
        begin_search(snapshot);
}

/* The table is that of a hello whose connection ended meanwhile. */
static bool claim_late(struct snapshot *snapshot)
{
    struct snapshot *before = find(snapshot->collector, snapshot->serial, snapshot->number, SNAPSHOT_HELLO);
    if (!before)
        return false;
    snapshot->connection = before->connection;
    snapshot->cause = before->cause;
    snapshot->label = before->label;
    snapshot->asked = before->asked;
    before->connection = -1;
    before->label = NULL;
    give_back(before);
    begin_search(snapshot);
    return true;
}

void snapshot_target_ends(struct target *target)
{
    struct snapshot *unclaimed = find(target->collector, target->serial, target->cut_taken, SNAPSHOT_CUT);
    if (unclaimed)
        claim_late(unclaimed);
    for (size_t i = 0; i < target->collector->snapshots.all.n; i++) {
        struct snapshot *snapshot = target->collector->snapshots.all.items[i];
        if (snapshot->serial != target->serial || atomic_load(&snapshot->state) != SNAPSHOT_HELLO)
            continue;
        target_settle(target, true);         /* its threads stood still until it died: nothing is behind the cut that it did not note */
        take_table(snapshot, target);
        begin_search(snapshot);
    }
}

/* ---- hello ---- */

bool snapshot_hello(struct collector *collector, int connection, const struct hl_hello *hello, int32_t pid)
{
    uint32_t number = (uint32_t)hello->token, cause = (uint32_t)(hello->token >> 32) & 0xff;
    struct target *target = collector_find(collector, hello->parent);
    struct snapshot *snapshot = find(collector, hello->parent, number, SNAPSHOT_CUT);
    struct snapshot *before = find(collector, hello->parent, number, SNAPSHOT_HELLO);
    if (cause < HL_SNAPSHOT_EXIT || cause > HL_SNAPSHOT_BEFORE_EXIT)
        return false;
    bool recorded = target && !target->finished && target->segment;
    if (recorded && target->pid == pid && (!snapshot || has_ended(connection)))      /* given up: the table may be the next one's */
        snapshot = new_snapshot(collector, target, number);
    if (!snapshot || snapshot->pid != pid)
        return false;
    if (before)
        before->orphan = true;               /* given up before it had a cut: the number counts again */
    snapshot->connection = connection;
    snapshot->cause = cause;
    snapshot->label = xstrdup(hello->path);
    if (cause == HL_SNAPSHOT_REQUEST)
        request_begun(collector, snapshot);
    if (atomic_load(&snapshot->state) == SNAPSHOT_CUT)
        begin_search(snapshot);
    return true;
}

/* ---- writing ---- */

static void begin_writing(struct snapshot *snapshot)
{
    struct trace_snapshot *record = &snapshot->found;
    if (snapshot->working)
        pthread_join(snapshot->worker, NULL);
    snapshot->working = false;
    record->process = snapshot->process;
    record->cause = (enum trace_snapshot_cause)snapshot->cause;
    record->label = snapshot->label ? snapshot->label : "";
    record->ns = snapshot->ns;
    record->blocks = snapshot->table.n;
    record->reasons = snapshot->reasons.data;
    record->unseen = snapshot->unseen.data;
    record->roots = snapshot->roots.items;
    record->n_roots = (uint32_t)snapshot->roots.n;
    record->names = snapshot->names.items;
    record->n_names = (uint32_t)snapshot->names.n;
    record->graph_bytes = snapshot->graph.length;
    snapshot->trace = trace_write_snapshot(snapshot->collector->writer, record);
    atomic_store(&snapshot->state, SNAPSHOT_WRITING);
}

static void write_slice(struct snapshot *snapshot)
{
    uint64_t left = snapshot->table.n - snapshot->written, n = left < SLICE ? left : SLICE;
    struct trace_snapshot_block *rows = xreallocarray(NULL, n ? n : 1, sizeof *rows);
    for (uint64_t i = 0; i < n; i++) {
        const struct hl_snapshot_block *block = &snapshot->table.blocks[snapshot->written + i];
        rows[i] = (struct trace_snapshot_block){
            .address = block->start,
            .bytes = hl_block_bytes(block),
            .site = block->site,
            .born_ns = collector_epoch_ns(snapshot->collector, block->born),
            .reach = snapshot->judged ? (enum trace_reach)hl_block_reach(block) : TRACE_REACH_UNKNOWN,
            .ignored = hl_block_flags(block) & HL_BLOCK_IGNORED,
            .at = snapshot->judged ? block->at : 0,
        };
        snapshot->bytes += rows[i].bytes;
    }
    trace_write_snapshot_blocks(snapshot->collector->writer, snapshot->trace, rows, n);
    snapshot->written += n;
    free(rows);
}

static void write_graph_slice(struct snapshot *snapshot)
{
    size_t left = snapshot->graph.length - snapshot->graph_written, n = left < GRAPH_SLICE ? left : GRAPH_SLICE;
    trace_write_graph(snapshot->collector->writer, snapshot->trace, snapshot->graph.data + snapshot->graph_written, n);
    snapshot->graph_written += n;
}

static void end_writing(struct snapshot *snapshot)
{
    if (snapshot->asked) {
        trace_writer_flush(snapshot->collector->writer);     /* who asked may look at once */
        request_done(snapshot->collector, snapshot);
    }
    give_back(snapshot);
}

/* ---- turns ---- */

/* The connection ended before the cut: the target gave up. One that died instead, which is seen a little later, gets its table
 * (snapshot_target_ends). */
static bool gave_up(struct snapshot *snapshot)
{
    uint64_t now = snapshot->collector->now_ns;
    const struct target *target = collector_find(snapshot->collector, snapshot->serial);
    if (snapshot->orphan || !target || target->finished)
        return true;
    if (target->dead || !has_ended(snapshot->connection))
        return false;
    if (atomic_load(&target->segment->cut_number) == snapshot->number && target->cut_taken != snapshot->number)
        return false;
    if (!snapshot->silent_ns)
        snapshot->silent_ns = now;
    return now - snapshot->silent_ns > SILENT_NS;
}

static void mind_waiting(struct collector *collector)
{
    for (size_t i = 0; i < collector->snapshots.all.n; i++) {
        struct snapshot *snapshot = collector->snapshots.all.items[i];
        if (atomic_load(&snapshot->state) != SNAPSHOT_HELLO || !gave_up(snapshot))
            continue;
        snapshot->ns = collector->now_ns;
        add_reason(snapshot, "the program could not be copied, and gave the snapshot up");
        atomic_store(&snapshot->state, SNAPSHOT_SEARCHED);
    }
}

/* Hello was sent before the cut was noted: when the socket has nothing more to say, it does not come. */
static void mind_unclaimed(struct collector *collector, bool look)
{
    bool unclaimed = false;
    for (size_t i = 0; i < collector->snapshots.all.n; i++)
        unclaimed |= atomic_load(&collector->snapshots.all.items[i]->state) == SNAPSHOT_CUT;
    if (!unclaimed)
        return;
    if (look)
        listen_attend(collector);
    for (size_t i = 0; i < collector->snapshots.all.n; i++) {
        struct snapshot *snapshot = collector->snapshots.all.items[i];
        if (atomic_load(&snapshot->state) != SNAPSHOT_CUT)
            continue;
        if (!claim_late(snapshot))
            give_back(snapshot);
        i = (size_t)-1;                      /* the list is another now */
    }
}

/* The one whose rows are being written, or the first that can be. */
static struct snapshot *next_to_write(struct collector *collector)
{
    struct snapshot *next = NULL;
    for (size_t i = 0; i < collector->snapshots.all.n; i++) {
        struct snapshot *snapshot = collector->snapshots.all.items[i];
        uint32_t state = atomic_load_explicit(&snapshot->state, memory_order_acquire);
        if (state == SNAPSHOT_WRITING)
            return snapshot;
        if (state == SNAPSHOT_SEARCHED && !next)
            next = snapshot;
    }
    return next;
}

bool snapshot_turn(struct collector *collector)
{
    if (!collector->snapshots.all.n)
        return false;
    mind_unclaimed(collector, true);
    mind_waiting(collector);
    struct snapshot *snapshot = next_to_write(collector);
    if (!snapshot)
        return false;
    if (atomic_load(&snapshot->state) == SNAPSHOT_SEARCHED)
        begin_writing(snapshot);
    if (snapshot->written < snapshot->table.n)
        write_slice(snapshot);
    else if (snapshot->graph_written < snapshot->graph.length)
        write_graph_slice(snapshot);
    if (snapshot->written == snapshot->table.n && snapshot->graph_written == snapshot->graph.length)
        end_writing(snapshot);
    return true;
}

void snapshot_finish(struct collector *collector)
{
    struct snapshots *snapshots = &collector->snapshots;
    if (!snapshots->has_abandon)
        return;
    mind_unclaimed(collector, false);
    eventfd_write(snapshots->abandon, 1);
    for (size_t i = snapshots->all.n; i-- > 0;) {
        struct snapshot *snapshot = snapshots->all.items[i];
        uint32_t state = atomic_load(&snapshot->state);
        if (state == SNAPSHOT_CUT || state == SNAPSHOT_HELLO)
            give_back(snapshot);
        else if (snapshot->working)
            pthread_join(snapshot->worker, NULL);
        snapshot->working = false;
    }
    while (snapshot_turn(collector))
        ;
    vec_release(&snapshots->all);
    close(snapshots->abandon);
    root_names_destroy(snapshots->names);
    *snapshots = (struct snapshots){0};
}
