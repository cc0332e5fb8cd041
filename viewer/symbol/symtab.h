/* A module's symbol table, functions or variables, sorted: .symtab of the file or of its debug file, else .dynsym joined with .gnu_debugdata. */
#ifndef HEAPLINE_SYMBOL_SYMTAB_H
#define HEAPLINE_SYMBOL_SYMTAB_H

#include "ranges.h"

#include <elfutils/libdwfl.h>

struct symtab {
    struct ranges ranges;           /* value: index into names */
    VEC(const char *) names;        /* as in the file, owned by it */
};

enum symtab_what {
    SYMTAB_FUNCTIONS,
    SYMTAB_VARIABLES,               /* one in the module's own memory each; those of threads have no address of their own */
};

void symtab_build(struct symtab *symtab, Dwfl_Module *module, enum symtab_what what);
void symtab_release(struct symtab *symtab);

/* The linkage name of the function or variable that holds the address, or NULL. Sized symbols hold their size; those without a size
 * (hand-written assembly) reach to the next symbol of their section: a stripped function is never taken for its neighbour. */
const char *symtab_find(const struct symtab *symtab, uint64_t address);

/* The same, and how far into the symbol the address is. */
const char *symtab_find_offset(const struct symtab *symtab, uint64_t address, uint64_t *offset);

#endif
