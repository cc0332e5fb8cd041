/* The little of the protocol buffers' encoding that writing needs (protobuf.dev, "Encoding"). Fields with the value 0 are left
 * out. */
#ifndef HEAPLINE_OUTPUT_PROTOBUF_H
#define HEAPLINE_OUTPUT_PROTOBUF_H

#include <stdint.h>

#include "../base/strbuf.h"

void protobuf_add_number(struct strbuf *out, unsigned field, uint64_t value);
void protobuf_add_bytes(struct strbuf *out, unsigned field, const void *data, size_t n);   /* strings, messages; empty ones too */
void protobuf_add_numbers(struct strbuf *out, unsigned field, const uint64_t *values, size_t n);  /* packed */

#endif
