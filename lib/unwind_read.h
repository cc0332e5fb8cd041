/* Reading forward through a piece of untrusted bytes. After the first read beyond the end `bad` is set and everything
 * reads as 0. */
#ifndef HEAPLINE_UNWIND_READ_H
#define HEAPLINE_UNWIND_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hl_reader {
    const uint8_t *at, *end;
    bool bad;
};

static inline struct hl_reader hl_reader_fail(void) { return (struct hl_reader){ .bad = true }; }

/* Returns where the next `len` bytes are and steps over them; NULL when there are fewer. */
static inline const uint8_t *hl_read_bytes(struct hl_reader *r, uint64_t len)
{
    if (r->bad || len > (uint64_t)(r->end - r->at)) {
        *r = hl_reader_fail();
        return NULL;
    }
    const uint8_t *bytes = r->at;
    r->at += len;
    return bytes;
}

/* Little-endian, at most 8 bytes. */
static inline uint64_t hl_read_uint(struct hl_reader *r, size_t len)
{
    uint64_t value = 0;
    const uint8_t *bytes = hl_read_bytes(r, len);
    for (size_t i = 0; bytes && i < len; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

static inline int64_t hl_read_sint(struct hl_reader *r, size_t len)
{
    unsigned unused = 64 - 8 * (unsigned)len;
    return (int64_t)(hl_read_uint(r, len) << unused) >> unused;
}

static inline uint64_t hl_read_leb(struct hl_reader *r, bool is_signed)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint64_t byte = hl_read_uint(r, 1);
        if (shift < 64)
            value |= (byte & 127) << shift;
        if (!(byte & 128)) {
            if (is_signed && (byte & 64) && shift + 7 < 64)
                value |= ~UINT64_C(0) << (shift + 7);
            return value;
        }
    }
    *r = hl_reader_fail();
    return 0;
}

static inline uint64_t hl_read_uleb(struct hl_reader *r) { return hl_read_leb(r, false); }
static inline int64_t hl_read_sleb(struct hl_reader *r) { return (int64_t)hl_read_leb(r, true); }

#endif
