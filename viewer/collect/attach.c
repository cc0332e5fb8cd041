/* The beginning and the end of a section: hello, welcome, and the last records. */
#include "collector.h"

#include "../base/say.h"
#include "../base/xalloc.h"
#include "changes.h"
#include "process_info.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RINGS_MAX 1024u
#define NOTES_MAX 4096u                   /* programs on their way to say hello; a target could name any number */

/* A sealed memory file: nobody can shrink it under the other side. */
static int make_segment_file(size_t bytes)
{
    int fd = memfd_create("heapline", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)bytes) != 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return fd;
}

/* A target that may map little gets few rings. */
static uint32_t rings_for(uint64_t address_limit, uint32_t ring_bytes)
{
    uint32_t rings = RINGS_MAX;
    while (rings > 16 && hl_segment_bytes(rings, ring_bytes) > address_limit / 8)
        rings /= 2;
    return rings;
}

static int make_segment(struct target *target, uint64_t address_limit, uint32_t ring_bytes)
{
    uint32_t rings = rings_for(address_limit, ring_bytes);
    size_t bytes = hl_segment_bytes(rings, ring_bytes);
    int fd = make_segment_file(bytes);
    if (fd < 0)
        return fd;
    struct hl_segment *segment = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (segment == MAP_FAILED) {
        int error = -errno;
        close(fd);
        return error;
    }
    segment->magic = HL_WIRE_MAGIC;
    target->rings = segment->rings = rings;
    target->ring_bytes = segment->ring_bytes = ring_bytes;
    target->data_offset = segment->data_offset = bytes - (size_t)rings * ring_bytes;
    target->segment = segment;
    target->segment_bytes = bytes;
    target->lanes = xcalloc(rings, sizeof *target->lanes);
    return fd;
}

static struct target *new_target(struct collector *collector, int32_t pid)
{
    struct target *target = xcalloc(1, sizeof *target);
    target->collector = collector;
    target->pid = pid;
    target->exit_status = -1;
    target->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    target->start_ns = target->epoch_start_ns = target->accounts.now_ns = target->stuck_since = collector->now_ns;
    target->accounts.epoch = collector->epoch;
    trie_init(&target->trie);
    live_init(&target->live);
    vec_push(&collector->targets, target);
    vec_push(&collector->live, target);
    target->serial = collector->targets.n;
    return target;
}

static void write_process(struct target *target, uint32_t parent, enum trace_origin origin)
{
    char *command = process_command(target->pid), *executable = process_executable(target->pid);
    struct trace_process record = {target->pid, parent, origin, target->start_ns, command, executable};
    target->trace = trace_write_process(target->collector->writer, &record);
    free(command);
    free(executable);
    target_add_thread(target, 0);
    codes_welcome(&target->codes, target->pid);
}

static bool send_welcome(int connection, const struct target *target, int board_fd, int segment_fd)
{
    struct hl_welcome welcome = {HL_WIRE_MAGIC, target->serial, target->segment_bytes};
    union { char bytes[CMSG_SPACE(2 * sizeof(int))]; struct cmsghdr align; } control = {{0}};
    struct iovec part = {&welcome, sizeof welcome};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(2 * sizeof(int))};
    memcpy(CMSG_DATA(header), (int[]){board_fd, segment_fd}, 2 * sizeof(int));
    return sendmsg(connection, &message, MSG_NOSIGNAL) == (ssize_t)sizeof welcome;
}

static void drop_notes(struct collector *collector, int32_t pid)
{
    for (size_t i = collector->notes.n; i-- > 0;) {
        if (collector->notes.items[i].pid != pid)
            continue;
        free(collector->notes.items[i].path);
        collector->notes.items[i] = vec_last(&collector->notes);
        collector->notes.n--;
    }
}

void collector_note_exec(struct collector *collector, const struct target *target, int32_t pid, const char *path)
{
    drop_notes(collector, pid);
    if (!path || collector->notes.n >= NOTES_MAX)
        return;
    struct exec_note note = {pid, target ? target->trace : TRACE_NONE, xstrdup(path)};
    vec_push(&collector->notes, note);
}

/* What a forked child gets of its parent: the live blocks at the FORK record that it names, or as they are now. */
static void inherit(struct collector *collector, struct target *child, struct target *parent, uint64_t token)
{
    struct live_map live = {0};
    if (!parent->finished)
        target_drain_all(parent);
    target_settle(parent, false);
    if (target_take_fork_point(parent, token, &live)) {
        target_inherit(child, parent, &live);
        live_release(&live);
    } else {
        target_inherit(child, parent, &parent->live);
    }
}

static void welcome_process(struct collector *collector, int connection, const struct hl_hello *hello, int32_t pid)
{
    struct target *old = collector_find_live(collector, pid), *parent = collector_find(collector, hello->parent);
    bool forked = hello->kind == HL_HELLO_FORK && parent;
    uint32_t parent_id = forked ? parent->trace : TRACE_NONE;
    enum trace_origin origin = forked ? TRACE_ORIGIN_FORK : TRACE_ORIGIN_SPAWN;
    if (old && !forked) {                /* the same process, another program */
        old->dead = true;
        attach_end(collector, old, TRACE_EXIT_EXEC, 0);
        parent_id = old->trace;
        origin = TRACE_ORIGIN_EXEC;
    } else if (!forked) {
        struct target *around = collector_find_live(collector, process_parent(pid));
        parent_id = around ? around->trace : TRACE_NONE;
        for (size_t i = 0; i < collector->notes.n; i++)
            if (collector->notes.items[i].pid == pid && parent_id == TRACE_NONE)
                parent_id = collector->notes.items[i].parent;
        if (pid == collector->root_pid)
            origin = TRACE_ORIGIN_ROOT;
    }
    drop_notes(collector, pid);
    struct target *target = new_target(collector, pid);
    write_process(target, parent_id, origin);
    int fd = make_segment(target, hello->address_limit, collector->ring_bytes);
    if (fd < 0 || !send_welcome(connection, target, collector->board_fd, fd))
        target->dead = true;             /* it goes on unrecorded */
    if (fd >= 0)
        close(fd);
    if (target->segment && process_filters(pid) > process_filters(getpid()))
        atomic_store(&target->segment->filtered, 1);
    if (forked)
        inherit(collector, target, parent, hello->token);
    if (target->pidfd >= 0)
        listen_watch(collector, target->pidfd, target->serial + 1);
}

#define ANCESTORS_MAX 64

/* A user's own processes are welcome. Under root a program may have become another user's: then it or one it descends from is being recorded. */
static bool may_come(struct collector *collector, const struct ucred *peer)
{
    if (peer->uid == geteuid() || peer->uid == getuid())
        return true;
    int32_t pid = geteuid() == 0 ? peer->pid : 0;
    for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++, pid = process_parent(pid))
        if (pid == collector->root_pid || collector_find_live(collector, pid))
            return true;
    return false;
}

bool attach_welcome(struct collector *collector, int connection)
{
    struct hl_hello hello;
    struct ucred peer;
    socklen_t length = sizeof peer;
    struct timeval limit = {.tv_sec = 2};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || !may_come(collector, &peer))
        return false;
    if (recv(connection, &hello, sizeof hello, 0) != (ssize_t)sizeof hello || hello.magic != HL_WIRE_MAGIC)
        return false;
    hello.path[sizeof hello.path - 1] = 0;
    collector_tick(collector);
    if (hello.kind == HL_HELLO_PROGRAM || hello.kind == HL_HELLO_FORK) {
        welcome_process(collector, connection, &hello, peer.pid);
    } else if (hello.kind == HL_HELLO_EXEC) {
        collector_note_exec(collector, collector_find(collector, hello.parent), peer.pid, hello.path);
    } else if (hello.kind == HL_HELLO_BARRED && peer.pid == collector->root_pid) {
        collector->barred = true;
        snprintf(collector->barred_reason, sizeof collector->barred_reason, "%.250s", hello.path);
    } else if (hello.kind == HL_HELLO_SNAPSHOT) {
        return snapshot_hello(collector, connection, &hello, peer.pid);
    } else if (hello.kind == HL_HELLO_REQUEST) {
        return request_take(collector, connection, &hello);
    }
    return false;
}

/* How a process ended that is not our child: what the kernel or the library says. */
static void ask_exit(struct target *target, struct trace_exit *exit)
{
    struct collector *collector = target->collector;
    if (target->pid == collector->root_pid && !collector->root_ended) {
        collector->root_ended = waitpid(target->pid, &collector->root_status, 0) == target->pid;
        collector->root_end_ns = collector->now_ns;
    }
    if (target->pid == collector->root_pid && collector->root_ended) {
        bool signalled = WIFSIGNALED(collector->root_status);
        exit->kind = signalled ? TRACE_EXIT_SIGNAL : TRACE_EXIT_CODE;
        exit->value = signalled ? WTERMSIG(collector->root_status) : WEXITSTATUS(collector->root_status);
    } else if (!process_exit_status(target->pidfd, exit) && target->exit_status >= 0) {
        exit->kind = TRACE_EXIT_CODE;
        exit->value = target->exit_status;
    }
}

/* It took no snapshot at its end, and could not say why. */
static void write_filtered(struct target *target)
{
    struct trace_snapshot none = {
        .process = target->trace,
        .cause = TRACE_SNAPSHOT_EXIT,
        .label = "",
        .ns = target->collector->now_ns,
        .reasons = "its system calls are filtered (seccomp), so that it was not copied and searched",
    };
    trace_write_snapshot(target->collector->writer, &none);
}

void attach_end(struct collector *collector, struct target *target, enum trace_exit_kind kind, int32_t value)
{
    struct trace_exit exit = {target->trace, kind, value, collector->now_ns};
    if (target->finished)
        return;
    if (target->segment) {
        target_drain_all(target);
        if (target->changes.n)
            changes_flush(target);
        snapshot_target_ends(target);
    }
    request_target_ends(collector, target);
    if (kind == TRACE_EXIT_UNKNOWN)
        ask_exit(target, &exit);
    if (collector->snapshot_at_exit && kind != TRACE_EXIT_EXEC && target->segment && atomic_load(&target->segment->filtered))
        write_filtered(target);
    process_name_threads(target);
    fold_end(target, &exit);
    for (uint32_t i = 0; i < target->lanes_used; i++) {
        collector->stacks_checked += atomic_load(&target->segment->heads[i].stacks_checked);
        collector->stacks_wrong += atomic_load(&target->segment->heads[i].stacks_wrong);
    }
    collector->damaged += target->damaged;
    target->finished = true;
    munmap(target->segment, target->segment_bytes);
    target->segment = NULL;
    target->lanes_used = 0;
    if (target->pidfd >= 0)
        close(target->pidfd);
    target->pidfd = -1;
    for (size_t i = 0; i < collector->live.n; i++)
        if (collector->live.items[i] == target) {
            collector->live.items[i] = vec_last(&collector->live);
            collector->live.n--;
            break;
        }
}
