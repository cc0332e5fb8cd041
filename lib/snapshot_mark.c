/* The search: which blocks can be reached from the roots, which by a pointer into their inside only, which not at all.
 *
 * 1. From the roots along pointers to beginnings: HELD. A pointer into the inside of a block is noted (POSSIBLE, not followed) unless an idiom explains it.
 * 2. From what is noted and was not found otherwise, along any pointer: POSSIBLE.
 * 3. Each block that is left is LOST, and what it leads to INDIRECT; a lost block that a later one leads to becomes INDIRECT too. So of a
 *    cycle that nothing holds one block stands for all.
 *
 * The index: for each 512 bytes of address space one bit an 8-byte word, set where a block begins, and how many blocks begin before. Words that are
 * candidates wait in two short lines while the memory they lead to is fetched. */
#include "arch.h"
#include "hook_signal.h"
#include "snapshot.h"
#include "sys.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>

#define CHUNK_BITS 26u
#define CELL_BITS 9u
#define CELLS (1u << (CHUNK_BITS - CELL_BITS))
#define CHUNKS (1u << (47 - CHUNK_BITS))
#define LINE 16u                         /* words under way in each line */

struct cell { uint64_t bits; uint32_t before, held; };     /* held: one bit a block of the first 32; then its row need not be looked at */

struct hl_mark_index {
    struct cell **chunk;                 /* CHUNKS of them */
    uintptr_t low, high;
};

enum phase { FROM_ROOTS, FROM_POSSIBLE, FROM_LOST };

struct candidate { uintptr_t word, at; struct cell *cell; uint32_t block; };

struct search {
    struct hl_marker *marker;
    enum phase phase;
    bool beginnings_only;
    uint32_t leader;                     /* FROM_LOST */
    uint32_t wave;                       /* where in the queue the blocks end that are of one distance */
    uint32_t first, second;              /* how many went into each line */
    struct candidate cells[LINE], blocks[LINE];
};

/* What cannot be read after all (a file that was cut, memory that a copy does not get) is passed over. */
static sigjmp_buf unreadable;
static volatile sig_atomic_t reading;

static void on_fault(int signal)
{
    if (reading)
        siglongjmp(unreadable, 1);
    hl_sys(SYS_exit_group, 1, 0, 0, 0, 0, 0);
}

static void expect_faults(void)
{
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    uint64_t both = 1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1);
    hl_signal_action(SIGSEGV, &action, NULL);
    hl_signal_action(SIGBUS, &action, NULL);
    hl_sys(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&both, 0, sizeof both, 0, 0);
}

/* ---- index ---- */

HL_INLINE uint32_t count_bits(uint64_t bits)             /* the instruction is younger than x86-64 */
{
    bits -= bits >> 1 & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    return (uint32_t)(((bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f)) * UINT64_C(0x0101010101010101) >> 56);
}

static bool make_index(struct hl_marker *marker)
{
    static struct hl_mark_index index;
    index.chunk = hl_sys_map(CHUNKS * sizeof *index.chunk, 0);
    if (!index.chunk)
        return false;
    marker->index = &index;
    for (uint32_t i = 0; i < marker->n; i++) {
        uintptr_t start = marker->blocks[i].start;
        struct cell **chunk = &index.chunk[start >> CHUNK_BITS & (CHUNKS - 1)];
        if (!*chunk && !(*chunk = hl_sys_map(CELLS * sizeof **chunk, 0)))
            return false;
        (*chunk)[start >> CELL_BITS & (CELLS - 1)].bits |= UINT64_C(1) << (start >> 3 & 63);
    }
    for (uint32_t i = 0; i < marker->n;) {               /* block i is the first one of its chunk */
        uintptr_t start = marker->blocks[i].start, chunk = start >> CHUNK_BITS;
        for (uint32_t k = start >> CELL_BITS & (CELLS - 1); k < CELLS && i < marker->n && marker->blocks[i].start >> CHUNK_BITS == chunk; k++) {
            index.chunk[chunk][k].before = i;
            i += count_bits(index.chunk[chunk][k].bits);
        }
    }
    if (marker->n) {
        const struct hl_snapshot_block *last = &marker->blocks[marker->n - 1];
        index.low = marker->blocks[0].start;
        index.high = last->start + hl_block_bytes(last) + 1;
    }
    return true;
}

HL_INLINE struct cell *cell_of(const struct hl_mark_index *index, uintptr_t word)
{
    struct cell *chunk = index->chunk[word >> CHUNK_BITS];
    return chunk ? &chunk[word >> CELL_BITS & (CELLS - 1)] : NULL;
}

/* The last block that begins at or before `word`, + 1; 0: the index does not tell, being filled from the first to the last block of each chunk. */
HL_INLINE uint32_t last_before(const struct cell *cell, uintptr_t word)
{
    uint64_t bits = cell->bits & (~UINT64_C(0) >> (63 - (word >> 3 & 63)));
    return cell->before + count_bits(bits);
}

HL_INLINE bool is_inside(const struct hl_snapshot_block *block, uintptr_t word)
{
    return word - block->start < hl_block_bytes(block) || word == block->start;
}

/* How many blocks begin before `address`. */
static uint32_t count_before(const struct hl_marker *marker, uintptr_t address)
{
    uint32_t low = 0, high = marker->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (marker->blocks[middle].start < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A block may reach over into a chunk in which none begins. */
static struct hl_snapshot_block *find_block(const struct hl_marker *marker, uintptr_t word)
{
    uint32_t n = count_before(marker, word + 1);
    return n && is_inside(&marker->blocks[n - 1], word) ? &marker->blocks[n - 1] : NULL;
}

uintptr_t hl_mark_first_block(const struct hl_marker *marker, uintptr_t start, uintptr_t end)
{
    uint32_t n = count_before(marker, start);
    return n < marker->n && marker->blocks[n].start < end ? marker->blocks[n].start : 0;
}

uint32_t hl_mark_row(const struct hl_marker *marker, uintptr_t address)
{
    const struct hl_mark_index *index = marker->index;
    if (address - index->low >= index->high - index->low)
        return UINT32_MAX;
    const struct cell *cell = cell_of(index, address);
    uint32_t n = cell ? last_before(cell, address) : 0;
    if (!n) {
        const struct hl_snapshot_block *block = find_block(marker, address);
        return block ? (uint32_t)(block - marker->blocks) : UINT32_MAX;
    }
    return is_inside(&marker->blocks[n - 1], address) ? n - 1 : UINT32_MAX;
}

void hl_mark_span(const struct hl_marker *marker, uintptr_t *low, uintptr_t *high)
{
    *low = marker->index->low;
    *high = marker->index->high;
}

/* ---- marking ---- */

HL_INLINE void set_reach(struct hl_snapshot_block *block, enum hl_reach reach, uintptr_t at)
{
    block->bytes = (block->bytes & ~(UINT64_C(0xff) << 56)) | (uint64_t)reach << 56;
    block->at = at;
}

HL_INLINE void enqueue(struct hl_marker *marker, struct hl_snapshot_block *block)
{
    marker->queue[marker->queued++] = (uint32_t)(block - marker->blocks);
}

static void reached_from_root(struct search *search, struct hl_snapshot_block *block, uintptr_t word, uintptr_t at)
{
    enum hl_reach reach = hl_block_reach(block);
    if (reach == HL_REACH_HELD)
        return;
    if (word == block->start || (!search->beginnings_only && hl_mark_explains(search->marker, (uint32_t)(block - search->marker->blocks), word))) {
        set_reach(block, HL_REACH_HELD, at);
        enqueue(search->marker, block);
    } else if (reach == HL_REACH_UNKNOWN && !search->beginnings_only) {
        set_reach(block, HL_REACH_POSSIBLE, at);
    }
}

static void reached(struct search *search, struct hl_snapshot_block *block, uintptr_t word, uintptr_t at)
{
    enum hl_reach reach = hl_block_reach(block);
    struct hl_marker *marker = search->marker;
    if (search->phase == FROM_ROOTS) {
        reached_from_root(search, block, word, at);
    } else if (search->phase == FROM_POSSIBLE && reach == HL_REACH_UNKNOWN) {
        set_reach(block, HL_REACH_POSSIBLE, at);
        enqueue(marker, block);
    } else if (search->phase == FROM_LOST && reach == HL_REACH_UNKNOWN) {
        set_reach(block, HL_REACH_INDIRECT, at);
        enqueue(marker, block);
    } else if (search->phase == FROM_LOST && reach == HL_REACH_LOST && (uint32_t)(block - marker->blocks) != search->leader) {
        set_reach(block, HL_REACH_INDIRECT, at);     /* what it leads to was searched when it was found */
    }
}

HL_INLINE void leave_second_line(struct search *search)
{
    struct candidate candidate = search->blocks[search->second % LINE];
    struct hl_snapshot_block *block = &search->marker->blocks[candidate.block - 1];
    search->blocks[search->second % LINE].block = 0;         /* first: what follows reads the program's memory, and may not come back */
    if (is_inside(block, candidate.word))
        reached(search, block, candidate.word, candidate.at);
}

/* A pointer to the beginning of a block that was found before. It is the one that finds the block otherwise, and the bit says so from now on. */
HL_INLINE bool is_held(struct cell *cell, uintptr_t word)
{
    uint64_t bit = UINT64_C(1) << (word >> 3 & 63);
    uint32_t k = count_bits(cell->bits & (bit - 1));
    if ((word & 7) || !(cell->bits & bit) || k >= 32)
        return false;
    bool held = cell->held >> k & 1;
    cell->held |= UINT32_C(1) << k;
    return held;
}

HL_INLINE void leave_first_line(struct search *search)
{
    struct candidate candidate = search->cells[search->first % LINE];
    if (search->phase == FROM_ROOTS && is_held(candidate.cell, candidate.word))
        return;
    candidate.block = last_before(candidate.cell, candidate.word);
    if (!candidate.block) {
        struct hl_snapshot_block *block = find_block(search->marker, candidate.word);
        if (block)
            reached(search, block, candidate.word, candidate.at);
        return;
    }
    if (search->blocks[search->second % LINE].block)
        leave_second_line(search);
    __builtin_prefetch(&search->marker->blocks[candidate.block - 1]);
    search->blocks[search->second++ % LINE] = candidate;
}

HL_INLINE void consider(struct search *search, uintptr_t word, uintptr_t at)
{
    struct cell *cell = cell_of(search->marker->index, word);
    if (!cell) {
        struct hl_snapshot_block *block = find_block(search->marker, word);
        if (block)
            reached(search, block, word, at);
        return;
    }
    if (search->cells[search->first % LINE].cell)
        leave_first_line(search);
    __builtin_prefetch(cell);
    search->cells[search->first++ % LINE] = (struct candidate){.word = word, .at = at, .cell = cell};
}

/* Everything that is under way arrives. */
static void settle(struct search *search)
{
    for (uint32_t i = 0; i < LINE; i++, search->first++) {
        if (search->cells[search->first % LINE].cell)
            leave_first_line(search);
        search->cells[search->first % LINE].cell = NULL;
    }
    for (uint32_t i = 0; i < LINE; i++, search->second++) {
        if (search->blocks[search->second % LINE].block)
            leave_second_line(search);
    }
}

static void scan(struct search *search, uintptr_t start, uintptr_t end)
{
    const struct hl_mark_index *index = search->marker->index;
    uintptr_t low = index->low, span = index->high - index->low;
    for (const uintptr_t *at = (const uintptr_t *)((start + 7) & ~(uintptr_t)7); (uintptr_t)(at + 1) <= end; at++)
        if (HL_UNLIKELY(*at - low < span))
            consider(search, *at, (uintptr_t)at);
    search->marker->scanned += end - start;
}

/* Big ranges only as far as they were touched. */
static void scan_range(struct search *search, struct hl_range range)
{
    while (range.start < range.end) {
        struct hl_range part = hl_areas_touched(search->marker, range.start, range.end);
        if (part.start < part.end)
            scan(search, part.start, part.end);
        range.start = part.end;
    }
}

static void scan_carefully(struct search *search, struct hl_range range)
{
    if (sigsetjmp(unreadable, 0) == 0) {
        reading = 1;
        scan_range(search, range);
    }
    reading = 0;
}

#define AHEAD 16u
#define SORT_MIN 4096u                   /* blocks of one distance from the roots: more are searched in the order of their addresses */
#define DIGIT_BITS 11u

/* A pass of radix sort. */
static void sort_digit(const uint32_t *from, uint32_t *to, uint32_t n, unsigned shift)
{
    static uint32_t place[1u << DIGIT_BITS];
    uint32_t mask = (1u << DIGIT_BITS) - 1, sum = 0;
    memset(place, 0, sizeof place);
    for (uint32_t i = 0; i < n; i++)
        place[from[i] >> shift & mask]++;
    for (uint32_t k = 0; k <= mask; k++) {
        uint32_t these = place[k];
        place[k] = sum;
        sum += these;
    }
    for (uint32_t i = 0; i < n; i++)
        to[place[from[i] >> shift & mask]++] = from[i];
}

/* The blocks that wait are those of one distance. Behind them there is room in the queue, unless most have been found. */
static void sort_wave(struct hl_marker *marker)
{
    uint32_t n = marker->queued - marker->searched, *from = marker->queue + marker->searched, *to = marker->queue + marker->queued;
    if (n < SORT_MIN || marker->n + 1 - marker->queued < n)
        return;
    for (unsigned shift = 0; shift < 32 && marker->n >> shift; shift += DIGIT_BITS) {
        sort_digit(from, to, n, shift);
        uint32_t *other = from;
        from = to;
        to = other;
    }
    if (from != marker->queue + marker->searched)
        memcpy(marker->queue + marker->searched, from, n * sizeof *from);
}

static void scan_queue(struct search *search)
{
    struct hl_marker *marker = search->marker;
    for (;;) {
        if (marker->searched == search->wave) {
            settle(search);
            search->wave = marker->queued;
            sort_wave(marker);
        }
        if (marker->searched == marker->queued)
            return;
        if (marker->searched + 2 * AHEAD < marker->queued)
            __builtin_prefetch(&marker->blocks[marker->queue[marker->searched + 2 * AHEAD]]);
        if (marker->searched + AHEAD < marker->queued) {
            uintptr_t start = marker->blocks[marker->queue[marker->searched + AHEAD]].start;
            __builtin_prefetch((const void *)start);
            __builtin_prefetch((const void *)(start + 63));
        }
        const struct hl_snapshot_block *block = &marker->blocks[marker->queue[marker->searched++]];
        scan_range(search, (struct hl_range){block->start, block->start + hl_block_bytes(block)});
    }
}

/* A fault loses what is left of one block; its place in the queue is behind it by then. */
static void scan_queue_carefully(struct search *search)
{
    sigsetjmp(unreadable, 0);
    reading = 1;
    scan_queue(search);
    reading = 0;
}

static struct search searching;

bool hl_mark_hold(struct hl_marker *marker, uintptr_t address, uintptr_t at, struct hl_range *range)
{
    struct hl_snapshot_block *block = find_block(marker, address);
    if (!block)
        return false;
    *range = (struct hl_range){block->start, block->start + hl_block_bytes(block)};
    if (hl_block_reach(block) != HL_REACH_HELD) {
        set_reach(block, HL_REACH_HELD, at);
        enqueue(marker, block);
    }
    return true;
}

void hl_mark_root(struct hl_marker *marker, struct hl_range range, enum hl_root_kind kind, int32_t tid, bool beginnings_only)
{
    struct hl_snapshot *table = marker->table;
    if (range.start >= range.end)
        return;
    if (table->roots < HL_SNAPSHOT_ROOTS)
        table->root[table->roots++] = (struct hl_snapshot_root){range.start, range.end, kind | (beginnings_only ? HL_ROOT_BEGINNINGS : 0), (uint32_t)tid};
    searching.beginnings_only = beginnings_only;
    scan_carefully(&searching, range);
    settle(&searching);
    searching.beginnings_only = false;
}

static void begin_phase(struct hl_marker *marker, enum phase phase)
{
    searching.phase = phase;
    marker->queued = marker->searched = searching.wave = 0;
}

static void hold_ignored(struct hl_marker *marker)
{
    for (uint32_t i = 0; i < marker->n; i++)
        if ((hl_block_flags(&marker->blocks[i]) & HL_BLOCK_IGNORED) && hl_block_reach(&marker->blocks[i]) == HL_REACH_UNKNOWN) {
            set_reach(&marker->blocks[i], HL_REACH_HELD, 0);
            enqueue(marker, &marker->blocks[i]);
        }
}

static void mark_possible(struct hl_marker *marker)
{
    begin_phase(marker, FROM_POSSIBLE);
    for (uint32_t i = 0; i < marker->n; i++)
        if (hl_block_reach(&marker->blocks[i]) == HL_REACH_POSSIBLE)
            enqueue(marker, &marker->blocks[i]);
    scan_queue_carefully(&searching);
}

static void mark_lost(struct hl_marker *marker)
{
    begin_phase(marker, FROM_LOST);
    for (uint32_t i = 0; i < marker->n; i++) {
        if (hl_block_reach(&marker->blocks[i]) != HL_REACH_UNKNOWN)
            continue;
        marker->queued = marker->searched = searching.wave = 0;
        set_reach(&marker->blocks[i], HL_REACH_LOST, 0);
        searching.leader = i;
        enqueue(marker, &marker->blocks[i]);
        scan_queue_carefully(&searching);
    }
}

static void sort_roots(struct hl_snapshot *table)
{
    for (uint32_t i = 1; i < table->roots; i++) {
        struct hl_snapshot_root root = table->root[i];
        uint32_t k = i;
        for (; k && table->root[k - 1].start > root.start; k--)
            table->root[k] = table->root[k - 1];
        table->root[k] = root;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < table->roots; i++) {
        struct hl_snapshot_root root = table->root[i];
        if (kept && root.start < table->root[kept - 1].end)
            root.start = table->root[kept - 1].end;
        if (root.start < root.end)
            table->root[kept++] = root;
    }
    table->roots = kept;
}

bool hl_mark(struct hl_marker *marker)
{
    memset(&searching, 0, sizeof searching);
    searching.marker = marker;
    marker->queue = hl_sys_map(((size_t)marker->n + 1) * sizeof *marker->queue, 0);
    if (!marker->queue || !make_index(marker))
        return false;
    if (!hl_areas_read(marker)) {
        hl_marker_reason(marker, "/proc is not there to tell what is mapped");
        return true;
    }
    expect_faults();
    begin_phase(marker, FROM_ROOTS);
    hold_ignored(marker);
    hl_roots_find(marker);
    scan_queue_carefully(&searching);
    mark_possible(marker);
    mark_lost(marker);
    sort_roots(marker->table);
    return true;
}
