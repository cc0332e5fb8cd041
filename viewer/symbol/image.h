/* A module's file on disk: found, checked against the build-id that was recorded, opened together with its debug files. */
#ifndef HEAPLINE_SYMBOL_IMAGE_H
#define HEAPLINE_SYMBOL_IMAGE_H

#include "../trace/model.h"

#include <elfutils/libdwfl.h>

struct image {                      /* must not move while it is open */
    Dwfl *dwfl;                     /* owns the rest; NULL when there is no usable file */
    Dwfl_Module *module;
    Dwfl_Callbacks callbacks;
    char *debug_path;
};

/* Where distributions put debug files. */
#define IMAGE_DEBUG_FOLDER "/usr/lib/debug"

/* Opens the file of `module`, or its debug file below `debug_folder` when only that is left. Returns NULL, or one sentence
 * (the caller frees it) that says why the module stays without names; the image is then empty. */
char *image_open(struct image *image, const struct trace_module *module, const char *debug_folder);
void image_close(struct image *image);

#endif
