/* Rings are read one after the other, so that a frame may be met before the record, in another ring, that says what it is: its code object's, its
 * module's. Both were published before any frame that needs them. Then all rings are looked through for such records ahead of their
 * time, which changes nothing else: when their turn comes they say what is known. */
#ifndef HEAPLINE_COLLECT_AHEAD_H
#define HEAPLINE_COLLECT_AHEAD_H

#include <stdbool.h>

struct target;

/* Takes the CODE and MODULE records that wait in the rings. False: nothing was published since the last look. May be called while rings are being read. */
bool ahead_look(struct target *target);

#endif
