/* viewer/collect/inspect: what can be profiled, told from files made here. */
#include "../../viewer/base/xalloc.h"
#include "../../viewer/collect/inspect.h"

#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/heapline-inspect-XXXXXX";

static int setup(void **state) { return mkdtemp(folder) ? chdir(folder) : -1; }

static int teardown(void **state)
{
    char *command = xasprintf("cd / && rm -rf %s", folder);
    int status = system(command);
    free(command);
    return status;
}

static void make_file(const char *name, mode_t mode, const void *bytes, size_t n)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* An executable whose only program header names `interpreter`; NULL: there is none. */
static size_t make_elf(unsigned char bytes[1024], const char *interpreter)
{
    Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_DYN, .e_machine = EM_X86_64,
                         .e_version = EV_CURRENT, .e_phoff = sizeof header, .e_ehsize = sizeof header, .e_phentsize = sizeof(Elf64_Phdr),
                         .e_phnum = 1};
    Elf64_Phdr program = {.p_type = interpreter ? PT_INTERP : PT_NULL, .p_offset = sizeof header + sizeof program,
                          .p_filesz = interpreter ? strlen(interpreter) + 1 : 0};
    memset(bytes, 0, 1024);
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, &program, sizeof program);
    if (interpreter)
        memcpy(bytes + program.p_offset, interpreter, program.p_filesz);
    return 1024;
}

static void expect(const char *name, enum inspect_verdict verdict, const char *word)
{
    struct inspection inspection;
    inspect_program(name, &inspection);
    if (inspection.verdict != verdict || (word && !strstr(inspection.reason, word)))
        fail_msg("%s: verdict %d, \"%s\"; expected %d, ...%s...", name, inspection.verdict, inspection.reason, verdict, word ? word : "");
    if (verdict == INSPECT_FINE)
        assert_string_equal(inspection.reason, "");
    else
        assert_null(strchr(inspection.reason, '\n'));
}

static void test_programs(void **state)
{
    unsigned char bytes[1024];
    make_file("fine", 0755, bytes, make_elf(bytes, "/bin/sh"));          /* any executable file will do as the loader */
    make_file("static", 0755, bytes, make_elf(bytes, NULL));
    make_file("musl", 0755, bytes, make_elf(bytes, "/lib/ld-musl-x86_64.so.1"));
    make_file("no-loader", 0755, bytes, make_elf(bytes, "/no/such/loader"));
    expect("./fine", INSPECT_FINE, NULL);
    expect("/bin/sh", INSPECT_FINE, NULL);
    expect("./static", INSPECT_BARRED, "statically linked");
    expect("./musl", INSPECT_BARRED, "musl");
    expect("./no-loader", INSPECT_NOT_FOUND, "/no/such/loader");
}

static void test_other_machines(void **state)
{
    unsigned char bytes[1024];
    size_t n = make_elf(bytes, "/bin/sh");
    ((Elf64_Ehdr *)bytes)->e_machine = EM_S390;
    make_file("foreign", 0755, bytes, n);
    Elf32_Ehdr small = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_EXEC, .e_machine = EM_386,
                        .e_version = EV_CURRENT, .e_ehsize = sizeof small};
    make_file("small", 0755, &small, sizeof small);
    expect("./foreign", INSPECT_BARRED, "another processor");
    expect("./small", INSPECT_BARRED, "32-bit");
}

static void test_no_programs(void **state)
{
    make_file("text", 0755, "echo hello\n", 11);
    make_file("empty", 0755, "", 0);
    make_file("plain", 0644, "#!/bin/sh\n", 10);
    mkdir("sub", 0755);
    expect("./text", INSPECT_BARRED, "#!");
    expect("./empty", INSPECT_BARRED, "#!");
    expect("./plain", INSPECT_NOT_EXECUTABLE, "chmod");
    expect("./sub", INSPECT_NOT_EXECUTABLE, "directory");
    expect("./missing", INSPECT_NOT_FOUND, "./missing");
    expect("./text/below", INSPECT_NOT_FOUND, "./text/below");
    expect("", INSPECT_NOT_FOUND, NULL);
}

static void test_scripts(void **state)
{
    unsigned char bytes[1024];
    char text[600];
    make_file("static", 0755, bytes, make_elf(bytes, NULL));
    make_file("script", 0755, text, (size_t)sprintf(text, "#! /bin/sh -e\necho\n"));
    make_file("nested", 0755, text, (size_t)sprintf(text, "#!%s/script", folder));
    make_file("by-static", 0755, text, (size_t)sprintf(text, "#!%s/static\n", folder));
    make_file("by-nobody", 0755, "#!/no/such/shell\n", 17);
    make_file("circle", 0755, text, (size_t)sprintf(text, "#!%s/circle\n", folder));
    expect("./script", INSPECT_FINE, NULL);
    expect("./nested", INSPECT_FINE, NULL);
    expect("./by-static", INSPECT_BARRED, "statically linked");
    expect("./by-nobody", INSPECT_NOT_FOUND, "/no/such/shell");
    struct inspection inspection;
    inspect_program("./circle", &inspection);             /* it ends; the kernel says what is wrong */
}

static void test_path(void **state)
{
    unsigned char bytes[1024];
    size_t n = make_elf(bytes, "/bin/sh");
    char *old = xstrdup(getenv("PATH"));
    struct inspection inspection;
    mkdir("one", 0755);
    mkdir("two", 0755);
    make_file("one/tool", 0644, bytes, n);
    make_file("two/tool", 0755, bytes, n);
    make_file("one/closed", 0644, bytes, n);
    make_file("here", 0755, bytes, n);
    setenv("PATH", "one:two", 1);
    inspect_program("tool", &inspection);                 /* the first is passed over: it is not executable */
    assert_int_equal(inspection.verdict, INSPECT_FINE);
    assert_string_equal(inspection.path, "two/tool");
    expect("closed", INSPECT_NOT_EXECUTABLE, "chmod");
    expect("here", INSPECT_NOT_FOUND, "PATH");
    setenv("PATH", "one:", 1);                            /* an empty part is the working directory */
    expect("here", INSPECT_FINE, NULL);
    setenv("PATH", old, 1);
    free(old);
}

/* Every cut, and every byte of the headers turned over: a verdict, or at least an end. */
static void test_damaged(void **state)
{
    unsigned char bytes[1024];
    struct inspection inspection;
    size_t n = make_elf(bytes, "/bin/sh");
    for (size_t cut = 0; cut < 140; cut++) {
        make_file("cut", 0755, bytes, cut);
        inspect_program("./cut", &inspection);
        assert_true(cut >= sizeof(Elf64_Ehdr) || inspection.verdict == INSPECT_BARRED);
        inspect_defines_malloc("./cut");
    }
    for (size_t i = 0; i < sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr); i++) {
        bytes[i] ^= 0xff;
        make_file("flipped", 0755, bytes, n);
        inspect_program("./flipped", &inspection);
        inspect_defines_malloc("./flipped");
        bytes[i] ^= 0xff;
    }
}

static void test_own_allocator(void **state)
{
    assert_false(inspect_defines_malloc("/bin/sh"));
    assert_false(inspect_defines_malloc("./missing"));
    if (system("echo 'void *malloc(unsigned long n) { return (void *)n; } int main(void) { return 0; }' | "
               "cc -w -fno-builtin -x c - -o own 2>/dev/null") != 0) {
        print_message("skipped: cc is not installed\n");
        skip();
    }
    assert_true(inspect_defines_malloc("./own"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_other_machines),
        cmocka_unit_test(test_no_programs),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_own_allocator),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
