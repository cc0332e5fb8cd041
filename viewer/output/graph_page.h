/* The page of graph_html.c, made from viewer/web when heapline is built: what stands before the data and what behind. Both end in
 * a NUL. */
#ifndef HEAPLINE_OUTPUT_GRAPH_PAGE_H
#define HEAPLINE_OUTPUT_GRAPH_PAGE_H

extern const unsigned char graph_page_before[], graph_page_behind[];

#endif
