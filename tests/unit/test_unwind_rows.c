/* Compiled rules against libunwind, for the rows of whole modules: both take one step from the same made-up registers over
 * a made-up stack, on which every word holds a value that follows from its address. The caller's pc, sp and fp must come
 * out the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <libunwind-x86_64.h>
#include <string.h>

#include "lib/unwind_cfi.h"
#include "lib/unwind_table.h"

#define FAKE_STACK UINT64_C(0x500000000000)
#define FAKE_SIZE (UINT64_C(1) << 32)
#define FAKE_SP (FAKE_STACK + (UINT64_C(1) << 30))
#define FAKE_FP (FAKE_STACK + (UINT64_C(1) << 31))

int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t space, unw_word_t pc, unw_dyn_info_t *module, unw_proc_info_t *info,
    int need_unwind_info, void *context);

struct tally {
    size_t rows, simple, complex, end;
};

static uint64_t fake_load(uint64_t address)
{
    return FAKE_STACK + (address * UINT64_C(0x9e3779b97f4a7c15) >> 32 & ~UINT64_C(7));
}

static int access_memory(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write, void *context)
{
    if (address - FAKE_STACK < FAKE_SIZE)
        *value = fake_load(address);
    else
        memcpy(value, (void *)address, sizeof *value);
    return 0;
}

static int access_register(unw_addr_space_t space, unw_regnum_t reg, unw_word_t *value, int write, void *context)
{
    uintptr_t pc = *(const uintptr_t *)context;
    *value = reg == UNW_X86_64_RSP ? FAKE_SP : reg == UNW_X86_64_RBP ? FAKE_FP : reg == UNW_X86_64_RIP ? pc : 0;
    return 0;
}

/* libunwind reads the tables itself; only where they are is told. It takes the first frame's pc as it is, so it gets pc - 1. */
static int find_procedure(unw_addr_space_t space, unw_word_t pc, unw_proc_info_t *info, int need_unwind_info, void *context)
{
    struct hl_cfi_image image;
    struct hl_cfi_table table;
    if (hl_cfi_image_find(pc, &image) || hl_cfi_table_find(&image, &table))
        return -UNW_ENOINFO;
    unw_dyn_info_t module = { .start_ip = image.start, .end_ip = image.end, .format = UNW_INFO_FORMAT_REMOTE_TABLE };
    module.u.rti.segbase = image.header;
    module.u.rti.table_data = table.address;
    module.u.rti.table_len = table.entries;
    memset(info, 0, sizeof *info);
    return UNW_OBJ(dwarf_search_unwind_table)(space, pc, &module, info, need_unwind_info, context);
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *context) {}
static int no_dynamic_info(unw_addr_space_t space, unw_word_t *address, void *context) { return -UNW_ENOINFO; }

static unw_addr_space_t oracle_space(void)
{
    static unw_addr_space_t space;
    static unw_accessors_t accessors = { .find_proc_info = find_procedure, .put_unwind_info = put_unwind_info,
        .get_dyn_info_list_addr = no_dynamic_info, .access_mem = access_memory, .access_reg = access_register };
    if (!space)
        space = unw_create_addr_space(&accessors, 0);
    assert_non_null(space);
    return space;
}

static int oracle_step(uintptr_t at, struct hl_frame *caller)
{
    unw_cursor_t cursor;
    assert_int_equal(unw_init_remote(&cursor, oracle_space(), &at), 0);
    int result = unw_step(&cursor);
    if (result > 0) {
        unw_get_reg(&cursor, UNW_X86_64_RIP, (unw_word_t *)&caller->pc);
        unw_get_reg(&cursor, UNW_X86_64_RSP, (unw_word_t *)&caller->sp);
        unw_get_reg(&cursor, UNW_X86_64_RBP, (unw_word_t *)&caller->fp);
    }
    return result;
}

/* What hl_step does, over the made-up stack, by the packed word. */
static struct hl_frame rule_step(uint64_t word)
{
    struct hl_frame caller = { .fp = FAKE_FP };
    caller.sp = (hl_word_kind(word) == HL_RULE_SP ? FAKE_SP : FAKE_FP) + (intptr_t)hl_word_cfa(word);
    if (hl_word_kind(word) == HL_RULE_DEREF)
        caller.sp = fake_load(caller.sp);
    if (hl_word_fp_kind(word) == HL_FP_AT_CFA)
        caller.fp = fake_load(caller.sp + (intptr_t)hl_word_fp(word));
    if (hl_word_fp_kind(word) == HL_FP_AT_FP)
        caller.fp = fake_load(FAKE_FP + (intptr_t)hl_word_fp(word));
    caller.pc = fake_load(caller.sp + (intptr_t)hl_word_ra(word));
    return caller;
}

static void compare_at(uintptr_t at, struct tally *tally)
{
    struct hl_frame oracle, ours;
    uint64_t word = hl_rule_word(at + 1);
    enum hl_rule_kind kind = hl_word_kind(word);
    if (kind == HL_RULE_MISSING)
        return;
    tally->rows++;
    if (kind == HL_RULE_END) {
        tally->end++;
        assert_int_equal(oracle_step(at, &oracle), 0);
    } else if (kind == HL_RULE_COMPLEX) {
        tally->complex++;
    } else {
        tally->simple++;
        ours = rule_step(word);
        if (oracle_step(at, &oracle) <= 0 || ours.pc != oracle.pc || ours.sp != oracle.sp || ours.fp != oracle.fp)
            fail_msg("differs from libunwind at %#zx: kind %d cfa %lld", (size_t)at, kind, (long long)hl_word_cfa(word));
    }
}

/* Every function of the module that `inside` points into, at a dozen places each. */
static struct tally compare_module(void *inside)
{
    struct hl_cfi_image image;
    struct hl_cfi_table table;
    struct tally tally = { 0 };
    assert_int_equal(hl_cfi_image_find((uintptr_t)inside, &image), 0);
    assert_int_equal(hl_cfi_table_find(&image, &table), 0);
    const int32_t *entries = (const int32_t *)table.address;
    for (size_t i = 0; i < table.entries; i++) {
        uintptr_t start = image.header + (intptr_t)entries[2 * i];
        uintptr_t next = i + 1 < table.entries ? image.header + (intptr_t)entries[2 * i + 2] : start + 16;
        uintptr_t stride = 1 + (next - start) / 12;
        for (uintptr_t at = start; at < next; at += stride)
            compare_at(at, &tally);
    }
    print_message("%zu rows: %zu simple, %zu complex, %zu ends\n", tally.rows, tally.simple, tally.complex, tally.end);
    return tally;
}

static void rows_of_libc(void **state)
{
    struct tally tally = compare_module((void *)gnu_get_libc_version);
    assert_true(tally.rows > 10000);
    assert_true(tally.end > 0);
    assert_true(tally.complex * 50 < tally.rows);
}

static void rows_of_libstdcxx(void **state)
{
    void *handle = dlopen("libstdc++.so.6", RTLD_NOW);
    if (!handle)
        skip();
    struct tally tally = compare_module(dlsym(handle, "_Znwm"));
    assert_true(tally.rows > 10000);
    assert_true(tally.complex * 100 < tally.rows);
    dlclose(handle);
}

static void rows_of_the_loader(void **state)
{
    struct tally tally = compare_module(dlsym(RTLD_DEFAULT, "__tls_get_addr"));
    assert_true(tally.complex > 0);    /* _dl_runtime_resolve counts from rbx */
}

/* Rules at and beyond the limits of the fields come back from the word as they went in, or are refused. */
static void packing_keeps_offsets(void **state)
{
    static const int32_t cfas[] = { 8, 16, 4096, 1 << 20, (1 << 21) - 8, -8, -(1 << 21) }, fps[] = { -16, -56, -1024, 0, 1016 };
    uint32_t packed = 0;
    for (size_t i = 0; i < sizeof cfas / sizeof *cfas; i++)
        for (size_t j = 0; j < sizeof fps / sizeof *fps; j++) {
            struct hl_rule rule = { HL_RULE_DEREF, cfas[i], -8, HL_FP_AT_FP, fps[j] };
            assert_true(hl_arch_pack(&rule, &packed));
            uint64_t word = (uint64_t)packed << 32 | 0xffffffff;
            assert_int_equal(hl_word_kind(word), HL_RULE_DEREF);
            assert_int_equal(hl_word_fp_kind(word), HL_FP_AT_FP);
            assert_int_equal(hl_word_cfa(word), cfas[i]);
            assert_int_equal(hl_word_fp(word), fps[j]);
        }
    struct hl_rule refused[] = { { HL_RULE_SP, 1 << 21, -8, HL_FP_SAME, 0 }, { HL_RULE_SP, 12, -8, HL_FP_SAME, 0 },
        { HL_RULE_SP, 16, -16, HL_FP_SAME, 0 }, { HL_RULE_SP, 16, -8, HL_FP_AT_CFA, -1032 },
        { HL_RULE_SP, 16, -8, HL_FP_AT_CFA, 1024 } };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_false(hl_arch_pack(&refused[i], &packed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packing_keeps_offsets),
        cmocka_unit_test(rows_of_libc),
        cmocka_unit_test(rows_of_libstdcxx),
        cmocka_unit_test(rows_of_the_loader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
