/* For the symbolizer's tests: compiles the programs in symbol/ into a folder of its own and looks addresses up in them. */
#ifndef HEAPLINE_TESTS_SYMBOL_FILES_H
#define HEAPLINE_TESTS_SYMBOL_FILES_H

#include "../../viewer/symbol/symbolizer.h"

/* cmocka group fixtures: the folder, which is the working directory of the tests. */
int files_setup(void **state);
int files_teardown(void **state);

/* Runs a shell command with $SRC set to the folder of the programs; false when it fails (its output is printed then). */
bool files_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Skips the calling test, with a reason, when the tool is not installed. */
void files_need(const char *tool);

/* First line of a command's output, without the newline. Static. */
const char *files_output(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads the build-id of an ELF file into `module` and sets its path to `path`, made absolute by the working directory (static). */
void files_module(struct trace_module *module, const char *elf, const char *path);

/* The address of the symbol "probe_NAME", or of a function, by nm on `elf`. Fails the test when it is not there. */
uint64_t files_address(const char *elf, const char *symbol);

/* The number of the line of symbol/SOURCE that holds `text`. */
uint32_t files_line(const char *source, const char *text);

/* "FUNCTION FILE:LINE" of each level, joined with " < ", the file's last part only; "??" for what is unknown. Static. */
const char *files_describe(const struct trace_symbol *symbols, size_t n);

#endif
