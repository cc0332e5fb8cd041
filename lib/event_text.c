#include "event.h"

#include <string.h>

#define PIECE (HL_RECORD_BYTES_MAX - 128)

/* One record's worth: the thread is entered for each, since making the next piece may allocate. */
static void send_piece(const uint64_t *words, size_t n, const char *bytes, size_t length)
{
    struct hl_thread *thread = hl_enter();
    if (!thread)
        return;
    if (thread->nested)
        hl_event_bytes(thread, words, n, bytes, length);
    hl_leave(thread);
}

void hl_event_text(const char *name, const char *text, size_t bytes)
{
    char first[PIECE];
    size_t head = strlen(name), n = bytes < PIECE - head ? bytes : PIECE - head;
    memcpy(first, name, head);
    memcpy(first + head, text, n);
    send_piece((uint64_t[]){hl_record_word(HL_RECORD_SOURCE, head), bytes, head + n}, 3, first, head + n);
    for (size_t at = n; at < bytes; at += n) {
        n = bytes - at < PIECE ? bytes - at : PIECE;
        send_piece((uint64_t[]){hl_record_word(HL_RECORD_SOURCE_MORE, 0), n}, 2, text + at, n);
    }
}
