/* Which leaks somebody decided to live with. Reads the files of LeakSanitizer and of Valgrind as they are, and our own
 * (docs/suppressions.md has all three with their fine print); a file's first line that says something tells which it is. */
#ifndef HEAPLINE_ANALYZE_SUPPRESSIONS_H
#define HEAPLINE_ANALYZE_SUPPRESSIONS_H

#include "../trace/reader.h"

struct suppressions;

/* One rule and what it took out so far. */
struct suppression_rule {
    const char *name;                        /* Valgrind's and our own: the name it has; LeakSanitizer's: the pattern */
    const char *file;                        /* where it stands */
    uint32_t line;
    uint64_t groups, blocks, bytes;
};

/* A level of a stack; what is unknown is NULL. */
struct suppression_frame { const char *function, *file, *module; uint32_t line; };

struct suppression_subject {
    enum trace_reach reach;
    const char *fingerprint;                 /* identity.h */
    const struct suppression_frame *frames;  /* innermost first: the one that called the allocator, or operator new */
    size_t n_frames;
};

struct suppressions *suppressions_create(void);
void suppressions_destroy(struct suppressions *suppressions);      /* accepts NULL */

/* Adds the rules of a file, in their order. Returns 0, or -errno with a sentence that names file and line in *error; then none
   of them count. */
int suppressions_read(struct suppressions *suppressions, const char *path, struct trace_error *error);
int suppressions_parse(struct suppressions *suppressions, const char *path, const char *text, size_t n,
                       struct trace_error *error);

/* Those that the program brought along (__lsan_default_suppressions), which a trace keeps as a text of this name. Nothing when
 * they were added before, or there are none. Returns 0, or -errno with a sentence. */
#define SUPPRESSIONS_OF_PROGRAM "[suppressions]"
int suppressions_add_program(struct suppressions *suppressions, const struct trace *trace, struct trace_error *error);

/* The first rule that takes the subject, or NULL. It lives as long as the suppressions do. */
struct suppression_rule *suppressions_match(struct suppressions *suppressions, const struct suppression_subject *subject);

/* All rules, in the order in which they were read. */
size_t suppressions_count(const struct suppressions *suppressions);
const struct suppression_rule *suppressions_rule(const struct suppressions *suppressions, size_t i);

#endif
