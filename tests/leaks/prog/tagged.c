/* Pointers that carry a mark in their lowest bits lead into the inside, and nothing explains that; pointers that
 * only the kernel knows hold nothing. */
#include "leaks.h"
#include <sys/epoll.h>

static uintptr_t marked[2];

static void fill(void)
{
    marked[0] = (uintptr_t)malloc(101) | 1;     /* leak: possible=101/1 */
    marked[1] = (uintptr_t)malloc(102) | 3;     /* leak: possible=102/1 */
    int queue = epoll_create1(0), pipes[2];
    CHECK(queue >= 0 && pipe(pipes) == 0);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = malloc(103) };      /* leak: lost=103/1 */
    CHECK(epoll_ctl(queue, EPOLL_CTL_ADD, pipes[0], &event) == 0);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
