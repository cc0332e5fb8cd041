/* Nodes stand in one array, parents before children: trees of recursive programs are deeper than JSON parsers like. */
#include "json.h"
#include "tree.h"

#include "../base/vec.h"

struct walk {
    const struct profile *profile;
    const struct tree *tree;
    json_t *nodes;
    uint32_t depth, top;
};

struct visit {
    uint32_t node, level;
    json_int_t parent;              /* index in the array, -1: none */
};

struct visits VEC_FIELDS(struct visit);

static json_int_t add_node(struct walk *walk, const struct visit *visit)
{
    const struct tree_node *node = &walk->tree->nodes[visit->node];
    json_t *object = json_object(), *self = json_object();
    json_object_set_new(object, "parent", visit->parent < 0 ? json_null() : json_integer(visit->parent));
    json_add_location(object, &walk->profile->locations, node->location);
    json_add_costs(object, &node->total);
    if (!walk->tree->inverted) {
        json_add_costs(self, &node->self);
        json_object_set(object, "self", self);
    }
    json_decref(self);
    json_object_set_new(object, "recursive", json_boolean(node->recursion > 0));
    json_object_set_new(object, "children_left_out", json_integer(node->hidden));
    json_array_append_new(walk->nodes, object);
    return (json_int_t)json_array_size(walk->nodes) - 1;
}

/* The first sibling ends up on top. */
static void push_children(const struct walk *walk, struct visits *visits, uint32_t node, uint32_t level, json_int_t parent)
{
    size_t start = visits->n;
    for (uint32_t child = walk->tree->nodes[node].child; child; child = walk->tree->nodes[child].sibling)
        if (level > 1 || !walk->top || visits->n - start < walk->top)
            vec_push(visits, ((struct visit){ child, level, parent }));
    for (size_t i = start, j = visits->n; i + 1 < j; i++, j--) {
        struct visit swapped = visits->items[i];
        visits->items[i] = visits->items[j - 1];
        visits->items[j - 1] = swapped;
    }
}

int tree_print_json(const struct view *view, const struct profile *profile, const struct tree *tree, uint32_t depth)
{
    struct walk walk = { .profile = profile, .tree = tree, .nodes = json_array(), .depth = depth, .top = view->top };
    struct visits visits = { 0 };
    push_children(&walk, &visits, 0, 1, -1);
    while (visits.n) {
        struct visit visit = vec_pop(&visits);
        json_int_t id = add_node(&walk, &visit);
        if (!depth || visit.level < depth)
            push_children(&walk, &visits, visit.node, visit.level + 1, id);
    }
    vec_release(&visits);
    json_t *object = json_begin("heapline-tree/1", profile, measure_names[tree->by]);
    json_object_set_new(object, "inverted", json_boolean(tree->inverted));
    json_object_set_new(object, "nodes", walk.nodes);
    json_object_set_new(object, "roots_left_out", json_integer(tree->nodes[0].hidden));
    json_object_set_new(object, "losses", json_losses(profile->trace));
    return json_finish(object, view->out);
}
