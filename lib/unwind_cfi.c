/* An entry (FDE) names its function's range and a program; it points to a common entry (CIE) with the program's preamble and the
 * encodings. Running preamble and program up to a pc gives the row in force there. See unwind_cfi.h for the contract. */
#include "unwind_cfi.h"

#include <errno.h>
#include <string.h>

#include "arch.h"
#include "unwind_read.h"

/* DW_EH_PE_*: how a pointer is stored; the low four bits are the format, the next three what it counts from. */
enum {
    PE_ABSPTR = 0x00, PE_ULEB = 0x01, PE_UDATA2 = 0x02, PE_UDATA4 = 0x03, PE_UDATA8 = 0x04,
    PE_SLEB = 0x09, PE_SDATA2 = 0x0a, PE_SDATA4 = 0x0b, PE_SDATA8 = 0x0c,
    PE_PCREL = 0x10, PE_DATAREL = 0x30, PE_ALIGNED = 0x50, PE_INDIRECT = 0x80, PE_OMIT = 0xff,
};

/* DW_CFA_*: the three with an operand in the low six bits first. */
enum {
    CFA_ADVANCE_LOC = 0x40, CFA_OFFSET = 0x80, CFA_RESTORE = 0xc0,
    CFA_NOP = 0x00, CFA_SET_LOC, CFA_ADVANCE_LOC1, CFA_ADVANCE_LOC2, CFA_ADVANCE_LOC4, CFA_OFFSET_EXTENDED, CFA_RESTORE_EXTENDED,
    CFA_UNDEFINED, CFA_SAME_VALUE, CFA_REGISTER, CFA_REMEMBER_STATE, CFA_RESTORE_STATE, CFA_DEF_CFA, CFA_DEF_CFA_REGISTER,
    CFA_DEF_CFA_OFFSET, CFA_DEF_CFA_EXPRESSION, CFA_EXPRESSION, CFA_OFFSET_EXTENDED_SF, CFA_DEF_CFA_SF, CFA_DEF_CFA_OFFSET_SF,
    CFA_VAL_OFFSET, CFA_VAL_OFFSET_SF, CFA_VAL_EXPRESSION,
    CFA_NEGATE_RA_STATE = 0x2d, CFA_ARGS_SIZE = 0x2e, CFA_NEGATIVE_OFFSET_EXTENDED = 0x2f,
};

/* DW_OP_*: a load; register (from 0x70 on) plus an offset. */
enum { OP_DEREF = 0x06, OP_BREG0 = 0x70, OP_BREG31 = 0x8f };

#define STATES_MAX 8    /* remembered rows; compilers nest one or two */

struct cie {
    struct hl_reader program;
    uint64_t code_align;
    int64_t data_align;
    uint64_t ra_column;
    uint8_t pointer_encoding;
    bool has_augmentation;      /* entries carry augmentation data with its length before it */
    bool signal_frame;
};

struct machine {
    const struct hl_cfi_image *image;
    const struct cie *cie;
    uintptr_t pc, location;
    struct hl_cfi_row row, initial, states[STATES_MAX];
    unsigned depth;
    int error;
};

/* A reader from the address to the end of the image. */
static struct hl_reader reader_at(const struct hl_cfi_image *image, uintptr_t address)
{
    if (address < image->address || address - image->address >= image->size)
        return hl_reader_fail();
    return (struct hl_reader){ image->bytes + (address - image->address), image->bytes + image->size, false };
}

static uintptr_t reader_address(const struct hl_reader *r, const struct hl_cfi_image *image)
{
    return image->address + (uintptr_t)(r->at - image->bytes);
}

/* The rest of an item of `len` bytes becomes a reader of its own; the outer one goes on behind it. */
static struct hl_reader read_part(struct hl_reader *r, uint64_t len)
{
    const uint8_t *bytes = hl_read_bytes(r, len);
    return bytes ? (struct hl_reader){ bytes, bytes + len, false } : hl_reader_fail();
}

static uint64_t read_value(struct hl_reader *r, uint8_t format)
{
    switch (format & 0x0f) {
    case PE_ABSPTR: return hl_read_uint(r, sizeof(uintptr_t));
    case PE_ULEB: return hl_read_uleb(r);
    case PE_UDATA2: return hl_read_uint(r, 2);
    case PE_UDATA4: return hl_read_uint(r, 4);
    case PE_UDATA8: case PE_SDATA8: return hl_read_uint(r, 8);
    case PE_SLEB: return (uint64_t)hl_read_sleb(r);
    case PE_SDATA2: return (uint64_t)hl_read_sint(r, 2);
    case PE_SDATA4: return (uint64_t)hl_read_sint(r, 4);
    default: *r = hl_reader_fail(); return 0;
    }
}

/* Reads an encoded pointer. Indirect ones are only ever personality routines, which are skipped: the cell is not read. */
static uintptr_t read_pointer(struct hl_reader *r, const struct hl_cfi_image *image, uint8_t encoding)
{
    if (r->bad || encoding == PE_OMIT)
        return 0;
    uintptr_t address = reader_address(r, image);
    switch (encoding & 0x70) {
    case PE_ABSPTR: return read_value(r, encoding);
    case PE_PCREL: return address + read_value(r, encoding);
    case PE_DATAREL: return image->header + read_value(r, encoding);
    case PE_ALIGNED: hl_read_bytes(r, -address % sizeof(uintptr_t)); return hl_read_uint(r, sizeof(uintptr_t));
    default: *r = hl_reader_fail(); return 0;
    }
}

/* Opens an item of .eh_frame: a reader over its content, and its CIE pointer field (0: it is a CIE itself). */
static struct hl_reader item_open(const struct hl_cfi_image *image, uintptr_t address, uint64_t *id, uintptr_t *id_address)
{
    struct hl_reader r = reader_at(image, address);
    uint64_t len = hl_read_uint(&r, 4);
    if (len == UINT32_MAX)
        len = hl_read_uint(&r, 8);
    struct hl_reader item = read_part(&r, len);
    *id_address = item.bad ? 0 : reader_address(&item, image);
    *id = hl_read_uint(&item, 4);
    return item;
}

/* The letters after 'z' say what the augmentation data holds, in order. Its length is known, so an unknown letter ends the
 * reading. */
static void cie_augmentation(const struct hl_cfi_image *image, const char *letters, struct hl_reader *data, struct cie *cie)
{
    for (; *letters; letters++) {
        if (*letters == 'R')
            cie->pointer_encoding = (uint8_t)hl_read_uint(data, 1);
        else if (*letters == 'S')
            cie->signal_frame = true;
        else if (*letters == 'L')
            hl_read_uint(data, 1);
        else if (*letters == 'P')
            read_pointer(data, image, (uint8_t)hl_read_uint(data, 1));
        else if (*letters != 'B' && *letters != 'G')    /* aarch64: signed with key B; tagged stack. No data of their own. */
            return;
    }
}

static int cie_read(const struct hl_cfi_image *image, uintptr_t address, struct cie *cie)
{
    uint64_t id;
    uintptr_t id_address;
    struct hl_reader r = item_open(image, address, &id, &id_address);
    uint64_t version = hl_read_uint(&r, 1);
    if (r.bad || id != 0 || (version != 1 && version != 3))
        return -EINVAL;
    const char *letters = (const char *)r.at;
    while (hl_read_uint(&r, 1))
        ;
    *cie = (struct cie){ .code_align = hl_read_uleb(&r), .pointer_encoding = PE_ABSPTR };
    cie->data_align = hl_read_sleb(&r);
    cie->ra_column = version == 1 ? hl_read_uint(&r, 1) : hl_read_uleb(&r);
    if (r.bad)
        return -EINVAL;
    if (*letters == 'z') {
        cie->has_augmentation = true;
        struct hl_reader data = read_part(&r, hl_read_uleb(&r));
        cie_augmentation(image, letters + 1, &data, cie);
        if (data.bad)
            return -EINVAL;
    } else if (*letters) {
        return -ENOTSUP;
    }
    cie->program = r;
    return r.bad ? -EINVAL : 0;
}

/* Reads the entry at `address`, which must cover `pc`: its CIE, start and program. */
static int fde_read(const struct hl_cfi_image *image, uintptr_t address, uintptr_t pc, struct cie *cie, uintptr_t *start,
    struct hl_reader *program)
{
    uint64_t id;
    uintptr_t id_address;
    *program = item_open(image, address, &id, &id_address);
    if (program->bad || id == 0)
        return -EINVAL;
    int error = cie_read(image, id_address - id, cie);
    if (error)
        return error;
    if (cie->pointer_encoding & PE_INDIRECT)
        return -ENOTSUP;
    *start = read_pointer(program, image, cie->pointer_encoding);
    uintptr_t range = read_value(program, cie->pointer_encoding);
    if (cie->has_augmentation)
        read_part(program, hl_read_uleb(program));
    if (program->bad)
        return -EINVAL;
    return pc - *start < range ? 0 : -ENOENT;
}

/* NULL for registers that hold no addresses: vectors, flags, pseudo registers. */
static struct hl_cfi_place *row_place(struct hl_cfi_row *row, uint64_t reg)
{
    return reg < HL_ARCH_DWARF_REGISTERS ? &row->registers[reg] : NULL;
}

static void place_set(struct machine *m, uint64_t reg, enum hl_cfi_how how, int64_t value)
{
    struct hl_cfi_place *place = row_place(&m->row, reg);
    if (place)
        *place = (struct hl_cfi_place){ .how = how, .value = value };
}

static void place_restore(struct machine *m, uint64_t reg)
{
    struct hl_cfi_place *place = row_place(&m->row, reg);
    if (place)
        *place = *row_place(&m->initial, reg);
}

static void place_expression(struct hl_reader *r, struct hl_cfi_place *place, enum hl_cfi_how how)
{
    struct hl_reader expression = read_part(r, hl_read_uleb(r));
    if (place && !expression.bad)
        *place = (struct hl_cfi_place){ .how = how, .len = (uint32_t)(expression.end - expression.at),
            .expression = expression.at };
}

static uint16_t register_number(uint64_t reg) { return reg < UINT16_MAX ? (uint16_t)reg : UINT16_MAX; }

static void place_register(struct machine *m, uint64_t reg, uint64_t other)
{
    struct hl_cfi_place *place = row_place(&m->row, reg);
    if (place)
        *place = (struct hl_cfi_place){ .how = HL_CFI_REGISTER, .reg = register_number(other) };
}

static void cfa_set(struct machine *m, uint64_t reg, int64_t value)
{
    m->row.cfa = (struct hl_cfi_place){ .how = HL_CFI_REGISTER, .reg = register_number(reg), .value = value };
}

/* A new offset, or register, for a CFA of the plain form; nonsense for any other. */
static void cfa_change(struct machine *m, uint64_t reg, int64_t value)
{
    if (m->row.cfa.how == HL_CFI_REGISTER)
        cfa_set(m, reg, value);
    else
        m->error = -EINVAL;
}

/* Offsets are counted in units of the CIE. Unsigned arithmetic: nonsense wraps, it does not trap. */
static int64_t scaled(const struct machine *m, uint64_t units) { return (int64_t)(units * (uint64_t)m->cie->data_align); }

static void states_push(struct machine *m)
{
    if (m->depth == STATES_MAX)
        m->error = -ENOTSUP;
    else
        m->states[m->depth++] = m->row;
}

static void states_pop(struct machine *m)
{
    if (m->depth == 0)
        m->error = -EINVAL;
    else
        m->row = m->states[--m->depth];
}

/* The operations that move the location forward. */
static bool machine_advance(struct machine *m, struct hl_reader *r, unsigned op)
{
    uint64_t units;
    if ((op & 0xc0) == CFA_ADVANCE_LOC)
        units = op & 0x3f;
    else if (op >= CFA_ADVANCE_LOC1 && op <= CFA_ADVANCE_LOC4)
        units = hl_read_uint(r, (size_t)1 << (op - CFA_ADVANCE_LOC1));
    else
        return false;
    m->location += units * m->cie->code_align;
    return true;
}

/* The operations on the CFA. */
static bool machine_cfa(struct machine *m, struct hl_reader *r, unsigned op)
{
    uint64_t reg;
    switch (op) {
    case CFA_DEF_CFA: reg = hl_read_uleb(r); cfa_set(m, reg, (int64_t)hl_read_uleb(r)); return true;
    case CFA_DEF_CFA_SF: reg = hl_read_uleb(r); cfa_set(m, reg, scaled(m, (uint64_t)hl_read_sleb(r))); return true;
    case CFA_DEF_CFA_REGISTER: cfa_change(m, hl_read_uleb(r), m->row.cfa.value); return true;
    case CFA_DEF_CFA_OFFSET: cfa_change(m, m->row.cfa.reg, (int64_t)hl_read_uleb(r)); return true;
    case CFA_DEF_CFA_OFFSET_SF: cfa_change(m, m->row.cfa.reg, scaled(m, (uint64_t)hl_read_sleb(r))); return true;
    case CFA_DEF_CFA_EXPRESSION: place_expression(r, &m->row.cfa, HL_CFI_AT_EXPRESSION); return true;
    default: return false;
    }
}

/* The operations on one register. */
static bool machine_register(struct machine *m, struct hl_reader *r, unsigned op)
{
    if ((op & 0xc0) == CFA_OFFSET) {
        place_set(m, op & 0x3f, HL_CFI_AT, scaled(m, hl_read_uleb(r)));
        return true;
    }
    if ((op & 0xc0) == CFA_RESTORE) {
        place_restore(m, op & 0x3f);
        return true;
    }
    if ((op < CFA_OFFSET_EXTENDED || op > CFA_REGISTER) && (op < CFA_EXPRESSION || op > CFA_VAL_EXPRESSION)
        && op != CFA_NEGATIVE_OFFSET_EXTENDED)
        return false;

    uint64_t reg = hl_read_uleb(r);
    switch (op) {
    case CFA_OFFSET_EXTENDED: place_set(m, reg, HL_CFI_AT, scaled(m, hl_read_uleb(r))); break;
    case CFA_OFFSET_EXTENDED_SF: place_set(m, reg, HL_CFI_AT, scaled(m, (uint64_t)hl_read_sleb(r))); break;
    case CFA_NEGATIVE_OFFSET_EXTENDED: place_set(m, reg, HL_CFI_AT, scaled(m, -hl_read_uleb(r))); break;
    case CFA_VAL_OFFSET: place_set(m, reg, HL_CFI_IS, scaled(m, hl_read_uleb(r))); break;
    case CFA_VAL_OFFSET_SF: place_set(m, reg, HL_CFI_IS, scaled(m, (uint64_t)hl_read_sleb(r))); break;
    case CFA_RESTORE_EXTENDED: place_restore(m, reg); break;
    case CFA_UNDEFINED: place_set(m, reg, HL_CFI_UNDEFINED, 0); break;
    case CFA_SAME_VALUE: place_set(m, reg, HL_CFI_SAME, 0); break;
    case CFA_REGISTER: place_register(m, reg, hl_read_uleb(r)); break;
    case CFA_EXPRESSION: place_expression(r, row_place(&m->row, reg), HL_CFI_AT_EXPRESSION); break;
    case CFA_VAL_EXPRESSION: place_expression(r, row_place(&m->row, reg), HL_CFI_IS_EXPRESSION); break;
    default: return false;    /* the operations on the CFA lie between */
    }
    return true;
}

static void machine_other(struct machine *m, struct hl_reader *r, unsigned op)
{
    switch (op) {
    case CFA_NOP: break;
    case CFA_SET_LOC: m->location = read_pointer(r, m->image, m->cie->pointer_encoding); break;
    case CFA_REMEMBER_STATE: states_push(m); break;
    case CFA_RESTORE_STATE: states_pop(m); break;
    case CFA_NEGATE_RA_STATE: m->row.ra_signed = !m->row.ra_signed; break;
    case CFA_ARGS_SIZE: hl_read_uleb(r); break;
    default: m->error = -ENOTSUP;
    }
}

/* Runs a program up to the machine's pc. Each operation takes at least a byte, so it ends. */
static int machine_run(struct machine *m, struct hl_reader r)
{
    while (!r.bad && !m->error && r.at < r.end && m->location <= m->pc) {
        unsigned op = (unsigned)hl_read_uint(&r, 1);
        if (!machine_advance(m, &r, op) && !machine_cfa(m, &r, op) && !machine_register(m, &r, op))
            machine_other(m, &r, op);
    }
    return r.bad ? -EINVAL : m->error;
}

int hl_cfi_table_find(const struct hl_cfi_image *image, struct hl_cfi_table *table)
{
    struct hl_reader r = reader_at(image, image->header);
    uint64_t version = hl_read_uint(&r, 1);
    uint8_t frame_encoding = (uint8_t)hl_read_uint(&r, 1);
    uint8_t count_encoding = (uint8_t)hl_read_uint(&r, 1);
    uint8_t table_encoding = (uint8_t)hl_read_uint(&r, 1);
    if (r.bad || version != 1 || table_encoding != (PE_DATAREL | PE_SDATA4))
        return -ENOENT;
    read_pointer(&r, image, frame_encoding);
    uint64_t entries = read_pointer(&r, image, count_encoding);
    if (r.bad || count_encoding == PE_OMIT || entries > (uint64_t)(r.end - r.at) / 8)
        return -ENOENT;
    *table = (struct hl_cfi_table){ reader_address(&r, image), (size_t)entries };
    return 0;
}

/* An entry of the search table; the table was checked to lie in the image. */
static uintptr_t table_get(const struct hl_cfi_image *image, const struct hl_cfi_table *table, size_t index, size_t which)
{
    int32_t value;
    memcpy(&value, image->bytes + (table->address - image->address) + index * 8 + which * 4, sizeof value);
    return image->header + (uintptr_t)(intptr_t)value;
}

/* The address of the last entry whose function starts at or before `pc`; 0 if there is none. */
static uintptr_t table_search(const struct hl_cfi_image *image, const struct hl_cfi_table *table, uintptr_t pc)
{
    size_t low = 0, high = table->entries;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table_get(image, table, middle, 0) <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? table_get(image, table, low - 1, 1) : 0;
}

int hl_cfi_row_find(const struct hl_cfi_image *image, uintptr_t pc, struct hl_cfi_row *row)
{
    struct hl_cfi_table table;
    struct cie cie;
    struct hl_reader program;
    uintptr_t start;
    if (hl_cfi_table_find(image, &table))
        return -ENOENT;
    uintptr_t entry = table_search(image, &table, pc);
    int error = entry ? fde_read(image, entry, pc, &cie, &start, &program) : -ENOENT;
    if (error)
        return error;
    if (cie.ra_column >= HL_ARCH_DWARF_REGISTERS)
        return -ENOTSUP;

    struct machine m;    /* not cleared whole: the remembered states are large and written before they are read */
    m.image = image;
    m.cie = &cie;
    m.pc = pc;
    m.location = 0;
    m.depth = 0;
    m.error = 0;
    memset(&m.row, 0, sizeof m.row);
    m.initial = m.row;
    error = machine_run(&m, cie.program);
    if (error)
        return error;
    m.initial = m.row;
    m.location = start;
    error = machine_run(&m, program);
    *row = m.row;
    row->ra = (uint16_t)cie.ra_column;
    row->signal_frame = cie.signal_frame;
    return error;
}

bool hl_cfi_expression_simple(const uint8_t *bytes, size_t len, uint32_t *reg, int64_t *offset, bool *deref)
{
    struct hl_reader r = { bytes, bytes + len, false };
    uint64_t op = hl_read_uint(&r, 1);
    if (op < OP_BREG0 || op > OP_BREG31)
        return false;
    *reg = (uint32_t)(op - OP_BREG0);
    *offset = hl_read_sleb(&r);
    *deref = !r.bad && r.at < r.end && hl_read_uint(&r, 1) == OP_DEREF;
    return !r.bad && r.at == r.end;
}
