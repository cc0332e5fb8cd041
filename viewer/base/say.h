/* Messages to the person at the terminal: "heapline: " and one sentence that says what, where and what to do next, on one line and
 * without what a terminal would obey.
 *
 * On stderr, one write a message. Coloured only when stderr is a terminal that can, and NO_COLOR is unset or empty.
 */
#ifndef HEAPLINE_BASE_SAY_H
#define HEAPLINE_BASE_SAY_H

/* The command cannot do what was asked; it goes on to return EXIT_USAGE. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Something is not as it should be, the command goes on: "heapline: warning: …". */
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Something worth knowing. */
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
