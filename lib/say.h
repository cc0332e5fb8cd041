/* The library's own few words, on stderr by write(2). Hook safe, errno kept. At most three a process: then it is silent. */
#ifndef HEAPLINE_SAY_H
#define HEAPLINE_SAY_H

/* "heapline: <sentence>: <error>\n"; error 0: none. */
void hl_say(const char *sentence, int error);

#endif
