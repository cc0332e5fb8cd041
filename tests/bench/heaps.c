/* Heaps to take snapshots of; heapline.h is all that it needs of heapline. It says what it measured, one line each, times in
 * ns by the monotonic clock.
 *
 *     heaps tree BLOCKS | lists BLOCKS    blocks of 56 bytes, all reachable; one leak check
 *     heaps pause MEGABYTES THREADS N     memory in small pages, threads at work; N leak checks, a bare fork before each
 *
 * The first form stops twice and waits for a byte: after `ready`, when the collector has read everything, and after `answer`.
 * So whoever looks at processes from outside knows which moment it sees. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "heapline.h"

#define LISTS 1000u
#define PAGE 4096u
#define BURST 32u                        /* blocks that a worker allocates and frees between two naps */
#define BUSY 2u                          /* workers that never nap */

struct node { struct node *left, *right, *other; char data[32]; };

static struct node *volatile tree, *volatile lists[LISTS];     /* volatile: the compiler would leave out what nobody reads */

static _Noreturn void fail(const char *what, int error)
{
    fprintf(stderr, "heaps: %s: %s\n", what, strerror(error));
    exit(1);
}

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* xorshift (Marsaglia 2003): the same heap each time. */
static unsigned long long random_number(void)
{
    static unsigned long long x = 88172645463325252ULL;
    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

static struct node *new_node(void)
{
    struct node *node = calloc(1, sizeof *node);
    if (!node)
        fail("calloc", errno);
    return node;
}

/* ---- heaps of small blocks ---- */

/* Each node has two children, allocated about when it was, and knows any other node. */
static void make_tree(size_t n)
{
    struct node **nodes = malloc(n * sizeof *nodes);
    if (!nodes)
        fail("malloc", errno);
    for (size_t i = 0; i < n; i++)
        nodes[i] = new_node();
    for (size_t i = 0; i < n; i++) {
        nodes[i]->left = 2 * i + 1 < n ? nodes[2 * i + 1] : NULL;
        nodes[i]->right = 2 * i + 2 < n ? nodes[2 * i + 2] : NULL;
        nodes[i]->other = nodes[random_number() % n];
    }
    tree = nodes[0];
    memset(nodes, 0, n * sizeof *nodes);
    free(nodes);
}

/* Lists that grew in turn at random: the next node of each stands somewhere further on. */
static void make_lists(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t list = random_number() % LISTS;
        struct node *node = new_node();
        node->left = lists[list];
        lists[list] = node;
    }
}

static void wait_for_byte(void)
{
    if (getchar() == EOF)
        fail("standard input ended", EPIPE);
}

static void check_heap(void (*make)(size_t), size_t n)
{
    struct heapline_leaks leaks;
    make(n);
    if (!heapline_live_bytes || heapline_live_bytes(NULL) < 0)
        fail("nobody records this process", ENOTCONN);
    puts("ready");
    fflush(stdout);
    wait_for_byte();
    long long asked = now_ns();
    if (heapline_leak_check(&leaks) < 0)
        fail("the leak check was not answered", EIO);
    printf("answer %lld %lld %llu %llu %d\n", asked, now_ns(), leaks.reachable_blocks,
           leaks.lost_blocks + leaks.indirect_blocks, leaks.complete);
    fflush(stdout);
    wait_for_byte();
    _exit(0);
}

/* ---- pauses ---- */

static pthread_rwlock_t at_work;         /* whoever writes has every worker stand still */

static void nap(long ns)
{
    struct timespec t = {0, ns};
    nanosleep(&t, NULL);
}

static void *work(void *context)
{
    size_t number = (size_t)(intptr_t)context;
    void *blocks[BURST];
    for (;;) {
        if (number >= BUSY && number % 2) {
            nap(10000000);
            continue;
        }
        pthread_rwlock_rdlock(&at_work);
        for (size_t i = 0; i < BURST; i++)
            blocks[i] = malloc(16 + 16 * i);
        for (size_t i = 0; i < BURST; i++)
            free(blocks[i]);
        pthread_rwlock_unlock(&at_work);
        if (number >= BUSY)
            nap(2000000);
    }
    return NULL;
}

static void start_workers(size_t n)
{
    pthread_rwlockattr_t kind;
    pthread_rwlockattr_init(&kind);
    pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&at_work, &kind);
    for (size_t i = 0; i < n; i++) {
        pthread_t thread;
        int error = pthread_create(&thread, NULL, work, (void *)(intptr_t)i);
        if (error)
            fail("pthread_create", error);
    }
}

/* What the kernel takes to copy this process, without any library's handlers of fork. */
static long long bare_fork(void)
{
    long long before = now_ns();
    long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
        for (;;)
            syscall(SYS_exit_group, 0);
    long long took = now_ns() - before;
    if (child < 0 || waitpid((pid_t)child, NULL, 0) < 0)
        fail("fork", errno);
    return took;
}

static volatile char *map_small_pages(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        fail("mmap", errno);
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    return memory;
}

/* After a fork too: the next one shall find pages that were written to, as the first one does. */
static void touch(volatile char *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += PAGE)
        memory[i]++;
}

static void pause_often(size_t megabytes, size_t threads, size_t n)
{
    size_t bytes = megabytes << 20;
    volatile char *memory = map_small_pages(bytes);
    start_workers(threads);
    for (size_t i = 0; i < n; i++) {
        touch(memory, bytes);
        pthread_rwlock_wrlock(&at_work);
        long long took = bare_fork();
        pthread_rwlock_unlock(&at_work);
        printf("fork %lld\n", took);
        touch(memory, bytes);
        if (!heapline_leak_check || heapline_leak_check(NULL) < 0)
            fail("the leak check was not answered", EIO);
    }
    fflush(stdout);
    _exit(0);
}

int main(int argc, char **argv)
{
    size_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    if (argc == 3 && n && !strcmp(argv[1], "tree"))
        check_heap(make_tree, n);
    if (argc == 3 && n && !strcmp(argv[1], "lists"))
        check_heap(make_lists, n);
    if (argc == 5 && n && !strcmp(argv[1], "pause"))
        pause_often(n, strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    fail("heaps tree N | lists N | pause MEGABYTES THREADS N", EINVAL);
}
