/* What paths tell of Python: the standard library and installed packages, and the interpreter's own parts. */
#ifndef HEAPLINE_ANALYZE_PYTHON_PATH_H
#define HEAPLINE_ANALYZE_PYTHON_PATH_H

#include "../base/strbuf.h"

#include <stdbool.h>

/* A file of the standard library (…/lib/python3.X/), of an installed package (site-packages, dist-packages), or code that the
 * interpreter or a library holds in memory ("<frozen os>"). What a person typed ("<string>", a notebook's cell) is none. */
bool python_path_is_library(const char *path);

/* The interpreter's import machinery: between a line that imports and the module's own lines it says nothing. */
bool python_path_is_import(const char *path);

/* What of a Python file's path is worth showing: "pandas/core/frame.py" of a library, "app.py", "web/__init__.py". */
const char *python_path_tail(const char *path);

/* Appends what Python calls an extension module: "numpy.core._multiarray_umath". */
void python_add_module(struct strbuf *out, const char *path);

/* The module is an interpreter: python3.11, libpython3.11.so.1.0. */
bool python_is_interpreter_module(const char *path);

/* A source that only an interpreter has, whatever module holds it; and one of a folder of such sources. */
bool python_is_interpreter_core(const char *path);
bool python_is_interpreter_source(const char *path);

#endif
