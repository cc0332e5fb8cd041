#include "session.h"

#include "generation.h"
#include "py.h"
#include "real.h"
#include "say.h"
#include "snapshot.h"
#include "stack.h"
#include "sys.h"
#include "unwind_table.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#define REPLY_SECONDS 20
#define ROOM_NEEDED (UINT64_C(1) << 30)   /* of address space: what the library maps is mostly never touched, but counts against the limit */

struct hl_session *hl_session;
struct hl_lineage hl_lineage;

/* What a forked child has to give back: its parent's mappings. Ordinary memory that fork copies. */
static struct { void *board, *segment; size_t segment_bytes; } mapped;

static char socket_path[108];

/* Before libc's own start `environ` is empty: ask the kernel. */
static void read_early_environment(char *path, size_t size)
{
    static char block[65536];
    const char name[] = HL_ENV_SOCKET "=";
    long fd = hl_sys(SYS_openat, AT_FDCWD, (long)"/proc/self/environ", O_RDONLY | O_CLOEXEC, 0, 0, 0), n, have = 0;
    if (fd < 0)
        return;
    while (have < (long)sizeof block - 1 && (n = hl_sys(SYS_read, fd, (long)(block + have), (long)sizeof block - 1 - have, 0, 0, 0)) > 0)
        have += n;
    hl_sys(SYS_close, fd, 0, 0, 0, 0, 0);
    for (char *p = block; p < block + have; p += strlen(p) + 1)
        if (strncmp(p, name, sizeof name - 1) == 0 && strlen(p) - (sizeof name - 1) < size)
            strcpy(path, p + sizeof name - 1);
}

static bool find_socket(void)
{
    if (socket_path[0])
        return true;
    if (!environ) {
        read_early_environment(socket_path, sizeof socket_path);
    } else {
        const char *path = getenv(HL_ENV_SOCKET);
        if (path && strlen(path) < sizeof socket_path)
            strcpy(socket_path, path);
    }
    return socket_path[0] != 0;
}

long hl_session_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = REPLY_SECONDS};
    if (!find_socket())
        return -ENOENT;
    strcpy(address.sun_path, socket_path);
    long fd = hl_sys(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, 0, 0, 0);
    if (fd < 0)
        return fd;
    hl_sys(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, (long)&limit, sizeof limit, 0);
    hl_sys(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, (long)&limit, sizeof limit, 0);
    long error;
    while ((error = hl_sys(SYS_connect, fd, (long)&address, sizeof address, 0, 0, 0)) == -EINTR)
        ;
    if (error < 0) {
        hl_sys(SYS_close, fd, 0, 0, 0, 0, 0);
        return error;
    }
    return fd;
}

static uint64_t address_limit(void)
{
    struct rlimit limit;
    if (hl_sys(SYS_prlimit64, 0, RLIMIT_AS, 0, (long)&limit, 0, 0) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return ~UINT64_C(0);
    return limit.rlim_cur;
}

bool hl_session_send(long fd, enum hl_hello_kind kind, uint64_t parent, uint64_t token, const char *path)
{
    struct hl_hello hello = {
        .magic = HL_WIRE_MAGIC,
        .kind = kind,
        .tid = (uint32_t)hl_sys_gettid(),
        .parent = parent,
        .token = token,
        .address_limit = address_limit(),
    };
    strncpy(hello.path, path, sizeof hello.path - 1);
    long n;
    while ((n = hl_sys(SYS_sendto, fd, (long)&hello, sizeof hello, MSG_NOSIGNAL, 0, 0)) == -EINTR)
        ;
    return n == sizeof hello;
}

static bool send_hello(long fd, enum hl_hello_kind kind, const char *path)
{
    return hl_session_send(fd, kind, hl_lineage.serial, hl_lineage.token, path);
}

/* Receives the welcome and its two descriptors. */
static bool receive_welcome(long fd, struct hl_welcome *welcome, int fds[2])
{
    union { char bytes[CMSG_SPACE(2 * sizeof(int))]; struct cmsghdr align; } control;
    struct iovec part = {welcome, sizeof *welcome};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    long n;
    while ((n = hl_sys(SYS_recvmsg, fd, (long)&message, MSG_CMSG_CLOEXEC, 0, 0, 0)) == -EINTR)
        ;
    struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(2 * sizeof(int)))
        return false;
    memcpy(fds, CMSG_DATA(header), 2 * sizeof(int));
    return n == sizeof *welcome && welcome->magic == HL_WIRE_MAGIC;
}

static void *map_shared(int fd, size_t bytes)
{
    long p = hl_sys(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    return p < 0 && p > -4096 ? NULL : (void *)p;
}

static void release_inherited(void)
{
    if (mapped.board)
        hl_sys_unmap(mapped.board, sizeof(struct hl_board));
    if (mapped.segment)
        hl_sys_unmap(mapped.segment, mapped.segment_bytes);
    mapped.board = mapped.segment = NULL;
}

static bool map_welcome(struct hl_session *session, const struct hl_welcome *welcome, const int fds[2])
{
    release_inherited();
    mapped.segment_bytes = welcome->segment_bytes;
    mapped.board = map_shared(fds[0], sizeof(struct hl_board));
    mapped.segment = map_shared(fds[1], welcome->segment_bytes);
    session->board = mapped.board;
    session->segment = mapped.segment;
    if (!session->board || !session->segment)
        return false;
    session->serial = welcome->serial;
    session->rings = session->segment->rings;
    session->ring_bytes = session->segment->ring_bytes;
    session->data_offset = session->segment->data_offset;
    session->threads = hl_sys_map(session->rings * sizeof *session->threads, 0);
    session->pid = hl_sys_getpid();
    return session->threads != NULL;
}

static bool shake_hands(struct hl_session *session)
{
    struct hl_welcome welcome;
    int fds[2] = {-1, -1};
    if (address_limit() < ROOM_NEEDED) {
        hl_session_notice(HL_HELLO_BARRED, "its address space is limited to less than 1 GiB (ulimit -v), too little to record in: raise the limit");
        return false;
    }
    long fd = hl_session_connect();
    if (fd < 0) {
        if (fd != -ENOENT && fd != -ECONNREFUSED)
            hl_say("cannot reach the collector, this process runs unrecorded", (int)-fd);
        return false;
    }
    bool ok = send_hello(fd, hl_lineage.serial ? HL_HELLO_FORK : HL_HELLO_PROGRAM, "") && receive_welcome(fd, &welcome, fds) &&
              map_welcome(session, &welcome, fds);
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            hl_sys(SYS_close, fds[i], 0, 0, 0, 0, 0);
    hl_sys(SYS_close, fd, 0, 0, 0, 0, 0);
    if (hl_lineage.serial)
        hl_stack_oracle = NULL;          /* libunwind's locks may be held by a thread that fork left behind */
    if (ok) {
        hl_lineage = (struct hl_lineage){.serial = welcome.serial};
        hl_mark_listen();
        hl_snapshot_listen();
    }
    return ok;
}

static struct hl_session *session_page(void)
{
    struct hl_session *session = __atomic_load_n(&hl_session, __ATOMIC_ACQUIRE), *expected = NULL;
    if (session)
        return session;
    session = hl_sys_map(sizeof *session, 1);
    if (!session || __atomic_compare_exchange_n(&hl_session, &expected, session, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return session;
    hl_sys_unmap(session, sizeof *session);
    return expected;
}

HL_COLD enum hl_session_status hl_session_attach(void)
{
    struct hl_session *session = session_page();
    if (!session)
        return HL_SESSION_OFF;
    uint32_t tid = (uint32_t)hl_sys_gettid(), status = HL_SESSION_NONE;
    if (atomic_compare_exchange_strong(&session->status, &status, HL_SESSION_ATTACHING)) {
        atomic_store(&session->attacher, tid);
        hl_real.free(NULL);              /* has the real functions looked up before anything is recorded */
        status = shake_hands(session) ? HL_SESSION_ON : HL_SESSION_OFF;
        atomic_store(&session->status, status);
        hl_sys_wake(&session->status);
        return (enum hl_session_status)status;
    }
    while (status == HL_SESSION_ATTACHING && atomic_load(&session->attacher) != tid) {
        hl_sys_wait(&session->status, HL_SESSION_ATTACHING, 100000000);
        status = atomic_load(&session->status);
    }
    return (enum hl_session_status)status;
}

HL_COLD void hl_session_off(void) { atomic_store(&hl_session->status, HL_SESSION_OFF); }

HL_COLD void hl_session_notice(enum hl_hello_kind kind, const char *path)
{
    long fd = hl_session_connect();
    if (fd < 0)
        return;
    send_hello(fd, kind, path);
    hl_sys(SYS_close, fd, 0, 0, 0, 0, 0);
}

void hl_session_measure(void)
{
    uint64_t bytes = hl_generation_resident() + hl_sys_resident(hl_rule_table, sizeof hl_rule_table);
    for (uint32_t i = 0; i < hl_session->rings && hl_session->threads[i]; i++)
        bytes += hl_sys_resident(hl_session->threads[i], 2 * sizeof(struct hl_thread)) +
                 (hl_session->threads[i]->python_room ? hl_sys_resident(hl_session->threads[i]->python_room, sizeof(struct hl_py_thread)) : 0);
    bytes += hl_py_codes_resident();
    atomic_store_explicit(&hl_session->segment->self_bytes, bytes, memory_order_relaxed);
}
