/* What explains a pointer into the inside of a block, so that it holds the block as one to its beginning does: ways in which runtimes and libraries keep memory. Each is
 * told by what stands in the block itself. */
#include "snapshot.h"

#include <string.h>

#define PAGE_BYTES 4096u
#define IDIOM_MAX 64u                    /* the farthest beginning of anything that an idiom explains, but for tables */

HL_INLINE uint64_t load64(uintptr_t at) { return *(const uint64_t *)at; }
HL_INLINE uint32_t load32(uintptr_t at) { return *(const uint32_t *)at; }

/* Itanium C++ ABI 2.5.2: the word before a table's address point but one says how far the whole object begins from this part, negative. */
static bool is_base_class(const struct hl_marker *marker, uintptr_t part, uintptr_t offset)
{
    uintptr_t table = load64(part);
    return offset % 8 == 0 && table % 8 == 0 && hl_areas_is_file(marker, table) && hl_areas_is_file(marker, table - 16) &&
           (int64_t)load64(table - 16) == -(int64_t)offset;
}

/* Simple dynamic strings, as redis keeps them (sds.h): length and room in 1, 2, 4 or 8 bytes each, a byte of flags, the text, a zero. Type 0 has its length in
 * the flags. The room may be what the allocator really gave, which is more than it was asked for, and so may the text; past the block it is read on the same page only. */
static bool is_dynamic_string(uintptr_t start, uintptr_t offset, uint64_t bytes)
{
    const uint8_t *text = (const uint8_t *)(start + offset);
    unsigned type = text[-1] & 7;
    uint64_t length = 0, room = 0, width = type ? UINT64_C(1) << (type - 1) : 0;
    if (type > 4 || offset != 2 * width + 1)
        return false;
    memcpy(&length, (const void *)start, width);
    memcpy(&room, (const void *)(start + width), width);
    if (type == 0) {                     /* never empty, never with room */
        length = room = text[-1] >> 3;
        if (length == 0 || bytes - length > 2 + 8)
            return false;
    }
    if (length > room || room > 2 * bytes + 64 || (start + offset + length) / PAGE_BYTES > (start + bytes - 1) / PAGE_BYTES)
        return false;
    return text[length] == 0;
}

/* A length in front: of 8 or 4 bytes, of what follows or of the whole. */
static bool is_prefixed(uintptr_t start, uintptr_t offset, uint64_t bytes)
{
    uint64_t rest = bytes - offset, length = offset == 4 ? load32(start) : load64(start);
    return (offset == 4 || offset == 8 || offset == 16) && (length == rest || length == bytes || length + 1 == rest);
}

/* A node of glibc's tsearch: key, left, right; the lowest bit of `left` is the node's colour, so that a pointer to a node may carry that of the one it stands in. */
static bool is_tree_node(const struct hl_marker *marker, uintptr_t start, uintptr_t offset, uint64_t bytes)
{
    if (offset != 1 || bytes != 24 || !load64(start))
        return false;
    uintptr_t left = load64(start + 8) & ~(uintptr_t)1, right = load64(start + 16);
    uintptr_t low, high;
    hl_mark_span(marker, &low, &high);
    uintptr_t span = high - low;
    return (!left || (left % 8 == 0 && left - low < span)) && (!right || (right % 8 == 0 && right - low < span));
}

/* new T[n] with a destructor: n right in front of the elements, which are aligned (Itanium C++ ABI 2.7). */
static bool is_array(uintptr_t start, uintptr_t offset, uint64_t bytes)
{
    uint64_t n = offset >= 8 && (offset & (offset - 1)) == 0 ? load64(start + offset - 8) : 0;
    return n && bytes > offset && (bytes - offset) % n == 0;
}

/* An exception that was thrown, behind its two heads (Itanium C++ ABI, exceptions, 2.2.1): the runtime's list leads to the first, handlers to the third part. The class is
 * that of GCC's or clang's runtime. */
static bool is_exception(uintptr_t start, uintptr_t offset, uint64_t bytes)
{
    if (bytes < 128 || (offset != 16 && offset != 96 && offset != 128))
        return false;
    uint64_t class = load64(start + 96) & ~UINT64_C(0xff);
    return class == UINT64_C(0x474e5543432b2b00) || class == UINT64_C(0x434c4e47432b2b00);
}

/* std::string up to GCC 4: length, capacity and references in front of the characters. */
static bool is_old_string(uintptr_t start, uintptr_t offset, uint64_t bytes)
{
    uint64_t length = load64(start), capacity = load64(start + 8);
    return offset == 24 && length <= capacity && capacity < bytes && bytes - capacity >= 25 && bytes - capacity <= 25 + 4096;
}

/* Memory that was aligned by hand: what malloc gave stands in front of it, or in its second word (glibc's segments of _dl_find_object). */
static bool is_aligned_by_hand(uintptr_t start, uintptr_t word, uint64_t bytes)
{
    return word % 16 == 0 && word - start >= 8 && (load64(word - 8) == start || (word - start + 16 <= bytes && load64(word + 8) == start));
}

/* A thread's table of thread-local blocks (glibc, dtv_t): the number of its entries of two words, then those. */
static bool is_dtv(uintptr_t start, uintptr_t offset, uint64_t bytes) { return offset == 16 && bytes == (load64(start) + 2) * 16; }

#ifdef __aarch64__
#define TABLE_GROUP 8u                   /* control bytes that hashbrown compares at once */
#else
#define TABLE_GROUP 16u
#endif

/* Rust's HashMap and HashSet (hashbrown, raw table): entries in front of the pointer, behind it a control byte for each and the first of them once more. A free
 * entry has 0xff, of which there is always one; in a small table so has what lies between. */
static bool is_rust_table(uintptr_t control, uint64_t rest)
{
    const uint8_t *bytes = (const uint8_t *)control;
    uint64_t entries = rest - TABLE_GROUP;
    if (control % TABLE_GROUP || rest <= TABLE_GROUP || entries & (entries - 1))
        return false;
    bool again = entries < TABLE_GROUP ? bytes[entries] == 0xff && memcmp(bytes + TABLE_GROUP, bytes, entries) == 0
                                       : memcmp(bytes + entries, bytes, TABLE_GROUP) == 0;
    return again && memchr(bytes, 0xff, entries);
}

/* Abseil's hash tables from 2023 on (raw_hash_set.h): in front of the pointer some words on growth, behind it a control byte for each place, 0xff as the only one of
 * that value, the first 15 once more, then the places, one less than a power of two. A free one has 0x80; of 15 places or more one is always free. */
static bool is_swiss_table(uintptr_t control, uint64_t offset, uint64_t rest)
{
    const uint8_t *bytes = (const uint8_t *)control;
    uint64_t places = 0;
    bool has_free = false;
    if (offset > 24)
        return false;
    for (; places < rest && (bytes[places] <= 0x80 || bytes[places] == 0xfe) && (has_free || places < 4096); places++)
        has_free |= bytes[places] == 0x80;
    uint64_t again = places < TABLE_GROUP - 1 ? places : TABLE_GROUP - 1;
    if (places < 3 || places & (places + 1) || places + TABLE_GROUP > rest || bytes[places] != 0xff)
        return false;
    return (has_free || (places < 15 && (bytes[0] | bytes[1] | bytes[2]))) && memcmp(bytes + places + 1, bytes, again) == 0;
}

bool hl_mark_explains(const struct hl_marker *marker, uint32_t row, uintptr_t word)
{
    const struct hl_snapshot_block *block = &marker->blocks[row];
    uintptr_t offset = word - block->start;
    uint64_t bytes = hl_block_bytes(block);
    if ((hl_block_flags(block) & HL_BLOCK_OBJECT) && (offset == 16 || offset == 32))
        return true;                     /* behind the head of the cyclic collector, and what 3.11 keeps in front of that */
    if (is_aligned_by_hand(block->start, word, bytes))
        return true;
    if (offset + 8 <= bytes && is_base_class(marker, word, offset))
        return true;
    if (is_exception(block->start, offset, bytes) || is_rust_table(word, bytes - offset) ||
        is_swiss_table(word, offset, bytes - offset))
        return true;
    if (offset > IDIOM_MAX)
        return false;
    if (is_dynamic_string(block->start, offset, bytes))
        return true;
    if (bytes < 24)
        return false;
    return is_dtv(block->start, offset, bytes) || is_tree_node(marker, block->start, offset, bytes) || is_prefixed(block->start, offset, bytes) || is_array(block->start, offset, bytes) || is_old_string(block->start, offset, bytes);
}
