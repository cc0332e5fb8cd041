#include "json.h"
#include "leaks_print.h"

static void set_number(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *json_amount(uint64_t bytes, uint64_t blocks)
{
    json_t *object = json_object();
    set_number(object, "bytes", bytes);
    set_number(object, "blocks", blocks);
    return object;
}

static json_t *json_totals(const struct leaks *leaks)
{
    json_t *object = json_object();
    for (unsigned reach = 0; reach < TRACE_REACHES; reach++)
        json_object_set_new(object, leaks_reach_names[reach], json_amount(leaks->bytes[reach], leaks->blocks[reach]));
    return object;
}

static json_t *json_stack(const struct leaks *leaks, const struct leaks_row *row, json_t **owner)
{
    struct level_list levels = { 0 };
    json_t *stack = json_array();
    *owner = json_null();
    profile_levels(leaks->profile, row->sum.stack, &levels);
    for (size_t i = 0; i < levels.n; i++) {
        json_t *level = json_object();
        json_add_location(level, &leaks->profile->locations, levels.items[i]);
        json_array_append_new(stack, level);
        if (json_is_null(*owner) && levels.items[i] == row->owner)
            *owner = json_integer((json_int_t)i);
    }
    vec_release(&levels);
    return stack;
}

static void add_root(json_t *object, const struct leaks *leaks, const struct leaks_step *step)
{
    static const char *const kinds[] = { "other", "global", "stack", "tls", "registers", "mapping", "region", "other" };
    const struct trace *trace = leaks->profile->trace;
    const struct trace_root *root = step->root;
    json_object_set_new(object, "kind", json_string(root->kind <= TRACE_ROOT_OTHER ? kinds[root->kind] : "other"));
    json_object_set_new(object, "name", json_text(step->name));
    json_object_set_new(object, "module", json_text(root->module == TRACE_NONE ? NULL : trace->modules[root->module].path));
    json_object_set_new(object, "tid", root->thread == TRACE_NONE ? json_null() : json_integer(trace->threads[root->thread].tid));
}

static json_t *json_path(const struct leaks *leaks, const struct leaks_row *row)
{
    struct leaks_path path = { 0 };
    json_t *steps = json_array();
    leaks_path(leaks, row->heaviest, row->heaviest->largest[0].address, &path);
    for (size_t i = 0; i < path.n; i++) {
        const struct leaks_step *step = &path.items[i];
        json_t *object = json_object();
        if (step->root)
            add_root(object, leaks, step);
        else
            json_object_set_new(object, "kind", json_string("block"));
        set_number(object, "address", step->address);
        set_number(object, "offset", step->offset);
        if (!step->root) {
            set_number(object, "bytes", step->bytes);
            json_add_location(object, &leaks->profile->locations, leaks_owner(leaks, step->stack));
            set_number(object, "blocks_left_out", step->skipped);
        }
        json_array_append_new(steps, object);
    }
    vec_release(&path);
    return steps;
}

static json_t *json_largest(const struct leaks_group *group)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < group->n_largest; i++) {
        json_t *object = json_object();
        set_number(object, "address", group->largest[i].address);
        set_number(object, "bytes", group->largest[i].bytes);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *json_row(const struct leaks *leaks, const struct leaks_row *row, enum leaks_by by)
{
    json_t *object = json_object(), *owner, *stack = json_stack(leaks, row, &owner);
    json_object_set_new(object, "kind", json_string(leaks_reach_names[row->sum.reach]));
    set_number(object, "bytes", row->sum.bytes);
    set_number(object, "blocks", row->sum.blocks);
    set_number(object, "indirect_bytes", row->sum.indirect_bytes);
    set_number(object, "indirect_blocks", row->sum.indirect_blocks);
    json_object_set_new(object, "fingerprint", json_text(by == LEAKS_BY_STACK ? row->sum.fingerprint : NULL));
    json_object_set_new(object, "first_s", json_seconds(row->sum.first_ns));
    json_object_set_new(object, "last_s", json_seconds(row->sum.last_ns));
    set_number(object, "first_ns", row->sum.first_ns);
    set_number(object, "last_ns", row->sum.last_ns);
    set_number(object, "processes", row->processes);
    json_object_set_new(object, "largest", json_largest(&row->sum));
    json_object_set_new(object, "stack", stack);
    json_object_set_new(object, "owner", owner);
    json_object_set_new(object, "path", json_path(leaks, row));
    return object;
}

/* --top counts within each kind. */
static json_t *json_rows(const struct view *view, const struct leaks *leaks, const struct leaks_wanted *wanted, size_t *left_out)
{
    struct leaks_rows rows = { 0 };
    json_t *list = json_array();
    enum trace_reach reach = TRACE_REACH_UNKNOWN;
    leaks_rows_build(&rows, leaks, wanted->by, wanted->kinds);
    for (size_t i = 0, of_kind = 0; i < rows.n; i++) {
        of_kind = rows.items[i].sum.reach == reach ? of_kind + 1 : 1;
        reach = rows.items[i].sum.reach;
        if (view->top && of_kind > view->top)
            ++*left_out;
        else
            json_array_append_new(list, json_row(leaks, &rows.items[i], wanted->by));
    }
    leaks_rows_release(&rows);
    return list;
}

static json_t *json_suppressed(const struct leaks *leaks, const struct suppressions *suppressions)
{
    json_t *object = json_amount(leaks->suppressed_bytes, leaks->suppressed_blocks), *rules = json_array();
    for (size_t i = 0; suppressions && i < suppressions_count(suppressions); i++) {
        const struct suppression_rule *rule = suppressions_rule(suppressions, i);
        json_t *row = json_amount(rule->bytes, rule->blocks);
        json_object_set_new(row, "name", json_text(rule->name));
        json_object_set_new(row, "file", json_text(rule->file));
        set_number(row, "line", rule->line);
        set_number(row, "groups", rule->groups);
        json_array_append_new(rules, row);
    }
    json_object_set_new(object, "rules", rules);
    return object;
}

static json_t *json_snapshot(const struct trace *trace, uint32_t id)
{
    static const char *const causes[] = { "unknown", "exit", "request", "call", "check", "before-exit" };
    const struct trace_snapshot *snapshot = &trace->snapshots[id];
    json_t *object = json_object();
    set_number(object, "process", snapshot->process);
    json_object_set_new(object, "pid", json_integer(trace->processes[snapshot->process].pid));
    json_object_set_new(object, "cause", json_string(causes[snapshot->cause <= TRACE_SNAPSHOT_BEFORE_EXIT ? snapshot->cause : 0]));
    json_object_set_new(object, "label", *snapshot->label ? json_text(snapshot->label) : json_null());
    json_object_set_new(object, "time_s", json_seconds(snapshot->ns));
    set_number(object, "blocks", snapshot->blocks);
    set_number(object, "threads", snapshot->threads);
    set_number(object, "missed_threads", snapshot->missed_threads);
    json_object_set_new(object, "pause_s", json_seconds(snapshot->stopped_ns));
    json_object_set_new(object, "fork_s", json_seconds(snapshot->fork_ns));
    json_object_set_new(object, "mark_s", json_seconds(snapshot->mark_ns));
    set_number(object, "scanned_bytes", snapshot->scanned_bytes);
    json_object_set_new(object, "complete", json_boolean(leaks_saw_all(snapshot)));
    return object;
}

static json_t *json_sentences(const struct leaks_sentences *sentences)
{
    json_t *array = json_array();
    for (size_t i = 0; i < sentences->n; i++)
        json_array_append_new(array, json_text(sentences->items[i]));
    return array;
}

int leaks_print_json(const struct view *view, const struct leaks *leaks, const struct leaks_wanted *wanted)
{
    json_t *object = json_begin("heapline-leaks-1", leaks->profile, leaks_by_names[wanted->by]);
    json_t *snapshots = json_array();
    size_t left_out = 0;
    for (size_t i = 0; i < leaks->snapshots.n; i++)
        json_array_append_new(snapshots, json_snapshot(leaks->profile->trace, leaks->snapshots.items[i]));
    json_object_set_new(object, "verdict", json_string(leaks_verdict_names[leaks->verdict]));
    json_object_set_new(object, "reasons", json_sentences(&leaks->reasons));
    json_object_set_new(object, "unseen", json_sentences(&leaks->unseen));
    json_object_set_new(object, "groups", json_rows(view, leaks, wanted, &left_out));
    set_number(object, "groups_left_out", left_out);
    json_object_set_new(object, "totals", json_totals(leaks));
    json_object_set_new(object, "suppressed", json_suppressed(leaks, wanted->suppressions));
    json_object_set_new(object, "inherited", json_amount(leaks->inherited_bytes, leaks->inherited_blocks));
    json_object_set_new(object, "snapshots", snapshots);
    json_object_set_new(object, "losses", json_losses(leaks->profile->trace));
    return json_finish(object, view->out);
}
