/* libdwfl finds what belongs to a file: by build-id below /usr/lib/debug/.build-id, by .gnu_debuglink beside it, in .debug/
 * and below /usr/lib/debug (checksum or build-id compared), dwz's shared files, and from debuginfod when DEBUGINFOD_URLS is
 * set. */
#include "image.h"

#include "../base/strbuf.h"
#include "../base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char deleted[] = " (deleted)";

/* Returns a descriptor or -errno. A FIFO put in the file's place must not hold us up. */
static int open_regular(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        return fd;
    close(fd);
    return -ENOEXEC;
}

/* 0 or -errno. */
static int load(struct image *image, const char *path, const char *debug_folder)
{
    int fd = open_regular(path);
    if (fd < 0)
        return fd;
    image->debug_path = xasprintf(":.debug:%s", debug_folder);     /* beside the file, in .debug/ there, below the folder */
    image->callbacks.find_elf = dwfl_build_id_find_elf;
    image->callbacks.find_debuginfo = dwfl_standard_find_debuginfo;
    image->callbacks.debuginfo_path = &image->debug_path;
    image->dwfl = dwfl_begin(&image->callbacks);
    if (image->dwfl)
        image->module = dwfl_report_elf(image->dwfl, path, path, fd, 0, true);   /* takes the descriptor when it succeeds */
    if (!image->module) {
        close(fd);
        image_close(image);
        return -ENOEXEC;
    }
    dwfl_report_end(image->dwfl, NULL, NULL);
    GElf_Addr bias;
    if (dwfl_module_getelf(image->module, &bias))
        return 0;
    image_close(image);
    return -ENOEXEC;
}

static void add_hex(struct strbuf *text, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        strbuf_printf(text, "%02x", bytes[i]);
}

static bool same_build_id(const struct image *image, const struct trace_module *module)
{
    const unsigned char *bits = NULL;
    GElf_Addr address;
    int n = dwfl_module_build_id(image->module, &bits, &address);
    return n == module->build_id_len && memcmp(bits, module->build_id, (size_t)n) == 0;
}

/* The debug file alone names everything, too; it survives when a package was upgraded or a file deleted. */
static bool load_debug_file(struct image *image, const struct trace_module *module, const char *debug_folder)
{
    if (module->build_id_len < 2)
        return false;
    struct strbuf path = STRBUF_INIT;
    strbuf_printf(&path, "%s/.build-id/", debug_folder);
    add_hex(&path, module->build_id, 1);
    strbuf_add_char(&path, '/');
    add_hex(&path, module->build_id + 1, module->build_id_len - 1u);
    strbuf_add(&path, ".debug");
    bool found = load(image, path.data, debug_folder) == 0;
    strbuf_release(&path);
    if (found && !same_build_id(image, module)) {
        image_close(image);
        found = false;
    }
    return found;
}

static char *describe_failure(const char *path, int error)
{
    if (error == -ENOENT || error == -ENOTDIR)
        return xasprintf("%s is not there any more, so its functions stay without names; "
                         "put the same file back and try again", path);
    if (error == -ENOEXEC)
        return xasprintf("%s is not a file in ELF format, so its functions stay without names", path);
    return xasprintf("%s cannot be read (%s), so its functions stay without names; "
                     "make it readable and try again", path, strerror(-error));
}

static char *describe_replacement(const char *path, const struct trace_module *module)
{
    struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "%s was replaced after it had been loaded, so its functions stay without names", path);
    if (module->build_id_len > 0) {
        strbuf_add(&text, "; put back the file with build-id ");
        add_hex(&text, module->build_id, module->build_id_len);
        strbuf_add(&text, " and try again");
    }
    return strbuf_detach(&text);
}

/* A deleted file's path may hold another file now, and without build-ids nobody can tell: no name is better than a wrong one. */
static char *open_path(struct image *image, const struct trace_module *module, const char *path, const char *debug_folder)
{
    bool was_deleted = strcmp(path, module->path) != 0;
    int error = load(image, path, debug_folder);
    if (error)
        return describe_failure(path, error);
    if (module->build_id_len > 0 ? same_build_id(image, module) : !was_deleted)
        return NULL;
    image_close(image);
    return describe_replacement(path, module);
}

char *image_open(struct image *image, const struct trace_module *module, const char *debug_folder)
{
    memset(image, 0, sizeof *image);
    if (module->path[0] == '[')
        return xasprintf("%s is part of the kernel and has no file, so its functions stay without names", module->path);
    size_t length = strlen(module->path), tail = sizeof deleted - 1;
    bool was_deleted = length > tail && strcmp(module->path + length - tail, deleted) == 0;
    char *path = xstrndup(module->path, was_deleted ? length - tail : length);
    char *problem = open_path(image, module, path, debug_folder);
    free(path);
    if (problem && load_debug_file(image, module, debug_folder)) {
        free(problem);
        problem = NULL;
    }
    return problem;
}

void image_close(struct image *image)
{
    if (image->dwfl)
        dwfl_end(image->dwfl);
    free(image->debug_path);
    memset(image, 0, sizeof *image);
}
