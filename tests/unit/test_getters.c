/* Getters as compilers write them, byte by byte: which word of the object they return, and those of which it cannot be said. */
#include "../../lib/graph_py_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef __x86_64__
struct getter { const char *what, *code; size_t n; uint32_t offset; };
#define GETTER(what, offset, code) {what, code, sizeof code - 1, offset}

static const struct getter plain[] = {
    GETTER("mov rax,[rdi+18]; inc [rax]; ret", 0x18, "\x48\x8b\x47\x18\x48\xff\x00\xc3"),
    GETTER("endbr64; mov rax,[rdi+1230]; add [rax],1; ret", 0x1230,
           "\xf3\x0f\x1e\xfa\x48\x8b\x87\x30\x12\x00\x00\x48\x83\x00\x01\xc3"),
    GETTER("push rbx; mov rbx,[rdi+40]; add [rdi],1; add [rbx],1; sub [rdi],1; je; mov rax,rbx; pop rbx; ret", 0x40,
           "\x53\x48\x8b\x5f\x40\x48\x83\x07\x01\x48\x83\x03\x01\x48\x83\x2f\x01\x74\x05\x48\x89\xd8\x5b\xc3"),
    GETTER("mov rax,[rdi+20]; mov edx,[rax]; add edx,1; je; mov [rax],edx; ret", 0x20,
           "\x48\x8b\x47\x20\x8b\x10\x83\xc2\x01\x74\x02\x89\x10\xc3"),
    GETTER("mov rax,[rdi+20]; cmp rax,[rip]; je; add [rax],1; ret", 0x20,
           "\x48\x8b\x47\x20\x48\x3b\x05\x01\x02\x03\x04\x74\x05\x48\x83\x00\x01\xc3"),
    GETTER("mov rdx,[rdi+38]; mov eax,[rdx]; cmp eax,bfffffff; ja; add eax,1; mov [rdx],eax; mov rax,rdx; ret", 0x38,
           "\x48\x8b\x57\x38\x8b\x02\x3d\xff\xff\xff\xbf\x77\x05\x83\xc0\x01\x89\x02\x48\x89\xd0\xc3"),
    GETTER("mov r8,[rdi+28]; mov rax,r8; ret", 0x28, "\x4c\x8b\x47\x28\x4c\x89\xc0\xc3"),
};

static const struct getter others[] = {
    GETTER("what the word leads to: mov rax,[rdi+18]; mov rax,[rax+10]; ret", 0, "\x48\x8b\x47\x18\x48\x8b\x40\x10\xc3"),
    GETTER("the object's type: mov rax,[rdi+8]; ret", 0, "\x48\x8b\x47\x08\xc3"),
    GETTER("no whole word: mov rax,[rdi+1c]; ret", 0, "\x48\x8b\x47\x1c\xc3"),
    GETTER("half of it: mov eax,[rdi+18]; ret", 0, "\x8b\x47\x18\xc3"),
    GETTER("in front of it: mov rax,[rdi-18]; ret", 0, "\x48\x8b\x47\xe8\xc3"),
    GETTER("another object: mov rdi,[rsi]; mov rax,[rdi+18]; ret", 0, "\x48\x8b\x3e\x48\x8b\x47\x18\xc3"),
    GETTER("one more: mov rax,[rdi+18]; add rax,1; ret", 0, "\x48\x8b\x47\x18\x48\x83\xc0\x01\xc3"),
    GETTER("popped: mov rax,[rdi+18]; pop rax; ret", 0, "\x48\x8b\x47\x18\x58\xc3"),
    GETTER("of the code's own: mov rax,[rip+18]; ret", 0, "\x48\x8b\x05\x18\x00\x00\x00\xc3"),
    GETTER("an array's: mov rax,[rdi+rsi*8+18]; ret", 0, "\x48\x8b\x44\xf7\x18\xc3"),
    GETTER("a call: mov rax,[rdi+18]; call; ret", 0, "\x48\x8b\x47\x18\xe8\x00\x00\x00\x00\xc3"),
    GETTER("a jump: mov rax,[rdi+18]; jmp [rax]", 0, "\x48\x8b\x47\x18\xff\x20\xc3"),
    GETTER("nothing: ret", 0, "\xc3"),
};

static bool look(const char *code, size_t n, uint32_t *offset)
{
    uint8_t *copy = malloc(n ? n : 1);   /* so that reading on is noticed */
    assert_non_null(copy);
    memcpy(copy, code, n);
    bool found = hl_graph_py_getter(copy, n, offset);
    free(copy);
    return found;
}

static void test_plain(void **state)
{
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        uint32_t offset = 0;
        if (!look(plain[i].code, plain[i].n, &offset) || offset != plain[i].offset)
            fail_msg("%s returns %#x, not %#x", plain[i].what, offset, plain[i].offset);
    }
}

static void test_others(void **state)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        uint32_t offset = 0;
        if (look(others[i].code, others[i].n, &offset))
            fail_msg("%s is taken for a word at %#x", others[i].what, offset);
    }
}

/* Code that ends early, and bytes that are none. */
static void test_damage(void **state)
{
    uint32_t offset, seed = 1;
    char noise[64];
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        for (size_t n = 0; n < plain[i].n; n++)
            assert_false(look(plain[i].code, n, &offset));
    for (int round = 0; round < 200000; round++) {
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
        if (look(noise, sizeof noise, &offset))
            assert_true(offset >= 16 && offset % 8 == 0);
    }
}
#endif

int main(void)
{
#ifdef __x86_64__
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain), cmocka_unit_test(test_others), cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
#else
    return 77;                           /* getters are read on x86-64 only */
#endif
}
