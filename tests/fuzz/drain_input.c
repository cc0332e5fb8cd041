#include "drain_input.h"

#include "../../viewer/base/xalloc.h"
#include "../../viewer/collect/changes.h"
#include "../../viewer/collect/fold.h"
#include "../../viewer/collect/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct trace_run run = {.command = "", .host = "", .version = ""};

static struct target *new_target(struct liar *liar, uint32_t rings, uint32_t ring_bytes)
{
    struct target *target = xcalloc(1, sizeof *target);
    target->collector = &liar->collector;
    target->pidfd = -1;
    target->pid = 0;                      /* no process: nothing is looked up below /proc */
    target->exit_status = -1;
    trie_init(&target->trie);
    live_init(&target->live);
    struct trace_process process = {.parent = TRACE_NONE, .command = "", .executable = ""};
    target->trace = trace_write_process(liar->collector.writer, &process);
    target_add_thread(target, 0);
    if (!rings)
        return target;
    target->segment_bytes = hl_segment_bytes(rings, ring_bytes);
    target->segment = aligned_alloc(4096, target->segment_bytes);
    memset(target->segment, 0, target->segment_bytes);
    target->rings = rings;
    target->ring_bytes = ring_bytes;
    target->data_offset = target->segment_bytes - (size_t)rings * ring_bytes;
    target->lanes = xcalloc(rings, sizeof *target->lanes);
    atomic_store(&target->segment->rings_used, rings);
    return target;
}

static void open_liar(struct liar *liar, uint32_t rings, uint32_t ring_bytes, const char *trace)
{
    memset(liar, 0, sizeof *liar);
    liar->collector.board = &liar->board;
    liar->collector.now_ns = 1000000;
    vec_push(&liar->collector.epochs, 0);
    if (trace_writer_create(&liar->collector.writer, trace, &run) != 0)
        abort();
    liar->collector.epoll = -1;
    liar->target = new_target(liar, rings, ring_bytes);
    vec_push(&liar->collector.targets, liar->target);
    liar->target->serial = 1;
}

void liar_open_with(struct liar *liar, uint32_t rings, uint32_t ring_bytes) { open_liar(liar, rings, ring_bytes, "/dev/null"); }
void liar_open_at(struct liar *liar, uint32_t rings, const char *trace) { open_liar(liar, rings, LIAR_RING_BYTES, trace); }
void liar_open(struct liar *liar, uint32_t rings) { liar_open_with(liar, rings, LIAR_RING_BYTES); }

void liar_write(struct liar *liar, uint32_t ring, const uint64_t *words, size_t n)
{
    struct target *target = liar->target;
    uint64_t *data = hl_segment_ring(target->segment, target->data_offset, target->ring_bytes, ring), at = liar->heads[ring] / 8;
    for (size_t i = 0; i < n; i++)
        data[(at + i) % (LIAR_RING_BYTES / 8)] = words[i];
    liar->heads[ring] += n * 8;
    atomic_store_explicit(&target->segment->heads[ring].head, liar->heads[ring], memory_order_release);
}

static void release(struct target *target)
{
    free(target->segment);
    target->segment = NULL;               /* not a mapping */
    target_release(target);
}

struct target *liar_child(struct liar *liar) { return new_target(liar, 0, 0); }
void liar_end_child(struct target *child) { release(child); }

void liar_close(struct liar *liar)
{
    struct target *target = liar->target;
    struct trace_exit end = {.process = target->trace, .kind = TRACE_EXIT_CODE, .end_ns = ++liar->collector.now_ns};
    target->dead = true;
    target_drain_all(target);
    changes_flush(target);
    snapshot_target_ends(target);
    fold_end(target, &end);
    snapshot_finish(&liar->collector);
    release(target);
    vec_release(&liar->collector.targets);
    for (size_t i = 0; i < liar->collector.notes.n; i++)
        free(liar->collector.notes.items[i].path);
    vec_release(&liar->collector.notes);
    vec_release(&liar->collector.epochs);
    fold_shared_release(&liar->collector.shared);
    trace_writer_close(liar->collector.writer);
}

/* What is left of a script. Behind its end there are zeroes. */
struct script {
    const uint8_t *at, *end;
};

static uint64_t take(struct script *script, size_t bytes)
{
    uint64_t value = 0;
    size_t left = (size_t)(script->end - script->at), n = bytes < left ? bytes : left;
    memcpy(&value, script->at, n);
    script->at += n;
    return value;
}

/* Few addresses, so that frees find blocks and mappings overlap; now and then any bits at all. */
static uint64_t address(struct script *script)
{
    uint8_t choice = (uint8_t)take(script, 1);
    return choice < 240 ? (uint64_t)(choice & 63) * 16 * (choice < 120 ? 1 : 256) : take(script, 8);
}

static uint64_t length(struct script *script)
{
    uint8_t choice = (uint8_t)take(script, 1);
    return choice < 240 ? (uint64_t)choice * 512 : take(script, 8);
}

/* A record of nearly the right form, so that wrong values get past the first checks. Returns its words. */
static size_t make_record(struct script *script, uint64_t words[HL_RECORD_WORDS_MAX])
{
    enum hl_record_kind kind = (enum hl_record_kind)(1 + take(script, 1) % (HL_RECORD_LAST + 1));
    uint32_t fresh = (uint32_t)take(script, 1) % 12, kept = (uint32_t)take(script, 1) % 8;
    uint64_t w0 = hl_record_block(kind, (uint8_t)take(script, 1) % 3, address(script));
    memset(words, 0, HL_RECORD_WORDS_MAX * sizeof *words);
    uint32_t patches = take(script, 1) % 4 ? 0 : (uint32_t)take(script, 1) % 5;
    words[1] = hl_record_stack_patched(length(script), patches, fresh, kept);
    for (uint32_t i = 2; i < 2 + 6 + fresh + patches; i++) {
        uint64_t bits = take(script, 1);
        words[i] = bits % 3 ? bits % 9 : hl_frame_python(bits >> 4 & 3, bits >> 2 & 3);
        words[i] |= (uint64_t)(i & 7) << HL_RECORD_ADDRESS_BITS;
    }
    words[0] = w0;
    switch (kind) {
    case HL_RECORD_PAD: words[0] = hl_record_word(kind, 1 + take(script, 1) % 4); break;
    case HL_RECORD_UNMAP: case HL_RECORD_PROTECT: words[1] = length(script); words[2] = take(script, 1); break;
    case HL_RECORD_MAP: case HL_RECORD_BREAK: words[2] = length(script); words[3] = take(script, 1); break;
    case HL_RECORD_REMAP:
        words[2] = length(script);
        words[3] = take(script, 1);
        words[4] = address(script);
        words[5] = length(script);
        break;
    case HL_RECORD_CODE:
        words[0] = hl_record_word(kind, take(script, 1) % 4 | take(script, 1) % 5 << HL_PYTHON_CODE_BITS);
        words[1] = take(script, 1) | (take(script, 1) & 15) << 32 | (take(script, 1) & 15) << 48;
        words[2] = length(script) / 64;
        words[3] = length(script) / 512;
        for (uint32_t i = 4; i < 16; i++)
            words[i] = take(script, 8);
        break;
    case HL_RECORD_CODE_MORE:
        words[0] = hl_record_word(kind, take(script, 1) % 4);
        words[1] = length(script) / 512;
        for (uint32_t i = 2; i < 12; i++)
            words[i] = take(script, 8);
        break;
    case HL_RECORD_SOURCE:
        words[0] = hl_record_word(kind, take(script, 1) % 20);
        words[1] = length(script) / 64;
        words[2] = length(script) / 512;
        break;
    case HL_RECORD_SOURCE_MORE: words[1] = length(script) / 512; break;
    case HL_RECORD_MARK: words[0] = hl_record_word(kind, take(script, 1) % 20 | take(script, 1) % 4 << 16); break;
    case HL_RECORD_WATCH: words[0] = hl_record_word(kind, take(script, 1) % 4); break;
    case HL_RECORD_EXECUTED:
        words[0] = hl_record_word(kind, take(script, 1) % 4);
        words[1] = take(script, 1) % 8 | take(script, 4) << 32;
        break;
    case HL_RECORD_PYTHON:
        words[0] = hl_record_word(kind, take(script, 4) | take(script, 1) % 5 << 32 | take(script, 1) % 20 << 40);
        break;
    case HL_RECORD_EXEC: case HL_RECORD_NAME: words[0] = hl_record_word(kind, take(script, 1) % 40); break;
    case HL_RECORD_MODULE:
        words[0] = hl_record_word(kind, take(script, 1) % 40);
        words[2] = address(script);
        words[3] = address(script);
        words[4] = take(script, 1);
        break;
    default: break;
    }
    uint32_t n = hl_record_words(words, HL_RECORD_WORDS_MAX);
    return n ? n : 1;
}

/* The parent forks: the child inherits what the parent claims to hold. */
static void inherit(struct liar *liar, uint64_t token)
{
    struct live_map live = {0};
    struct target *child = liar_child(liar);
    target_settle(liar->target, false);
    bool found = target_take_fork_point(liar->target, token, &live);
    target_inherit(child, liar->target, found ? &live : &liar->target->live);
    live_release(&live);
    release(child);
}

/* Lends nothing back as it was: words of the table change before it is said, or not said, that all is done. */
static void scribble(int connection, uint64_t number, struct script *script)
{
    struct hl_snapshot_table message = {0};
    struct hl_snapshot_done done = {HL_WIRE_MAGIC, number};
    union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
    struct iovec part = {&message, sizeof message};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    int fd;
    if (recvmsg(connection, &header, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof message)
        return;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof fd);
    uint64_t *words = mmap(NULL, message.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    for (uint64_t n = take(script, 1) % 8; words != MAP_FAILED && n > 0; n--) {
        uint64_t at = take(script, 1) % 4 ? message.bytes / 8 - 1 - take(script, 1) % (message.bytes / 8) : take(script, 2) % (message.bytes / 8);
        words[at] = take(script, 1) % 2 ? take(script, 8) : words[at] ^ take(script, 1) << 56;
    }
    if (words != MAP_FAILED)
        munmap(words, message.bytes);
    close(fd);
    if (take(script, 1) % 4 && send(connection, &done, sizeof done, MSG_NOSIGNAL) < 0)
        return;
}

/* Hello from a process whose other half answers at once. */
static void snapshot(struct liar *liar, struct script *script)
{
    struct hl_hello hello = {.kind = HL_HELLO_SNAPSHOT, .parent = 1, .token = take(script, 1) % 4 | take(script, 1) % 6 << 32};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        abort();
    if (!snapshot_hello(&liar->collector, pair[0], &hello, 0))
        close(pair[0]);
    else if (take(script, 1) % 4) {
        for (uint32_t i = 0; i < liar->target->lanes_used; i++)
            atomic_store(&liar->target->segment->heads[i].cut, take(script, 1) % 8 ? liar->heads[i] : take(script, 8));
        atomic_store(&liar->target->segment->cut_number, (uint32_t)hello.token);
        target_drain_all(liar->target);
        for (size_t i = 0; i < liar->collector.snapshots.all.n; i++)
            if (liar->collector.snapshots.all.items[i]->connection == pair[0] && liar->collector.snapshots.all.items[i]->table.fd >= 0)
                scribble(pair[1], (uint32_t)hello.token, script);
    }
    close(pair[1]);
}

static void step(struct liar *liar, struct script *script)
{
    struct target *target = liar->target;
    uint64_t words[HL_RECORD_WORDS_MAX];
    uint8_t what = (uint8_t)take(script, 1);
    uint32_t ring = (uint32_t)take(script, 1) % target->rings;
    switch (what % 16) {
    case 0:                               /* any words */
        for (uint32_t i = 0; i < 8; i++)
            words[i] = take(script, 8);
        liar_write(liar, ring, words, 8);
        break;
    case 1: atomic_store(&target->segment->heads[ring].head, take(script, 8)); break;
    case 2: atomic_store(&target->segment->rings_used, (uint32_t)take(script, 4)); break;
    case 3: target_drain(target, 1 + take(script, 2)); break;
    case 4: target_drain_all(target); break;
    case 5:
        liar->collector.now_ns += take(script, 4);
        vec_push(&liar->collector.epochs, liar->collector.now_ns);
        liar->collector.epoch++;
        liar->collector.round++;
        fold_epoch(target, liar->collector.now_ns);
        break;
    case 6: inherit(liar, take(script, 1) % 64 * 16); break;
    case 7:
        words[0] = hl_record_word(HL_RECORD_THREAD, take(script, 1));
        liar_write(liar, ring, words, 1);
        break;
    case 8:
        if (take(script, 1) % 4 == 0)
            snapshot(liar, script);
        break;
    case 9: atomic_store(&target->segment->heads[ring].cut, take(script, 2)); atomic_store(&target->segment->cut_number, (uint32_t)take(script, 1) % 4); break;
    case 10: snapshot_turn(&liar->collector); break;
    default: liar_write(liar, ring, words, make_record(script, words)); break;
    }
}

void drain_input(const uint8_t *data, size_t size)
{
    static struct liar liar;
    struct script script = {data, data + size};
    uint32_t rings = 1 + (uint32_t)take(&script, 1) % 4;
    liar_open(&liar, rings);
    liar.collector.all_events = take(&script, 1) % 4 == 0;
    for (uint32_t i = 0; i < rings; i++)
        liar_write(&liar, i, (uint64_t[]){hl_record_word(HL_RECORD_THREAD, 100 + i)}, 1);
    while (script.at < script.end)
        step(&liar, &script);
    liar_close(&liar);
}
