/* What `heapline leaks` prints of a small snapshot, as text, as JSON and as rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "../../viewer/output/leaks_print.h"
#include "../../viewer/base/xalloc.h"
#include "test_leaks_sample.h"

#include <string.h>

static struct trace *trace;
static struct profile *profile;
static struct leaks *leaks;
static struct suppressions *rules;

/* Address, bytes, site, born, reach, ignored, at. */
static const struct trace_snapshot_block blocks[] = {
    { 0x1000, 100, SITE_A, 1 * MS, TRACE_REACH_LOST, false, 0 },
    { 0x2000, 50, SITE_B, 2 * MS, TRACE_REACH_INDIRECT, false, 0x1008 },
    { 0x4000, 200, SITE_WORKER_A, 5 * MS, TRACE_REACH_LOST, false, 0 },
    { 0x6000, 64, SITE_C, 4 * MS, TRACE_REACH_POSSIBLE, false, 0x7ff0100 },
    { 0x7000, 1000, SITE_B, 1 * MS, TRACE_REACH_HELD, false, 0x600048 },
};

static void judge(const char *suppressions)
{
    struct trace_error error = { "" };
    struct selection selection = { .memory = MEMORY_HEAP };
    trace = leaks_sample(&(struct sample_run){
        .snapshots = { { .process = PARENT, .blocks = blocks, .n = N_OF(blocks) } }, .n_snapshots = 1,
        .exits = { PARENT_ENDS, { CHILD, TRACE_EXIT_SIGNAL, 9, 4 * MS } }, .n_exits = 2 });
    assert_non_null(trace);
    rules = suppressions_create();
    assert_int_equal(suppressions_parse(rules, "my.supp", suppressions, strlen(suppressions), &error), 0);
    assert_int_equal(profile_create(&profile, trace, &selection, &error), 0);
    assert_int_equal(leaks_create(&leaks, profile, &(struct leaks_question){ .suppressions = rules }, &error), 0);
}

static int tear_down(void **state)
{
    leaks_destroy(leaks);
    profile_destroy(profile);
    suppressions_destroy(rules);
    trace_close(trace);
    return 0;
}

#define KINDS (1u << TRACE_REACH_LOST | 1u << TRACE_REACH_INDIRECT | 1u << TRACE_REACH_POSSIBLE | 1u << TRACE_REACH_HELD)

static char *print(bool json, struct leaks_wanted wanted)
{
    char *text = NULL;
    size_t n;
    struct view view = { .colors = palette_for(COLOR_NEVER, 1), .width = 120, .trace_path = "app.hpl" };
    view.out = open_memstream(&text, &n);
    wanted.suppressions = rules;
    if (json)
        assert_int_equal(leaks_print_json(&view, leaks, &wanted), 0);
    else
        leaks_print_text(&view, leaks, &wanted);
    fclose(view.out);
    return text;
}

static void text(void **state)
{
    judge("leak:nobody\n");
    char *printed = print(false, (struct leaks_wanted){ LEAKS_BY_STACK, KINDS, true, NULL });
    char *expected = xasprintf(
        "Leaks: 300 B in 2 blocks lost, from 1 place; only they lead to 50 B in 1 more. Possibly lost: 64 B in 1 block.\n"
        "program   app --fast\n"
        "looked at process 100, at its end, 9.00 ms: 5 blocks\n"
        "\n"
        "Lost: nothing leads to these blocks any more\n"
        "\n"
        "  300 B in 2 blocks, keep 50 B in 1 more, allocated from 1.00 ms to 5.00 ms  [%s]\n"
        "    > a a.c:21\n"
        "      main app.c:10\n"
        "      0x4000  200 B\n"
        "      0x1000  100 B\n"
        "\n"
        "Indirectly lost: only lost blocks lead to these\n"
        "\n"
        "  50 B in 1 block, allocated at 2.00 ms  [%s]\n"
        "    > b b.c:31\n"
        "      main app.c:10\n"
        "      only kept by block of 100 from a.c:21 -> +0x8\n"
        "      0x2000  50 B\n"
        "\n"
        "Possibly lost: only pointers into their inside lead to these\n"
        "\n"
        "  64 B in 1 block, allocated at 4.00 ms  [%s]\n"
        "      c (libplug.so.2)\n"
        "    > main app.c:10\n"
        "      pointed into from stack of thread 100 (app)\n"
        "      0x6000  64 B\n"
        "\n"
        "Still reachable: 1000 B in 1 block\n"
        "      1000 B in 1 block             b b.c:31\n"
        "      held by global pool in app -> +0x8\n"
        "      0x7000  1000 B\n"
        "\n"
        "Suppressions that matched nothing: nobody (my.supp:1).\n"
        "\n"
        "Not everything could be looked at\n"
        "  Process 200: killed by signal 9 (Killed); there was no time to look at its memory.\n"
        "\n"
        "Looking cost a pause of 2.00 ms (1.00 ms of it the fork) and 5.00 ms beside the program, for 1.00 MiB of memory.\n"
        "\n"
        "No event was lost.\n"
        "Recording cost 0 B of memory in the program and 2.00 ms of processor time beside it.\n",
        leaks->groups.items[0].fingerprint, leaks->groups.items[1].fingerprint, leaks->groups.items[2].fingerprint);
    assert_string_equal(printed, expected);
    free(printed);
    free(expected);
}

static void verdicts_in_words(void **state)
{
    judge("rule all of it\nmodule: *\n");
    char *printed = print(false, (struct leaks_wanted){ LEAKS_BY_STACK, KINDS, false, NULL });
    assert_int_equal(strncmp(printed, "Incomplete: no leak was found, but not everything could be looked at", 66), 0);
    assert_non_null(strstr(printed, "\nSuppressed: 1.38 KiB in 5 blocks\n  1.38 KiB in 5 blocks              all of it (my.supp:1)\n"));
    free(printed);
    leaks->verdict = LEAKS_CLEAN;
    printed = print(false, (struct leaks_wanted){ LEAKS_BY_STACK, KINDS, false, NULL });
    assert_int_equal(strncmp(printed, "No leaks but suppressed ones.\n", 30), 0);
    free(printed);
}

static json_int_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static const char *string(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_string(value));
    return json_string_value(value);
}

static void json(void **state)
{
    judge("leak:nobody\n");
    char *printed = print(true, (struct leaks_wanted){ LEAKS_BY_STACK, KINDS, false, NULL });
    json_t *root = json_loads(printed, 0, NULL), *groups = json_object_get(root, "groups");
    assert_string_equal(string(root, "schema"), "heapline-leaks-1");
    assert_string_equal(string(root, "verdict"), "leaks");
    assert_int_equal(json_array_size(json_object_get(root, "reasons")), 1);
    assert_int_equal(json_array_size(groups), 4);

    const json_t *lost = json_array_get(groups, 0), *held = json_array_get(groups, 3);
    assert_string_equal(string(lost, "kind"), "lost");
    assert_int_equal(number(lost, "bytes"), 300);
    assert_int_equal(number(lost, "blocks"), 2);
    assert_int_equal(number(lost, "indirect_bytes"), 50);
    assert_int_equal(number(lost, "indirect_blocks"), 1);
    assert_int_equal(number(lost, "first_ns"), 1 * MS);
    assert_int_equal(number(lost, "last_ns"), 5 * MS);
    assert_int_equal(number(lost, "owner"), 0);
    assert_string_equal(string(lost, "fingerprint"), leaks->groups.items[0].fingerprint);
    assert_int_equal(number(json_array_get(json_object_get(lost, "largest"), 0), "address"), 0x4000);
    const json_t *frame = json_array_get(json_object_get(lost, "stack"), 0);
    assert_string_equal(string(frame, "function"), "a");
    assert_string_equal(string(frame, "file"), "/src/a.c");
    assert_int_equal(number(frame, "line"), 21);
    assert_string_equal(string(frame, "module"), "/opt/app/app");
    assert_int_equal(json_array_size(json_object_get(lost, "path")), 0);

    assert_string_equal(string(held, "kind"), "reachable");
    const json_t *path = json_object_get(held, "path");
    assert_int_equal(json_array_size(path), 2);
    assert_string_equal(string(json_array_get(path, 0), "kind"), "global");
    assert_string_equal(string(json_array_get(path, 0), "name"), "pool+0x8");
    assert_int_equal(number(json_array_get(path, 0), "offset"), 0x48);
    assert_string_equal(string(json_array_get(path, 1), "kind"), "block");
    assert_int_equal(number(json_array_get(path, 1), "bytes"), 1000);

    assert_int_equal(number(json_object_get(json_object_get(root, "totals"), "possible"), "bytes"), 64);
    const json_t *rule = json_array_get(json_object_get(json_object_get(root, "suppressed"), "rules"), 0);
    assert_string_equal(string(rule, "name"), "nobody");
    assert_int_equal(number(rule, "groups"), 0);
    const json_t *snapshot = json_array_get(json_object_get(root, "snapshots"), 0);
    assert_int_equal(number(snapshot, "pid"), 100);
    assert_string_equal(string(snapshot, "cause"), "exit");
    assert_true(json_real_value(json_object_get(snapshot, "pause_s")) == 0.002);
    json_decref(root);
    free(printed);
}

static void kinds_narrow(void **state)
{
    judge("");
    char *printed = print(true, (struct leaks_wanted){ LEAKS_BY_STACK, 1u << TRACE_REACH_POSSIBLE, false, NULL });
    json_t *root = json_loads(printed, 0, NULL), *groups = json_object_get(root, "groups");
    assert_int_equal(json_array_size(groups), 1);
    assert_string_equal(string(json_array_get(groups, 0), "kind"), "possible");
    assert_int_equal(number(json_object_get(json_object_get(root, "totals"), "lost"), "bytes"), 300);
    json_decref(root);
    free(printed);
}

/* What is written takes what it was written of. */
static void written_rules_take_all(void **state)
{
    char *written = NULL;
    size_t n, count;
    judge("");
    FILE *out = open_memstream(&written, &n);
    assert_int_equal(leaks_write_suppressions(out, leaks, 1u << TRACE_REACH_LOST | 1u << TRACE_REACH_POSSIBLE, &count), 0);
    fclose(out);
    assert_int_equal(count, 2);
    assert_non_null(strstr(written, "\nrule lost at a a.c:21\n  # 300 B in 2 blocks\n  #   a a.c:21\n  #   main app.c:10\n  kind: lost\n  fingerprint: "));
    tear_down(NULL);
    judge(written);
    free(written);
    assert_int_equal(leaks->verdict, LEAKS_INCOMPLETE);
    assert_int_equal(leaks->suppressed_bytes, 414);
    assert_int_equal(leaks->blocks[TRACE_REACH_LOST] + leaks->blocks[TRACE_REACH_INDIRECT] + leaks->blocks[TRACE_REACH_POSSIBLE], 0);
    assert_int_equal(leaks->bytes[TRACE_REACH_HELD], 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(text, tear_down),
        cmocka_unit_test_teardown(verdicts_in_words, tear_down),
        cmocka_unit_test_teardown(json, tear_down),
        cmocka_unit_test_teardown(kinds_narrow, tear_down),
        cmocka_unit_test_teardown(written_rules_take_all, tear_down),
    };
    return cmocka_run_group_tests_name("leaks' output", tests, NULL, NULL);
}
