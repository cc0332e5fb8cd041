/* What a snapshot's graph has addresses of, and the trace is to have names of: words of globals, functions whose frames hold
 * something, virtual tables without type information. By the snapshot's thread. */
#ifndef HEAPLINE_COLLECT_SNAPSHOT_GRAPH_H
#define HEAPLINE_COLLECT_SNAPSHOT_GRAPH_H

struct snapshot;

/* Adds the words of globals to those that are to be named. */
void snapshot_graph_words(struct snapshot *snapshot);

/* Adds the names of code and of virtual tables. */
void snapshot_graph_name(struct snapshot *snapshot);

#endif
