#include "symtab.h"

#include <gelf.h>
#include <stdbool.h>

struct symbol {
    uint64_t low, high;             /* high == low: without a size */
    uint64_t section_end;
    unsigned rank;                  /* of several names for one address the highest wins */
    const char *name;
};

struct symbols VEC_FIELDS(struct symbol);

/* Public before weak before local, functions before labels, and "malloc" before "__libc_malloc" before "_IO_malloc_internal". */
static unsigned rank_of(const GElf_Sym *symbol, const char *name)
{
    unsigned binding = GELF_ST_BIND(symbol->st_info);
    unsigned rank = GELF_ST_TYPE(symbol->st_info) == STT_NOTYPE ? 0 : 4;
    rank += binding == STB_GLOBAL ? 2 : binding == STB_LOCAL ? 0 : 1;
    unsigned underscores = 0;
    while (name[underscores] == '_' && underscores < 3)
        underscores++;
    size_t length = strnlen(name, 1023);
    return rank << 12 | (3 - underscores) << 10 | (1023 - (unsigned)length);
}

/* Assemblers' own labels: ".L12" everywhere, "$x" on ARM. */
static bool is_function(const GElf_Sym *symbol, const char *name)
{
    unsigned type = GELF_ST_TYPE(symbol->st_info);
    if (!name || !*name || symbol->st_shndx == SHN_UNDEF)
        return false;
    if (type == STT_NOTYPE)
        return name[0] != '$' && !(name[0] == '.' && name[1] == 'L');
    return type == STT_FUNC || type == STT_GNU_IFUNC;
}

static bool is_variable(const GElf_Sym *symbol, const char *name)
{
    unsigned type = GELF_ST_TYPE(symbol->st_info);
    return name && *name && symbol->st_shndx != SHN_UNDEF && (type == STT_OBJECT || type == STT_COMMON);
}

/* The end of the code or data section that the symbol stands in, 0 when it is in none. */
static uint64_t section_end(Elf *elf, GElf_Word index, Dwarf_Addr bias, enum symtab_what what)
{
    GElf_Shdr header;
    Elf_Scn *section = elf && index < SHN_LORESERVE ? elf_getscn(elf, index) : NULL;
    if (!section || !gelf_getshdr(section, &header) || !(header.sh_flags & SHF_ALLOC))
        return 0;
    if (what == SYMTAB_FUNCTIONS ? !(header.sh_flags & SHF_EXECINSTR) : header.sh_flags & (SHF_EXECINSTR | SHF_TLS))
        return 0;
    return header.sh_addr + bias + header.sh_size;
}

static void collect(struct symbols *symbols, Dwfl_Module *module, enum symtab_what what)
{
    GElf_Addr main_bias = 0;
    dwfl_module_getelf(module, &main_bias);
    int n = dwfl_module_getsymtab(module);
    for (int i = 1; i < n; i++) {
        GElf_Sym entry;
        GElf_Addr address;
        GElf_Word section;
        Elf *elf;
        Dwarf_Addr bias;
        const char *name = dwfl_module_getsym_info(module, i, &entry, &address, &section, &elf, &bias);
        bool wanted = what == SYMTAB_FUNCTIONS ? is_function(&entry, name) : is_variable(&entry, name);
        uint64_t end = wanted ? section_end(elf, section, bias, what) : 0;
        if (end <= address)
            continue;
        struct symbol symbol = { .name = name, .rank = rank_of(&entry, name) };
        symbol.low = address - main_bias;
        symbol.section_end = end - main_bias;
        symbol.high = symbol.low + (entry.st_size < end - address ? entry.st_size : end - address);
        vec_push(symbols, symbol);
    }
}

static int compare(const void *a, const void *b)
{
    const struct symbol *left = a, *right = b;
    if (left->low != right->low)
        return left->low < right->low ? -1 : 1;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return strcmp(right->name, left->name);
}

/* Gives the symbols without a size their ends: the next beginning, unless a sized symbol already holds the place. */
static void close_open_ends(struct symbols *symbols)
{
    uint64_t reach = 0;
    for (size_t i = 0, next = 0; i < symbols->n; i++) {
        struct symbol *symbol = &symbols->items[i];
        while (next < symbols->n && symbols->items[next].low <= symbol->low) {
            if (symbols->items[next].high > reach)
                reach = symbols->items[next].high;
            next++;
        }
        if (symbol->high > symbol->low || reach > symbol->low)
            continue;
        symbol->high = symbol->section_end;
        if (next < symbols->n && symbols->items[next].low < symbol->high)
            symbol->high = symbols->items[next].low;
    }
}

void symtab_build(struct symtab *symtab, Dwfl_Module *module, enum symtab_what what)
{
    struct symbols symbols = {0};
    collect(&symbols, module, what);
    vec_sort(&symbols, compare);
    close_open_ends(&symbols);
    for (size_t i = 0; i < symbols.n; i++) {
        ranges_add(&symtab->ranges, symbols.items[i].low, symbols.items[i].high, symtab->names.n);
        vec_push(&symtab->names, symbols.items[i].name);
    }
    ranges_sort(&symtab->ranges);
    vec_release(&symbols);
}

void symtab_release(struct symtab *symtab)
{
    vec_release(&symtab->ranges);
    vec_release(&symtab->names);
}

const char *symtab_find(const struct symtab *symtab, uint64_t address)
{
    const struct range *range = ranges_find(&symtab->ranges, address);
    return range ? symtab->names.items[range->value] : NULL;
}

const char *symtab_find_offset(const struct symtab *symtab, uint64_t address, uint64_t *offset)
{
    const struct range *range = ranges_find(&symtab->ranges, address);
    if (!range)
        return NULL;
    *offset = address - range->low;
    return symtab->names.items[range->value];
}
