/* Names of functions and scopes from DWARF. Private to dwarf*.c. */
#ifndef HEAPLINE_SYMBOL_DWARF_NAME_H
#define HEAPLINE_SYMBOL_DWARF_NAME_H

#include "../base/map.h"
#include "../base/strmap.h"
#include "dwarf_unit.h"

/* `unit_of` finds the unit of a DIE, indexed, or NULL; it is the caller's because units refer to each other. */
struct dwarf_names {
    struct strmap *strings;
    struct map cache;               /* address of a DIE -> 1 + id of its name, 0: none */
    struct dwarf_unit *(*unit_of)(void *context, Dwarf_Die *die);
    void *context;
};

void dwarf_names_release(struct dwarf_names *names);

/* The qualified name without parameters of a function, class or namespace, NULL when it has none. Interned. */
const char *dwarf_name_of(struct dwarf_names *names, Dwarf_Die *die);

#endif
