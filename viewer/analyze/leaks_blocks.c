#include "leaks_blocks.h"

#include "../base/xalloc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_BLOCKS (UINT32_MAX - 2)
/* Marks beside those of the header, until all chains have been followed. */
#define NO_LEADER (UINT32_MAX - 2)
#define ON_THE_WAY (UINT32_MAX - 1)

struct reading {
    struct leaks_blocks *blocks;
    bool disordered, full;
};

static bool take_blocks(void *context, const struct trace_snapshot_block *blocks, size_t n)
{
    struct reading *reading = context;
    struct leaks_blocks *to = reading->blocks;
    reading->full = n > MOST_BLOCKS - to->n;
    if (reading->full)
        return false;
    vec_reserve(to, n);
    for (size_t i = 0; i < n; i++) {
        const struct leaks_block *before = to->n ? &vec_last(to) : NULL;
        reading->disordered = before && (blocks[i].address <= before->address ||
                                         blocks[i].address - before->address < before->bytes);
        if (reading->disordered)
            return false;
        to->items[to->n++] = (struct leaks_block){
            .address = blocks[i].address, .bytes = blocks[i].bytes & ((UINT64_C(1) << 48) - 1), .reach = blocks[i].reach,
            .at = blocks[i].at, .born_ns = blocks[i].born_ns, .site = blocks[i].site, .mark = TRACE_NONE,
        };
    }
    return true;
}

static void take_samples(struct leaks_blocks *blocks)
{
    blocks->n_samples = (blocks->n + LEAKS_SAMPLE - 1) / LEAKS_SAMPLE;
    blocks->samples = xcalloc(blocks->n_samples, sizeof *blocks->samples);
    for (size_t i = 0; i < blocks->n_samples; i++)
        blocks->samples[i] = blocks->items[i * LEAKS_SAMPLE].address;
}

int leaks_blocks_read(struct leaks_blocks *blocks, const struct trace *trace, uint32_t snapshot, struct trace_error *error)
{
    struct reading reading = { .blocks = blocks };
    /* The reader streams from the file, which moves where it reads and changes no table. */
    int status = trace_each_snapshot_block((struct trace *)trace, snapshot, take_blocks, &reading, error);
    if (status == 0 && (reading.disordered || reading.full)) {
        snprintf(error->text, sizeof error->text, "block %zu of snapshot %" PRIu32 " %s", blocks->n, snapshot,
                 reading.full ? "is one more than there can be" : "stands out of order; the trace is damaged");
        status = reading.full ? -EFBIG : -EINVAL;
    }
    take_samples(blocks);
    return status;
}

void leaks_blocks_release(struct leaks_blocks *blocks)
{
    vec_release(blocks);
    free(blocks->samples);
    blocks->samples = NULL;
}

static bool holds(const struct leaks_block *block, uint64_t address)
{
    return address >= block->address && address - block->address < block->bytes;
}

/* The number of samples up to the address. */
static size_t samples_below(const struct leaks_blocks *blocks, uint64_t address)
{
    size_t low = 0, n = blocks->n_samples;
    while (n > 0) {
        size_t half = n / 2;
        bool right = blocks->samples[low + half] <= address;
        low = right ? low + half + 1 : low;
        n = right ? n - half - 1 : half;
    }
    return low;
}

uint32_t leaks_blocks_find(const struct leaks_blocks *blocks, uint64_t address, uint32_t *near)
{
    for (uint32_t i = *near, tries = 0; i < blocks->n && tries < 4 && blocks->items[i].address <= address; i++, tries++)
        if (holds(&blocks->items[i], address))
            return *near = i;
    size_t low = samples_below(blocks, address), n = blocks->n;
    if (low == 0)
        return TRACE_NONE;
    size_t end = low * LEAKS_SAMPLE < n ? low * LEAKS_SAMPLE : n;
    low = (low - 1) * LEAKS_SAMPLE;
    while (end - low > 1) {
        size_t middle = low + (end - low) / 2;
        if (blocks->items[middle].address <= address)
            low = middle;
        else
            end = middle;
    }
    *near = (uint32_t)low;
    return holds(&blocks->items[low], address) ? (uint32_t)low : TRACE_NONE;
}

static bool is_indirect(const struct leaks_blocks *blocks, uint32_t i)
{
    return i != TRACE_NONE && blocks->items[i].reach == TRACE_REACH_INDIRECT;
}

struct way VEC_FIELDS(uint32_t);

/* Follows the holders of `from` to a block whose leader is known, a lost one, or one that nothing leads on from; all on the
 * way get that leader. A chain that comes back to itself has none. */
static void lead(struct leaks_blocks *blocks, uint32_t from, uint32_t *near, struct way *way)
{
    uint32_t i = from, leader = NO_LEADER;
    vec_clear(way);
    while (is_indirect(blocks, i) && blocks->items[i].mark == TRACE_NONE) {
        blocks->items[i].mark = ON_THE_WAY;
        vec_push(way, i);
        i = leaks_blocks_find(blocks, blocks->items[i].at, near);
    }
    if (i != TRACE_NONE && blocks->items[i].reach == TRACE_REACH_LOST)
        leader = i;
    else if (is_indirect(blocks, i) && blocks->items[i].mark < NO_LEADER)
        leader = blocks->items[i].mark;
    for (size_t k = 0; k < way->n; k++)
        blocks->items[way->items[k]].mark = leader;
}

void leaks_blocks_lead(struct leaks_blocks *blocks)
{
    uint32_t near = 0;
    struct way way = { 0 };
    for (uint32_t i = 0; i < blocks->n; i++)
        if (is_indirect(blocks, i) && blocks->items[i].mark == TRACE_NONE)
            lead(blocks, i, &near, &way);
    vec_release(&way);
    for (uint32_t i = 0; i < blocks->n; i++)
        if (is_indirect(blocks, i) && blocks->items[i].mark == NO_LEADER)
            blocks->items[i].mark = TRACE_NONE;
}
