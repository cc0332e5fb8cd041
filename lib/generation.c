#include "generation.h"

#include "sys.h"

uint8_t **hl_generation_tables[2];

static uint8_t fallback;

#define NOTED_MAX 4096                   /* tables whose memory is accounted for: 256 GB of heap */
static uint8_t *noted[NOTED_MAX];
static uint32_t n_noted;

/* *place, made of `bytes` zeroed bytes if it is NULL; of two threads that make it at once one wins. NULL: no memory. */
static void *make_once(void **place, size_t bytes)
{
    void *made = __atomic_load_n(place, __ATOMIC_ACQUIRE), *expected = NULL;
    if (made)
        return made;
    made = hl_sys_map(bytes, 0);
    if (!made || __atomic_compare_exchange_n(place, &expected, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return made;
    hl_sys_unmap(made, bytes);
    return expected;
}

HL_COLD uint8_t *hl_generation_make(uintptr_t address)
{
    size_t bytes = (size_t)1 << (HL_GENERATION_SPAN_BITS - 4);
    uintptr_t table = address >> HL_GENERATION_SPAN_BITS & (HL_GENERATION_TABLES - 1);
    uint8_t **tables = make_once((void **)&hl_generation_tables[address >> 3 & 1], HL_GENERATION_TABLES * sizeof *tables);
    uint8_t *made = tables ? make_once((void **)&tables[table], bytes) : NULL;
    uint32_t i = made ? __atomic_fetch_add(&n_noted, 1, __ATOMIC_RELAXED) : NOTED_MAX;
    if (i < NOTED_MAX)
        noted[i] = made;
    return made ? made + (address >> 4 & (bytes - 1)) : &fallback;
}

uint64_t hl_generation_resident(void)
{
    uint32_t n = __atomic_load_n(&n_noted, __ATOMIC_RELAXED);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n && i < NOTED_MAX; i++)
        sum += hl_sys_resident(noted[i], (size_t)1 << (HL_GENERATION_SPAN_BITS - 4));
    return sum;
}
