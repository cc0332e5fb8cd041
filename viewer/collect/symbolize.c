#include "symbolize.h"

#include "../base/xalloc.h"
#include "../symbol/symbolizer.h"
#include "../trace/writer.h"

#include <stdlib.h>

#define LEVELS_MAX 64             /* inlined functions in one frame */

static const struct trace_frame *order_frames;

static int by_module_and_address(const void *a, const void *b)
{
    const struct trace_frame *x = &order_frames[*(const uint32_t *)a], *y = &order_frames[*(const uint32_t *)b];
    if (x->module != y->module)
        return x->module < y->module ? -1 : 1;
    return x->address < y->address ? -1 : x->address > y->address;
}

void symbolize_all(struct trace_writer *writer, const struct fold_shared *shared)
{
    struct symbolizer *symbolizer;
    if (symbolizer_create(&symbolizer) != 0)
        return;
    VEC(uint32_t) order = {0};
    for (uint32_t i = 0; i < shared->frame_list.n; i++)
        if (shared->frame_list.items[i].kind == TRACE_FRAME_NATIVE)
            vec_push(&order, i);
    order_frames = shared->frame_list.items;
    vec_sort(&order, by_module_and_address);
    struct symbolizer_module *module = NULL;
    uint32_t module_id = TRACE_NONE;
    for (size_t k = 0; k < order.n; k++) {
        const struct trace_frame *frame = &order_frames[order.items[k]];
        struct trace_symbol symbols[LEVELS_MAX];
        if (frame->module != module_id) {
            module_id = frame->module;
            module = symbolizer_open(symbolizer, &shared->module_list.items[module_id]);
        }
        size_t n = symbolizer_find(module, frame->address - 1, symbols, LEVELS_MAX);
        if (n)
            trace_write_symbols(writer, order.items[k], symbols, n);
    }
    vec_release(&order);
    symbolizer_destroy(symbolizer);
}
