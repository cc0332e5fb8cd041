/* Code objects of Python: from the numbers in frame words to functions, files and lines.
 *
 * A number means something in one process only (and in what it forks). What it stands for is shared by the run: the same function, file and first
 * line are one code in the trace, equal line tables are kept and decoded once. A frame may be met before its CODE record: see ahead.h.
 */
#ifndef HEAPLINE_COLLECT_CODES_H
#define HEAPLINE_COLLECT_CODES_H

#include "../base/map.h"
#include "../base/strmap.h"
#include "../base/vec.h"
#include "line_table.h"

#include <stdbool.h>
#include <stdint.h>

#define CODES_TABLE_MAX (4u << 20)   /* bytes of a line table; lines behind it are unknown */

struct target;
struct trace_writer;

/* A CODE record that CODE_MORE records may continue. All zeroes: none is under way. */
struct code_parts {
    uint32_t number, first_line, name_bytes, file_bytes, table_bytes;
    enum hl_line_table kind;
    bool open;
    VEC(char) bytes;              /* name, file and table, as far as they came */
};

struct code_lines {
    struct line_rows rows;
    uint32_t first;               /* where a frame stands that has not begun */
};

/* What the run knows. */
struct codes_shared {
    struct strmap codes;          /* function, file, first line -> index of `trace` */
    VEC(uint32_t) trace;          /* ids in the trace */
    struct strmap tables;         /* kind, first line, bytes -> index of `lines` */
    VEC(struct code_lines) lines;
    uint32_t unknown;             /* id in the trace + 1 of the code that is not known; 0: not needed so far */
};

/* What a process knows. */
struct codes {
    struct map numbers;           /* number -> id in the trace << 32 | index of the lines */
    char *start_folder;           /* where the process stood when it was welcomed; NULL: unknown */
    char *file, *absolute;        /* the relative file name met last and what became of it */
};

void codes_shared_release(struct codes_shared *shared);
void codes_release(struct codes *codes);

/* Remembers where a process stands at its beginning. */
void codes_welcome(struct codes *codes, int32_t pid);

/* A forked child knows its parent's codes. */
void codes_inherit(struct codes *child, const struct codes *parent);

/* Takes a CODE or CODE_MORE record of `words` words, first word w0, whose memory may change under it. False: it makes no sense. */
bool codes_take(struct target *target, struct code_parts *parts, uint64_t w0, const uint64_t *w, uint32_t words);

/* A Python frame word: the id of its code in the trace and its line, 0: unknown. May be called while rings are being read. */
struct code_line {
    uint32_t code, line;
};
struct code_line codes_resolve(struct target *target, uint64_t frame);

/* The id of a code number in the trace, that of the unknown code when nobody announced it. */
uint32_t codes_find(struct target *target, uint32_t number);

#endif
