/* heapline.h: what a program can learn from heapline and tell it.
 *
 * Include it and link nothing: the functions are weak and come with the preloaded library when the program runs under
 * `heapline run`. Everywhere else their addresses are NULL; the macros below call them only where they exist and cost a comparison.
 * Any thread may use them, signal handlers too.
 */
#ifndef HEAPLINE_H
#define HEAPLINE_H

#define HEAPLINE_VERSION_MAJOR 0
#define HEAPLINE_VERSION_MINOR 1

#ifdef __cplusplus
extern "C" {
#endif

/* 1: this process is being recorded. 0: it is not (any more). */
__attribute__((weak)) int heapline_is_recording(void);

#define HEAPLINE_IS_RECORDING() (heapline_is_recording ? heapline_is_recording() : 0)

#ifdef __cplusplus
}
#endif

#endif
