/* What `heapline graph` prints (cmd/graph.c), as text and as JSON. A graph without profile and snapshot is printed without what
 * these would say. */
#ifndef HEAPLINE_OUTPUT_GRAPH_PRINT_H
#define HEAPLINE_OUTPUT_GRAPH_PRINT_H

#include "graph.h"

enum graph_by { GRAPH_BY_COUNT, GRAPH_BY_BYTES, GRAPH_BY_RETAINED };
extern const char *const graph_by_names[];                       /* "count", "bytes", "retained", NULL */

/* What was asked for, beside the graph. */
struct graph_wanted {
    const char *selector;                  /* NULL: everything */
    const uint8_t *set;                    /* its nodes, one byte a node; NULL: all */
    uint32_t n;                            /* how many */
};

/* Sums over all nodes that are in `set` (NULL: all). */
struct graph_sorts { uint64_t nodes[GRAPH_SORTS], bytes[GRAPH_SORTS], all_nodes, all_bytes; };
void graph_sort_sums(struct graph_sorts *sums, const struct graph *graph, const uint8_t *set);

/* Bytes and blocks that the snapshot itself has, counted again from the trace. False: there is no trace, or it is damaged. */
bool graph_live(const struct graph *graph, uint64_t *bytes, uint64_t *blocks);

/* Rows by count, bytes or retained bytes, the largest first; ties by name. */
void graph_rows_sort(struct graph_rows *rows, const struct graph *graph, enum graph_by by);

/* Makes the retained bytes of the first `n` rows exact. */
void graph_rows_exact(struct graph_rows *rows, struct graph *graph, const uint8_t *set, size_t n);

#define GRAPH_ROWS_BY_DEFAULT 20           /* of types and of growth, in text */

/* What a type is made of on one line of code: rows of the sections of leaking. */
struct graph_lot {
    uint32_t type, line;                   /* line: location; GRAPH_NONE: unknown */
    uint32_t example;                      /* the node with the most retained bytes */
    uint64_t count, bytes;
    uint64_t retained;                     /* together, exactly, for the first ones */
};
struct graph_lots VEC_FIELDS(struct graph_lot);
void graph_lots_build(struct graph_lots *lots, struct graph *graph, const uint32_t *nodes,
                      size_t n); /* most bytes retained first */

/* Who holds a Python object from C: the node that leads to it, and by which edge; GRAPH_NONE: nobody was found. Node 0 stands for
 * roots. */
uint32_t graph_c_holder(const struct graph *graph, uint32_t node, uint32_t *edge);

/* Bytes of the block that the object itself stands in, without its parts; 0: it has none. */
uint64_t graph_own_bytes(const struct graph *graph, uint32_t node);

/* The nodes of a set that retain most, at most `most`, the largest first. Returns how many. */
#define GRAPH_SHOW_MOST 100
size_t graph_largest(struct graph *graph, const uint8_t *set, uint32_t *nodes, size_t most);

/* What is kept of a snapshot's graph, told without loading it. */
struct graph_kept { bool graph, whole, python; uint64_t nodes; };
struct graph_kept graph_kept(const struct profile *profile, uint32_t snapshot);

/* How a snapshot was caused, for people: "at its end"; and for JSON: "exit". */
const char *graph_cause_text(enum trace_snapshot_cause cause);
const char *graph_cause_name(enum trace_snapshot_cause cause);

/* ---- text ---- */

void graph_text_types(const struct view *view, const struct graph *graph, const struct graph_wanted *wanted,
                      const struct graph_rows *rows, enum graph_by by);
void graph_text_growth(const struct view *view, const struct graph *before, const struct graph *after,
                       const struct graph_growth *growth);
void graph_text_view(const struct view *view, struct graph *graph, const struct graph_wanted *wanted,
                     const struct graph_view *shown); /* REFS, BACKREFS, DOMINATORS */
void graph_text_chain(const struct view *view, struct graph *graph, const struct graph_wanted *wanted,
                      const struct graph_path *path);
void graph_text_free(const struct view *view, struct graph *graph, const struct graph_wanted *wanted,
                     const struct graph_cut *cut);
void graph_text_leaking(const struct view *view, struct graph *graph, const struct graph_leaking *leaking);
void graph_text_show(const struct view *view, struct graph *graph, const struct graph_wanted *wanted, size_t most);
void graph_text_list(const struct view *view, struct graph *graph, const struct graph_wanted *wanted);
void graph_text_snapshots(const struct view *view, const struct profile *profile);

/* The parts that all of them have. */
void graph_text_head(const struct view *view, const struct graph *graph, const struct graph_wanted *wanted, const char *title);
void graph_text_notes(const struct view *view, const struct graph *graph);
void graph_text_heading(const struct view *view, const char *text);
void graph_text_add_place(struct strbuf *out, const char *edge, const char *holder);        /* ".history of Book at 0x…" */
void graph_text_add_line(struct strbuf *out, const struct graph *graph,
                         uint32_t node); /* of its allocation; nothing where the node's name has it */

/* The trees of a view, with what was asked for at their top; and the branches of one place of it. What leads out, or who leads to
 * it. */
void graph_text_trees(const struct view *view, const struct graph *graph, const struct graph_view *shown, bool incoming);
void graph_text_branches(const struct view *view, const struct graph *graph, const struct graph_view *shown, uint32_t place,
                         bool incoming);

/* ---- JSON: each returns 0 or -errno ---- */

int graph_json_types(const struct view *view, const struct graph *graph, const struct graph_wanted *wanted,
                     const struct graph_rows *rows, enum graph_by by);
int graph_json_growth(const struct view *view, const struct graph *before, const struct graph *after,
                      const struct graph_growth *growth);
int graph_json_view(const struct view *view, struct graph *graph, const struct graph_wanted *wanted,
                    const struct graph_view *shown); /* all kinds */
int graph_json_free(const struct view *view, struct graph *graph, const struct graph_wanted *wanted, const struct graph_cut *cut);
int graph_json_chain(const struct view *view, struct graph *graph, const struct graph_wanted *wanted,
                     const struct graph_path *path);
int graph_json_leaking(const struct view *view, struct graph *graph, const struct graph_leaking *leaking);
int graph_json_show(const struct view *view, struct graph *graph, const struct graph_wanted *wanted, size_t most);
int graph_json_list(const struct view *view, struct graph *graph, const struct graph_wanted *wanted);
int graph_json_snapshots(const struct view *view, const struct profile *profile);

#endif
