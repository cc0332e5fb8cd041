/* From a ring's words to sums: the inner loop of the collector. */
#include "target.h"

#include "../../lib/wire/record.h"
#include "../base/xalloc.h"
#include "changes.h"
#include "collector.h"
#include "fold.h"
#include "process_info.h"
#include "snapshot.h"
#include "visits.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/futex.h>

#define AHEAD_WORDS 96
#define FORK_POINTS_MAX 16
#define CODE_MASK ((UINT32_C(1) << HL_PYTHON_CODE_BITS) - 1)

/* A record where it lies in the ring. Its first word and its length were read once and checked; nothing is read beyond it, whatever the words
 * say now. */
struct view {
    uint64_t w0;
    const uint64_t *w;
    uint32_t words;
};

static void make_room_for_frames(struct lane *lane, uint32_t depth)
{
    lane->pcs_room = depth < 64 ? 64 : 2 * (size_t)depth;
    lane->pcs = xreallocarray(lane->pcs, lane->pcs_room, sizeof *lane->pcs);
    lane->since = xreallocarray(lane->since, lane->pcs_room, sizeof *lane->since);
    vec_reserve(&lane->path, lane->pcs_room + 1 - lane->path.n);
}

/* Puts the patches into the stack; returns the outermost index that changed, UINT32_MAX: they make no sense. */
static uint32_t apply_patches(struct lane *lane, const uint64_t *patches, uint32_t n, uint32_t kept)
{
    uint32_t low = kept;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t patch = patches[i];
        uint32_t index = hl_record_patch_index(patch);
        if (index >= kept)
            return UINT32_MAX;
        lane->pcs[index] = patch & HL_RECORD_FRAME_MASK;
        low = index < low ? index : low;
    }
    return low;
}

/* Brings the lane's stack up to date with a record whose stack word is w[1] and whose frames begin at w[header]. Returns the innermost node;
 * TRIE_NONE: the record makes no sense. */
static inline uint32_t follow_return_addresses(struct target *target, struct lane *lane, struct view record, uint32_t header)
{
    uint64_t word = record.w[1];
    uint32_t kept = hl_stack_kept(word), patches = hl_stack_patches(word), low = kept;
    if (__builtin_expect(kept + 1 > lane->path.n || header + patches > record.words, 0))
        return TRIE_NONE;
    uint32_t fresh = record.words - header - patches, depth = kept + fresh;
    if (__builtin_expect(depth > lane->pcs_room, 0))
        make_room_for_frames(lane, depth);
    for (uint32_t i = 0; i < fresh; i++)
        lane->pcs[depth - 1 - i] = record.w[header + i];
    if (patches && (low = apply_patches(lane, record.w + header + fresh, patches, kept)) == UINT32_MAX)
        return TRIE_NONE;
    uint32_t *path = lane->path.items, node = path[low], n = depth - low;
    lane->path.n = (size_t)depth + 1;
    if (n >= STACK_CACHE_MIN && n <= STACK_CACHE_MAX) {
        stack_cache_follow(&target->stacks, &target->trie, node, lane->pcs + low, n, path + low + 1);
        return path[depth];
    }
    for (uint32_t i = low; i < depth; i++)
        path[i + 1] = node = trie_child(&target->trie, node, lane->pcs[i]);
    return node;
}

/* The same where it matters how long each frame has been there. */
static __attribute__((noinline)) uint32_t follow_python_stack(struct target *target, struct lane *lane, struct view record, uint32_t header)
{
    uint64_t word = record.w[1];
    uint32_t low = hl_stack_kept(word), patches = hl_stack_patches(word);
    for (uint32_t i = 0; i < patches && i < record.words; i++) {
        uint32_t index = hl_record_patch_index(record.w[record.words - 1 - i]);
        low = index < low ? index : low;
    }
    uint32_t before = visits_before(lane, low), node = follow_return_addresses(target, lane, record, header);
    if (node == TRIE_NONE)
        return node;
    if (low > lane->path.n - 1)              /* the words changed under us */
        low = (uint32_t)lane->path.n - 1;
    visits_follow(target, lane, low, before);
    if (target->watch.codes.n)
        watch_follow(target, lane, low);
    return node;
}

static inline uint32_t follow_stack(struct target *target, struct lane *lane, struct view record, uint32_t header)
{
    if (__builtin_expect(target->follows_python, 0))
        return follow_python_stack(target, lane, record, header);
    return follow_return_addresses(target, lane, record, header);
}

static inline bool is_truncated(const struct lane *lane) { return lane->path.n > 1 && lane->pcs[0] == HL_FRAME_TRUNCATED; }

/* Word by word, as it was stored a moment ago: one wide load over several stores would wait for all of them. */
static inline struct live_block held_block(const struct lane *lane)
{
    const volatile struct live_block *held = &lane->held;
    return (struct live_block){.key = held->key, .bytes = held->bytes, .site = held->site, .born = held->born};
}

static inline void end_held(struct target *target, struct lane *lane)
{
    struct live_block block = held_block(lane);
    lane->held.key = 0;
    if (!block.key)
        return;
    if (__builtin_expect(target->pending.n == 0, 1) || !target_free_pending(target, &block))
        live_put(&target->live, block, lane->held_birth);
}

/* What SIZE_HIGH and REALLOC said before the record of a block. */
static __attribute__((noinline)) uint64_t use_prefix(struct target *target, struct lane *lane, uint64_t w0, uint32_t site, uint64_t bytes)
{
    bytes |= lane->size_high;
    if (lane->moved_from && lane->moved_from != hl_record_address(w0))
        account_moved(&target->accounts, site, lane->moved_bytes < bytes ? lane->moved_bytes : bytes);
    lane->size_high = lane->moved_from = 0;
    lane->prefixed = false;
    return bytes;
}

#define SLOT_HELD UINT64_MAX              /* the block has not come into the live map */

static __attribute__((noinline)) void after_alloc(struct target *target, struct lane *lane)
{
    if (target->follows_python)
        lane->held_birth = visits_birth(target, lane);
    if (lane->watched.n)
        watch_event(target, lane, (int64_t)lane->held.bytes);
    if (target->collector->all_events)
        fold_event(target, lane, TRACE_EVENT_ALLOC, &lane->held);
}

static __attribute__((noinline)) void after_free(struct target *target, struct lane *lane, const struct live_block *block, uint64_t slot)
{
    if (target->ignored.n)
        map_remove(&target->ignored, block->key);
    if (target->follows_python)
        visits_count(target, lane, block, slot == SLOT_HELD ? lane->held_birth : live_birth(&target->live, slot));
    if (lane->watched.n)
        watch_event(target, lane, -(int64_t)block->bytes);
    if (target->collector->all_events)
        fold_event(target, lane, TRACE_EVENT_FREE, block);
}

/* `object`: the block is from Python's allocators. */
static inline __attribute__((always_inline)) bool on_alloc(struct target *target, struct lane *lane, struct view record, bool object)
{
    const uint64_t *w = record.w;
    uint32_t node = follow_stack(target, lane, record, 2);
    if (__builtin_expect(node == TRIE_NONE, 0))
        return false;
    uint64_t bytes = hl_stack_size(w[1]);
    uint32_t site = object ? target->trie.nodes.items[node].object_site : target->trie.nodes.items[node].site;
    if (__builtin_expect(site == TRIE_NONE, 0))
        site = object ? target_object_site(target, node) : target_site(target, node, DOMAIN_HEAP);
    if (__builtin_expect(lane->prefixed, 0))
        bytes = use_prefix(target, lane, record.w0, site, bytes);
    target->truncated += is_truncated(lane);
    end_held(target, lane);
    account_alloc(&target->accounts, site, bytes);
    lane->held = (struct live_block){hl_record_payload(record.w0), bytes, site, target->accounts.epoch};
    lane->last_key = lane->held.key;
    if (__builtin_expect(target->has_extras, 0))
        after_alloc(target, lane);
    return true;
}

/* Returns the block's bytes, 0 when it is not known. */
static inline __attribute__((always_inline)) uint64_t on_free(struct target *target, struct lane *lane, uint64_t w0, bool collected)
{
    uint64_t key = hl_record_payload(w0);
    struct live_block block;
    uint64_t slot = SLOT_HELD;
    if (lane->held.key == key) {
        block = held_block(lane);
        lane->held.key = 0;
    } else if (!live_take(&target->live, key, &block, &slot)) {
        target_add_pending(target, key, collected);
        return 0;
    }
    account_free(&target->accounts, block.site, block.bytes, 1);
    if (collected)
        account_collected(&target->accounts, block.site, block.bytes);
    if (key == lane->last_key)
        account_temporary(&target->accounts, block.site, block.bytes);
    if (__builtin_expect(target->has_extras, 0))
        after_free(target, lane, &block, slot);
    return block.bytes;
}

/* The old block goes; the new one, whose record follows, may have been moved. */
static inline void on_realloc(struct target *target, struct lane *lane, uint64_t w0)
{
    lane->moved_bytes = on_free(target, lane, w0, false);
    lane->moved_from = hl_record_address(w0);
    lane->prefixed = true;
}

static bool on_mapping(struct target *target, struct lane *lane, struct view record)
{
    const uint64_t *w = record.w;
    struct map_change change = {.kind = hl_record_kind(record.w0), .address = hl_record_address(record.w0),
                                .class = (enum hl_map_class)hl_record_generation(record.w0)};
    switch (change.kind) {
    case HL_RECORD_UNMAP:
    case HL_RECORD_PROTECT:
        change.length = w[1];
        change.sequence = w[2];
        break;
    case HL_RECORD_REMAP:
        change.old_address = w[4];
        change.old_length = w[5];
        /* fall through */
    default:
        change.node = follow_stack(target, lane, record, change.kind == HL_RECORD_REMAP ? 6 : 4);
        if (change.node == TRIE_NONE)
            return false;
        change.length = w[2];
        change.sequence = w[3];
    }
    changes_take(target, &change);
    return true;
}

static void notice_lanes(struct target *target)
{
    uint32_t used = atomic_load(&target->segment->rings_used);
    target->lanes_used = used < target->rings ? used : target->rings;
}

/* All that other threads did before this moment is read first: at a fork, an unload, an exec. */
static void catch_up(struct target *target, const struct lane *except)
{
    uint32_t self = (uint32_t)(except - target->lanes);
    notice_lanes(target);
    for (uint32_t i = 0; i < target->lanes_used; i++)
        if (i != self)
            target_drain_lane(target, i, UINT64_MAX);
    target_settle(target, false);
}

static void on_fork(struct target *target, struct lane *lane, uint64_t token)
{
    struct fork_point point = {.token = token};
    catch_up(target, lane);
    if (target->fork_points.n == FORK_POINTS_MAX) {
        live_release(&target->fork_points.items[0].live);
        memmove(target->fork_points.items, target->fork_points.items + 1, (FORK_POINTS_MAX - 1) * sizeof point);
        target->fork_points.n--;
    }
    live_copy(&point.live, &target->live);
    vec_push(&target->fork_points, point);
}

/* The next three have the room for a path on their own stack, not on that of rings read within rings (catch_up). */

/* The zero padded path from w[header] to the record's end. */
static void copy_path(char path[8 * HL_RECORD_WORDS_MAX + 1], struct view record, uint32_t header)
{
    size_t bytes = (size_t)(record.words - header) * 8;
    if (bytes > 8 * HL_RECORD_WORDS_MAX)
        bytes = 8 * HL_RECORD_WORDS_MAX;
    memcpy(path, record.w + header, bytes);
    path[bytes] = 0;
}

static __attribute__((noinline)) void on_exec(struct target *target, struct view record)
{
    char path[8 * HL_RECORD_WORDS_MAX + 1];
    copy_path(path, record, 2);
    collector_note_exec(target->collector, target, (int32_t)record.w[1], path);
}

static __attribute__((noinline)) void on_name(struct target *target, const struct lane *lane, struct view record)
{
    char name[8 * HL_RECORD_WORDS_MAX + 1];
    struct target_thread *thread = &target->threads.items[lane->thread];
    copy_path(name, record, 1);
    if (thread->name && strcmp(thread->name, name) == 0)
        return;
    free(thread->name);
    thread->name = xstrdup(name);
    trace_write_thread_name(target->collector->writer, thread->trace, name);
}

static __attribute__((noinline)) void mark(struct target *target, const struct lane *lane, struct view record)
{
    char label[8 * HL_RECORD_WORDS_MAX + 1];
    copy_path(label, record, 1);
    label[record.w0 & 0xffff] = 0;
    fold_mark(target, lane, (enum trace_mark_kind)(record.w0 >> 16 & 15), label);
}

static bool on_mark(struct target *target, const struct lane *lane, struct view record)
{
    if ((record.w0 >> 16 & 15) > HL_MARK_END || (record.w0 & 0xffff) > 8 * HL_RECORD_WORDS_MAX)
        return false;
    catch_up(target, lane);
    mark(target, lane, record);
    return true;
}

/* The thread waits for the answer. */
static void on_query(struct target *target, const struct lane *lane, uint32_t number, uint64_t flags)
{
    const struct domain *heap = &target->accounts.domains[DOMAIN_HEAP];
    struct hl_ring_head *head = &target->segment->heads[lane - target->lanes];
    catch_up(target, lane);
    atomic_store_explicit(&head->answer_bytes, heap->live_bytes, memory_order_relaxed);
    atomic_store_explicit(&head->answer_peak, heap->peak_bytes, memory_order_relaxed);
    if (flags & HL_QUERY_WINDOW)
        window_answer(target, head);
    if (flags & HL_QUERY_ANEW)
        window_begin(target);
    atomic_store_explicit(&head->answer, number, memory_order_release);
    syscall(SYS_futex, &head->answer, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* Kept beside the live map: few blocks are, and of the others none shall pay for it. The block may come through another ring later. */
static bool on_ignore(struct target *target, uint64_t key)
{
    if ((key & HL_RECORD_ADDRESS_MASK) <= LIVE_GONE)
        return false;
    map_put(&target->ignored, key, NULL);
    target->has_extras = true;
    return true;
}

static __attribute__((noinline)) bool on_python(struct target *target, struct view record)
{
    char reason[8 * HL_RECORD_WORDS_MAX + 1];
    uint32_t state = (uint32_t)(record.w0 >> 32) & 0xff, bytes = (uint32_t)(record.w0 >> 40) & 0xffff;
    if (state > HL_PYTHON_NATIVE || bytes > 8 * HL_RECORD_WORDS_MAX)
        return false;
    copy_path(reason, record, 1);
    reason[bytes] = 0;
    target_set_python(target, (uint32_t)record.w0, (enum trace_python_state)state, reason);
    return true;
}

/* A ring changed hands. */
static void on_thread(struct target *target, struct lane *lane, int32_t tid)
{
    end_held(target, lane);
    lane->last_key = lane->size_high = lane->moved_from = 0;
    lane->prefixed = false;
    vec_clear(&lane->watched);
    uint32_t index = UINT32_MAX;
    for (size_t i = target->threads.n; i-- > 0 && index == UINT32_MAX;)
        if (target->threads.items[i].tid == tid && i == lane->thread)
            index = (uint32_t)i;
    if (index == UINT32_MAX && target->threads.n < COLLECT_THREADS_MAX) {
        index = target_add_thread(target, tid);
        process_name_thread(target, &target->threads.items[index]);
    }
    if (index == UINT32_MAX)
        index = 0;
    lane->thread = index;
    vec_clear(&lane->path);
    vec_push(&lane->path, target->threads.items[index].root);
    if (!lane->pcs)
        make_room_for_frames(lane, 0);
}

/* Everything but blocks. */
static bool on_rare(struct target *target, struct lane *lane, struct view record)
{
    uint64_t w0 = record.w0;
    switch (hl_record_kind(w0)) {
    case HL_RECORD_PAD: return true;
    case HL_RECORD_SIZE_HIGH:
        lane->size_high = (w0 & 0xffffff) << HL_RECORD_SIZE_BITS;
        lane->prefixed = true;
        return true;
    case HL_RECORD_FRAMES: return follow_stack(target, lane, record, 2) != TRIE_NONE;
    case HL_RECORD_TIME:
        if (hl_record_payload(w0) > target->accounts.now_ns && hl_record_payload(w0) <= target->collector->now_ns)
            target->accounts.now_ns = hl_record_payload(w0);
        return true;
    case HL_RECORD_THREAD: on_thread(target, lane, (int32_t)w0); return true;
    case HL_RECORD_MAP:
    case HL_RECORD_UNMAP:
    case HL_RECORD_REMAP:
    case HL_RECORD_PROTECT:
    case HL_RECORD_BREAK: return on_mapping(target, lane, record);
    case HL_RECORD_FORK: on_fork(target, lane, hl_record_payload(w0)); return true;
    case HL_RECORD_EXEC: on_exec(target, record); return true;
    case HL_RECORD_EXEC_FAILED: collector_note_exec(target->collector, target, target->pid, NULL); return true;
    case HL_RECORD_MODULE: fold_module_record(target, record.w, record.words, false); return true;
    case HL_RECORD_UNLOAD: catch_up(target, lane); fold_unload(target, hl_record_address(w0)); return true;
    case HL_RECORD_NAME: on_name(target, lane, record); return true;
    case HL_RECORD_CODE: visits_begin(target); /* fall through */
    case HL_RECORD_CODE_MORE: return codes_take(target, &lane->code, w0, record.w, record.words);
    case HL_RECORD_SOURCE:
    case HL_RECORD_SOURCE_MORE: return sources_take(target->collector->writer, &lane->source, w0, record.w, record.words);
    case HL_RECORD_MARK: return on_mark(target, lane, record);
    case HL_RECORD_QUERY: on_query(target, lane, (uint32_t)w0, w0 >> 32 & 3); return true;
    case HL_RECORD_WATCH: watch_code(target, (uint32_t)w0 & CODE_MASK); return true;
    case HL_RECORD_EXECUTED: watch_executed(target, (uint32_t)w0 & CODE_MASK, (uint32_t)record.w[1], (uint32_t)(record.w[1] >> 32)); return true;
    case HL_RECORD_PYTHON: return on_python(target, record);
    case HL_RECORD_EXIT: target->exit_status = (int32_t)(w0 & 0xff); return true;
    case HL_RECORD_IGNORE: return on_ignore(target, hl_record_payload(w0));
    default: return false;
    }
}

/* No block begins at the very start of memory; such keys would mean free slots to the maps. */
static inline bool is_block(uint64_t w0) { return hl_record_address(w0) > LIVE_GONE; }

/* Fetches the slot of the next record's block, whose first word stands at w[next] if it is there. */
static inline void fetch_next(const struct target *target, const uint64_t *w, uint64_t next, uint64_t available)
{
    __builtin_prefetch(&target->live.slots[live_slot(&target->live, w[next < available ? next : 0])]);
}

static inline __attribute__((always_inline)) uint32_t take_block(struct target *target, struct lane *lane, uint64_t w0, const uint64_t *w,
                                                                 uint64_t available, bool object)
{
    struct view record = {w0, w, available > 1 ? 2 + hl_stack_words(w[1]) : 2};
    if (__builtin_expect(record.words > available || !is_block(w0), 0))
        return 0;
    fetch_next(target, w, record.words, available);
    target->events++;
    return on_alloc(target, lane, record, object) ? record.words : 0;
}

/* Takes the record at w, of which `available` words may be read. Returns its words, 0: it makes no sense. The kinds that nearly all
 * records are of come first; the slot of the next record's block is fetched while this one is at work. */
static inline uint32_t take_record(struct target *target, struct lane *lane, const uint64_t *w, uint64_t available)
{
    uint64_t w0 = *(const volatile uint64_t *)w;
    __builtin_prefetch(w + AHEAD_WORDS);     /* the ring's lines lie in another processor's cache */
    enum hl_record_kind kind = hl_record_kind(w0);
    if (__builtin_expect(!lane->path.n, 0) && kind != HL_RECORD_THREAD && kind != HL_RECORD_PAD)
        return 0;
    if (kind == HL_RECORD_FREE) {
        fetch_next(target, w, 1, available);
        if (__builtin_expect(!is_block(w0), 0))
            return 0;
        target->events++;
        on_free(target, lane, w0, false);
        return 1;
    }
    if (kind == HL_RECORD_ALLOC)
        return take_block(target, lane, w0, w, available, false);
    if (kind == HL_RECORD_OBJECT)
        return take_block(target, lane, w0, w, available, true);
    if (kind == HL_RECORD_REALLOC || kind == HL_RECORD_COLLECTED) {
        if (!is_block(w0))
            return 0;
        target->events++;
        if (kind == HL_RECORD_REALLOC)
            on_realloc(target, lane, w0);
        else
            on_free(target, lane, w0, true);
        return 1;
    }
    struct view record = {w0, w, hl_record_words_of(w0, w, available)};
    return record.words && on_rare(target, lane, record) ? record.words : 0;
}

static void make_room_known(struct target *target, uint32_t i, uint64_t tail)
{
    struct hl_ring_head *head = &target->segment->heads[i];
    atomic_store_explicit(&head->tail, tail, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&head->waiting, memory_order_relaxed)) {
        atomic_store(&head->waiting, 0);
        syscall(SYS_futex, &head->waiting, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
    }
}

/* How far a ring with that head may be read: not beyond the cut of a snapshot that is still to be taken. The head was loaded before: whoever published what
 * is behind the cut did so after the cut was noted. */
static uint64_t readable(const struct target *target, uint32_t i, uint64_t head)
{
    if (__builtin_expect(atomic_load_explicit(&target->segment->cut_number, memory_order_acquire) == target->cut_taken, 1))
        return head;
    uint64_t cut = atomic_load_explicit(&target->segment->heads[i].cut, memory_order_relaxed), tail = target->lanes[i].tail;
    return cut >= head ? head : cut > tail ? cut : tail;
}

uint64_t target_drain_lane(struct target *target, uint32_t i, uint64_t limit)
{
    struct lane *lane = &target->lanes[i];
    uint64_t head = atomic_load_explicit(&target->segment->heads[i].head, memory_order_acquire), tail = lane->tail, end = readable(target, i, head);
    if (end == tail || lane->draining)
        return 0;
    if (lane->damaged) {                 /* read no more, but never let the target wait */
        lane->tail = head;
        make_room_known(target, i, head);
        return 0;
    }
    lane->draining = true;
    target->has_extras |= target->collector->all_events;
    bool sane = head - tail <= target->ring_bytes && head % 8 == 0;
    const uint64_t *ring = hl_segment_ring(target->segment, target->data_offset, target->ring_bytes, i);
    uint64_t stop = end - tail > limit ? tail + limit : end;
    while (sane && tail < stop) {
        uint64_t at = tail & (target->ring_bytes - 1), ahead = target->ring_bytes - at;
        if (ahead > head - tail)         /* a record is published whole */
            ahead = head - tail;
        uint32_t words = take_record(target, lane, ring + at / 8, ahead / 8);
        sane = words != 0;
        tail += (uint64_t)words * 8;
    }
    lane->draining = false;
    if (!sane) {
        target->damaged++;
        lane->damaged = true;
        tail = atomic_load(&target->segment->heads[i].head);
    }
    uint64_t consumed = tail - lane->tail;
    lane->tail = tail;
    make_room_known(target, i, tail);
    return consumed;
}

/* A block's allocation was published before its free: when nothing is left to read, it was read. */
static bool all_empty(const struct target *target)
{
    for (uint32_t i = 0; i < target->lanes_used; i++)
        if (!target->lanes[i].damaged && atomic_load_explicit(&target->segment->heads[i].head, memory_order_acquire) != target->lanes[i].tail)
            return false;
    return true;
}

/* The cut of snapshot `number` was noted: was everything before it read? A cut behind the head is none that a sane process noted. */
static bool reached_cut(struct target *target)
{
    notice_lanes(target);
    for (uint32_t i = 0; i < target->lanes_used; i++) {
        const struct hl_ring_head *ring = &target->segment->heads[i];
        uint64_t cut = atomic_load_explicit(&ring->cut, memory_order_relaxed), head = atomic_load_explicit(&ring->head, memory_order_acquire);
        if (!target->lanes[i].damaged && target->lanes[i].tail < (cut < head ? cut : head))
            return false;
    }
    return true;
}

static void mind_cut(struct target *target)
{
    uint32_t number = atomic_load_explicit(&target->segment->cut_number, memory_order_acquire);
    if (__builtin_expect(number != target->cut_taken, 0) && reached_cut(target))
        snapshot_cut(target, number);
}

uint64_t target_drain(struct target *target, uint64_t limit)
{
    uint64_t consumed = 0;
    notice_lanes(target);
    for (uint32_t i = 0; i < target->lanes_used; i++)
        consumed += target_drain_lane(target, i, limit);
    if (target->pending.n && all_empty(target))
        target->empty_round = target->collector->round;
    changes_mind_stuck(target);
    mind_cut(target);
    return consumed;
}

/* Once around, and once more for a cut that was noted meanwhile, and for what is behind it: a target that keeps writing must not keep the collector. */
void target_drain_all(struct target *target)
{
    uint32_t taken = target->cut_taken;
    target_drain(target, UINT64_MAX);
    if (atomic_load_explicit(&target->segment->cut_number, memory_order_acquire) != target->cut_taken)
        target_drain(target, UINT64_MAX);
    if (target->cut_taken != taken)
        target_drain(target, UINT64_MAX);
}
