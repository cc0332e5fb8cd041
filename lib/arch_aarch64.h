/* aarch64 (DWARF for the Arm 64-bit architecture; AAPCS64). Included by arch.h only.
 *
 * The high 32 bits of a rule word, counted from 0 as they come back from hl_arch_pack:
 *
 *   bits 0..2    enum hl_rule_kind
 *   bits 3..4    enum hl_rule_fp
 *   bit  5       the anchor counts from CFA - cfa, that is from sp or fp itself, not from the CFA
 *   bits 6..12   anchor: where fp is saved (where the return address is, when fp is not saved), in 8 bytes, signed
 *   bits 13..18  the return address, from the anchor, in 8 bytes, signed
 *   bits 19..31  CFA offset, in 16 bytes, signed: +-64 KB
 *
 * Compilers save x29 and x30 side by side, either directly under the CFA or at the bottom of the frame; hence the two ways
 * to count.
 */
#ifndef HEAPLINE_ARCH_AARCH64_H
#define HEAPLINE_ARCH_AARCH64_H

#include <stdbool.h>
#include <ucontext.h>

#include "arch_fits.h"
#include "unwind.h"

#define HL_ARCH_DWARF_FP 29
#define HL_ARCH_DWARF_SP 31
#define HL_ARCH_DWARF_REGISTERS 32

/* Return addresses may be signed (pointer authentication). The signature lies above the 48 bits of a user address. */
static inline uintptr_t hl_arch_strip(uintptr_t pc) { return pc & ((UINT64_C(1) << 48) - 1); }

static inline int64_t hl_arch_word_cfa(uint64_t word) { return ((int64_t)word >> 51) * 16; }

static inline int64_t hl_arch_word_anchor(uint64_t word)
{
    int64_t anchor = ((int64_t)(word << 19) >> 57) * 8;
    return word >> 37 & 1 ? anchor - hl_arch_word_cfa(word) : anchor;
}

static inline int64_t hl_arch_word_fp(uint64_t word) { return hl_arch_word_anchor(word); }

static inline int64_t hl_arch_word_ra(uint64_t word) { return hl_arch_word_anchor(word) + ((int64_t)(word << 13) >> 58) * 8; }

/* Where the return address that led to a frame was read: anywhere under its stack pointer, so it is kept. */
#define HL_ARCH_SLOT_FIELD uintptr_t slot;
#define hl_arch_slot(walked) ((walked)->slot)
#define hl_arch_keep_slot(walked, address) ((void)((walked)->slot = (address)))
#define HL_ARCH_SP_OF_SLOT(address) (address)

/* Returns false when the rule does not fit. */
static inline bool hl_arch_pack(const struct hl_rule *rule, uint32_t *packed)
{
    int32_t anchor = rule->fp_kind == HL_FP_AT_CFA ? rule->fp : rule->ra;
    int32_t ra = rule->ra - anchor;
    if (rule->fp_kind == HL_FP_AT_FP || rule->kind == HL_RULE_DEREF || !hl_arch_fits(rule->cfa, 13, 16)
        || !hl_arch_fits(ra, 6, 8))
        return false;

    uint32_t from_base = !hl_arch_fits(anchor, 7, 8);
    if (from_base && !hl_arch_fits(anchor += rule->cfa, 7, 8))
        return false;
    *packed = (uint32_t)rule->kind | (uint32_t)rule->fp_kind << 3 | from_base << 5 | ((uint32_t)(anchor / 8) & 127) << 6
        | ((uint32_t)(ra / 8) & 63) << 13 | (uint32_t)(rule->cfa / 16) << 19;
    return true;
}

/* A thread's registers as getcontext stored them, by DWARF number; returns the pc. */
static inline uintptr_t hl_arch_registers(const ucontext_t *context, uintptr_t *registers)
{
    for (int i = 0; i < HL_ARCH_DWARF_SP; i++)
        registers[i] = context->uc_mcontext.regs[i];
    registers[HL_ARCH_DWARF_SP] = context->uc_mcontext.sp;
    return context->uc_mcontext.pc;
}

static inline uintptr_t hl_arch_context_sp(const ucontext_t *context) { return context->uc_mcontext.sp; }

/* The records behind the general registers (asm/sigcontext.h): all of them. */
static inline uintptr_t hl_arch_wide_registers(const ucontext_t *context, uintptr_t *end)
{
    uintptr_t start = (uintptr_t)context->uc_mcontext.__reserved;
    *end = start + sizeof context->uc_mcontext.__reserved;
    return start;
}

/* x0 held the first argument and holds the error now: the call cannot be made again. */
static inline void hl_arch_restart(ucontext_t *context) {}

/* tcbhead_t of glibc: the first word. */
static inline const uintptr_t *hl_arch_dtv(uintptr_t thread_pointer) { return ((const uintptr_t *const *)thread_pointer)[0]; }
#define HL_ARCH_STATIC_TLS_BELOW 0                           /* they lie above it, struct pthread below (variant I) */

static inline __attribute__((always_inline)) long hl_arch_fork_vm(long flags)
{
    register long x8 __asm__("x8") = 220, x0 __asm__("x0") = flags, x1 __asm__("x1") = 0, x2 __asm__("x2") = 0, x3 __asm__("x3") = 0,
                  x4 __asm__("x4") = 0;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}

/* Fills the frame of the caller of the function in which this stands: pc where it goes on, sp and fp as it will find them.
 * x29 points to the pair (caller's x29, return address), which need not lie directly under the CFA. */
#define hl_arch_frame_start(frame) \
    do { \
        const uintptr_t *hl_base = __builtin_frame_address(0); \
        (frame)->pc = hl_arch_strip(hl_base[1]); \
        (frame)->sp = (uintptr_t)__builtin_dwarf_cfa(); \
        (frame)->fp = hl_base[0]; \
    } while (0)

#endif
