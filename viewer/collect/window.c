#include "window.h"

#include "collector.h"
#include "fold.h"

static void put(struct hl_ring_head *head, enum hl_window_figure figure, uint64_t value)
{
    atomic_store_explicit(&head->answer_window[figure], value, memory_order_relaxed);
}

void window_answer(const struct target *target, struct hl_ring_head *head)
{
    const struct accounts *accounts = &target->accounts;
    struct trace_counts heap = accounts_sum(accounts, DOMAIN_HEAP);
    uint64_t bytes = 0, blocks = 0;
    for (uint64_t i = 0; i <= target->live.mask; i++) {
        const struct live_block *block = &target->live.slots[i];
        if (live_is_block(block) && block->born >= target->window.epoch && accounts->sites.items[block->site].domain == DOMAIN_HEAP) {
            bytes += block->bytes;
            blocks++;
        }
    }
    put(head, HL_WINDOW_PEAK_BYTES, accounts->domains[DOMAIN_HEAP].high_bytes);
    put(head, HL_WINDOW_ALLOCATED_BYTES, heap.allocated_bytes - target->window.allocated_bytes);
    put(head, HL_WINDOW_ALLOCATIONS, heap.allocations - target->window.allocations);
    put(head, HL_WINDOW_LEFT_BYTES, bytes);
    put(head, HL_WINDOW_LEFT_BLOCKS, blocks);
}

/* Opens an epoch even where another has just begun: births are told apart by it. */
void window_begin(struct target *target)
{
    struct collector *collector = target->collector;
    struct domain *heap = &target->accounts.domains[DOMAIN_HEAP];
    struct trace_counts sum = accounts_sum(&target->accounts, DOMAIN_HEAP);
    vec_push(&collector->epochs, collector->now_ns);
    collector->epoch = (uint32_t)collector->epochs.n - 1;
    fold_epoch(target, collector->now_ns);
    heap->high_bytes = heap->live_bytes;
    target->window = (struct window){collector->epoch, sum.allocated_bytes, sum.allocations};
}
