#include "ahead.h"

#include "../../lib/wire/record.h"
#include "fold.h"
#include "target.h"

#include <string.h>

/* Rings that have begun since the last drain included. */
static uint32_t rings_used(const struct target *target)
{
    uint32_t used = atomic_load_explicit(&target->segment->rings_used, memory_order_acquire);
    return used < target->rings ? used : target->rings;
}

static uint64_t published(const struct target *target)
{
    uint64_t sum = 0;
    for (uint32_t i = 0, n = rings_used(target); i < n; i++)
        sum += atomic_load_explicit(&target->segment->heads[i].head, memory_order_acquire);
    return sum;
}

/* A record that says what something is; others pass. False: it makes no sense. */
static bool take(struct target *target, struct code_parts *parts, uint64_t w0, const uint64_t *w, uint32_t words)
{
    enum hl_record_kind kind = hl_record_kind(w0);
    if (kind == HL_RECORD_MODULE)
        fold_module_record(target, w, words, true);
    if (kind == HL_RECORD_CODE || kind == HL_RECORD_CODE_MORE)
        return codes_take(target, parts, w0, w, words);
    return true;
}

/* What lies in a ring between what was given back to its writer and what it published. In a ring that is being read, what had begun
 * before may be whole by now: it is not gone on with. */
static void look_through(struct target *target, uint32_t i)
{
    const struct lane *lane = &target->lanes[i];
    const uint64_t *ring = hl_segment_ring(target->segment, target->data_offset, target->ring_bytes, i);
    uint64_t head = atomic_load_explicit(&target->segment->heads[i].head, memory_order_acquire), tail = lane->tail;
    struct code_parts parts = lane->code;
    memset(&parts.bytes, 0, sizeof parts.bytes);
    vec_append(&parts.bytes, lane->code.bytes.items, lane->code.bytes.n);
    parts.open &= !lane->draining;
    while (!lane->damaged && head - tail <= target->ring_bytes && head % 8 == 0 && tail < head) {
        uint64_t at = tail & (target->ring_bytes - 1), ahead = target->ring_bytes - at;
        if (ahead > head - tail)
            ahead = head - tail;
        const uint64_t *w = ring + at / 8;
        uint64_t w0 = *(const volatile uint64_t *)w;
        uint32_t words = hl_record_words_of(w0, w, ahead / 8);
        if (!words || !take(target, &parts, w0, w, words))
            break;
        tail += (uint64_t)words * 8;
    }
    vec_release(&parts.bytes);
}

bool ahead_look(struct target *target)
{
    uint64_t now = target->segment ? published(target) : target->looked_ahead;
    if (now == target->looked_ahead)
        return false;
    target->looked_ahead = now;
    for (uint32_t i = 0, n = rings_used(target); i < n; i++)
        look_through(target, i);
    return true;
}
