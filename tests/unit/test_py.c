/* Python's structures made up in memory: layouts are found or refused, walks that go on from the last one see what a walk from scratch sees, and the
 * stacks that a collector would put together from the differences are the merged ones. */
#include "../../lib/py.h"

#include "../../lib/event.h"
#include "../../lib/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- what py_find.c, event.c and stack.c provide in the library ---- */

struct hl_python hl_python;
const int hl_py_not_collecting;
static struct hl_session session;
struct hl_session *hl_session = &session;
__thread struct hl_thread *hl_self;

void hl_py_try(struct hl_thread *thread) {}
bool hl_event_room(struct hl_thread *thread) { return true; }
void hl_event_tick(struct hl_thread *thread, uint64_t now_ns) {}
void hl_stack_check(struct hl_thread *thread) {}
void hl_py_source_met(struct hl_thread *thread, const char *name, size_t length) {}
uint8_t *hl_generation_make(uintptr_t address) { static uint8_t byte; return &byte; }
uint8_t **hl_generation_tables[2];
static unsigned announced;
void hl_event_bytes(struct hl_thread *thread, const uint64_t *words, size_t n, const void *bytes, size_t length)
{
    announced += hl_record_kind(words[0]) == HL_RECORD_CODE;
}

/* The native walk of a test: the frames that it set up; the same ones as before are said to be unchanged. */
static struct hl_walked native[64], native_before[64];
static uint32_t n_native, n_native_before;

uint64_t hl_stack_capture(struct hl_thread *thread, uintptr_t pc, uintptr_t sp, uintptr_t fp, uint64_t *words)
{
    uint32_t same = 0, known = thread->depth ? n_native_before : 0;
    while (same < n_native && same < known && native[same].pc == native_before[same].pc && native[same].sp == native_before[same].sp)
        same++;
    memcpy(thread->frames, native, sizeof native);
    memcpy(native_before, native, sizeof native);
    thread->depth = n_native_before = n_native;
    thread->unchanged = same;
    return 0;
}

/* ---- an interpreter of 3.12's layout: frames, shims and code objects ---- */

struct frame { char *code; struct frame *previous; void *between[5]; char *instruction; int top; uint16_t offset; char owner; };

#define CODES 8
#define FRAMES 40
#define CODE_BYTES 4096

static char codes[CODES][CODE_BYTES], code_type, unicode_type, bytes_type;
static struct frame frames[FRAMES], shims[FRAMES];
static struct { struct frame *current; } cframe;
static char state_of_thread[256];
static struct hl_thread *thread;
static uint64_t ring[4096];
static struct hl_ring_head head;
static _Atomic uint64_t tick;

static void *this_state(void) { return state_of_thread; }

static int set_up(void **unused)
{
    const char *reason;
    assert_true(hl_py_layout_find(0x030c0100, NULL, &hl_python.layout, &reason));
    hl_python.version = 0x030c0100;
    hl_python.thread_current = hl_python.thread_this = this_state;
    hl_python.code_type = &code_type;
    hl_python.unicode_type = &unicode_type;
    hl_python.bytes_type = &bytes_type;
    for (int i = 0; i < CODES; i++)
        *(void **)(codes[i] + 8) = &code_type;
    *(void **)(state_of_thread + hl_python.layout.cframe) = &cframe;
    *(void **)(state_of_thread + hl_python.layout.thread_interpreter) = calloc(1, 4096);
    thread = calloc(2, sizeof *thread);
    thread->nested = thread + 1;
    thread->tick = &tick;
    thread->head = &head;
    thread->python = calloc(1, sizeof *thread->python);
    thread->python->collecting = &hl_py_not_collecting;
    return 0;
}

/* ---- random programs: stacks of loops, each with some Python frames and some native ones ---- */

static uint32_t seed;
static uint32_t roll(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* A loop: so many Python frames, so many natives inside of its own native frame. */
struct loop { uint32_t pythons, natives; };

static struct loop loops[8];
static uint32_t n_loops, outer_natives;
static uint32_t code_of_frame[FRAMES], instruction_of_frame[FRAMES];
static uintptr_t pc_of_native[64];

static void change_program(void)
{
    switch (roll(24)) {
    case 0:                              /* another stack altogether */
        n_loops = roll(5);
        outer_natives = 1 + roll(4);
        for (uint32_t i = 0; i < n_loops; i++)
            loops[i] = (struct loop){1 + roll(5), roll(4)};
        break;
    case 1:                              /* calls */
        if (n_loops && loops[n_loops - 1].pythons < 6)
            loops[n_loops - 1].pythons++;
        break;
    case 2:                              /* returns */
        if (n_loops && loops[n_loops - 1].pythons > 1)
            loops[n_loops - 1].pythons--;
        break;
    case 3:                              /* a native function calls Python, or the loop ends */
        if (n_loops && roll(2))
            n_loops--;
        else if (n_loops < 6)
            loops[n_loops++] = (struct loop){1 + roll(3), roll(3)};
        break;
    case 4:
        code_of_frame[roll(FRAMES)] = roll(CODES);
        pc_of_native[roll(64)] = 0x1000 + roll(50);
        break;
    default: break;                      /* the same calls as before */
    }
    instruction_of_frame[roll(4) ? 0 : roll(FRAMES)] = roll(100);
}

/* Lays the program out: natives from high addresses down, shims inside their loop's native frame. Fills the merged stack as it should be, outermost first. */
static uint32_t lay_out(uint64_t *merged, bool shifted)
{
    uint32_t n = 0, used = 0, depth = 0;
    uintptr_t sp = (uintptr_t)&shims[FRAMES] + 0x10000 - (shifted ? 64 : 0);
    struct frame *outer = NULL;
    for (uint32_t i = 0; i < outer_natives; i++, depth++)
        native[depth] = (struct hl_walked){.pc = pc_of_native[depth], .sp = sp -= 64};
    for (uint32_t i = 0; i < depth; i++)
        merged[n++] = native[i].pc;
    for (uint32_t k = 0; k < n_loops; k++) {
        struct frame *shim = &shims[FRAMES - 1 - k];
        *shim = (struct frame){.previous = outer, .owner = 3};
        native[depth++] = (struct hl_walked){.pc = 0x9000 + roll(3), .sp = (uintptr_t)shim - 16};    /* the next frame outwards lies above the shim */
        outer = shim;
        for (uint32_t i = 0; i < loops[k].pythons; i++, used++) {
            char *code = codes[code_of_frame[used]];
            frames[used] = (struct frame){.code = code, .previous = outer, .owner = 0,
                                          .instruction = code + hl_python.layout.code_first + 2 * (instruction_of_frame[used])};
            outer = &frames[used];
            merged[n++] = hl_frame_python(hl_py_code(thread, (uintptr_t)code), instruction_of_frame[used]);
        }
        sp = (uintptr_t)shim - 16;
        for (uint32_t i = 0; i < loops[k].natives; i++, depth++) {
            native[depth] = (struct hl_walked){.pc = pc_of_native[depth], .sp = sp -= 8};
            merged[n++] = native[depth].pc;
        }
    }
    n_native = depth;
    cframe.current = n_loops ? outer : NULL;
    return n;
}

/* What the collector has, brought up to date by a record. */
static uint64_t known[256];
static uint32_t n_known;

static void apply(const uint64_t *record)
{
    uint32_t kept = hl_stack_kept(record[1]), fresh = hl_stack_fresh(record[1]);
    assert_in_range(kept, 0, n_known);
    for (uint32_t i = 0; i < fresh; i++)
        known[kept + fresh - 1 - i] = record[2 + i];
    n_known = kept + fresh;
}

static void test_differences_add_up(void **unused)
{
    uint64_t merged[256], *end, sent = 0, whole = 0;
    seed = 1;
    for (uint32_t run = 0; run < 50000; run++) {
        change_program();
        bool shifted = roll(20) == 0;
        uint32_t n = lay_out(merged, shifted);
        thread->cursor = (char *)ring;
        thread->limit = (char *)(ring + 4096);
        if (roll(50) == 0)
            thread->depth = n_known = 0;     /* something was dropped: the collector is told all again */
        uint64_t *record = hl_py_stack(thread, (struct hl_frame){0}, 2, 0, &end);
        assert_non_null(record);
        apply(record);
        assert_int_equal(n_known, n);
        assert_memory_equal(known, merged, n * sizeof *merged);
        sent += hl_stack_fresh(record[1]);
        whole += n;
    }
    assert_true(sent * 5 < whole * 4);       /* and they are differences */
}

static void test_codes_die(void **unused)
{
    uint32_t first = hl_py_code(thread, (uintptr_t)codes[0]), before = announced;
    assert_int_equal(hl_py_code(thread, (uintptr_t)codes[0]), first);
    assert_int_equal(announced, before);
    hl_py_code_gone((uintptr_t)codes[0]);
    uint32_t second = hl_py_code(thread, (uintptr_t)codes[0]);
    assert_int_not_equal(second, first);
    assert_int_equal(announced, before + 1);
    uintptr_t no_code[4] = {0};
    assert_int_equal(hl_py_code(thread, (uintptr_t)no_code), 0);
}

/* The same frame, at the same address and instruction, runs another function that took the memory of one that is gone. */
static void test_function_replaced(void **unused)
{
    uint64_t merged[256], *end;
    n_loops = 1;
    outer_natives = 1;
    loops[0] = (struct loop){1, 1};
    for (int i = 0; i < 2; i++) {
        uint32_t n = lay_out(merged, false);
        thread->cursor = (char *)ring;
        thread->limit = (char *)(ring + 4096);
        apply(hl_py_stack(thread, (struct hl_frame){0}, 2, 0, &end));
        assert_int_equal(n_known, n);
        assert_memory_equal(known, merged, n * sizeof *merged);
        hl_py_code_gone((uintptr_t)codes[code_of_frame[0]]);
    }
}

/* ---- layouts ---- */

#define WORDS 128

static void describe(uint64_t *runtime, uint32_t version, bool free_threaded)
{
    memset(runtime, 0, WORDS * sizeof *runtime);
    memcpy(runtime, "xdebugpy", 8);
    runtime[1] = version;
    runtime[2] = free_threaded;
}

static void test_layouts(void **unused)
{
    struct hl_py_layout layout;
    const char *reason = "";
    uint64_t runtime[WORDS];
    for (uint32_t minor = 8; minor <= 12; minor++)
        assert_true(hl_py_layout_find(0x03000000 | minor << 16, NULL, &layout, &reason));
    assert_false(hl_py_layout_find(0x03070000, NULL, &layout, &reason));
    assert_false(hl_py_layout_find(0x030f0000, NULL, &layout, &reason));
    assert_non_null(strstr(reason, "3.8 to 3.14"));

    describe(runtime, 0x030d00f0, false);
    runtime[23] = 72;                        /* 3.13: thread_state.current_frame */
    runtime[43] = 200;                       /* code_object.co_code_adaptive */
    assert_true(hl_py_layout_find(0x030d00f0, (const char *)runtime, &layout, &reason));
    assert_int_equal(layout.thread_frame, 72);
    assert_int_equal(layout.code_first, 200);
    describe(runtime, 0x030e00f0, false);
    runtime[26] = 88;                        /* 3.14: three words further on */
    assert_true(hl_py_layout_find(0x030e00f0, (const char *)runtime, &layout, &reason));
    assert_int_equal(layout.thread_frame, 88);
}

static void test_layouts_refused(void **unused)
{
    struct hl_py_layout layout;
    const char *reason = "";
    uint64_t runtime[WORDS];
    describe(runtime, 0x030d00f0, true);
    assert_false(hl_py_layout_find(0x030d00f0, (const char *)runtime, &layout, &reason));
    assert_non_null(strstr(reason, "free-threaded"));
    describe(runtime, 0x030e00f0, false);    /* of another version than the interpreter says it is */
    assert_false(hl_py_layout_find(0x030d00f0, (const char *)runtime, &layout, &reason));
    describe(runtime, 0x030d00f0, false);
    memcpy(runtime, "nonsense", 8);
    assert_false(hl_py_layout_find(0x030d00f0, (const char *)runtime, &layout, &reason));
    assert_false(hl_py_layout_find(0x030d00f0, NULL, &layout, &reason));
}

/* Looks that cannot fault: wild pointers and objects of other types are noticed. */
static void test_probe(void **unused)
{
    uint64_t merged[256];
    n_loops = 2;
    outer_natives = 1;
    loops[0] = loops[1] = (struct loop){2, 1};
    lay_out(merged, false);
    char text[64] = {0}, table[64] = {0};
    *(void **)(text + 8) = &unicode_type;
    *(void **)(table + 8) = &bytes_type;
    for (int i = 0; i < CODES; i++) {
        *(void **)(codes[i] + hl_python.layout.code_file) = *(void **)(codes[i] + hl_python.layout.code_qualified) = text;
        *(void **)(codes[i] + hl_python.layout.code_lines) = table;
    }
    assert_int_equal(hl_py_probe(state_of_thread), 1);
    frames[1].code = text;
    assert_int_equal(hl_py_probe(state_of_thread), -1);
    frames[1].code = (char *)16;
    assert_int_equal(hl_py_probe(state_of_thread), -1);
    cframe.current = (struct frame *)8;
    assert_int_equal(hl_py_probe(state_of_thread), -1);
    cframe.current = NULL;
    assert_int_equal(hl_py_probe(state_of_thread), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences_add_up), cmocka_unit_test(test_codes_die), cmocka_unit_test(test_function_replaced),
        cmocka_unit_test(test_layouts), cmocka_unit_test(test_layouts_refused), cmocka_unit_test(test_probe),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
