/* The way back from a block to what holds it: each block knows the word that the search found it by. */
#include "leaks_parts.h"

/* A place that the snapshot's list of roots has no room for. */
static const struct trace_root elsewhere = { .kind = TRACE_ROOT_OTHER, .thread = TRACE_NONE, .module = TRACE_NONE };

static const struct trace_root *root_at(const struct trace_snapshot *snapshot, uint64_t address)
{
    uint32_t low = 0, n = snapshot->n_roots;
    while (n > 0) {
        uint32_t half = n / 2;
        bool right = snapshot->roots[low + half].start <= address;
        low = right ? low + half + 1 : low;
        n = right ? n - half - 1 : half;
    }
    return low > 0 && address < snapshot->roots[low - 1].end ? &snapshot->roots[low - 1] : &elsewhere;
}

static const char *name_at(const struct trace_snapshot *snapshot, uint64_t address)
{
    uint32_t low = 0, high = snapshot->n_names;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (snapshot->names[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < snapshot->n_names && snapshot->names[low].address == address ? snapshot->names[low].name : NULL;
}

static uint32_t holder(const struct leaks_blocks *blocks, uint32_t i, uint32_t *near)
{
    return blocks->items[i].at ? leaks_blocks_find(blocks, blocks->items[i].at, near) : TRACE_NONE;
}

static bool ends_at(const struct leaks_block *block)
{
    return block->reach == TRACE_REACH_LOST || block->at == 0;
}

/* Blocks on the way from `from` to the outermost, itself included, and the outermost; 0 when the way leads in a circle. The
 * place that is remembered doubles its distance (Brent), so that a circle is noticed after at most three rounds. */
static uint64_t measure(const struct leaks_blocks *blocks, uint32_t from, uint32_t *outermost)
{
    uint32_t near = from, remembered = from, i = from;
    uint64_t n = 1, limit = 1, since = 0;
    for (uint32_t next; !ends_at(&blocks->items[i]) && (next = holder(blocks, i, &near)) != TRACE_NONE; i = next, n++) {
        if (next == remembered)
            return 0;
        if (++since == limit) {
            remembered = next;
            limit *= 2;
            since = 0;
        }
    }
    *outermost = i;
    return n;
}

static void add_root(const struct trace_snapshot *snapshot, uint64_t at, struct leaks_path *path)
{
    const struct trace_root *root = root_at(snapshot, at);
    struct leaks_step *step = vec_add(path);
    *step = (struct leaks_step){
        .root = root, .name = name_at(snapshot, at), .address = at, .offset = root == &elsewhere ? 0 : at - root->start,
        .stack = TRACE_NONE,
    };
}

static void reverse(struct leaks_step *steps, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++, n--) {
        struct leaks_step swapped = steps[i];
        steps[i] = steps[n - 1];
        steps[n - 1] = swapped;
    }
}

/* Walks from the inside out; the steps are turned round in the end. */
static void add_blocks(const struct trace *trace, const struct leaks_blocks *blocks, uint32_t from, uint64_t n,
                       struct leaks_path *path)
{
    uint32_t near = from, i = from;
    uint64_t word = 0, skipped = 0;
    size_t first = path->n;
    for (uint64_t k = 0; k < n; k++) {
        const struct leaks_block *block = &blocks->items[i];
        if (k >= LEAKS_PATH_END && k + LEAKS_PATH_END < n) {
            skipped++;
        } else {
            if (skipped)
                path->items[path->n - 1].skipped = skipped;
            skipped = 0;
            vec_push(path, ((struct leaks_step){
                .address = block->address, .offset = word ? word - block->address : 0, .bytes = block->bytes,
                .stack = trace->sites[block->site].stack,
            }));
        }
        word = block->at;
        i = k + 1 < n ? holder(blocks, i, &near) : i;
    }
    reverse(path->items + first, path->n - first);
}

void leaks_path(const struct leaks *leaks, const struct leaks_group *group, uint64_t address, struct leaks_path *path)
{
    const struct leaks_store *store = (const struct leaks_store *)leaks;
    const struct trace *trace = leaks->profile->trace;
    const struct trace_snapshot *snapshot = &trace->snapshots[group->snapshot];
    const struct leaks_blocks *blocks = &store->snapshots.items[store->snapshot_of[snapshot->process]].blocks;
    uint32_t near = 0, outermost, from = leaks_blocks_find(blocks, address, &near);
    vec_clear(path);
    if (from == TRACE_NONE || ends_at(&blocks->items[from]))
        return;
    uint64_t n = measure(blocks, from, &outermost);
    if (n == 0)
        return;
    if (!ends_at(&blocks->items[outermost]))
        add_root(snapshot, blocks->items[outermost].at, path);
    add_blocks(trace, blocks, from, n, path);
}
