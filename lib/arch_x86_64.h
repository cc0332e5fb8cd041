/* x86-64 (System V ABI, section 3.6.2 for the DWARF register numbers). Included by arch.h only.
 *
 * The high 32 bits of a rule word, counted from 0 as they come back from hl_arch_pack:
 *
 *   bits 0..2    enum hl_rule_kind
 *   bits 3..4    enum hl_rule_fp
 *   bits 5..12   saved fp, in 8 bytes, signed: what callees save lies within the first words under the CFA
 *   bits 13..31  CFA offset, in 8 bytes, signed: +-2 MB, room for large arrays on the stack
 *
 * The return address is always at CFA - 8: the call pushed it.
 */
#ifndef HEAPLINE_ARCH_X86_64_H
#define HEAPLINE_ARCH_X86_64_H

#include <stdbool.h>
#include <ucontext.h>

#include "arch_fits.h"
#include "unwind.h"

#define HL_ARCH_DWARF_FP 6
#define HL_ARCH_DWARF_SP 7
#define HL_ARCH_DWARF_REGISTERS 17    /* the 16 general ones and the return address */

static inline uintptr_t hl_arch_strip(uintptr_t pc) { return pc; }

static inline int64_t hl_arch_word_cfa(uint64_t word) { return ((int64_t)word >> 45) * 8; }    /* one shift, one scaled address */
static inline int64_t hl_arch_word_fp(uint64_t word) { return (int8_t)(word >> 37) * INT64_C(8); }
static inline int64_t hl_arch_word_ra(uint64_t word) { return -8; }

/* Where the return address that led to a frame with stack pointer `sp` was read: right under it, so that it need not be kept. */
#define HL_ARCH_SLOT_FIELD
#define hl_arch_slot(walked) ((walked)->sp - 8)
#define hl_arch_keep_slot(walked, address) ((void)(address))
#define HL_ARCH_SP_OF_SLOT(address) ((address) + 8)

/* Returns false when the rule does not fit. */
static inline bool hl_arch_pack(const struct hl_rule *rule, uint32_t *packed)
{
    if (!hl_arch_fits(rule->cfa, 19, 8) || !hl_arch_fits(rule->fp, 8, 8) || rule->ra != -8)
        return false;
    *packed = (uint32_t)rule->kind | (uint32_t)rule->fp_kind << 3 | ((uint32_t)(rule->fp / 8) & 0xff) << 5
        | (uint32_t)(rule->cfa / 8) << 13;
    return true;
}

/* A thread's registers as getcontext stored them, by DWARF number; returns the pc. */
static inline uintptr_t hl_arch_registers(const ucontext_t *context, uintptr_t *registers)
{
    static const uint8_t places[HL_ARCH_DWARF_REGISTERS] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP,
        REG_RSP, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP };
    for (int i = 0; i < HL_ARCH_DWARF_REGISTERS; i++)
        registers[i] = (uintptr_t)context->uc_mcontext.gregs[places[i]];
    return registers[HL_ARCH_DWARF_REGISTERS - 1];
}

/* Fills the frame of the caller of the function in which this stands: pc where it goes on, sp and fp as it will find them.
 * Asking for the frame address makes the compiler set up rbp: [rbp] is the caller's rbp, then comes the return address. */
#define hl_arch_frame_start(frame) \
    do { \
        const uintptr_t *hl_base = __builtin_frame_address(0); \
        (frame)->pc = hl_base[1]; \
        (frame)->sp = (uintptr_t)(hl_base + 2); \
        (frame)->fp = hl_base[0]; \
    } while (0)

#endif
