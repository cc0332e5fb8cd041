#include "dwarf_unit.h"

#include <dwarf.h>

/* One function's pieces number two or three, a unit's as many as it has functions. A damaged list that never ends stops here. */
#define MOST_PIECES (1 << 18)

struct walk {
    struct dwarf_unit *unit;
    const void *frontier;           /* the furthest DIE that was seen: sibling links must not lead back */
};

void dwarf_add_ranges(struct ranges *ranges, Dwarf_Die *die, uint64_t value)
{
    Dwarf_Addr base, low, high;
    ptrdiff_t offset = 0;
    for (int i = 0; i < MOST_PIECES; i++) {
        offset = dwarf_ranges(die, offset, &base, &low, &high);
        if (offset <= 0)
            break;
        ranges_add(ranges, low, high, value);
    }
}

static bool language_qualifies(Dwarf_Die *die)
{
    switch (dwarf_srclang(die)) {
    case DW_LANG_C89:
    case DW_LANG_C:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case DW_LANG_Mips_Assembler:
    case DW_LANG_ObjC:
        return false;
    default:
        return true;
    }
}

void dwarf_unit_init(struct dwarf_unit *unit, const Dwarf_Die *skeleton)
{
    memset(unit, 0, sizeof *unit);
    unit->skeleton = unit->die = *skeleton;
    memset(vec_add(&unit->scopes), 0, sizeof *unit->scopes.items);
}

void dwarf_unit_release(struct dwarf_unit *unit)
{
    for (size_t i = 0; i < unit->functions.n; i++) {
        vec_release(&unit->functions.items[i].inlined);
        vec_release(&unit->functions.items[i].ranges);
    }
    vec_release(&unit->functions);
    vec_release(&unit->ranges);
    vec_release(&unit->scopes);
    map_release(&unit->parents);
}

/* False once the walk would go backwards. */
static bool advance(struct walk *walk, const Dwarf_Die *die)
{
    if ((const char *)die->addr <= (const char *)walk->frontier)
        return false;
    walk->frontier = die->addr;
    return true;
}

static void list_function(struct dwarf_unit *unit, Dwarf_Die *die)
{
    size_t before = unit->ranges.n;
    dwarf_add_ranges(&unit->ranges, die, unit->functions.n);
    if (unit->ranges.n > before)
        vec_add(&unit->functions)->die = *die;
}

static bool is_scope(int tag)
{
    switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_interface_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_subprogram:
        return true;
    default:
        return false;
    }
}

/* In C only functions nest, and types hold no functions. */
static bool may_hold_functions(const struct dwarf_unit *unit, int tag)
{
    switch (tag) {
    case DW_TAG_subprogram:
    case DW_TAG_lexical_block:
        return true;
    case DW_TAG_enumeration_type:
        return false;
    default:
        return unit->scoped && is_scope(tag);
    }
}

static void index_children(struct walk *walk, Dwarf_Die *parent, uint32_t scope, unsigned depth)
{
    struct dwarf_unit *unit = walk->unit;
    Dwarf_Die die;
    if (depth > DWARF_DEPTH || dwarf_child(parent, &die) != 0)
        return;
    do {
        if (!advance(walk, &die))
            return;
        int tag = dwarf_tag(&die);
        if (tag == DW_TAG_subprogram)
            list_function(unit, &die);
        if (unit->scoped && scope && is_scope(tag))
            *map_put(&unit->parents, (uintptr_t)die.addr, NULL) = scope;
        if (!may_hold_functions(unit, tag) || !dwarf_haschildren(&die))
            continue;
        uint32_t inner = scope;
        if (unit->scoped && is_scope(tag)) {
            inner = (uint32_t)unit->scopes.n;
            struct dwarf_scope entry = { .die = die, .parent = scope };
            vec_push(&unit->scopes, entry);
        }
        index_children(walk, &die, inner, depth + 1);
    } while (dwarf_siblingof(&die, &die) == 0);
}

/* A skeleton's functions are in its .dwo file; when that is gone, the skeleton has none. */
static void find_split(struct dwarf_unit *unit)
{
    Dwarf_Die skeleton, split;
    uint8_t type;
    Dwarf_Half version;
    int error = dwarf_cu_info(unit->skeleton.cu, &version, &type, &skeleton, &split, NULL, NULL, NULL);
    if (!error && type == DW_UT_skeleton && split.addr)
        unit->die = split;
}

void dwarf_unit_index(struct dwarf_unit *unit)
{
    if (unit->indexed)
        return;
    unit->indexed = true;
    find_split(unit);
    unit->scoped = language_qualifies(&unit->die);
    struct walk walk = { .unit = unit, .frontier = unit->die.addr };
    index_children(&walk, &unit->die, 0, 0);
    ranges_sort(&unit->ranges);
}

static void list_inlined(struct walk *walk, struct dwarf_function *function, Dwarf_Die *parent, uint32_t around, unsigned depth)
{
    Dwarf_Die die;
    if (depth > DWARF_DEPTH || dwarf_child(parent, &die) != 0)
        return;
    do {
        if (!advance(walk, &die))
            return;
        int tag = dwarf_tag(&die);
        uint32_t inner = around;
        if (tag == DW_TAG_inlined_subroutine) {
            inner = (uint32_t)function->inlined.n;
            struct dwarf_inlined entry = { .die = die, .parent = around, .depth = depth };
            vec_push(&function->inlined, entry);
            dwarf_add_ranges(&function->ranges, &die, inner);
        } else if (tag != DW_TAG_lexical_block && tag != DW_TAG_try_block && tag != DW_TAG_catch_block) {
            continue;
        }
        if (dwarf_haschildren(&die))
            list_inlined(walk, function, &die, inner, depth + 1);
    } while (dwarf_siblingof(&die, &die) == 0);
}

struct dwarf_function *dwarf_unit_function(struct dwarf_unit *unit, uint64_t address)
{
    dwarf_unit_index(unit);
    const struct range *range = ranges_find(&unit->ranges, address);
    if (!range)
        return NULL;
    struct dwarf_function *function = &unit->functions.items[range->value];
    if (!function->walked) {
        function->walked = true;
        struct walk walk = { .unit = unit, .frontier = function->die.addr };
        list_inlined(&walk, function, &function->die, DWARF_NO_PARENT, 0);
        ranges_sort(&function->ranges);
    }
    return function;
}

const struct dwarf_scope *dwarf_unit_scope(const struct dwarf_unit *unit, const Dwarf_Die *die)
{
    const uint64_t *scope = map_get(&unit->parents, (uintptr_t)die->addr);
    return scope ? &unit->scopes.items[*scope] : NULL;
}

const char *dwarf_unit_file(struct dwarf_unit *unit, Dwarf_Word index)
{
    size_t n;
    if (!unit->files_read) {
        unit->files_read = true;
        if (dwarf_getsrcfiles(&unit->die, &unit->files, &n) != 0)
            unit->files = NULL;
    }
    return unit->files ? dwarf_filesrc(unit->files, index, NULL, NULL) : NULL;
}
