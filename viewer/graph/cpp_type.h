/* C++: of what a block is made, by the function that asked for it, and names of types as people write them. */
#ifndef HEAPLINE_GRAPH_CPP_TYPE_H
#define HEAPLINE_GRAPH_CPP_TYPE_H

#include "../base/strbuf.h"

#include <stdbool.h>

/* Appends what std::allocator<T>::allocate, std::make_unique<T> or a member of std::string, as demangled or in debugging information, makes:
 * "Order[]", "tree node of std::pair<int const, Order>". False: `function` is none of them. */
bool cpp_type_add_made(struct strbuf *out, const char *function);

/* A function between those and operator new, which makes nothing itself. */
bool cpp_type_passes_on(const char *function);

/* Appends a type without what nobody writes: arguments that are the standard library's own defaults, namespaces of its versions.
 * Control blocks of shared pointers are called after their object: "Order (make_shared)".
 * "std::vector<int, std::allocator<int> >" -> "std::vector<int>", "std::__cxx11::basic_string<char, ...>" -> "std::string" */
void cpp_type_add(struct strbuf *out, const char *type);

/* Of the names that these make: is it an array ("Order[]")? How long is the class's own name in it ("Order[]", "Order (make_shared)": 5)? */
bool cpp_type_is_array(const char *type);
size_t cpp_type_class_length(const char *type);

#endif
