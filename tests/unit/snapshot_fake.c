#include "snapshot_fake.h"

#include "../../viewer/base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <signal.h>

#include <cmocka.h>

#define RING_BYTES 32768u

/* ---- the process ---- */

void fake_check(bool right)
{
    if (!right)
        _exit(FAKE_FAILED);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    fake_check(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static void say_hello(int fd, enum hl_hello_kind kind, uint64_t parent, uint64_t token, const char *path)
{
    struct hl_hello hello = {.magic = HL_WIRE_MAGIC, .kind = kind, .tid = (uint32_t)getpid(), .parent = parent, .token = token, .address_limit = UINT64_MAX};
    snprintf(hello.path, sizeof hello.path, "%s", path);
    fake_check(send(fd, &hello, sizeof hello, MSG_NOSIGNAL) == (ssize_t)sizeof hello);
}

/* A message with up to two descriptors. */
static void receive(int fd, void *data, size_t size, int *fds, size_t n)
{
    union { char bytes[CMSG_SPACE(2 * sizeof(int))]; struct cmsghdr align; } control;
    struct iovec part = {data, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    fake_check(recvmsg(fd, &message, MSG_CMSG_CLOEXEC) == (ssize_t)size);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    fake_check(header && header->cmsg_len == CMSG_LEN(n * sizeof *fds));
    memcpy(fds, CMSG_DATA(header), n * sizeof *fds);
}

static void *map(int fd, size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    fake_check(p != MAP_FAILED);
    close(fd);
    return p;
}

static void begin(struct fake *fake)
{
    struct hl_welcome welcome;
    int fds[2], connection = connect_to(fake->socket_path);
    say_hello(connection, HL_HELLO_PROGRAM, 0, 0, "");
    receive(connection, &welcome, sizeof welcome, fds, 2);
    close(connection);
    fake->board = map(fds[0], sizeof *fake->board);
    fake->segment = map(fds[1], welcome.segment_bytes);
    fake->serial = welcome.serial;
}

void fake_write(struct fake *fake, uint32_t ring, const uint64_t *words, size_t n)
{
    struct hl_segment *segment = fake->segment;
    uint64_t *data = hl_segment_ring(segment, segment->data_offset, segment->ring_bytes, ring), head = atomic_load(&segment->heads[ring].head);
    if (atomic_load(&segment->rings_used) <= ring)
        atomic_store(&segment->rings_used, ring + 1);
    if (head == 0) {
        data[0] = hl_record_word(HL_RECORD_THREAD, 1000 + ring);
        head = 8;
    }
    fake_check(head + n * 8 <= segment->ring_bytes);
    memcpy(data + head / 8, words, n * 8);
    atomic_store_explicit(&segment->heads[ring].head, head + n * 8, memory_order_release);
}

void fake_alloc(struct fake *fake, uint32_t ring, uint64_t address, uint64_t bytes)
{
    fake_write(fake, ring, FAKE_WORDS(hl_record_block(HL_RECORD_ALLOC, 0, address), hl_record_stack(bytes, 0, 0)));
}

void fake_free(struct fake *fake, uint32_t ring, uint64_t address)
{
    fake_write(fake, ring, FAKE_WORDS(hl_record_block(HL_RECORD_FREE, 0, address)));
}

int fake_hello(struct fake *fake, uint32_t number, enum hl_snapshot_cause cause, const char *label)
{
    int connection = connect_to(fake->socket_path);
    say_hello(connection, HL_HELLO_SNAPSHOT, fake->serial, number | (uint64_t)cause << 32, label);
    return connection;
}

void fake_note_cut(struct fake *fake, uint32_t number)
{
    struct hl_segment *segment = fake->segment;
    for (uint32_t i = 0; i < atomic_load(&segment->rings_used); i++)
        atomic_store(&segment->heads[i].cut, atomic_load(&segment->heads[i].head));
    atomic_store_explicit(&segment->cut_number, number, memory_order_release);
}

void fake_let_read(struct fake *fake)
{
    fake_check(write(fake->ready, "", 1) == 1);
}

void fake_await_taken(struct fake *fake, uint32_t number)
{
    while (atomic_load(&fake->segment->cut_taken) != number)
        usleep(200);                      /* a limit is set by alarm */
}

struct hl_snapshot *fake_receive(int connection)
{
    struct hl_snapshot_table message;
    int fd;
    receive(connection, &message, sizeof message, &fd, 1);
    fake_check(message.magic == HL_WIRE_MAGIC);
    struct hl_snapshot *table = map(fd, message.bytes);
    const struct hl_snapshot_block *blocks = fake_blocks(table);
    fake_check(table->magic == HL_WIRE_MAGIC && table->blocks_offset + table->blocks * sizeof *blocks <= message.bytes);
    for (uint64_t i = 1; i < table->blocks; i++)
        fake_check(blocks[i - 1].start + hl_block_bytes(&blocks[i - 1]) <= blocks[i].start);
    return table;
}

struct hl_snapshot_block *fake_blocks(struct hl_snapshot *table)
{
    return (struct hl_snapshot_block *)((char *)table + table->blocks_offset);
}

struct hl_snapshot_block *fake_block(struct hl_snapshot *table, uint64_t start)
{
    for (uint64_t i = 0; i < table->blocks; i++)
        if (fake_blocks(table)[i].start == start)
            return &fake_blocks(table)[i];
    _exit(FAKE_FAILED);
}

void fake_judge(struct hl_snapshot *table, uint64_t start, enum hl_reach reach, uint64_t at)
{
    struct hl_snapshot_block *block = fake_block(table, start);
    block->bytes = (block->bytes & ((UINT64_C(1) << 56) - 1)) | (uint64_t)reach << 56;
    block->at = at;
}

void fake_judge_all(struct hl_snapshot *table, enum hl_reach reach)
{
    for (uint64_t i = 0; i < table->blocks; i++)
        fake_judge(table, fake_blocks(table)[i].start, reach, 0);
}

void fake_root(struct hl_snapshot *table, uint64_t start, uint64_t end, enum hl_root_kind kind, uint32_t tid)
{
    table->root[table->roots++] = (struct hl_snapshot_root){start, end, kind, tid};
}

void fake_done(int connection, uint32_t number)
{
    struct hl_snapshot_done done = {HL_WIRE_MAGIC, number};
    fake_check(send(connection, &done, sizeof done, MSG_NOSIGNAL) == (ssize_t)sizeof done);
}

/* ---- the collector ---- */

void fake_start(struct fake_run *run, fake_fn *fn)
{
    static const struct trace_run about = {.command = "", .host = "", .version = ""};
    int ready[2];
    char byte;
    memset(run, 0, sizeof *run);
    snprintf(run->path, sizeof run->path, "/tmp/heapline-fake-XXXXXX");
    int fd = mkstemp(run->path);
    assert_true(fd >= 0);
    close(fd);
    run->collector.ring_bytes = RING_BYTES;
    run->collector.snapshot_signal = (uint32_t)SIGRTMAX - 2;
    assert_int_equal(trace_writer_create(&run->collector.writer, run->path, &about), 0);
    assert_int_equal(collector_open(&run->collector), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct fake fake = {.socket_path = run->collector.socket_path, .ready = ready[1]};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ready[0]);
        begin(&fake);
        fn(&fake);
        _exit(0);
    }
    close(ready[1]);
    collector_watch_root(&run->collector, pid);
    while (!run->collector.targets.n)
        collector_turn(&run->collector);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
}

static bool take_rows(void *context, const struct trace_snapshot_block *blocks, size_t n)
{
    struct fake_run *run = context;
    run->rows = xreallocarray(run->rows, run->n_rows + n, sizeof *run->rows);
    memcpy(run->rows + run->n_rows, blocks, n * sizeof *blocks);
    run->n_rows += n;
    return true;
}

void fake_open_trace(struct fake_run *run)
{
    struct trace_error error;
    collector_finish(&run->collector);
    run->status = run->collector.root_status;
    assert_int_equal(trace_writer_close(run->collector.writer), 0);
    run->trace = trace_open(run->path, &error);
    if (!run->trace || !run->trace->complete)
        fail_msg("%s", error.text);
    if (run->trace->n_snapshots && trace_each_snapshot_block(run->trace, 0, take_rows, run, &error) != 0)
        fail_msg("%s", error.text);
}

void fake_finish(struct fake_run *run)
{
    while (!collector_done(&run->collector))
        collector_turn(&run->collector);
    fake_open_trace(run);
}

void fake_run(struct fake_run *run, fake_fn *fn)
{
    fake_start(run, fn);
    fake_finish(run);
}

void fake_close(struct fake_run *run)
{
    trace_close(run->trace);
    collector_close(&run->collector);
    unlink(run->path);
    free(run->rows);
}

const struct trace_snapshot_block *fake_row(const struct fake_run *run, uint64_t start)
{
    for (size_t i = 0; i < run->n_rows; i++)
        if (run->rows[i].address == start)
            return &run->rows[i];
    return NULL;
}
