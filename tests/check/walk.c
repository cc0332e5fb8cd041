/* The oracle of `heapline run --check-stacks`: libunwind's idea of the same stack. Loaded into the target by itself, privately (RTLD_LOCAL), so
 * that its _Unwind_ names stay unseen. */
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <stddef.h>
#include <stdint.h>

size_t heapline_check_walk(uintptr_t sp, uintptr_t *pcs, size_t max);

/* Return addresses from the frame with stack pointer `sp` outwards, innermost first; at most `max`. */
__attribute__((visibility("default"))) size_t heapline_check_walk(uintptr_t sp, uintptr_t *pcs, size_t max)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unw_word_t at, pc;
    size_t n = 0;
    unw_getcontext(&context);
    unw_init_local(&cursor, &context);
    do {
        unw_get_reg(&cursor, UNW_REG_SP, &at);
        unw_get_reg(&cursor, UNW_REG_IP, &pc);
        if (at >= sp && pc && n < max)
            pcs[n++] = pc;
    } while (n < max && unw_step(&cursor) > 0);
    return n;
}
