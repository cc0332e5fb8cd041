/* What the gate's formats share. */
#ifndef HEAPLINE_OUTPUT_GATE_PARTS_H
#define HEAPLINE_OUTPUT_GATE_PARTS_H

#include "../base/format.h"
#include "../base/strbuf.h"
#include "../base/strmap.h"
#include "gate.h"

/* A check: all findings of one rule and one budget, worst and largest first. */
struct gate_check {
    const struct finding *first;
    enum gate_outcome outcome;
    VEC(const struct finding *) findings;
};
struct gate_checks VEC_FIELDS(struct gate_check);

/* In the order of the findings. */
void gate_checks_init(struct gate_checks *checks, const struct findings *findings);
void gate_checks_release(struct gate_checks *checks);
size_t gate_checks_count(const struct gate_checks *checks, enum gate_outcome outcome);

int gate_exit_code(enum gate_outcome outcome);

/* "Gate failed: 2 of 5 checks failed, 1 could not be made." */
void gate_add_verdict(struct strbuf *out, const struct findings *findings, const struct gate_checks *checks);

/* Has the rule figures, and in which unit: "bytes", "bytes per iteration", "allocations", or NULL. */
const char *gate_unit(enum gate_rule rule);

/* "1.50 MiB", "16 B/iteration", "1,234", or "-" for rules without figures. */
struct format_text gate_figure(enum gate_rule rule, uint64_t value);

/* Where a service that shows the repository puts it: the owner, else the next frame outwards, else any whose file lies below
 * the root. NULL: none does. */
const struct finding_frame *gate_place(const struct finding *finding);

/* A file and no name in brackets of code that never was in one ("<string>"). */
bool gate_frame_has_file(const struct finding_frame *frame);

/* Below the root: a relative path without its "./", or NULL. */
const char *gate_relative(const char *path);

/* 16 hexadecimal digits of the rule, the budget and the finding's own fingerprint, which hold no line; those that are in
 * `seen` already get a number behind them, so that no two are the same in one report. */
void gate_add_fingerprint(struct strbuf *out, const struct finding *finding, struct strmap *seen);

/* The program's path if it lies below the root, else its name: what stands for findings without a place. */
void gate_add_program(struct strbuf *out, const struct findings *findings);

/* "file:line", "[module]" or nothing: what is known of a frame's place. */
void gate_add_where(struct strbuf *out, const struct finding_frame *frame);

/* "function  file:line": the same behind the function, "?" for one without a name. */
void gate_add_frame(struct strbuf *out, const struct finding_frame *frame);

/* Valid UTF-8 of characters that XML 1.0 and terminals take: what is none becomes U+FFFD. Line ends and tabs stay, or become
 * blanks on one line. */
void gate_add_clean(struct strbuf *out, const char *text, bool one_line);

/* A path as a URI reference: all but unreserved characters and slashes percent-encoded (RFC 3986). */
void gate_add_uri(struct strbuf *out, const char *path);

#endif
