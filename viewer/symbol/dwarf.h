/* A module's DWARF (2 to 5, split and dwz included), indexed as far as lookups need it.
 *
 * Units are found by their address ranges; a unit's functions are listed at the first hit in it, a function's inlined calls
 * at the first hit in that. Everything is read from files that may be damaged: walks only move forward, depths and chains are
 * bounded.
 */
#ifndef HEAPLINE_SYMBOL_DWARF_H
#define HEAPLINE_SYMBOL_DWARF_H

#include "../base/strmap.h"
#include "../trace/model.h"

#include <elfutils/libdw.h>

struct dwarf;

/* `dw` is the caller's and outlives the result; strings are interned in `strings`. `shift` + a link-time address of the
 * module = an address in `dw`. NULL for `dw` gives an empty index. */
struct dwarf *dwarf_create(Dwarf *dw, uint64_t shift, struct strmap *strings);
void dwarf_destroy(struct dwarf *dwarf);          /* accepts NULL */

/* As symbolizer_find. The outermost level may have no function name (assembly), only a line. */
size_t dwarf_find(struct dwarf *dwarf, uint64_t address, struct trace_symbol *symbols, size_t max);

#endif
