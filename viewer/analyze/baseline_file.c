/* A baseline as a file of JSON: small, sorted, and the same for the same figures, so that a repository can keep it. */
#include "baseline.h"

#include "../base/xalloc.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "heapline-baseline/1"

struct figure { const char *name; size_t offset; };
static const struct figure figures[] = {
    { "peak_bytes", offsetof(struct costs, peak_bytes) }, { "peak_blocks", offsetof(struct costs, peak_blocks) },
    { "live_bytes", offsetof(struct costs, live_bytes) }, { "live_blocks", offsetof(struct costs, live_blocks) },
    { "allocated_bytes", offsetof(struct costs, allocated_bytes) }, { "allocations", offsetof(struct costs, allocations) },
};
#define FIGURES (sizeof figures / sizeof *figures)

static uint64_t *figure_of(const struct costs *costs, size_t i)
{
    return (uint64_t *)((char *)(uintptr_t)costs + figures[i].offset);
}

static int cannot(struct trace_error *error, int status, const char *path, const char *why)
{
    snprintf(error->text, sizeof error->text, "the baseline '%.200s' cannot be used: %s", path, why);
    return status;
}

int baseline_looks_like_json(const char *path, bool *json, struct trace_error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return cannot(error, -errno, path, strerror(errno));
    int c;
    while ((c = fgetc(file)) == ' ' || c == '\n' || c == '\t' || c == '\r')
        ;
    *json = c == '{';
    fclose(file);
    return 0;
}

static bool read_costs(json_t *object, struct costs *costs)
{
    for (size_t i = 0; i < FIGURES; i++) {
        json_t *value = json_object_get(object, figures[i].name);
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return false;
        *figure_of(costs, i) = (uint64_t)json_integer_value(value);
    }
    return true;
}

static bool read_group(struct baseline *baseline, json_t *object)
{
    const char *fingerprint = json_string_value(json_object_get(object, "fingerprint"));
    const char *name = json_string_value(json_object_get(object, "name"));
    struct costs costs = { 0 };
    if (!fingerprint || !name || !read_costs(object, &costs))
        return false;
    uint32_t id = strmap_intern(&baseline->keys, fingerprint);
    if (id < baseline->groups.n)
        return false;
    vec_push(&baseline->groups, ((struct baseline_group){ .fingerprint = strmap_text(&baseline->keys, id),
                                                          .name = arena_strdup(&baseline->texts, name),
                                                          .costs = costs,
                                                          .stack = TRACE_NONE }));
    return true;
}

static bool read_all(struct baseline *baseline, json_t *root)
{
    const char *command = json_string_value(json_object_get(root, "command"));
    const char *version = json_string_value(json_object_get(root, "version"));
    json_t *groups = json_object_get(root, "groups");
    if (!command || !version || !json_is_array(groups) || !read_costs(json_object_get(root, "totals"), &baseline->total))
        return false;
    baseline->command = arena_strdup(&baseline->texts, command);
    baseline->version = arena_strdup(&baseline->texts, version);
    for (size_t i = 0; i < json_array_size(groups); i++)
        if (!read_group(baseline, json_array_get(groups, i)))
            return false;
    return true;
}

int baseline_read(struct baseline **result, const char *path, struct trace_error *error)
{
    json_error_t where;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (!root) {
        char why[JSON_ERROR_TEXT_LENGTH + 40];
        snprintf(why, sizeof why, "line %d: %s", where.line, where.text);
        return cannot(error, -EINVAL, path, why);
    }
    const char *schema = json_string_value(json_object_get(root, "schema"));
    struct baseline *baseline = xcalloc(1, sizeof *baseline);
    int status = 0;
    if (!schema || strcmp(schema, SCHEMA) != 0)
        status = cannot(error, -EINVAL, path, "its \"schema\" is not \"" SCHEMA "\"; --write-baseline writes such a file");
    else if (!read_all(baseline, root))
        status = cannot(error, -EINVAL, path,
                        "a field is missing, of another kind, or there twice; write it anew with --write-baseline");
    json_decref(root);
    if (status < 0)
        baseline_destroy(baseline);
    else
        *result = baseline;
    return status;
}

static void write_costs(json_t *object, const struct costs *costs)
{
    for (size_t i = 0; i < FIGURES; i++)
        json_object_set_new(object, figures[i].name, json_integer((json_int_t)*figure_of(costs, i)));
}

static int by_fingerprint(const void *a, const void *b)
{
    return strcmp(((const struct baseline_group *)a)->fingerprint, ((const struct baseline_group *)b)->fingerprint);
}

/* Any bytes as a string: what is no UTF-8 is written as a question mark. */
static json_t *text(const char *bytes)
{
    json_t *string = json_string(bytes);
    if (string)
        return string;
    char *clean = xstrdup(bytes);
    for (char *p = clean; *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    string = json_string(clean);
    free(clean);
    return string;
}

static json_t *group_object(const struct baseline_group *group)
{
    json_t *object = json_object();
    json_object_set_new(object, "fingerprint", text(group->fingerprint));
    json_object_set_new(object, "name", text(group->name));
    write_costs(object, &group->costs);
    return object;
}

/* A group a line, so that a comparison of two versions of the file says which ones changed. */
int baseline_write(const struct baseline *baseline, FILE *out)
{
    json_t *head = json_object(), *totals = json_object();
    struct baseline_group *sorted = xmemdup(baseline->groups.items, baseline->groups.n * sizeof *sorted);
    qsort(sorted, baseline->groups.n, sizeof *sorted, by_fingerprint);
    write_costs(totals, &baseline->total);
    json_object_set_new(head, "schema", json_string(SCHEMA));
    json_object_set_new(head, "command", text(baseline->command));
    json_object_set_new(head, "version", text(baseline->version));
    json_object_set_new(head, "totals", totals);
    char *begin = json_dumps(head, 0);
    errno = 0;
    fprintf(out, "%.*s, \"groups\": [", (int)strlen(begin) - 1, begin);
    for (size_t i = 0; i < baseline->groups.n; i++) {
        json_t *object = group_object(&sorted[i]);
        fputs(i ? ",\n " : "\n ", out);
        json_dumpf(object, out, 0);
        json_decref(object);
    }
    fputs("]}\n", out);
    free(begin);
    free(sorted);
    json_decref(head);
    return ferror(out) ? errno ? -errno : -EIO : 0;
}
