/* Reading `.eh_frame` (Linux Standard Base, Core, chapter 10.6; DWARF 5, section 6.4): finds the entry for a pc and runs its
 * call frame program.
 *
 * Every byte comes from an image with bounds and is distrusted: damage ends in an error, never in a read outside the image
 * nor in a loop longer than the image. No memory is allocated, nothing is written but the results. Hook safe.
 */
#ifndef HEAPLINE_UNWIND_CFI_H
#define HEAPLINE_UNWIND_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"

/* The loaded segment that holds a module's unwind data. `address` is where pointers inside the data believe `bytes` to be:
 * the same place in a running program, any place for a copy. */
struct hl_cfi_image {
    const uint8_t *bytes;
    size_t size;
    uintptr_t address;
    uintptr_t header;           /* address of .eh_frame_hdr, within the image */
    uintptr_t start, end;       /* the module's address range */
};

/* How to find a register of the caller. */
enum hl_cfi_how {
    HL_CFI_SAME,                /* not saved: still in place */
    HL_CFI_UNDEFINED,           /* lost */
    HL_CFI_AT,                  /* *(CFA + value) */
    HL_CFI_IS,                  /* CFA + value */
    HL_CFI_REGISTER,            /* the CFA: register `reg` + value; others: in register `reg` */
    HL_CFI_AT_EXPRESSION,       /* *(expression); the CFA: expression */
    HL_CFI_IS_EXPRESSION,
};

struct hl_cfi_place {
    uint8_t how;                /* enum hl_cfi_how */
    uint16_t reg;
    uint32_t len;               /* bytes of the expression */
    union {
        int64_t value;          /* bytes */
        const uint8_t *expression;    /* in the image */
    };
};

/* A row of the unwind table: where the caller's registers are, by DWARF number. */
struct hl_cfi_row {
    struct hl_cfi_place cfa, registers[HL_ARCH_DWARF_REGISTERS];
    uint16_t ra;                /* the number that stands for the return address */
    bool signal_frame;          /* the caller was interrupted: its pc is no return address, and any register may have changed */
    bool ra_signed;             /* aarch64: the return address carries a signature */
};

/* The module's search table: pairs (start of function, entry) of two int32, both relative to `header`. */
struct hl_cfi_table {
    uintptr_t address;
    size_t entries;
};

/* Finds the loaded module that covers `pc`. Returns 0, or -ENOENT when there is none or it has no unwind data.
 * Takes no lock where glibc has _dl_find_object (2.35), else the loader's. */
int hl_cfi_image_find(uintptr_t pc, struct hl_cfi_image *image);

/* Returns 0, or -ENOENT when the image has no search table of the usual form. */
int hl_cfi_table_find(const struct hl_cfi_image *image, struct hl_cfi_table *table);

/* The row in force at `pc` (for a return address pass the address - 1). Returns 0; -ENOENT when no entry covers pc;
 * -EINVAL when the data is damaged; -ENOTSUP when it needs more than is followed here. */
int hl_cfi_row_find(const struct hl_cfi_image *image, uintptr_t pc, struct hl_cfi_row *row);

struct hl_rule;

/* hl_rule_compile for a pc of this image alone. */
void hl_rule_of_image(const struct hl_cfi_image *image, uintptr_t pc, struct hl_rule *rule);

/* The one form of expression that compilers write for stacks: reads `len` bytes as breg `*reg` + *offset, then, if *deref,
 * a load, and nothing else. False if it is anything else. */
bool hl_cfi_expression_simple(const uint8_t *bytes, size_t len, uint32_t *reg, int64_t *offset, bool *deref);

#endif
