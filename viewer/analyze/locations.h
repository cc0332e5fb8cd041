/* Places in the program: the levels that the frames of a trace expand to, each place once, with a rank that says how much it
 * means to the person who wrote the program. */
#ifndef HEAPLINE_ANALYZE_LOCATIONS_H
#define HEAPLINE_ANALYZE_LOCATIONS_H

#include "../base/strbuf.h"
#include "../base/strmap.h"
#include "../trace/reader.h"

/* From what says least about the program to what says most. An allocation is owned by the innermost of its levels of the
 * highest rank. Lines are of C and of Python alike. */
enum location_rank {
    RANK_PSEUDO,              /* marks of mappings, of Python's objects and of cut stacks */
    RANK_RUNTIME,             /* the C and C++ runtime: libc, libstdc++, the loader; Python's allocators */
    RANK_INTERPRETER,         /* C code that came with the Python interpreter, with lines or without */
    RANK_UNKNOWN_CODE,        /* code made at run time */
    RANK_WRAPPER,             /* a function without lines, named like an allocator: xmalloc */
    RANK_FUNCTION,            /* a function or address without lines */
    RANK_SYSTEM_LINE,         /* a line of the system's headers and libraries, of a language's library, of installed packages */
    RANK_WRAPPER_LINE,        /* a line of a function that is named like an allocator */
    RANK_LINE,                /* a line of the program: also <string> and a notebook's cells */
};

struct location {
    enum trace_frame_kind kind;
    const char *function;     /* NULL: unknown */
    const char *file;         /* NULL: unknown */
    uint32_t line;            /* 0: unknown */
    uint32_t module;          /* TRACE_NONE: none, and for Python */
    uint64_t address;         /* of code without a function's name; else 0: a native place without either is a whole module */
    enum location_rank rank;
    bool interpreter;         /* of the interpreter itself or its import machinery: says nothing between Python frames */
};

struct locations {
    struct location *items;
    uint32_t n;
    uint32_t *first;          /* frame f has levels[first[f]] .. levels[first[f + 1] - 1], outermost first, at least one */
    uint32_t *levels;         /* location ids */
    uint32_t nowhere;         /* the place of blocks whose stack is empty */
    uint32_t interpreter;     /* the place of what a Python interpreter allocates for itself: its start and first imports */
    const struct trace *trace;
    struct strmap keys, strings;
};

/* `wrappers` are patterns of function names that are treated as allocators too. With `addresses` every nameless
 * address of an extension module of Python is a place of its own; else the module is, for its inside says nothing to
 * people. */
void locations_init(struct locations *locations, const struct trace *trace, const char *const *wrappers, size_t n_wrappers,
                    bool addresses);
void locations_release(struct locations *locations);

/* Appends what the place is called: "parse_header", "libfoo.so+0x1234", "0x7f0012 [unknown code]", "[mapped memory]". */
void location_add_name(struct strbuf *out, const struct locations *locations, uint32_t id);

/* Appends where it is: "parse.c:12", "(app.py:12)" in Python, or the module's name in brackets, or nothing. */
void location_add_place(struct strbuf *out, const struct locations *locations, uint32_t id);

/* The last part of the module's path, or NULL. */
const char *location_module_name(const struct locations *locations, uint32_t id);

bool location_has_line(const struct location *location);
bool location_is_python(const struct location *location);
bool location_is_extension(const struct location *location);      /* a whole extension module */

const char *path_base(const char *path);

#endif
