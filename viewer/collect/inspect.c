#include "inspect.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <libelf.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SCRIPTS_MAX 4             /* interpreters of interpreters, as the kernel counts them */

static void judge(struct inspection *inspection, enum inspect_verdict verdict, const char *path, const char *text)
{
    inspection->verdict = verdict;
    snprintf(inspection->reason, sizeof inspection->reason, "'%s' %s", path, text);
}

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* As execvp(3): a name without '/' is looked for along PATH. */
static bool search(const char *name, char path[PATH_MAX], struct inspection *inspection)
{
    const char *dirs = getenv("PATH");
    if (strchr(name, '/')) {
        snprintf(path, PATH_MAX, "%s", name);
        return true;
    }
    bool denied = false;
    for (const char *dir = dirs ? dirs : "/usr/local/bin:/bin:/usr/bin", *end; dir; dir = *end ? end + 1 : NULL) {
        end = dir + strcspn(dir, ":");
        snprintf(path, PATH_MAX, "%.*s%s%s", (int)(end - dir), dir, end > dir ? "/" : "", name);
        if (is_file(path) && access(path, X_OK) == 0)
            return true;
        denied |= is_file(path);
    }
    if (denied)
        judge(inspection, INSPECT_NOT_EXECUTABLE, name, "is not executable: chmod +x makes it so");
    else
        judge(inspection, INSPECT_NOT_FOUND, name, "was not found along PATH: check the spelling or give its path");
    return false;
}

static bool may_execute(const char *path, struct inspection *inspection)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        char text[128];
        snprintf(text, sizeof text, "cannot be run: %s", strerror(errno));
        judge(inspection, errno == EACCES ? INSPECT_NOT_EXECUTABLE : INSPECT_NOT_FOUND, path, text);
    } else if (S_ISDIR(status.st_mode)) {
        judge(inspection, INSPECT_NOT_EXECUTABLE, path, "is a directory: name the program in it");
    } else if (access(path, X_OK) != 0) {
        judge(inspection, INSPECT_NOT_EXECUTABLE, path, "is not executable: chmod +x makes it so");
    } else {
        return true;
    }
    return false;
}

/* Secure execution: the loader ignores LD_PRELOAD when the file changes the caller's rights. */
static bool changes_rights(const char *path)
{
    struct stat status;
    char value[64];
    if (stat(path, &status) != 0)
        return false;
    return (status.st_mode & S_ISUID && status.st_uid != getuid()) || (status.st_mode & S_ISGID && status.st_mode & S_IXGRP && status.st_gid != getgid()) ||
           (geteuid() != 0 && getxattr(path, "security.capability", value, sizeof value) > 0);
}

static const char *const native_machine_name = "x86-64";
static const unsigned native_machine = EM_X86_64;

/* Reads the interpreter that PT_INTERP names; empty when there is none. */
static void find_interpreter(int fd, Elf *elf, char interpreter[PATH_MAX])
{
    size_t n = 0;
    interpreter[0] = 0;
    elf_getphdrnum(elf, &n);
    for (size_t i = 0; i < n; i++) {
        GElf_Phdr header;
        if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_INTERP || header.p_filesz >= PATH_MAX)
            continue;
        ssize_t got = pread(fd, interpreter, header.p_filesz, (off_t)header.p_offset);
        interpreter[got > 0 ? got : 0] = 0;
    }
}

static void judge_elf(int fd, const char *path, struct inspection *inspection)
{
    char interpreter[PATH_MAX], text[PATH_MAX + 128];
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    GElf_Ehdr header;
    if (!elf || !gelf_getehdr(elf, &header)) {
        judge(inspection, INSPECT_BARRED, path, "is a damaged ELF file: build or install it again");
    } else if (header.e_ident[EI_CLASS] != ELFCLASS64) {
        judge(inspection, INSPECT_BARRED, path, "is a 32-bit program and heapline's library is 64-bit: profile a 64-bit build of it");
    } else if (header.e_machine != native_machine) {
        snprintf(text, sizeof text, "is built for another processor than %s: profile a build for this machine", native_machine_name);
        judge(inspection, INSPECT_BARRED, path, text);
    } else {
        find_interpreter(fd, elf, interpreter);
        if (!interpreter[0]) {
            judge(inspection, INSPECT_BARRED, path, "is statically linked, so no library can be preloaded: link it dynamically (without -static)");
        } else if (strstr(interpreter, "/ld-musl")) {
            judge(inspection, INSPECT_BARRED, path, "uses musl as its C library and heapline's library needs glibc: profile a glibc build of it");
        } else if (access(interpreter, X_OK) != 0) {
            snprintf(text, sizeof text, "needs the loader '%.3900s', which is missing: install the C library that it was built for", interpreter);
            judge(inspection, INSPECT_NOT_FOUND, path, text);
        } else if (changes_rights(path)) {
            judge(inspection, INSPECT_BARRED, path,
                  "is setuid, setgid or has capabilities, so the loader ignores preloaded libraries: run it as its owner or profile a copy without them");
        }
    }
    elf_end(elf);
}

/* "#!interpreter arguments" -> interpreter. */
static bool script_interpreter(const char *head, char interpreter[PATH_MAX])
{
    if (head[0] != '#' || head[1] != '!')
        return false;
    const char *p = head + 2 + strspn(head + 2, " \t");
    snprintf(interpreter, PATH_MAX, "%.*s", (int)strcspn(p, " \t\r\n"), p);
    return interpreter[0] != 0;
}

static void judge_file(const char *path, struct inspection *inspection, int depth)
{
    char head[257] = "", interpreter[PATH_MAX];
    if (!may_execute(path, inspection))
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;                          /* executable but not readable: the kernel may run it all the same */
    ssize_t n = read(fd, head, sizeof head - 1);
    if (n >= 4 && memcmp(head, ELFMAG, 4) == 0) {
        elf_version(EV_CURRENT);
        judge_elf(fd, path, inspection);
    } else if (n > 0 && script_interpreter(head, interpreter)) {
        if (depth < SCRIPTS_MAX)
            judge_file(interpreter, inspection, depth + 1);
        if (inspection->verdict == INSPECT_NOT_FOUND) {
            char text[PATH_MAX + 64];
            snprintf(text, sizeof text, "names the interpreter '%.4000s' in its #! line, which is missing: install it or correct the line", interpreter);
            judge(inspection, INSPECT_NOT_FOUND, path, text);
        }
    } else {
        judge(inspection, INSPECT_BARRED, path, "is no program and has no #! line: name the interpreter, as in `heapline run sh FILE`");
    }
    close(fd);
}

void inspect_program(const char *name, struct inspection *inspection)
{
    inspection->verdict = INSPECT_FINE;
    inspection->reason[0] = 0;
    if (search(name, inspection->path, inspection))
        judge_file(inspection->path, inspection, 0);
}

static bool table_defines_malloc(Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t n = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
    for (size_t i = 0; i < n; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
            continue;
        const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);
        if (name && (strcmp(name, "malloc") == 0 || strcmp(name, "je_malloc") == 0 || strcmp(name, "tc_malloc") == 0 || strcmp(name, "mi_malloc") == 0))
            return true;
    }
    return false;
}

bool inspect_defines_malloc(const char *path)
{
    bool found = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    elf_version(EV_CURRENT);
    Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
    for (Elf_Scn *section = NULL; elf && !found && (section = elf_nextscn(elf, section));) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
            found = table_defines_malloc(elf, section, &header);
    }
    elf_end(elf);
    if (fd >= 0)
        close(fd);
    return found;
}
