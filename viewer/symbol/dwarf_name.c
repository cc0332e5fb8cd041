/* The linkage name, demangled, is best: it is the one that other tools show. Functions that no other unit can call have none
 * in many compilers' output; theirs is put together from the scopes around the declaration. */
#include "dwarf_name.h"

#include "../base/strbuf.h"
#include "demangle.h"

#include <dwarf.h>

#define LONGEST_CHAIN 16            /* concrete -> abstract -> declaration; damaged files have circles */

void dwarf_names_release(struct dwarf_names *names)
{
    map_release(&names->cache);
}

/* Follows concrete functions and inlined calls to the abstract one, and that to its declaration. */
static Dwarf_Die declaration_of(Dwarf_Die *die)
{
    Dwarf_Die current = *die;
    for (int i = 0; i < LONGEST_CHAIN; i++) {
        Dwarf_Attribute attribute;
        Dwarf_Die next;
        if (!dwarf_attr(&current, DW_AT_abstract_origin, &attribute) && !dwarf_attr(&current, DW_AT_specification, &attribute))
            break;
        if (!dwarf_formref_die(&attribute, &next))
            break;
        current = next;
    }
    return current;
}

static const char *string_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

static const char *intern(struct dwarf_names *names, const char *text)
{
    return strmap_text(names->strings, strmap_intern(names->strings, text));
}

static const char *linkage_name(struct dwarf_names *names, Dwarf_Die *die)
{
    const char *mangled = string_of(die, DW_AT_linkage_name);
    if (!mangled)
        mangled = string_of(die, DW_AT_MIPS_linkage_name);
    char *readable = mangled ? demangle(mangled) : NULL;
    const char *name = readable ? intern(names, readable) : NULL;
    free(readable);
    return name;
}

/* Compilers leave lambdas nameless or name them each in its own way; a class without a name that can be called is one. */
static bool is_lambda(Dwarf_Die *class)
{
    Dwarf_Die child;
    if (dwarf_child(class, &child) != 0)
        return false;
    const char *last = class->addr;
    do {
        const char *name = dwarf_tag(&child) == DW_TAG_subprogram ? dwarf_diename(&child) : NULL;
        if (name && strcmp(name, "operator()") == 0)
            return true;
        if ((const char *)child.addr <= last)
            return false;
        last = child.addr;
    } while (dwarf_siblingof(&child, &child) == 0);
    return false;
}

static const char *scope_label(Dwarf_Die *die)
{
    const char *name = string_of(die, DW_AT_name);
    if (name)
        return name;
    switch (dwarf_tag(die)) {
    case DW_TAG_namespace:
        return "(anonymous namespace)";
    case DW_TAG_subprogram:
        return NULL;
    default:
        return is_lambda(die) ? "{lambda}" : "(anonymous class)";
    }
}

static const char *name_at(struct dwarf_names *names, Dwarf_Die *die, unsigned depth);

static const char *scoped_name(struct dwarf_names *names, Dwarf_Die *die, unsigned depth)
{
    Dwarf_Die declaration = declaration_of(die);
    const char *label = scope_label(&declaration);
    if (!label)
        return NULL;
    struct dwarf_unit *unit = names->unit_of(names->context, &declaration);
    const struct dwarf_scope *scope = unit ? dwarf_unit_scope(unit, &declaration) : NULL;
    Dwarf_Die around = scope ? scope->die : declaration;
    const char *prefix = scope ? name_at(names, &around, depth + 1) : NULL;
    if (!prefix)
        return intern(names, label);
    struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "%s::%s", prefix, label);
    const char *name = intern(names, text.data);
    strbuf_release(&text);
    return name;
}

static const char *name_at(struct dwarf_names *names, Dwarf_Die *die, unsigned depth)
{
    if (depth > DWARF_DEPTH)
        return NULL;
    const uint64_t *known = map_get(&names->cache, (uintptr_t)die->addr);
    if (known)
        return *known ? strmap_text(names->strings, (uint32_t)(*known - 1)) : NULL;
    const char *name = dwarf_tag(die) == DW_TAG_namespace ? NULL : linkage_name(names, die);
    if (!name)
        name = scoped_name(names, die, depth);
    *map_put(&names->cache, (uintptr_t)die->addr, NULL) = name ? 1 + strmap_find(names->strings, name) : 0;
    return name;
}

/* Inlined calls share their function's name, so the cache is asked for that. */
const char *dwarf_name_of(struct dwarf_names *names, Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    Dwarf_Die origin;
    if (dwarf_tag(die) == DW_TAG_inlined_subroutine && dwarf_attr(die, DW_AT_abstract_origin, &attribute) &&
        dwarf_formref_die(&attribute, &origin))
        return name_at(names, &origin, 0);
    return name_at(names, die, 0);
}
