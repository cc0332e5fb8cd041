/* Which allocation stack is the same as one of another build or another run: function names, relative source paths and the modules' names count, lines,
 * addresses and build ids do not. */
#ifndef HEAPLINE_ANALYZE_IDENTITY_H
#define HEAPLINE_ANALYZE_IDENTITY_H

#include "../base/strbuf.h"
#include "profile.h"

/* Paths below `root` are written relative to it ("" or NULL: the longest folder that all source lines of the trace have in common is cut).
 * Appends one line a frame, innermost first: "function file" or "function [module]"; frames of allocators, of the
 * runtime and of the interpreter between Python frames are left out, as reports do. */
void identity_add(struct strbuf *out, const struct profile *profile, const char *root, uint32_t stack);

/* 16 hexadecimal digits of the text above; the same for the same text for ever. `out` has room for 17. */
void identity_fingerprint(const char *text, char out[17]);

#endif
