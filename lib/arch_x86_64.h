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

static inline uintptr_t hl_arch_context_sp(const ucontext_t *context) { return (uintptr_t)context->uc_mcontext.gregs[REG_RSP]; }

/* The XSAVE area (Intel SDM volume 1, 13.4) stands behind the general registers in the signal frame; software-reserved bytes 464.. tell its length. */
static inline uintptr_t hl_arch_wide_registers(const ucontext_t *context, uintptr_t *end)
{
    const char *area = (const char *)context->uc_mcontext.fpregs;
    uint32_t bytes = 512;
    if (!area)
        return *end = 0;
    if (*(const uint32_t *)(area + 464) == 0x46505853)       /* FP_XSTATE_MAGIC1, arch/x86/include/uapi/asm/sigcontext.h */
        bytes = *(const uint32_t *)(area + 468);
    *end = (uintptr_t)area + bytes;
    return (uintptr_t)area;
}

/* The number of the system call that ended right before `registers`: it is gone from them, but the code tells where it was loaded from. 0: it does not. */
static inline uint64_t hl_arch_ended_call(const greg_t *registers)
{
    const uint8_t *at = (const uint8_t *)registers[REG_RIP];
    const char *sp = (const char *)registers[REG_RSP];
    if (at[-2] != 0x0f || at[-1] != 0x05)
        return 0;
    if (at[-7] == 0xb8)                                      /* mov $number, %eax */
        return at[-6] | (uint32_t)at[-5] << 8 | (uint32_t)at[-4] << 16 | (uint32_t)at[-3] << 24;
    /* From glibc 2.41 the calls at which a thread can be cancelled share one function, whose seventh argument is the number (nptl/cancellation.c). */
    if (at[-7] == 0x48 && at[-6] == 0x8b && at[-5] == 0x44 && at[-4] == 0x24)      /* mov n(%rsp), %rax: where no thread was ever made */
        return *(const uint64_t *)(sp + at[-3]);
    if (at[-7] != 0x4c || at[-6] != 0x89 || at[-5] != 0x5c || at[-4] != 0x24 || at[0] != 0xc3)
        return 0;                                            /* mov %r11, n(%rsp); syscall; ret: __syscall_cancel_arch */
    const uint8_t *called = *(const uint8_t *const *)sp;
    for (int i = 10; i < 32; i++)                            /* mov n(%rsp), %rsi; ...; call __syscall_cancel_arch */
        if (called[-i] == 0x48 && called[1 - i] == 0x8b && called[2 - i] == 0x74 && called[3 - i] == 0x24)
            return *(const uint64_t *)(sp + 8 + called[4 - i]);
    return 0;
}

/* Calls that end with EINTR after any handler, SA_RESTART or not (signal(7)). */
static inline void hl_arch_restart(ucontext_t *context)
{
    static const uint16_t numbers[] = {7, 23, 34, 35, 65, 69, 70, 128, 130, 202, 208, 220, 230, 232, 270, 271, 281, 299, 441};
    greg_t *registers = context->uc_mcontext.gregs;
    if (registers[REG_RAX] != -4)
        return;
    uint64_t number = hl_arch_ended_call(registers);
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i] != number)
            continue;
        if (number == 35 && registers[REG_RSI])              /* nanosleep: what is left was written there */
            registers[REG_RDI] = registers[REG_RSI];
        if (number == 230 && registers[REG_R10] && !(registers[REG_RSI] & 1))
            registers[REG_RDX] = registers[REG_R10];         /* clock_nanosleep, not TIMER_ABSTIME */
        registers[REG_RAX] = (greg_t)number;
        registers[REG_RIP] -= 2;
        return;
    }
}

/* tcbhead_t of glibc: the second word; entry 0 holds a counter, entry -1 how many there are. */
static inline const uintptr_t *hl_arch_dtv(uintptr_t thread_pointer) { return ((const uintptr_t *const *)thread_pointer)[1]; }
#define HL_ARCH_STATIC_TLS_BELOW 1                           /* the static blocks lie under the thread pointer (variant II) */

static inline __attribute__((always_inline)) long hl_arch_fork_vm(long flags)
{
    long result;
    register long r10 __asm__("r10") = 0, r8 __asm__("r8") = 0;
    __asm__ volatile("syscall" : "=a"(result) : "a"(56L), "D"(flags), "S"(0L), "d"(0L), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
    return result;
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
