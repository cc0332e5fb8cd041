/* The last words of `heapline run`: at most 15 lines on stderr, from the finished trace. */
#ifndef HEAPLINE_CMD_SUMMARY_H
#define HEAPLINE_CMD_SUMMARY_H

void summary_print(const char *path);

#endif
