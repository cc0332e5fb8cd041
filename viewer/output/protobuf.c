#include "protobuf.h"

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static void add_varint(struct strbuf *out, uint64_t value)
{
    while (value >= 0x80) {
        strbuf_add_char(out, (char)(value | 0x80));
        value >>= 7;
    }
    strbuf_add_char(out, (char)value);
}

static size_t varint_size(uint64_t value)
{
    size_t n = 1;
    while (value >>= 7)
        n++;
    return n;
}

void protobuf_add_number(struct strbuf *out, unsigned field, uint64_t value)
{
    if (value == 0)
        return;
    add_varint(out, (uint64_t)field << 3 | WIRE_VARINT);
    add_varint(out, value);
}

void protobuf_add_bytes(struct strbuf *out, unsigned field, const void *data, size_t n)
{
    add_varint(out, (uint64_t)field << 3 | WIRE_BYTES);
    add_varint(out, n);
    strbuf_add_bytes(out, data, n);
}

void protobuf_add_numbers(struct strbuf *out, unsigned field, const uint64_t *values, size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += varint_size(values[i]);
    if (n == 0)
        return;
    add_varint(out, (uint64_t)field << 3 | WIRE_BYTES);
    add_varint(out, bytes);
    for (size_t i = 0; i < n; i++)
        add_varint(out, values[i]);
}
