/* Our own suppressions, one for each group that is left (docs/suppressions.md). */
#include "leaks_print.h"

#include "../base/format.h"
#include "../base/strmap.h"

#include <errno.h>
#include <inttypes.h>

/* Names and paths are bytes of others: what would end a line does not get into a file of rules. */
static void add_plain(struct strbuf *out, const struct strbuf *text)
{
    for (size_t i = 0; i < text->length; i++)
        strbuf_add_char(out, (unsigned char)text->data[i] < ' ' || text->data[i] == 0x7f ? '?' : text->data[i]);
}

static void add_level(struct strbuf *out, const struct locations *locations, uint32_t id)
{
    struct strbuf text = STRBUF_INIT;
    location_add_name(&text, locations, id);
    strbuf_add_char(&text, ' ');
    location_add_place(&text, locations, id);
    while (text.length && text.data[text.length - 1] == ' ')
        strbuf_truncate(&text, text.length - 1);
    add_plain(out, &text);
    strbuf_release(&text);
}

static void write_rule(FILE *out, const struct leaks *leaks, const struct leaks_row *row)
{
    const struct locations *locations = &leaks->profile->locations;
    struct level_list levels = { 0 };
    struct strbuf owner = STRBUF_INIT, line = STRBUF_INIT;
    leaks_levels(leaks->profile, row->sum.stack, &levels);
    add_level(&owner, locations, row->owner);
    fprintf(out, "\nrule %s at %s\n", leaks_reach_names[row->sum.reach], owner.data);
    fprintf(out, "  # %s in %s block%s\n", format_bytes(row->sum.bytes).text, format_count(row->sum.blocks).text,
            view_plural(row->sum.blocks));
    for (size_t i = 0; i < levels.n; i++) {
        strbuf_clear(&line);
        add_level(&line, locations, levels.items[i]);
        fprintf(out, "  #   %s\n", line.data);
    }
    fprintf(out, "  kind: %s\n  fingerprint: %s\n", leaks_reach_names[row->sum.reach], row->sum.fingerprint);
    vec_release(&levels);
    strbuf_release(&owner);
    strbuf_release(&line);
}

int leaks_write_suppressions(FILE *out, const struct leaks *leaks, unsigned kinds, size_t *rules)
{
    struct leaks_rows rows = { 0 };
    struct strmap written = { 0 };
    char key[32];
    leaks_rows_build(&rows, leaks, LEAKS_BY_STACK, kinds);
    fprintf(out, "# Suppressions for heapline leaks and heapline gate: what was there and is lived with.\n"
                 "# A fingerprint is that of the stack in the comment, whatever the lines' numbers. Rules may be widened by "
                 "hand.\n");
    *rules = 0;
    for (size_t i = 0; i < rows.n; i++) {
        snprintf(key, sizeof key, "%d %s", (int)rows.items[i].sum.reach, rows.items[i].sum.fingerprint);
        if (strmap_intern(&written, key) == *rules) {
            write_rule(out, leaks, &rows.items[i]);
            ++*rules;
        }
    }
    strmap_release(&written);
    leaks_rows_release(&rows);
    return ferror(out) ? -EIO : 0;
}
