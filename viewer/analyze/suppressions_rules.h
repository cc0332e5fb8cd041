/* Rules as they are read from a file, for those who read them and those who match them. */
#ifndef HEAPLINE_ANALYZE_SUPPRESSIONS_RULES_H
#define HEAPLINE_ANALYZE_SUPPRESSIONS_RULES_H

#include "../base/arena.h"
#include "../base/vec.h"
#include "suppressions.h"

enum suppression_style {
    SUPPRESSION_OWN,              /* each pattern matches some frame; those of functions in their order, outwards */
    SUPPRESSION_SANITIZER,        /* one pattern, of any name of any frame */
    SUPPRESSION_VALGRIND,         /* patterns match frame by frame from the innermost on */
};

enum suppression_field {
    SUPPRESSION_FUNCTION, SUPPRESSION_FILE, SUPPRESSION_MODULE,
    SUPPRESSION_ANY,              /* SANITIZER */
    SUPPRESSION_SOME,             /* VALGRIND: "...", any number of frames */
};

struct suppression_pattern {
    enum suppression_field field;
    const char *text;             /* OWN: as base/glob.h; SANITIZER: LeakSanitizer's; VALGRIND: * and ? only */
    uint32_t line;                /* VALGRIND: of src:FILE:LINE; 0: any */
    const char *readable;         /* VALGRIND: the pattern for readable names, where `text` is for C++ linkage names; else NULL */
};

struct suppression {
    struct suppression_rule rule;
    enum suppression_style style;
    unsigned kinds;               /* bit by enum trace_reach */
    const char *fingerprint;      /* OWN; NULL: any */
    struct suppression_pattern *patterns;
    size_t n_patterns;
};

struct suppressions {
    VEC(struct suppression *) items;
    struct arena texts;
};

#define SUPPRESSION_LEAK_KINDS (1u << TRACE_REACH_LOST | 1u << TRACE_REACH_INDIRECT | 1u << TRACE_REACH_POSSIBLE)
#define SUPPRESSION_ALL_KINDS (SUPPRESSION_LEAK_KINDS | 1u << TRACE_REACH_HELD)

/* Where a parser stands. */
struct suppression_reader {
    struct suppressions *to;
    const char *path;
    const char *next, *end;
    uint32_t line;                /* of the text that was read last */
    char *text;                   /* that line without blanks around it, in the arena */
    struct trace_error *error;
};

/* The next line that is neither blank nor a comment. False at the end. */
bool suppression_next_line(struct suppression_reader *reader);

/* How many lines there are at most before one that begins with `stop`. */
size_t suppression_lines_ahead(const struct suppression_reader *reader, const char *stop);

/* Writes "FILE:LINE: " and a sentence into *error; returns -EINVAL. */
int suppression_refuse(struct suppression_reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A rule with room for patterns, which the caller fills and counts. */
struct suppression *suppression_add(struct suppression_reader *reader, enum suppression_style style, const char *name,
                                    size_t patterns);

/* A file of each style, from its first line on, which has been read. Return 0 or -EINVAL. */
int suppression_parse_valgrind(struct suppression_reader *reader);
int suppression_parse_sanitizer(struct suppression_reader *reader);
int suppression_parse_own(struct suppression_reader *reader);

/* A leak rule of LeakSanitizer, or one of a sanitizer that finds no leaks ("race:"). */
bool suppression_is_sanitizer_line(const char *text, bool *leak);

#endif
