/* Numbers for code objects. A table by address holds, in one word a slot, the address and the number, so that threads read and write it without locks;
 * a code that lost its slot to another is announced again under a new number, and the collector finds that it is the same. A
 * code's memory may be another code's a moment later: when one is freed its slot is cleared, and threads look their frames up anew. */
#include "event.h"
#include "py.h"
#include "sys.h"

#include <string.h>

#define SLOT_BITS 16
#define SLOTS (1u << SLOT_BITS)
#define WAYS 4u
#define NUMBER_MASK ((UINT64_C(1) << HL_PYTHON_CODE_BITS) - 1)
#define TEXT_MAX 4096
#define TABLE_MAX (4u << 20)

/* A slot: number below, then 28 bits of the address, then how far from its home the slot lies. The other bits of the address are the home's. */
static _Atomic uint64_t *slots;
static _Atomic uint32_t numbers;           /* given so far; a forked child goes on from here */

static _Atomic uint64_t *table(void)
{
    _Atomic uint64_t *made = __atomic_load_n(&slots, __ATOMIC_ACQUIRE), *expected = NULL;
    if (HL_LIKELY(made != NULL))
        return made;
    made = hl_sys_map(SLOTS * sizeof *made, 1);
    if (!made || __atomic_compare_exchange_n(&slots, &expected, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return made;
    hl_sys_unmap(made, SLOTS * sizeof *made);
    return expected;
}

uint64_t hl_py_codes_resident(void) { return slots ? hl_sys_resident(slots, SLOTS * sizeof *slots) : 0; }

HL_INLINE uint32_t home_of(uintptr_t code)
{
    uint64_t a = code >> 4, high = a >> SLOT_BITS;
    return (uint32_t)(a ^ high ^ high >> 7) & (SLOTS - 1);
}

HL_INLINE uint64_t tag_of(uintptr_t code, uint32_t way)
{
    return ((uint64_t)way << 28 | (code >> (4 + SLOT_BITS) & ((1u << 28) - 1))) << HL_PYTHON_CODE_BITS;
}

HL_INLINE _Atomic uint64_t *find(_Atomic uint64_t *in, uintptr_t code, uint64_t *slot)
{
    uint32_t home = home_of(code);
    for (uint32_t way = 0; way < WAYS; way++) {
        _Atomic uint64_t *at = &in[(home + way) & (SLOTS - 1)];
        *slot = atomic_load_explicit(at, memory_order_acquire);
        if (*slot && (*slot & ~NUMBER_MASK) == tag_of(code, way))
            return at;
    }
    return NULL;
}

static void enter(_Atomic uint64_t *in, uintptr_t code, uint32_t number)
{
    uint32_t home = home_of(code);
    for (uint32_t way = 0; way < WAYS; way++) {
        uint64_t empty = 0;
        if (atomic_compare_exchange_strong(&in[(home + way) & (SLOTS - 1)], &empty, tag_of(code, way) | number))
            return;
    }
    uint32_t way = number % WAYS;
    atomic_store(&in[(home + way) & (SLOTS - 1)], tag_of(code, way) | number);
}

HL_INLINE const char *field(uintptr_t object, size_t offset) { return *(const char *const *)(object + offset); }

/* One code point as UTF-8; a lone surrogate of PEP 383 as the byte that it stands for. */
static size_t put_point(char *out, uint32_t point)
{
    if (point < 0x80 || (point >= 0xdc80 && point <= 0xdcff)) {
        out[0] = (char)point;
        return 1;
    }
    size_t more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    for (size_t i = more; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)((0xf0 << (3 - more)) | point);
    return more + 1;
}

/* The text of a str object (PEP 393) as UTF-8, cut where `max` bytes end. */
static size_t copy_text(char *out, size_t max, const char *object)
{
    if (!object || *(const void *const *)(object + 8) != hl_python.unicode_type)
        return 0;
    uint64_t length = *(const uint64_t *)(object + 16);
    uint32_t state = *(const uint32_t *)(object + 32), kind = state >> 2 & 7;
    if (!(state >> 5 & 1))                 /* not compact: a subclass */
        return 0;
    const char *data = object + (state >> 6 & 1 ? hl_python.layout.ascii_bytes : hl_python.layout.compact_bytes);
    size_t n = 0;
    for (uint64_t i = 0; i < length && n + 4 <= max; i++)
        n += put_point(out + n, kind == 1 ? ((const uint8_t *)data)[i] : kind == 2 ? ((const uint16_t *)data)[i] : ((const uint32_t *)data)[i]);
    return n;
}

/* What CODE carries, end to end. */
struct parcel {
    const char *parts[3];
    size_t bytes[3];
};

static size_t take(struct parcel *parcel, char *out, size_t max)
{
    size_t n = 0;
    for (int i = 0; i < 3 && n < max; i++) {
        size_t piece = parcel->bytes[i] < max - n ? parcel->bytes[i] : max - n;
        memcpy(out + n, parcel->parts[i], piece);
        parcel->parts[i] += piece;
        parcel->bytes[i] -= piece;
        n += piece;
    }
    return n;
}

static void send_code(struct hl_thread *thread, uint32_t number, uint32_t first_line, struct parcel parcel)
{
    char piece[HL_RECORD_BYTES_MAX - 128];
    uint64_t words[4] = {hl_record_word(HL_RECORD_CODE, (uint64_t)hl_python.layout.lines << HL_PYTHON_CODE_BITS | number),
                         first_line | (uint64_t)parcel.bytes[0] << 32 | (uint64_t)parcel.bytes[1] << 48, parcel.bytes[2]};
    size_t n = take(&parcel, piece, sizeof piece);
    words[3] = n;
    hl_event_bytes(thread, words, 4, piece, n);
    while ((n = take(&parcel, piece, sizeof piece))) {
        uint64_t more[2] = {hl_record_word(HL_RECORD_CODE_MORE, number), n};
        hl_event_bytes(thread, more, 2, piece, n);
    }
}

HL_COLD static uint32_t announce(struct hl_thread *thread, uintptr_t code)
{
    const struct hl_py_layout *layout = &hl_python.layout;
    char name[TEXT_MAX], file[TEXT_MAX];
    _Atomic uint64_t *in = table();
    if (!in || field(code, 8) != (const char *)hl_python.code_type)
        return 0;
    uint32_t number = atomic_fetch_add(&numbers, 1) + 1;
    if (number > NUMBER_MASK)
        return 0;
    const char *lines = field(code, layout->code_lines);
    bool has_lines = lines && field((uintptr_t)lines, 8) == (const char *)hl_python.bytes_type && *(const uint64_t *)(lines + 16) <= TABLE_MAX;
    struct parcel parcel = {{name, file, lines + 32}, {0, 0, has_lines ? *(const uint64_t *)(lines + 16) : 0}};
    parcel.bytes[0] = copy_text(name, sizeof name, field(code, layout->code_qualified));
    parcel.bytes[1] = copy_text(file, sizeof file, field(code, layout->code_file));
    send_code(thread, number, *(const uint32_t *)(code + layout->code_first_line), parcel);
    enter(in, code, number);
    if (parcel.bytes[1] > 2 && file[0] == '<')
        hl_py_source_met(thread, file, parcel.bytes[1]);
    return number;
}

uint32_t hl_py_code(struct hl_thread *thread, uintptr_t code)
{
    uint64_t slot;
    _Atomic uint64_t *in = slots;
    if (HL_LIKELY(in && find(in, code, &slot)))
        return (uint32_t)(slot & NUMBER_MASK);
    return announce(thread, code);
}

HL_COLD void hl_py_code_gone(uintptr_t p)
{
    uint64_t slot;
    for (_Atomic uint64_t *at; slots && (at = find(slots, p, &slot));)
        if (atomic_compare_exchange_strong(at, &slot, 0))
            atomic_fetch_add(&hl_py_code_deaths, 1);
}
