#include "demangle.h"

#include <libiberty/demangle.h>
#include <stdbool.h>
#include <string.h>

#define LONGEST 65536   /* the demangler's time may grow with the square of this */

/* Rust's legacy scheme is C++'s with a hash at the end, so it has to be asked first. */
char *demangle(const char *name)
{
    bool itanium = strncmp(name, "_Z", 2) == 0, rust = strncmp(name, "_R", 2) == 0;
    if ((!itanium && !rust) || strnlen(name, LONGEST) == LONGEST)
        return NULL;
    char *readable = rust_demangle(name, 0);
    if (!readable && itanium)
        readable = cplus_demangle_v3(name, DMGL_NO_OPTS);
    return readable;
}
