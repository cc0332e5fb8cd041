#include "snapshot_table.h"

#include "../../lib/wire/segment.h"
#include "../base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define FEW 40                            /* sorted by insertion */
#define INDEX_STEP 16
#define OWN_BITS ((UINT64_C(1) << 56) - 1)   /* of `bytes`: the marker's reach stands above */

static size_t whole_pages(size_t bytes) { return (bytes + 4095) & ~(size_t)4095; }

static uint64_t mappings_offset(void) { return whole_pages(sizeof(struct hl_snapshot)); }

static uint64_t blocks_offset(const struct snapshot_table *table)
{
    return mappings_offset() + whole_pages(table->room_mappings * sizeof *table->mappings);
}

static void point_into(struct snapshot_table *table, void *memory)
{
    table->header = memory;
    table->mappings = (struct hl_snapshot_mapping *)((char *)memory + mappings_offset());
    table->blocks = (struct hl_snapshot_block *)((char *)memory + blocks_offset(table));
}

int snapshot_table_make(struct snapshot_table *table, uint64_t blocks, uint64_t mappings)
{
    *table = (struct snapshot_table){.fd = -1, .room = blocks, .room_mappings = mappings};
    table->bytes = blocks_offset(table) + whole_pages(blocks * sizeof *table->blocks);
    int fd = memfd_create("heapline-table", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    void *memory = MAP_FAILED;
    if (ftruncate(fd, (off_t)table->bytes) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0)
        memory = mmap(NULL, table->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        int error = -errno;
        close(fd);
        return error;
    }
    table->fd = fd;
    point_into(table, memory);
    return 0;
}

void snapshot_table_release(struct snapshot_table *table)
{
    if (table->header)
        munmap(table->header, table->bytes);
    if (table->fd >= 0)
        close(table->fd);
    free(table->index);
    *table = (struct snapshot_table){.fd = -1};
}

static void sort_few(struct hl_snapshot_block *blocks, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++) {
        struct hl_snapshot_block block = blocks[i];
        uint64_t at = i;
        for (; at > 0 && blocks[at - 1].start > block.start; at--)
            blocks[at] = blocks[at - 1];
        blocks[at] = block;
    }
}

/* How far the addresses' highest differing bit is to be shifted to be the highest of 8; 64: they are all the same. */
static unsigned digit_shift(const struct hl_snapshot_block *blocks, uint64_t n)
{
    uint64_t different = 0;
    for (uint64_t i = 1; i < n; i++)
        different |= blocks[i].start ^ blocks[0].start;
    if (!different)
        return 64;
    unsigned top = 63 - (unsigned)__builtin_clzll(different);
    return top > 7 ? top - 7 : 0;
}

/* Puts every block into the stretch of its digit: each one that is in the wrong place changes places with the next of where it belongs. */
static void place(struct hl_snapshot_block *blocks, uint64_t next[256], const uint64_t end[256], unsigned shift)
{
    for (unsigned digit = 0; digit < 256; digit++)
        while (next[digit] < end[digit]) {
            struct hl_snapshot_block block = blocks[next[digit]];
            unsigned mine;
            while ((mine = (unsigned)(block.start >> shift) & 255) != digit) {
                struct hl_snapshot_block other = blocks[next[mine]];
                blocks[next[mine]++] = block;
                block = other;
            }
            blocks[next[digit]++] = block;
        }
}

/* American flag sort (McIlroy, Bostic, McIlroy 1993): by the highest digit in which the addresses differ, then each stretch by itself. */
void snapshot_table_sort(struct hl_snapshot_block *blocks, uint64_t n)
{
    if (n <= FEW) {
        sort_few(blocks, n);
        return;
    }
    uint64_t next[256], end[256] = {0}, sum = 0;
    unsigned shift = digit_shift(blocks, n);
    if (shift == 64)
        return;
    for (uint64_t i = 0; i < n; i++)
        end[blocks[i].start >> shift & 255]++;
    for (unsigned digit = 0; digit < 256; digit++) {
        next[digit] = sum;
        sum += end[digit];
        end[digit] = sum;
    }
    place(blocks, next, end, shift);
    for (unsigned digit = 0; digit < 256 && shift > 0; digit++) {
        uint64_t begin = digit ? end[digit - 1] : 0;
        if (end[digit] - begin > 1)
            snapshot_table_sort(blocks + begin, end[digit] - begin);
    }
}

/* Past the last byte; a block of no bytes has its address all the same. */
static uint64_t end_of(const struct hl_snapshot_block *block)
{
    uint64_t bytes = hl_block_bytes(block);
    return block->start + (bytes ? bytes : 1);
}

static uint64_t leave_out_overlaps(struct snapshot_table *table)
{
    uint64_t kept = 0, reach = 0;
    for (uint64_t i = 0; i < table->n; i++) {
        struct hl_snapshot_block block = table->blocks[i];
        if (block.start < reach)
            continue;
        reach = end_of(&block);
        table->blocks[kept++] = block;
    }
    uint64_t overlapped = table->n - kept;
    table->n = kept;
    return overlapped;
}

static uint64_t add_up(const struct snapshot_table *table)
{
    uint64_t sum = table->key;
    for (uint64_t i = 0; i < table->n; i++) {
        const struct hl_snapshot_block *block = &table->blocks[i];
        sum = (sum ^ block->start) * UINT64_C(0x9e3779b97f4a7c15);
        sum = (sum ^ sum >> 31 ^ (block->bytes & OWN_BITS)) * UINT64_C(0xc2b2ae3d27d4eb4f);
        sum = (sum ^ sum >> 29 ^ ((uint64_t)block->site << 32 | block->born)) * UINT64_C(0x165667b19e3779f9);
    }
    return sum;
}

static void make_index(struct snapshot_table *table)
{
    free(table->index);
    table->index = xreallocarray(NULL, table->n / INDEX_STEP + 1, sizeof *table->index);
    for (uint64_t i = 0; i < table->n; i += INDEX_STEP)
        table->index[i / INDEX_STEP] = table->blocks[i].start;
}

uint64_t snapshot_table_close(struct snapshot_table *table, uint64_t flags)
{
    snapshot_table_sort(table->blocks, table->n);
    uint64_t overlapped = leave_out_overlaps(table);
    struct hl_snapshot *header = table->header;
    header->magic = HL_WIRE_MAGIC;
    header->blocks = table->n;
    header->blocks_offset = blocks_offset(table);
    header->mappings = table->n_mappings;
    header->mappings_offset = mappings_offset();
    header->flags = flags;
    if (getrandom(&table->key, sizeof table->key, GRND_NONBLOCK) != (ssize_t)sizeof table->key)
        table->key = (uintptr_t)table;
    table->sum = add_up(table);
    make_index(table);
    return overlapped;
}

/* Somebody still can write to it: what stands there now, in memory of our own. */
static void *copy_of(int fd, size_t bytes)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t have = 0;
    while (memory != MAP_FAILED && have < bytes) {
        ssize_t got = pread(fd, memory + have, bytes - have, (off_t)have);
        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            munmap(memory, bytes);
            return MAP_FAILED;
        }
        have += got > 0 ? (size_t)got : 0;
    }
    return memory;
}

int snapshot_table_take_back(struct snapshot_table *table)
{
    void *memory;
    munmap(table->header, table->bytes);
    table->header = NULL;
    if (fcntl(table->fd, F_ADD_SEALS, F_SEAL_WRITE) == 0)
        memory = mmap(NULL, table->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, table->fd, 0);
    else
        memory = copy_of(table->fd, table->bytes);
    if (memory == MAP_FAILED) {
        table->n = 0;
        return -ENOMEM;
    }
    point_into(table, memory);
    if (add_up(table) != table->sum) {
        table->n = 0;
        return -EBADMSG;
    }
    return 0;
}

void snapshot_table_seek(const struct snapshot_table *table, const uint64_t *addresses, uint64_t *places, size_t n)
{
    memset(places, 0, n * sizeof *places);
    for (uint64_t left = table->n ? (table->n - 1) / INDEX_STEP + 1 : 0; left > 1; left -= left / 2)
        for (size_t i = 0; i < n; i++)
            places[i] += table->index[places[i] + left / 2] <= addresses[i] ? left / 2 : 0;
    for (size_t i = 0; i < n; i++)
        for (uint64_t line = 0; line < INDEX_STEP && table->n; line += 2)
            __builtin_prefetch(&table->blocks[places[i] * INDEX_STEP + line]);
}

bool snapshot_table_holds_at(const struct snapshot_table *table, uint64_t place, uint64_t address)
{
    uint64_t low = place * INDEX_STEP, high = low + INDEX_STEP < table->n ? low + INDEX_STEP : table->n;
    if (!table->n || address < table->blocks[low].start)
        return false;
    while (low + 1 < high && table->blocks[low + 1].start <= address)
        low++;
    return address < end_of(&table->blocks[low]);
}

bool snapshot_table_holds(const struct snapshot_table *table, uint64_t address)
{
    uint64_t place;
    snapshot_table_seek(table, &address, &place, 1);
    return snapshot_table_holds_at(table, place, address);
}
