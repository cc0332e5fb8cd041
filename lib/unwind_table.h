/* The table of compiled rules, and the step outwards by one rule: the inner loop of every capture.
 *
 * The table is direct-mapped: 65536 words of 64 bits, of which only the touched pages exist. The slot of a pc is its low
 * 16 bits xor the 16 above; the low half of the word, the tag, holds pc >> 16, so that slot and tag together name the pc
 * exactly. The high half is the rule, laid out by the arch header: there one shift makes an offset that the next load can
 * take. Words are read and written whole and relaxed: a word stands for itself alone.
 *
 *   struct hl_frame frame;
 *   struct hl_slots slots;
 *   hl_arch_frame_start(&frame);
 *   for (;;) {
 *       uint64_t word = hl_rule_word(frame.pc);
 *       if (!hl_word_steps(word))
 *           break;                                        // the end, or a case for hl_unwind_slow(frame.sp, ...)
 *       uintptr_t cfa = hl_step_cfa(&frame, word);        // check it against the bounds of the stack
 *       hl_step_to(&frame, word, cfa, &slots);
 *   }
 *
 * Hook safe, any thread, signal handlers too.
 */
#ifndef HEAPLINE_UNWIND_TABLE_H
#define HEAPLINE_UNWIND_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch.h"
#include "unwind.h"

#define HL_TABLE_SLOTS 65536

extern _Atomic uint64_t hl_rule_table[HL_TABLE_SLOTS];

/* Called, if set, before a rule is compiled: the pc may belong to a module that nobody has seen yet. */
extern void (*hl_rule_new)(void);

/* Compiles the rule for `pc`, keeps it in the table and returns its word. */
uint64_t hl_rule_fill(uintptr_t pc) __attribute__((cold, noinline));

/* Where a step read: the addresses of the return address and, when it was restored from memory, of the frame pointer (else 0). */
struct hl_slots {
    uintptr_t ra, fp;
};

/* The word for the call that returns to `pc`. Its kind is never EMPTY, unless pc < 65536, where no code can be. */
static inline uint64_t hl_rule_word(uintptr_t pc)
{
    uint64_t word = atomic_load_explicit(&hl_rule_table[(pc ^ pc >> 16) & (HL_TABLE_SLOTS - 1)], memory_order_relaxed);
    return __builtin_expect((uint32_t)word == pc >> 16, 1) ? word : hl_rule_fill(pc);
}

static inline enum hl_rule_kind hl_word_kind(uint64_t word) { return (enum hl_rule_kind)(word >> 32 & 7); }
static inline enum hl_rule_fp hl_word_fp_kind(uint64_t word) { return (enum hl_rule_fp)(word >> 35 & 3); }

/* Offsets in bytes, as in struct hl_rule. Only for words that step. */
static inline int64_t hl_word_cfa(uint64_t word) { return hl_arch_word_cfa(word); }
static inline int64_t hl_word_fp(uint64_t word) { return hl_arch_word_fp(word); }
static inline int64_t hl_word_ra(uint64_t word) { return hl_arch_word_ra(word); }

/* Is the rule of kind SP, FP or DEREF: can hl_step go on with it? */
static inline bool hl_word_steps(uint64_t word) { return (word >> 32 & 7) - HL_RULE_SP <= HL_RULE_DEREF - HL_RULE_SP; }

/* The CFA of the frame that `frame->pc` runs in: the caller's sp. Reads memory only for DEREF, at fp + offset. */
static inline uintptr_t hl_step_cfa(const struct hl_frame *frame, uint64_t word)
{
    uintptr_t cfa = (hl_word_kind(word) == HL_RULE_SP ? frame->sp : frame->fp) + (uintptr_t)hl_word_cfa(word);
    return __builtin_expect(hl_word_kind(word) == HL_RULE_DEREF, 0) ? *(const uintptr_t *)cfa : cfa;
}

/* Goes to the caller's frame, given the CFA. Reads the return address and, if saved, the frame pointer; the caller vouches
 * that both are readable, which holds when sp and cfa lie on one stack. */
static inline void hl_step_to(struct hl_frame *frame, uint64_t word, uintptr_t cfa, struct hl_slots *slots)
{
    slots->ra = cfa + (uintptr_t)hl_word_ra(word);
    slots->fp = 0;
    if (hl_word_fp_kind(word) != HL_FP_SAME) {
        slots->fp = (hl_word_fp_kind(word) == HL_FP_AT_CFA ? cfa : frame->fp) + (uintptr_t)hl_word_fp(word);
        frame->fp = *(const uintptr_t *)slots->fp;
    }
    frame->pc = hl_arch_strip(*(const uintptr_t *)slots->ra);
    frame->sp = cfa;
}

/* Both at once, unchecked. */
static inline void hl_step(struct hl_frame *frame, uint64_t word, struct hl_slots *slots)
{
    hl_step_to(frame, word, hl_step_cfa(frame, word), slots);
}

#endif
