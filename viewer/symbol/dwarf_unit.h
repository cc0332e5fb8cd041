/* One compilation unit: its functions, the scopes that qualify names, files. Private to dwarf*.c. */
#ifndef HEAPLINE_SYMBOL_DWARF_UNIT_H
#define HEAPLINE_SYMBOL_DWARF_UNIT_H

#include "../base/map.h"
#include "../base/strmap.h"
#include "ranges.h"

#include <elfutils/libdw.h>
#include <stdbool.h>

#define DWARF_DEPTH 200             /* nesting that people's compilers do not reach; deeper is left out */

/* An inlined call; its ranges are in its function's `ranges`. */
struct dwarf_inlined {
    Dwarf_Die die;
    uint32_t parent;                /* index of the inlined call around it, or DWARF_NO_PARENT */
    uint32_t depth;
};
#define DWARF_NO_PARENT UINT32_MAX

struct dwarf_function {
    Dwarf_Die die;
    bool walked;
    VEC(struct dwarf_inlined) inlined;
    struct ranges ranges;           /* value: index into inlined */
};

/* A namespace, class or function that qualifies the names inside it. */
struct dwarf_scope {
    Dwarf_Die die;
    uint32_t parent;                /* index, 0: none */
};

struct dwarf_unit {
    Dwarf_Die skeleton;             /* has lines and ranges */
    Dwarf_Die die;                  /* has functions: the split unit, or the same as `skeleton` */
    bool indexed;
    bool scoped;                    /* the language qualifies names (all but C and assembly) */
    VEC(struct dwarf_function) functions;
    struct ranges ranges;           /* value: index into functions */
    VEC(struct dwarf_scope) scopes; /* the first is no scope at all */
    struct map parents;             /* address of a DIE that can be named -> scope around it */
    bool files_read;
    Dwarf_Files *files;
};

void dwarf_unit_init(struct dwarf_unit *unit, const Dwarf_Die *skeleton);
void dwarf_unit_release(struct dwarf_unit *unit);

/* Lists functions and scopes; does nothing the second time. */
void dwarf_unit_index(struct dwarf_unit *unit);

/* The innermost function that holds the address in the Dwarf's address space, with its inlined calls listed, or NULL. */
struct dwarf_function *dwarf_unit_function(struct dwarf_unit *unit, uint64_t address);

/* The scope around a DIE of an indexed unit, or NULL. */
const struct dwarf_scope *dwarf_unit_scope(const struct dwarf_unit *unit, const Dwarf_Die *die);

/* A file of the unit's table, as it stands there; NULL when unknown. */
const char *dwarf_unit_file(struct dwarf_unit *unit, Dwarf_Word index);

/* Adds all address ranges of the DIE. */
void dwarf_add_ranges(struct ranges *ranges, Dwarf_Die *die, uint64_t value);

#endif
