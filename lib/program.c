#include "program.h"

#include "sys.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define HEAD_BYTES 4096
#define SCRIPTS_MAX 4

static long read_head(const char *path, char *head)
{
    long fd = hl_sys(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
    if (fd < 0)
        return fd;
    long n = hl_sys(SYS_pread64, fd, (long)head, HEAD_BYTES - 1, 0, 0, 0);
    hl_sys(SYS_close, fd, 0, 0, 0, 0, 0);
    head[n > 0 ? n : 0] = 0;
    return n;
}

static bool elf_takes_library(const char *head, long n)
{
    const ElfW(Ehdr) *header = (const void *)head, *own = (const void *)getauxval(AT_SYSINFO_EHDR);
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || (own && header->e_machine != own->e_machine))
        return false;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        uint64_t at = header->e_phoff + (uint64_t)i * sizeof(ElfW(Phdr));
        if (at + sizeof(ElfW(Phdr)) > (uint64_t)n)
            break;
        ElfW(Phdr) segment;
        memcpy(&segment, head + at, sizeof segment);
        if (segment.p_type == PT_INTERP && segment.p_offset < (uint64_t)n)
            return !strstr(head + segment.p_offset, "/ld-musl");
    }
    return true;
}

static bool file_takes_library(const char *path, int depth)
{
    char head[HEAD_BYTES] __attribute__((aligned(16)));
    long n = read_head(path, head);
    if (n >= (long)sizeof(ElfW(Ehdr)) && memcmp(head, ELFMAG, SELFMAG) == 0)
        return elf_takes_library(head, n);
    if (n < 3 || head[0] != '#' || head[1] != '!' || depth == SCRIPTS_MAX)
        return true;
    char *interpreter = head + 2 + strspn(head + 2, " \t");
    interpreter[strcspn(interpreter, " \t\r\n")] = 0;
    return file_takes_library(interpreter, depth + 1);
}

bool hl_program_takes_library(const char *file, bool search)
{
    const char *path = search && file && !strchr(file, '/') ? getenv("PATH") : NULL;
    char joined[HEAD_BYTES];
    if (!file || !*file)
        return true;
    if (!path)
        return file_takes_library(file, 0);
    for (size_t length; *path; path += length + (path[length] == ':')) {
        length = strcspn(path, ":");
        if (length + strlen(file) + 2 > sizeof joined)
            continue;
        memcpy(joined, path, length);
        joined[length] = '/';
        strcpy(joined + length + (length > 0), file);
        if (hl_sys(SYS_faccessat, AT_FDCWD, (long)joined, X_OK, 0, 0, 0) == 0)
            return file_takes_library(joined, 0);
    }
    return true;
}
