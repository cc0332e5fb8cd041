/* The socket, the watcher thread, and what it calls attention to. */
#include "collector.h"

#include "../base/say.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAG_SOCKET UINT64_C(0)
#define TAG_ROOT UINT64_C(1)              /* tags of targets: serial + 1 */

int listen_watch(struct collector *collector, int fd, uint64_t tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
    return epoll_ctl(collector->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static void ring_own_doorbell(struct collector *collector)
{
    atomic_fetch_add(&collector->board->doorbell, 1);
    syscall(SYS_futex, &collector->board->doorbell, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

void listen_call(struct collector *collector)
{
    atomic_store(&collector->attention, 1);
    ring_own_doorbell(collector);
}

/* Waits until something is to be seen on the epoll descriptor, says so, and waits until that was looked at. */
static void *watch(void *context)
{
    struct collector *collector = context;
    struct pollfd fds[2] = {{.fd = collector->epoll, .events = POLLIN}, {.fd = collector->quit, .events = POLLIN}};
    while (atomic_load(&collector->watching)) {
        if (poll(fds, 2, -1) <= 0 || !(fds[0].revents & POLLIN))
            continue;
        listen_call(collector);
        while (atomic_load(&collector->attention) && atomic_load(&collector->watching))
            syscall(SYS_futex, &collector->attention, FUTEX_WAIT_PRIVATE, 1, &(struct timespec){0, 50000000}, NULL, 0);
    }
    return NULL;
}

static int make_directory(struct collector *collector)
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    struct stat status;
    if (!base || strlen(base) > 30 || stat(base, &status) != 0 || access(base, W_OK) != 0)
        base = "/tmp";
    snprintf(collector->directory, sizeof collector->directory, "%s/heapline-XXXXXX", base);
    if (!mkdtemp(collector->directory))
        return -errno;
    snprintf(collector->socket_path, sizeof collector->socket_path, "%s/socket", collector->directory);
    if (geteuid() == 0)                   /* programs that give up root's rights go on being recorded: attach.c looks at who comes */
        chmod(collector->directory, 0711);
    return 0;
}

int listen_open(struct collector *collector)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    sigset_t all, before;
    int error = make_directory(collector);
    if (error)
        return error;
    strcpy(address.sun_path, collector->socket_path);
    collector->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    collector->epoll = epoll_create1(EPOLL_CLOEXEC);
    collector->quit = eventfd(0, EFD_CLOEXEC);
    if (collector->socket < 0 || collector->epoll < 0 || collector->quit < 0 || bind(collector->socket, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(collector->socket, 4096) != 0)
        return -errno;
    if (geteuid() == 0)
        chmod(collector->socket_path, 0666);
    listen_watch(collector, collector->socket, TAG_SOCKET);
    atomic_store(&collector->watching, true);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&collector->watcher, NULL, watch, collector);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

void listen_close(struct collector *collector)
{
    if (collector->watching) {
        atomic_store(&collector->watching, false);
        eventfd_write(collector->quit, 1);
        pthread_join(collector->watcher, NULL);
    }
    if (collector->socket >= 0)
        close(collector->socket);
    if (collector->epoll >= 0)
        close(collector->epoll);
    if (collector->quit >= 0)
        close(collector->quit);
    if (collector->directory[0]) {
        unlink(collector->socket_path);
        char link[128];
        snprintf(link, sizeof link, "%s/libheapline.so", collector->directory);
        unlink(link);
        rmdir(collector->directory);
    }
}

static void accept_all(struct collector *collector)
{
    int connection;
    while ((connection = accept4(collector->socket, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (!attach_welcome(collector, connection))
            close(connection);
    }
}

static void root_ended(struct collector *collector)
{
    bool asked = collector->root_ended;  /* attach.c took its status already */
    if (!asked && waitpid(collector->root_pid, &collector->root_status, WNOHANG) != collector->root_pid)
        return;
    collector->root_ended = true;
    if (!collector->root_end_ns)
        collector->root_end_ns = collector->now_ns;
    epoll_ctl(collector->epoll, EPOLL_CTL_DEL, collector->root_pidfd, NULL);
}

static void target_ended(struct collector *collector, uint64_t serial)
{
    struct target *target = collector_find(collector, serial);
    if (!target || target->finished)
        return;
    epoll_ctl(collector->epoll, EPOLL_CTL_DEL, target->pidfd, NULL);
    target->dead = true;
}

void listen_attend(struct collector *collector)
{
    struct epoll_event events[64];
    int n = epoll_wait(collector->epoll, events, 64, 0);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u64 == TAG_SOCKET)
            accept_all(collector);
        else if (events[i].data.u64 == TAG_ROOT)
            root_ended(collector);
        else
            target_ended(collector, events[i].data.u64 - 1);
    }
    if (atomic_exchange(&collector->attention, 0))
        syscall(SYS_futex, &collector->attention, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void collector_watch_root(struct collector *collector, int32_t pid)
{
    collector->root_pid = pid;
    collector->root_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (collector->root_pidfd >= 0)
        listen_watch(collector, collector->root_pidfd, TAG_ROOT);
}
