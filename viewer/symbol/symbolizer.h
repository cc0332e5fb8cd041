/* Turns module + address into functions, files and lines, inlined functions included (elfutils libdw).
 *
 * Uses the module's own DWARF, separate debug files (.gnu_debuglink, /usr/lib/debug/.build-id), debuginfod only when
 * DEBUGINFOD_URLS is set, and else the symbol tables (.symtab, .dynsym, .gnu_debugdata). A file whose build-id is not the
 * recorded one is refused: better no name than a wrong one. One thread only. Never used inside the target.
 *
 * Names are for tables: qualified, with template arguments, without parameters and return type ("ns::Box<int>::put"),
 * whatever they come from. C++ and Rust linkage names are demangled; functions without one get the scopes around them:
 * "(anonymous namespace)::f", "main::{lambda}::operator()". Paths are written without "." and "part/..", and stay relative
 * when the build recorded a relative directory.
 */
#ifndef HEAPLINE_SYMBOL_SYMBOLIZER_H
#define HEAPLINE_SYMBOL_SYMBOLIZER_H

#include "../trace/model.h"

struct symbolizer;

int symbolizer_create(struct symbolizer **symbolizer);          /* 0 or -errno */
void symbolizer_destroy(struct symbolizer *symbolizer);         /* accepts NULL */

/* Opens a module; the handle lives as long as the symbolizer. A module that is missing, replaced (other build-id) or no ELF file
 * still gives a handle, whose lookups find nothing; symbolizer_problem then says why in one sentence, else NULL. */
struct symbolizer_module;
struct symbolizer_module *symbolizer_open(struct symbolizer *symbolizer, const struct trace_module *module);
const char *symbolizer_problem(const struct symbolizer_module *module);

/* Looks up link-time `address` (already the address of the call, not of the return). Fills at most `max` levels, innermost inline
 * first, and returns their number, 0 when nothing is known. Strings live as long as the symbolizer. */
size_t symbolizer_find(struct symbolizer_module *module, uint64_t address, struct trace_symbol *symbols, size_t max);

/* The name of the variable that holds the link-time `address`, *offset bytes into it; NULL: none does that the symbol tables know. Reads no DWARF. */
const char *symbolizer_find_variable(struct symbolizer_module *module, uint64_t address, uint64_t *offset);

#endif
