#include "dwarf.h"

#include "../base/map.h"
#include "../base/xalloc.h"
#include "dwarf_name.h"
#include "dwarf_unit.h"
#include "path.h"

#include <dwarf.h>

struct dwarf {
    Dwarf *dw;
    uint64_t shift;
    VEC(struct dwarf_unit *) units;
    struct ranges ranges;           /* value: index into units */
    struct map by_cu;               /* Dwarf_CU -> index into units */
    struct dwarf_names names;
    struct map paths;               /* a file name of libdw (its address) -> id of the path */
    struct strbuf scratch;
};

static size_t add_unit(struct dwarf *dwarf, const Dwarf_Die *die)
{
    struct dwarf_unit *unit = xmalloc(sizeof *unit);
    dwarf_unit_init(unit, die);
    *map_put(&dwarf->by_cu, (uintptr_t)die->cu, NULL) = dwarf->units.n;
    vec_push(&dwarf->units, unit);
    return dwarf->units.n - 1;
}

static void index_unit(struct dwarf *dwarf, size_t index)
{
    struct dwarf_unit *unit = dwarf->units.items[index];
    dwarf_unit_index(unit);
    *map_put(&dwarf->by_cu, (uintptr_t)unit->die.cu, NULL) = index;
}

/* For names: also units without code, which the list by address leaves out. */
static struct dwarf_unit *unit_of(void *context, Dwarf_Die *die)
{
    struct dwarf *dwarf = context;
    const uint64_t *known = map_get(&dwarf->by_cu, (uintptr_t)die->cu);
    size_t index;
    if (known) {
        index = *known;
    } else {
        Dwarf_Die cu;
        if (!dwarf_diecu(die, &cu, NULL, NULL))
            return NULL;
        index = add_unit(dwarf, &cu);
    }
    index_unit(dwarf, index);
    return dwarf->units.items[index];
}

/* Compilers that give a unit no ranges leave its functions to tell. */
static void add_unit_ranges(struct dwarf *dwarf, Dwarf_Die *die)
{
    size_t index = add_unit(dwarf, die), before = dwarf->ranges.n;
    dwarf_add_ranges(&dwarf->ranges, die, index);
    if (dwarf->ranges.n > before || dwarf_hasattr(die, DW_AT_ranges) || dwarf_hasattr(die, DW_AT_low_pc))
        return;
    index_unit(dwarf, index);
    const struct ranges *functions = &dwarf->units.items[index]->ranges;
    for (size_t i = 0; i < functions->n; i++)
        ranges_add(&dwarf->ranges, functions->items[i].low, functions->items[i].high, index);
}

static void list_units(struct dwarf *dwarf)
{
    Dwarf_CU *cu = NULL;
    Dwarf_Die die;
    uint8_t type;
    while (dwarf_get_units(dwarf->dw, cu, &cu, NULL, &type, &die, NULL) == 0)
        if (type == DW_UT_compile || type == DW_UT_skeleton)
            add_unit_ranges(dwarf, &die);
    ranges_sort(&dwarf->ranges);
}

struct dwarf *dwarf_create(Dwarf *dw, uint64_t shift, struct strmap *strings)
{
    struct dwarf *dwarf = xcalloc(1, sizeof *dwarf);
    dwarf->dw = dw;
    dwarf->shift = shift;
    dwarf->names.strings = strings;
    dwarf->names.unit_of = unit_of;
    dwarf->names.context = dwarf;
    strbuf_init(&dwarf->scratch);
    if (dw)
        list_units(dwarf);
    return dwarf;
}

void dwarf_destroy(struct dwarf *dwarf)
{
    if (!dwarf)
        return;
    for (size_t i = 0; i < dwarf->units.n; i++) {
        dwarf_unit_release(dwarf->units.items[i]);
        free(dwarf->units.items[i]);
    }
    vec_release(&dwarf->units);
    vec_release(&dwarf->ranges);
    map_release(&dwarf->by_cu);
    dwarf_names_release(&dwarf->names);
    map_release(&dwarf->paths);
    strbuf_release(&dwarf->scratch);
    free(dwarf);
}

static bool starts_with_part(const char *path, const char *part)
{
    size_t n = strlen(part);
    return strncmp(path, part, n) == 0 && path[n] == '/';
}

/* Reproducible builds record a relative directory, "./malloc"; libdw then puts it before some of the files, not before all. */
static const char *path_of(struct dwarf *dwarf, struct dwarf_unit *unit, const char *file)
{
    if (!file || !*file)
        return NULL;
    bool added;
    uint64_t *id = map_put(&dwarf->paths, (uintptr_t)file, &added);
    if (added) {
        Dwarf_Attribute attribute;
        const char *directory = dwarf_formstring(dwarf_attr(&unit->skeleton, DW_AT_comp_dir, &attribute));
        if (directory && starts_with_part(file, directory))
            directory = NULL;
        path_normalise(&dwarf->scratch, directory, file);
        *id = strmap_intern(dwarf->names.strings, dwarf->scratch.data);
    }
    return strmap_text(dwarf->names.strings, (uint32_t)*id);
}

static void fill_line(struct dwarf *dwarf, struct dwarf_unit *unit, uint64_t address, struct trace_symbol *symbol)
{
    Dwarf_Line *row = dwarf_getsrc_die(&unit->skeleton, address);
    int line = 0;
    if (!row || dwarf_lineno(row, &line) != 0)
        return;
    symbol->file = path_of(dwarf, unit, dwarf_linesrc(row, NULL, NULL));
    symbol->line = line > 0 ? (uint32_t)line : 0;
}

static Dwarf_Word number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    return dwarf_formudata(dwarf_attr(die, name, &attribute), &value) == 0 ? value : 0;
}

static void fill_call(struct dwarf *dwarf, struct dwarf_unit *unit, Dwarf_Die *inlined, struct trace_symbol *symbol)
{
    if (dwarf_hasattr(inlined, DW_AT_call_file))
        symbol->file = path_of(dwarf, unit, dwarf_unit_file(unit, number_of(inlined, DW_AT_call_file)));
    Dwarf_Word line = number_of(inlined, DW_AT_call_line);
    symbol->line = line < UINT32_MAX ? (uint32_t)line : 0;
}

/* The deepest inlined call that holds the address, or DWARF_NO_PARENT. */
static uint32_t innermost(const struct dwarf_function *function, uint64_t address)
{
    uint32_t best = DWARF_NO_PARENT;
    const struct range *range;
    size_t cursor = ranges_search(&function->ranges, address);
    while ((range = ranges_next(&function->ranges, address, &cursor)))
        if (best == DWARF_NO_PARENT || function->inlined.items[range->value].depth > function->inlined.items[best].depth)
            best = (uint32_t)range->value;
    return best;
}

/* A level's place is where the next inner one was called; the innermost one's is the line table's. */
static size_t fill_levels(struct dwarf *dwarf, struct dwarf_unit *unit, struct dwarf_function *function, uint64_t address,
                          struct trace_symbol *symbols, size_t max)
{
    size_t n = 0;
    uint32_t index = innermost(function, address);
    fill_line(dwarf, unit, address, &symbols[0]);
    while (index != DWARF_NO_PARENT && n < max) {
        struct dwarf_inlined *inlined = &function->inlined.items[index];
        symbols[n++].function = dwarf_name_of(&dwarf->names, &inlined->die);
        if (n < max)
            fill_call(dwarf, unit, &inlined->die, &symbols[n]);
        index = inlined->parent;
    }
    if (n < max)
        symbols[n++].function = dwarf_name_of(&dwarf->names, &function->die);
    return n;
}

size_t dwarf_find(struct dwarf *dwarf, uint64_t address, struct trace_symbol *symbols, size_t max)
{
    address += dwarf->shift;
    struct dwarf_unit *unit = NULL;
    const struct range *range;
    size_t cursor = ranges_search(&dwarf->ranges, address);
    if (max == 0)
        return 0;
    memset(symbols, 0, max * sizeof *symbols);
    while ((range = ranges_next(&dwarf->ranges, address, &cursor))) {
        unit = dwarf->units.items[range->value];
        index_unit(dwarf, range->value);
        struct dwarf_function *function = dwarf_unit_function(unit, address);
        if (function)
            return fill_levels(dwarf, unit, function, address, symbols, max);
    }
    if (!unit)
        return 0;
    fill_line(dwarf, unit, address, &symbols[0]);
    return symbols[0].file ? 1 : 0;
}
