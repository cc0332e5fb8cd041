/* All stacks with all costs as one tree ("heapline-export/1"). Written piece by piece, for it may be large: places first, then
 * nodes, parents before children. */
#include "../analyze/tree.h"
#include "format.h"
#include "json.h"

#include <errno.h>

/* One element of an array. */
static int put(FILE *out, json_t *object, bool first)
{
    fputs(first ? "\n" : ",\n", out);
    int status = json_dumpf(object, out, JSON_COMPACT);
    json_decref(object);
    return status < 0 || ferror(out) ? -(errno ? errno : EIO) : 0;
}

static int put_locations(FILE *out, const struct locations *locations)
{
    int status = 0;
    for (uint32_t l = 0; l < locations->n && status == 0; l++) {
        json_t *object = json_object();
        json_add_location(object, locations, l);
        status = put(out, object, l == 0);
    }
    return status;
}

static int put_nodes(FILE *out, const struct tree *tree)
{
    int status = 0;
    for (uint32_t n = 0; n < tree->n && status == 0; n++) {
        const struct tree_node *node = &tree->nodes[n];
        json_t *object = json_object(), *self = json_object();
        json_object_set_new(object, "parent", n ? json_integer(node->parent) : json_null());
        json_object_set_new(object, "location", n ? json_integer(node->location) : json_null());
        json_add_costs(object, &node->total);
        if (!costs_none(&node->self)) {
            json_add_costs(self, &node->self);
            json_object_set(object, "self", self);
        }
        json_decref(self);
        status = put(out, object, n == 0);
    }
    return status;
}

/* The head is an object like that of other reports, with its closing brace left out. */
static int put_head(FILE *out, const struct profile *profile, enum measure by)
{
    json_t *head = json_begin("heapline-export/1", profile, measure_names[by]);
    json_object_set_new(head, "losses", json_losses(profile->trace));
    char *text = json_dumps(head, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    json_decref(head);
    if (!text)
        return -ENOMEM;
    size_t n = 0;
    while (text[n + 1])
        n++;
    while (n > 0 && text[n - 1] == '\n')
        n--;
    fwrite(text, 1, n, out);
    free(text);
    return ferror(out) ? -EIO : 0;
}

int format_write_json(FILE *out, const struct profile *profile, enum measure by)
{
    struct tree tree;
    struct tree_options options = { .by = by };
    int status = put_head(out, profile, by);
    tree_build(&tree, profile, &options);
    fputs(",\n \"locations\": [", out);
    if (status == 0)
        status = put_locations(out, &profile->locations);
    fputs("\n ],\n \"nodes\": [", out);
    if (status == 0)
        status = put_nodes(out, &tree);
    fputs("\n ]\n}\n", out);
    tree_release(&tree);
    return status;
}
