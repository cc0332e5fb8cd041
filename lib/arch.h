/* What depends on the processor, one header each. Every such header provides:
 *
 *   HL_ARCH_DWARF_SP, HL_ARCH_DWARF_FP    the DWARF numbers of stack pointer and frame pointer
 *   HL_ARCH_DWARF_REGISTERS               how many DWARF numbers are followed, the return address included
 *   hl_arch_registers                     the registers of a ucontext_t by DWARF number
 *   hl_arch_strip                         a return address as loaded from the stack -> the plain address
 *   hl_arch_pack, hl_arch_word_*          how a rule is laid out in the low 32 bits of a word of the rule table (unwind_table.h)
 *   hl_arch_frame_start(frame)            the state of the caller of the function that uses it, see there
 *   hl_arch_context_sp                    the stack pointer in a ucontext_t
 *   hl_arch_wide_registers                where its floating-point and vector registers lie
 *   hl_arch_restart                       makes an interrupted system call begin again when the handler returns, if that can be told
 *   hl_arch_dtv                           the thread's table of thread-local blocks, from its thread pointer
 *   hl_arch_fork_vm                       clone without a stack of its own, by a bare instruction: the child runs on the caller's frame
 */
#ifndef HEAPLINE_ARCH_H
#define HEAPLINE_ARCH_H

#include <stdint.h>

/* A frame on the way outwards: `pc` is a return address, `sp` and `fp` the registers as they were when the call was made. */
struct hl_frame {
    uintptr_t pc, sp, fp;
};

#if defined(__x86_64__)
#include "arch_x86_64.h"
#elif defined(__aarch64__)
#include "arch_aarch64.h"
#else
#error "no arch header for this processor"
#endif

#endif
