/* Unwinding by compiled rules.
 *
 * For a return address, `.eh_frame` says how to find the caller: a rule. Rules that fit (CFA = sp + N or fp + N, return address
 * and saved fp at fixed offsets from the CFA) are packed into one 64-bit word of a direct-mapped table that all threads share without a lock:
 * a word is written whole, carries its tag, and two threads that compile the same pc write the same word.
 *
 * Hook safe: no malloc, no locks of our own, no descriptors, errno untouched. May be called from a signal handler.
 */
#ifndef HEAPLINE_UNWIND_H
#define HEAPLINE_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hl_rule_kind {
    HL_RULE_EMPTY,        /* not a rule: the slot of the table is free or holds another pc */
    HL_RULE_SP,           /* CFA = sp + cfa */
    HL_RULE_FP,           /* CFA = fp + cfa */
    HL_RULE_DEREF,        /* CFA = *(fp + cfa): a realigned stack (x86-64 DRAP) */
    HL_RULE_END,          /* the outermost frame: the return address is undefined */
    HL_RULE_MISSING,      /* no unwind data for this pc */
    HL_RULE_COMPLEX,      /* only the slow path can step this one */
};

enum hl_rule_fp { HL_FP_SAME, HL_FP_AT_CFA /* *(CFA + fp) */, HL_FP_AT_FP /* *(fp + fp) */ };

/* Offsets in bytes. */
struct hl_rule {
    enum hl_rule_kind kind;
    int32_t cfa;
    int32_t ra;                 /* return address at CFA + ra (x86-64: always -8) */
    enum hl_rule_fp fp_kind;
    int32_t fp;
};

/* Compiles the rule for the call that returns to `pc` (looked up at pc - 1). Reads only mapped, readable unwind data.
 * Never fails: what it cannot express is MISSING or COMPLEX. */
void hl_rule_compile(uintptr_t pc, struct hl_rule *rule);

/* Walks with all registers, by interpreting unwind data, from the caller of this function outwards: fills at most `max` return addresses, innermost first, beginning with the
 * return address of the frame whose CFA is `cfa` (inner frames, heapline's own, are left out), and, unless sps is NULL, the stack pointers there. Returns how many. *whole is false when the walk
 * stopped on an error rather than at the end. Slow (microseconds). */
size_t hl_unwind_slow(uintptr_t cfa, uintptr_t *pcs, uintptr_t *sps, size_t max, bool *whole);

/* Forget all compiled rules: a module was unloaded. */
void hl_rules_forget(void);

#endif
