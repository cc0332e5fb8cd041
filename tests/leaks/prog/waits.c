/* Threads that wait in the calls which every signal ends (signal(7)), while a snapshot stops them all: none of them notices.
 * With an argument the first thread alone waits for a line: a snapshot is asked for from outside meanwhile (cases.py).
 *
 * group: none
 */
#include "leaks.h"
#include "heapline.h"

#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <time.h>

#define SECONDS 1

static int gate[2], queue, set;
static sem_t semaphore;

static int by_poll(void)
{
    struct pollfd one = {.fd = gate[0], .events = POLLIN};
    return poll(&one, 1, -1) == 1;
}

static int by_ppoll(void)
{
    struct pollfd one = {.fd = gate[0], .events = POLLIN};
    return ppoll(&one, 1, &(struct timespec){.tv_sec = 100}, NULL) == 1;
}

static int by_select(void)
{
    fd_set descriptors;
    FD_ZERO(&descriptors);
    FD_SET(gate[0], &descriptors);
    return select(gate[0] + 1, &descriptors, NULL, NULL, NULL) == 1;
}

static int by_epoll(void)
{
    struct epoll_event event;
    return epoll_wait(queue, &event, 1, -1) == 1;
}

static int by_signal(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    return sigtimedwait(&signals, NULL, &(struct timespec){.tv_sec = 100}) == SIGUSR1;
}

static int by_semaphore(void) { return sem_timedwait(&semaphore, &(struct timespec){.tv_sec = 1L << 40}) == 0; }

static int by_set(void) { return semop(set, &(struct sembuf){.sem_op = -1}, 1) == 0; }

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_time(void)
{
    double start = seconds();
    return nanosleep(&(struct timespec){.tv_sec = SECONDS}, NULL) == 0 && seconds() - start >= SECONDS;
}

static int by_time_with_rest(void)
{
    double start = seconds();
    struct timespec rest;
    return clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_sec = SECONDS}, &rest) == 0 && seconds() - start >= SECONDS;
}

static struct waiter { const char *name; int (*wait)(void); atomic_int tid; int passed, error; pthread_t thread; } waiters[] = {
    {"poll", by_poll, 0, 0, 0, 0}, {"ppoll", by_ppoll, 0, 0, 0, 0}, {"select", by_select, 0, 0, 0, 0}, {"epoll_wait", by_epoll, 0, 0, 0, 0},
    {"sigtimedwait", by_signal, 0, 0, 0, 0}, {"sem_timedwait", by_semaphore, 0, 0, 0, 0}, {"semop", by_set, 0, 0, 0, 0},
    {"nanosleep", by_time, 0, 0, 0, 0}, {"clock_nanosleep", by_time_with_rest, 0, 0, 0, 0},
};
#define N (sizeof waiters / sizeof *waiters)

static void *run(void *argument)
{
    struct waiter *waiter = argument;
    waiter->tid = (int)syscall(SYS_gettid);
    waiter->passed = waiter->wait();
    waiter->error = errno;
    return NULL;
}

/* Returns when the thread sleeps: after it has told its number there is one call only in which it can. */
static void await_sleep(struct waiter *waiter)
{
    char path[64], text[256], state = 0;
    while (waiter->tid == 0)
        sched_yield();
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", waiter->tid);
    while (state != 'S') {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = read(fd, text, sizeof text - 1);
        CHECK(fd >= 0 && n > 0);
        text[n] = '\0';
        state = strrchr(text, ')')[2];
        close(fd);
        sched_yield();
    }
}

static int wait_alone(void)
{
    struct pollfd one = {.fd = 0, .events = POLLIN};
    CHECK(write(1, "waiting\n", 8) == 8);
    int ready = poll(&one, 1, -1);
    printf("poll %s\n", ready == 1 ? "passed" : strerror(errno));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return wait_alone();
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    CHECK(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0 && pipe(gate) == 0 && sem_init(&semaphore, 0, 0) == 0);
    CHECK((queue = epoll_create1(EPOLL_CLOEXEC)) >= 0 && (set = semget(IPC_PRIVATE, 1, 0600)) >= 0);
    CHECK(epoll_ctl(queue, EPOLL_CTL_ADD, gate[0], &(struct epoll_event){.events = EPOLLIN}) == 0);
    for (unsigned i = 0; i < N; i++)
        CHECK(pthread_create(&waiters[i].thread, NULL, run, &waiters[i]) == 0);
    for (unsigned i = 0; i < N; i++)
        await_sleep(&waiters[i]);
    HEAPLINE_SNAPSHOT("while they wait");
    CHECK(write(gate[1], "x", 1) == 1 && sem_post(&semaphore) == 0 && pthread_kill(waiters[4].thread, SIGUSR1) == 0);
    CHECK(semop(set, &(struct sembuf){.sem_op = 1}, 1) == 0);
    for (unsigned i = 0; i < N; i++)
        CHECK(pthread_join(waiters[i].thread, NULL) == 0);
    CHECK(semctl(set, 0, IPC_RMID) == 0);
    for (unsigned i = 0; i < N; i++)
        printf("%s %s\n", waiters[i].name, waiters[i].passed ? "passed" : strerror(waiters[i].error));
    return 0;
}
