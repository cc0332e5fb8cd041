/* Command lines as a shell would need them. */
#ifndef HEAPLINE_BASE_QUOTE_H
#define HEAPLINE_BASE_QUOTE_H

#include "strbuf.h"

/* Appends one word: as it is when no shell would touch it, else in '…', with control bytes in $'…' so
 * that it stays on one line. */
void quote_word(struct strbuf *out, const char *word);

/* Appends the words of a NULL-terminated array with blanks between them. */
void quote_command(struct strbuf *out, char *const *words);

#endif
