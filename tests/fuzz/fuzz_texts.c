/* What people and other tools write, and names that a trace brings along: selectors, budgets, suppressions, names of C++ and of
 * allocators; and the machine code of getters. The first byte chooses. Nothing crashes, hangs or reads beyond the end. */
#include "../../lib/graph_py_int.h"
#include "../../viewer/analyze/allocators.h"
#include "../../viewer/analyze/budgets.h"
#include "../../viewer/analyze/suppressions.h"
#include "../../viewer/base/xalloc.h"
#include "../../viewer/graph/cpp_type.h"
#include "../unit/graph_sample.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_sentence(int status, const struct trace_error *error)
{
    if (status < 0 && !error->text[0])
        abort();
}

static void select_with(const char *text)
{
    struct graph_sample sample;
    struct trace_error error = { "" };
    uint8_t *set = NULL;
    uint32_t n = 0;
    sample_init(&sample);
    uint32_t cache = sample_node(&sample, sample_type(&sample, GRAPH_PYTHON, "shop.cache", "Cache"), 48);
    uint32_t map = sample_node(&sample, sample_type(&sample, GRAPH_CPP, "libplug.so.2", "std::map<int, long>[]"), 200);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "cache", cache);
    sample_edge(&sample, cache, HL_EDGE_INDEX, 0, map);
    int status = graph_select(sample_finish(&sample), text, &set, &n, &error);
    expect_sentence(status, &error);
    if (status == 0 && n > 3)
        abort();
    free(set);
    sample_release(&sample);
}

static void budget_with(const char *text)
{
    struct budgets budgets;
    struct trace_error error = { "" };
    uint64_t hundredths;
    budgets_init(&budgets);
    expect_sentence(budgets_add(&budgets, text, &error), &error);
    expect_sentence(budgets_parse(&budgets, "heapline.ini", text, &error), &error);
    budgets_parse_percent(text, &hundredths);
    budgets_release(&budgets);
}

static void suppress_with(const char *text, size_t n)
{
    static const struct suppression_frame frames[] = {
        { "malloc", NULL, "/lib/libc.so.6", 0 }, { "std::vector<int>::push_back(int&&)", "/src/a.cpp", "/opt/app", 3 }, { NULL, NULL, NULL, 0 },
    };
    struct suppressions *suppressions = suppressions_create();
    struct trace_error error = { "" };
    int status = suppressions_parse(suppressions, "rules", text, n, &error);
    expect_sentence(status, &error);
    if (status == 0)
        suppressions_match(suppressions, &(struct suppression_subject){ TRACE_REACH_LOST, "0123456789abcdef", frames, 3 });
    suppressions_destroy(suppressions);
}

static void name_with(const char *text)
{
    char *names[] = { xstrdup(text), xasprintf("std::__new_allocator<%s>::allocate", text),
                      xasprintf("std::unique_ptr<%s> std::make_unique<%s>(int)", text, text), xasprintf("std::_Sp_counted_ptr<%s*>", text) };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct strbuf made = STRBUF_INIT;
        const char *name = names[i];
        size_t before = made.length;
        if (!cpp_type_add_made(&made, name) && made.length != before)
            abort();
        cpp_type_passes_on(name);
        allocator_is_named(name);
        strbuf_truncate(&made, 0);
        cpp_type_add(&made, name);
        if (made.length > 2 * strlen(name) + 16 || cpp_type_class_length(made.data) > made.length)       /* a blank behind each comma */
            abort();
        strbuf_release(&made);
        free(names[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t offset;
    if (size == 0)
        return 0;
    char *text = xstrndup((const char *)data + 1, size - 1);
    switch (*data % 5) {
    case 0: select_with(text); break;
    case 1: budget_with(text); break;
    case 2: suppress_with((const char *)data + 1, size - 1); break;
    case 3: name_with(text); break;
    default:
        if (hl_graph_py_getter(data + 1, size - 1, &offset) && (offset < 16 || offset % 8))
            abort();
    }
    free(text);
    return 0;
}
