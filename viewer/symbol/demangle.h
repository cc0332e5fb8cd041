/* Linkage names to names for people: C++ (Itanium ABI) and Rust (legacy and v0). */
#ifndef HEAPLINE_SYMBOL_DEMANGLE_H
#define HEAPLINE_SYMBOL_DEMANGLE_H

/* The qualified name without parameters and return type, template arguments kept: "ns::Box<int>::put". NULL when `name` is
 * not mangled or too long to be worth it. The caller frees it. */
char *demangle(const char *name);

#endif
