#include "generation.h"

#include "session.h"
#include "sys.h"

uint8_t *hl_generation_tables[2][HL_GENERATION_TABLES];

static uint8_t fallback;

HL_COLD uint8_t *hl_generation_make(uintptr_t address)
{
    size_t bytes = (size_t)1 << (HL_GENERATION_SPAN_BITS - 4);
    uintptr_t table = address >> HL_GENERATION_SPAN_BITS;
    if (table >= HL_GENERATION_TABLES)
        return &fallback;
    uint8_t *made = hl_sys_map(bytes, 0), *expected = NULL;
    if (!made)
        return &fallback;
    uint8_t **entry = &hl_generation_tables[address >> 3 & 1][table];
    if (__atomic_compare_exchange_n(entry, &expected, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        expected = made;
    else
        hl_sys_unmap(made, bytes);
    return expected + (address >> 4 & (bytes - 1));
}
