/* The rows of `heapline lines` as comma-separated values (RFC 4180, with newlines of Unix). */
#include "../analyze/lines.h"
#include "format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void put_field(FILE *out, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void put_row(FILE *out, const struct profile *profile, const struct line_row *row)
{
    const struct location *location = &profile->locations.items[row->location];
    const struct costs *costs = &row->costs;
    struct strbuf name = STRBUF_INIT;
    location_add_name(&name, &profile->locations, row->location);
    put_field(out, location->file ? location->file : "");
    fprintf(out, ",");
    if (row->line)
        fprintf(out, "%" PRIu32, row->line);
    fputc(',', out);
    put_field(out, name.data);
    fputc(',', out);
    put_field(out, location->module == TRACE_NONE ? "" : profile->trace->modules[location->module].path);
    const uint64_t figures[] = {
        costs->peak_bytes, costs->peak_blocks, costs->live_bytes, costs->live_blocks, costs->allocated_bytes, costs->allocations,
        costs->freed_bytes, costs->frees, costs->temporary, costs->temporary_bytes, costs->transient, costs->transient_bytes,
        costs->collected, costs->collected_bytes, costs->moved, costs->moved_bytes, costs->native_peak_bytes,
        costs->native_live_bytes, costs->native_allocated_bytes,
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        fprintf(out, ",%" PRIu64, figures[i]);
    fputc('\n', out);
    strbuf_release(&name);
}

int format_write_csv(FILE *out, const struct profile *profile, enum measure by)
{
    struct lines lines;
    lines_build(&lines, profile, LINES_OWN, by);
    const struct line_row **rows = lines_sorted(&lines);
    fputs("file,line,function,module,peak_bytes,peak_blocks,live_bytes,live_blocks,allocated_bytes,allocations,freed_bytes,frees,"
          "temporary_allocations,temporary_bytes,transient_blocks,transient_bytes,collected_blocks,collected_bytes,moved_blocks,"
          "moved_bytes,native_peak_bytes,native_live_bytes,native_allocated_bytes\n", out);
    for (uint32_t r = 0; r < lines.n_rows && !ferror(out); r++)
        put_row(out, profile, rows[r]);
    free(rows);
    lines_release(&lines);
    return ferror(out) ? -EIO : 0;
}
