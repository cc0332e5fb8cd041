/* Which allocation stack is the same as one of another build or another run: function names, relative source paths and the
 * modules' names count, lines, addresses and build ids do not. */
#ifndef HEAPLINE_ANALYZE_IDENTITY_H
#define HEAPLINE_ANALYZE_IDENTITY_H

#include "../base/strbuf.h"
#include "profile.h"

/* Appends one line a frame, innermost first: "function file" or "function [module]". Paths below `root` are written relative
 * to it, of others only the last part ("" or NULL: of all; a folder that the run's sources have in common would change with
 * the first run that passes through another one). Of Python's library and packages the path inside of them counts, of modules
 * the name without a version. Frames of the C and C++ runtime and of the interpreter between Python frames are left out, as
 * reports do, unless there are no others; --native and --wrapper change nothing. What hangs on code elsewhere or on data is
 * left out too: the suffixes of clones (.constprop.0, .isra.0, .cold), the numbers of lambdas and closures, and how often a
 * line repeats. A stack without any function's name has the modules' addresses instead: it is the same in the same build only,
 * and never that of another stack. */
void identity_add(struct strbuf *out, const struct profile *profile, const char *root, uint32_t stack);

/* 16 hexadecimal digits of the text above; the same for the same text for ever. `out` has room for 17. */
void identity_fingerprint(const char *text, char out[17]);

#endif
