#include "sources.h"

#include "../../lib/wire/record.h"
#include "../base/xalloc.h"
#include "../trace/writer.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (1u << 20)

static void append(struct source_parts *parts, const uint64_t *w, uint64_t bytes)
{
    size_t before = parts->bytes.n;
    vec_reserve(&parts->bytes, bytes + 1);
    memcpy(parts->bytes.items + before, w, bytes);
    parts->bytes.n = before + bytes;
}

static void finish(struct trace_writer *writer, struct source_parts *parts)
{
    char *name = xstrndup(parts->bytes.items, parts->name_bytes);
    trace_write_source(writer, name, parts->bytes.items + parts->name_bytes, parts->text_bytes);
    free(name);
    vec_clear(&parts->bytes);
    parts->name_bytes = 0;
}

bool sources_take(struct trace_writer *writer, struct source_parts *parts, uint64_t w0, const uint64_t *w, uint32_t words)
{
    bool begins = hl_record_kind(w0) == HL_RECORD_SOURCE;
    uint32_t header = begins ? 3 : 2;
    uint64_t bytes = w[header - 1], whole = (uint64_t)parts->name_bytes + parts->text_bytes;
    if (words < header || bytes > (uint64_t)(words - header) * 8)
        return false;
    if (begins) {
        uint64_t text = w[1];
        vec_clear(&parts->bytes);
        parts->name_bytes = (uint32_t)w0 & 0xffff;
        parts->text_bytes = (uint32_t)text;
        if (!parts->name_bytes || parts->name_bytes > bytes || text > TEXT_MAX)
            return parts->name_bytes = 0, false;
        whole = parts->name_bytes + text;
    } else if (!parts->name_bytes) {
        return true;                     /* its beginning was refused, or lost */
    }
    if (parts->bytes.n + bytes > whole)
        return parts->name_bytes = 0, false;
    append(parts, w + header, bytes);
    if (parts->bytes.n == whole)
        finish(writer, parts);
    return true;
}
