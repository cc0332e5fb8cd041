#include "codes.h"

#include "ahead.h"

#include "../base/xalloc.h"
#include "collector.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void codes_shared_release(struct codes_shared *shared)
{
    strmap_release(&shared->codes);
    vec_release(&shared->trace);
    strmap_release(&shared->tables);
    for (size_t i = 0; i < shared->lines.n; i++)
        vec_release(&shared->lines.items[i].rows);
    vec_release(&shared->lines);
}

void codes_release(struct codes *codes)
{
    map_release(&codes->numbers);
    free(codes->start_folder);
    free(codes->file);
    free(codes->absolute);
}

static char *process_folder(int32_t pid)
{
    char link[64], folder[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/cwd", pid);
    ssize_t n = readlink(link, folder, sizeof folder - 1);
    if (n <= 0 || folder[0] != '/')
        return NULL;
    folder[n] = 0;
    return xstrdup(folder);
}

void codes_welcome(struct codes *codes, int32_t pid) { codes->start_folder = process_folder(pid); }

void codes_inherit(struct codes *child, const struct codes *parent)
{
    size_t cursor = 0;
    const struct map_slot *slot;
    while ((slot = map_next(&parent->numbers, &cursor))) {
        bool added;
        uint64_t *mine = map_put(&child->numbers, slot->key, &added);
        if (added)
            *mine = slot->value;
    }
}

/* ---- file names ---- */

static bool is_relative(const char *file)
{
    size_t n = strlen(file);
    return n && file[0] != '/' && !(file[0] == '<' && file[n - 1] == '>');
}

static char *join(const char *folder, const char *file)
{
    while (file[0] == '.' && file[1] == '/')
        file += 2;
    return xasprintf("%s/%s", strcmp(folder, "/") == 0 ? "" : folder, file);
}

/* Seen from where the process stands now, unless the file is only to be found from where it stood at its beginning. */
static char *make_absolute(const struct target *target, const char *file)
{
    char *now = process_folder(target->pid), *path = now ? join(now, file) : NULL;
    const char *start = target->codes.start_folder;
    if (start && (!path || (strcmp(now, start) != 0 && access(path, F_OK) != 0))) {
        char *other = join(start, file);
        if (!path || access(other, F_OK) == 0) {
            free(path);
            path = other;
        } else {
            free(other);
        }
    }
    free(now);
    return path ? path : xstrdup(file);
}

/* The file's name for the trace, which lives until the next call. Functions of one file come one after the other. */
static const char *absolute(struct target *target, const char *file)
{
    struct codes *codes = &target->codes;
    if (!is_relative(file))
        return file;
    if (!codes->file || strcmp(codes->file, file) != 0) {
        free(codes->file);
        free(codes->absolute);
        codes->file = xstrdup(file);
        codes->absolute = make_absolute(target, file);
    }
    return codes->absolute;
}

/* ---- what the run knows ---- */

static uint32_t intern_code(struct collector *collector, const char *function, const char *file, uint32_t first_line)
{
    struct codes_shared *shared = &collector->shared.codes;
    VEC(char) key = {0};
    vec_append(&key, function, strlen(function) + 1);
    vec_append(&key, file, strlen(file) + 1);
    vec_append(&key, (const char *)&first_line, sizeof first_line);
    uint32_t id = strmap_intern_bytes(&shared->codes, key.items, key.n);
    vec_release(&key);
    if (id == shared->trace.n) {
        struct trace_code code = {function, file, first_line};
        vec_push(&shared->trace, trace_write_code(collector->writer, &code));
    }
    return shared->trace.items[id];
}

static uint32_t intern_table(struct codes_shared *shared, const struct code_parts *parts)
{
    const char *table = parts->bytes.items + parts->name_bytes + parts->file_bytes;
    uint32_t head[2] = {parts->kind, parts->first_line};
    VEC(char) key = {0};
    vec_append(&key, (const char *)head, sizeof head);
    vec_append(&key, table, parts->table_bytes);
    uint32_t id = strmap_intern_bytes(&shared->tables, key.items, key.n);
    vec_release(&key);
    if (id == shared->lines.n) {
        struct code_lines *lines = vec_add(&shared->lines);
        lines->first = parts->first_line;
        line_table_decode(&lines->rows, parts->kind, parts->first_line, (const uint8_t *)table, parts->table_bytes);
    }
    return id;
}

static void announce(struct target *target, struct code_parts *parts)
{
    struct collector *collector = target->collector;
    char *function = xstrndup(parts->bytes.items, parts->name_bytes);
    char *file = xstrndup(parts->bytes.items + parts->name_bytes, parts->file_bytes);
    uint64_t code = intern_code(collector, function, absolute(target, file), parts->first_line);
    *map_put(&target->codes.numbers, parts->number, NULL) = code << 32 | intern_table(&collector->shared.codes, parts);
    free(function);
    free(file);
}

/* ---- records ---- */

static uint32_t code_number(uint64_t w0) { return (uint32_t)w0 & ((UINT32_C(1) << HL_PYTHON_CODE_BITS) - 1); }

/* Adds what the record holds; the code that is whole by that is announced. */
static void add_bytes(struct target *target, struct code_parts *parts, const void *bytes, size_t n)
{
    size_t wanted = (size_t)parts->name_bytes + parts->file_bytes + parts->table_bytes, missing = wanted - parts->bytes.n;
    vec_append(&parts->bytes, (const char *)bytes, n < missing ? n : missing);
    if (parts->bytes.n < wanted)
        return;
    announce(target, parts);
    parts->open = false;
    vec_release(&parts->bytes);
}

static bool begin(struct target *target, struct code_parts *parts, uint64_t w0, const uint64_t *w, uint32_t words)
{
    uint64_t w1 = w[1], table = w[2], bytes = w[3];
    uint32_t kind = (uint32_t)(w0 >> HL_PYTHON_CODE_BITS) & 63;
    if (kind > HL_LINES_LOCATIONS || bytes > ((uint64_t)words - 4) * 8)
        return false;
    vec_clear(&parts->bytes);                /* one that was not whole stays unknown: its end was dropped */
    parts->number = code_number(w0);
    parts->kind = (enum hl_line_table)kind;
    parts->first_line = (uint32_t)w1;
    parts->name_bytes = (uint32_t)(w1 >> 32) & 0xffff;
    parts->file_bytes = (uint32_t)(w1 >> 48);
    parts->table_bytes = table < CODES_TABLE_MAX ? (uint32_t)table : CODES_TABLE_MAX;
    parts->open = true;
    vec_reserve(&parts->bytes, 1);           /* names of no bytes are strings too */
    add_bytes(target, parts, w + 4, bytes);
    return true;
}

bool codes_take(struct target *target, struct code_parts *parts, uint64_t w0, const uint64_t *w, uint32_t words)
{
    if (hl_record_kind(w0) == HL_RECORD_CODE)
        return begin(target, parts, w0, w, words);
    uint64_t bytes = w[1];
    if (bytes > ((uint64_t)words - 2) * 8)
        return false;
    if (parts->open && parts->number == code_number(w0))
        add_bytes(target, parts, w + 2, bytes);
    return true;
}

/* ---- frames ---- */

/* The value of a number, NULL: nobody announced it. */
static const uint64_t *find(struct target *target, uint32_t number)
{
    const uint64_t *found = map_get(&target->codes.numbers, number);
    if (found || !ahead_look(target))
        return found;
    return map_get(&target->codes.numbers, number);
}

static uint32_t unknown_code(struct collector *collector)
{
    struct codes_shared *shared = &collector->shared.codes;
    if (!shared->unknown)
        shared->unknown = intern_code(collector, "[unknown code]", "", 0) + 1;
    return shared->unknown - 1;
}

uint32_t codes_find(struct target *target, uint32_t number)
{
    const uint64_t *found = find(target, number);
    return found ? (uint32_t)(*found >> 32) : unknown_code(target->collector);
}

struct code_line codes_resolve(struct target *target, uint64_t frame)
{
    const uint64_t *found = find(target, hl_frame_code(frame));
    if (!found)
        return (struct code_line){unknown_code(target->collector), 0};
    const struct code_lines *lines = &target->collector->shared.codes.lines.items[(uint32_t)*found];
    uint32_t instruction = hl_frame_instruction(frame);
    bool begun = instruction != HL_PYTHON_NO_INSTRUCTION;
    return (struct code_line){(uint32_t)(*found >> 32), begun ? line_table_find(&lines->rows, instruction) : lines->first};
}
