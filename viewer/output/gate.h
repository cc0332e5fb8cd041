/* The outputs of `heapline gate`: the same findings (findings.h) for people and for the services that run it.
 *
 * All are given findings after findings_finish, and return 0 or -errno. Names may hold any bytes: each format replaces or
 * escapes what it cannot carry. */
#ifndef HEAPLINE_OUTPUT_GATE_H
#define HEAPLINE_OUTPUT_GATE_H

#include "../analyze/findings.h"
#include "view.h"

/* The verdict, every check on one line, then what failed and what could not be checked with stacks and holders (view->top of
 * them, 20 by default). */
int gate_write_text(const struct view *view, const struct findings *findings);

/* "heapline-gate/1" of docs/json.md. */
int gate_write_json(FILE *out, const struct findings *findings);

/* One test suite with a test case for each budget; readers agree on no standard, so it keeps to what the schemas of Ant's
 * and of Jenkins' reports both allow. What could not be checked is an error, what failed a failure. */
int gate_write_junit(FILE *out, const struct findings *findings);

/* SARIF 2.1.0 (OASIS): failures are results; what could not be checked is a notification of a tool that did not execute
 * successfully. Paths are relative to %SRCROOT%; what is the program's as a whole is reported at its name, because code
 * scanning refuses results without a place. */
int gate_write_sarif(FILE *out, const struct findings *findings);

/* GitLab's Code Quality report: failures and what could not be checked, each at a path of the repository, or else at the
 * program's name. */
int gate_write_gitlab(FILE *out, const struct findings *findings);

/* GitHub's workflow commands on `annotations`, which is the job's own output: the ten errors that the service shows for a
 * step, and one notice that names the rest. A job summary in Markdown on `summary`, or nowhere when that is NULL. */
int gate_write_github(FILE *annotations, FILE *summary, const struct findings *findings);

#endif
