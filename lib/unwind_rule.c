/* From a return address to its rule: find the module, read the row of its unwind table, see whether it is one of the
 * simple forms. */
#include "unwind.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>

#include "arch.h"
#include "unwind_cfi.h"

#define PAGE_MIN 4096    /* the smallest page of any processor we know */

/* Describes the module at `bias` by its program headers, for the segment that holds its unwind data. */
static int image_from_headers(uintptr_t bias, const ElfW(Phdr) *headers, size_t count, struct hl_cfi_image *image)
{
    uintptr_t header = 0;
    for (size_t i = 0; i < count; i++)
        if (headers[i].p_type == PT_GNU_EH_FRAME)
            header = bias + headers[i].p_vaddr;
    for (size_t i = 0; header && i < count; i++) {
        uintptr_t start = bias + headers[i].p_vaddr;
        if (headers[i].p_type != PT_LOAD || !(headers[i].p_flags & PF_R) || header - start >= headers[i].p_filesz)
            continue;
        image->bytes = (const uint8_t *)start;
        image->size = headers[i].p_filesz;
        image->address = start;
        image->header = header;
        return 0;
    }
    return -ENOENT;
}

struct search {
    uintptr_t pc;
    struct hl_cfi_image *image;
    int error;
};

static int search_module(struct dl_phdr_info *info, size_t size, void *context)
{
    struct search *search = context;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type != PT_LOAD || search->pc - start >= segment->p_memsz)
            continue;
        search->image->start = start;
        search->image->end = start + segment->p_memsz;
        search->error = image_from_headers(info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum, search->image);
        return 1;
    }
    return 0;
}

static int image_search(uintptr_t pc, struct hl_cfi_image *image)
{
    struct search search = { pc, image, -ENOENT };
    dl_iterate_phdr(search_module, &search);
    return search.error;
}

#ifdef DLFO_STRUCT_HAS_EH_DBASE    /* the C library's headers know _dl_find_object; the one we run with may not */
#pragma weak _dl_find_object

/* The module's program headers, read from its ELF header where the mapping begins with it, as linkers arrange it. NULL if not. */
static const ElfW(Phdr) *module_headers(uintptr_t start, uintptr_t end, size_t *count)
{
    const ElfW(Ehdr) *elf = (const ElfW(Ehdr) *)start;
    if (end - start < PAGE_MIN || __builtin_memcmp(elf->e_ident, ELFMAG, SELFMAG) || elf->e_phentsize != sizeof(ElfW(Phdr))
        || elf->e_phoff > PAGE_MIN || elf->e_phnum > (PAGE_MIN - elf->e_phoff) / sizeof(ElfW(Phdr)))
        return NULL;
    *count = elf->e_phnum;
    return (const ElfW(Phdr) *)(start + elf->e_phoff);
}

int hl_cfi_image_find(uintptr_t pc, struct hl_cfi_image *image)
{
    struct dl_find_object object;
    size_t count;
    if (!_dl_find_object)
        return image_search(pc, image);
    if (_dl_find_object((void *)pc, &object) || !object.dlfo_eh_frame)
        return -ENOENT;
    image->start = (uintptr_t)object.dlfo_map_start;
    image->end = (uintptr_t)object.dlfo_map_end;
    const ElfW(Phdr) *headers = module_headers(image->start, image->end, &count);
    if (!headers)
        return image_search(pc, image);
    return image_from_headers(object.dlfo_link_map->l_addr, headers, count, image);
}
#else
int hl_cfi_image_find(uintptr_t pc, struct hl_cfi_image *image) { return image_search(pc, image); }
#endif

static bool fits_int32(int64_t value) { return value == (int32_t)value; }

/* CFA = sp + N, fp + N, or *(fp + N), which is how GCC finds back from a stack that it realigned. */
static bool rule_cfa(const struct hl_cfi_place *cfa, struct hl_rule *rule)
{
    uint32_t reg = cfa->reg;
    int64_t offset = 0;
    bool deref = false;
    if (cfa->how == HL_CFI_REGISTER)
        offset = cfa->value;
    else if (cfa->how != HL_CFI_AT_EXPRESSION || !hl_cfi_expression_simple(cfa->expression, cfa->len, &reg, &offset, &deref))
        return false;
    if (!fits_int32(offset) || (reg != HL_ARCH_DWARF_SP && reg != HL_ARCH_DWARF_FP) || (deref && reg != HL_ARCH_DWARF_FP))
        return false;
    rule->kind = deref ? HL_RULE_DEREF : reg == HL_ARCH_DWARF_SP ? HL_RULE_SP : HL_RULE_FP;
    rule->cfa = (int32_t)offset;
    return true;
}

/* A frame pointer that is lost stays as it is: a caller that has lost it does not count from it. */
static bool rule_fp(const struct hl_cfi_place *fp, struct hl_rule *rule)
{
    uint32_t reg;
    int64_t offset;
    bool deref;
    switch (fp->how) {
    case HL_CFI_SAME: case HL_CFI_UNDEFINED:
        rule->fp_kind = HL_FP_SAME;
        return true;
    case HL_CFI_AT:
        rule->fp_kind = HL_FP_AT_CFA;
        rule->fp = (int32_t)fp->value;
        return fits_int32(fp->value);
    case HL_CFI_AT_EXPRESSION:
        if (!hl_cfi_expression_simple(fp->expression, fp->len, &reg, &offset, &deref) || deref
            || reg != HL_ARCH_DWARF_FP || !fits_int32(offset))
            return false;
        rule->fp_kind = HL_FP_AT_FP;
        rule->fp = (int32_t)offset;
        return true;
    default:
        return false;
    }
}

static void rule_from_row(const struct hl_cfi_row *row, struct hl_rule *rule)
{
    const struct hl_cfi_place *ra = &row->registers[row->ra], *sp = &row->registers[HL_ARCH_DWARF_SP];
    if (ra->how == HL_CFI_UNDEFINED) {
        rule->kind = HL_RULE_END;
        return;
    }
    bool sp_is_cfa = sp->how == HL_CFI_SAME || (sp->how == HL_CFI_IS && sp->value == 0);
    if (row->signal_frame || !sp_is_cfa || ra->how != HL_CFI_AT || !fits_int32(ra->value) || !rule_cfa(&row->cfa, rule)
        || !rule_fp(&row->registers[HL_ARCH_DWARF_FP], rule))
        *rule = (struct hl_rule){ .kind = HL_RULE_COMPLEX };
    else
        rule->ra = (int32_t)ra->value;
}

void hl_rule_of_image(const struct hl_cfi_image *image, uintptr_t pc, struct hl_rule *rule)
{
    struct hl_cfi_row row;
    *rule = (struct hl_rule){ .kind = HL_RULE_MISSING };
    int error = hl_cfi_row_find(image, pc - 1, &row);
    if (error == 0)
        rule_from_row(&row, rule);
    else if (error == -ENOTSUP)
        rule->kind = HL_RULE_COMPLEX;
}

void hl_rule_compile(uintptr_t pc, struct hl_rule *rule)
{
    struct hl_cfi_image image;
    *rule = (struct hl_rule){ .kind = pc ? HL_RULE_MISSING : HL_RULE_END };
    if (!pc || hl_cfi_image_find(pc - 1, &image) != 0)
        return;
    hl_rule_of_image(&image, pc, rule);
    /* Unwind data begins right at pc, not before it: nobody called from there. A context was made to return to the start of a function, as
     * makecontext does with __start_context; behind it lies nothing. */
    struct hl_cfi_row row;
    if (rule->kind == HL_RULE_MISSING && hl_cfi_row_find(&image, pc, &row) == 0)
        rule->kind = HL_RULE_END;
}
