/* The thread of one snapshot: lends the table to the marker, and checks what came back. Nothing here touches the collector but the end. */
#include "../../lib/wire/graph.h"
#include "collector.h"
#include "root_names.h"
#include "snapshot.h"
#include "snapshot_graph.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define LEAVE_MS 10000                    /* for a marker that said that it is done, to be gone */
#define NAMES_MAX 100000u
#define AT_A_TIME 32u                    /* searches under way at once */

enum word { WORD_DONE, WORD_NONE, WORD_ABANDONED };

static void add_line(struct strbuf *lines, const char *line)
{
    strbuf_printf(lines, "%s%s", lines->length ? "\n" : "", line);
}

static void add_reason(struct snapshot *snapshot, const char *reason)
{
    add_line(&snapshot->reasons, reason);
}

static void __attribute__((format(printf, 3, 4))) add_reason_of(struct snapshot *snapshot, uint64_t count, const char *format, ...)
{
    char text[200];
    va_list arguments;
    if (!count)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add_reason(snapshot, text);
}

/* ---- the conversation ---- */

static bool lend(const struct snapshot *snapshot)
{
    struct hl_snapshot_table message = {HL_WIRE_MAGIC, snapshot->table.bytes};
    union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control = {{0}};
    struct iovec part = {&message, sizeof message};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    *rights = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(rights), &snapshot->table.fd, sizeof(int));
    return sendmsg(snapshot->connection, &header, MSG_NOSIGNAL) == (ssize_t)sizeof message;
}

/* What the marker says next. Without a limit: a large memory takes its time, and one who died is heard. */
static enum word listen_to(struct snapshot *snapshot, int limit_ms)
{
    struct pollfd fds[2] = {{.fd = snapshot->connection, .events = POLLIN},
                            {.fd = snapshot->collector->snapshots.abandon, .events = POLLIN}};
    union { struct hl_snapshot_done done; uint64_t magic; char bytes[HL_GRAPH_PACKET]; } packet;
    for (;;) {
        int n = poll(fds, 2, limit_ms);
        if (n == 0)
            return WORD_NONE;
        if (n < 0 && errno != EINTR)
            return WORD_NONE;
        if (n < 0)
            continue;
        if (fds[1].revents)
            return WORD_ABANDONED;
        ssize_t got = recv(snapshot->connection, &packet, sizeof packet, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got > (ssize_t)sizeof packet.magic && packet.magic == HL_GRAPH_MAGIC) {
            strbuf_add_bytes(&snapshot->graph, packet.bytes + sizeof packet.magic, (size_t)got - sizeof packet.magic);
            continue;
        }
        return got == (ssize_t)sizeof packet.done && packet.magic == HL_WIRE_MAGIC && packet.done.number == snapshot->number ? WORD_DONE : WORD_NONE;
    }
}

/* ---- what came back ---- */

/* The marker's sentences, line by line, without anything that a terminal would obey. */
static void take_reasons(struct snapshot *snapshot, const struct hl_snapshot *header)
{
    char text[HL_SNAPSHOT_REASON_BYTES + 1];
    uint32_t bytes = header->reason_bytes < HL_SNAPSHOT_REASON_BYTES ? header->reason_bytes : HL_SNAPSHOT_REASON_BYTES;
    memcpy(text, header->reasons, bytes);
    text[bytes] = 0;
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' && *p != '\n')
            *p = '?';
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")))
        if (*line)
            add_line((uint64_t)(line - text) < header->unseen_bytes ? &snapshot->unseen : &snapshot->reasons, line);
}

static void take_figures(struct snapshot *snapshot, const struct hl_snapshot *header)
{
    struct trace_snapshot *found = &snapshot->found;
    found->stopped_ns = header->stopped_ns;
    found->fork_ns = header->fork_ns < header->stopped_ns ? header->fork_ns : header->stopped_ns;
    found->mark_ns = header->mark_ns;
    found->scanned_bytes = header->scanned_bytes;
    found->threads = header->threads;
    found->missed_threads = header->missed_threads < header->threads ? header->missed_threads : header->threads;
}

static int by_start(const void *a, const void *b)
{
    const struct trace_root *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static void complete_root(const struct snapshot *snapshot, struct trace_root *root, uint32_t tid)
{
    root->thread = root->module = TRACE_NONE;
    for (size_t i = 0; tid && i < snapshot->threads.n; i++)      /* numbers are used again: the last one counts */
        if (snapshot->threads.items[i].tid == (int32_t)tid)
            root->thread = snapshot->threads.items[i].trace;
    for (size_t i = 0; root->kind == TRACE_ROOT_GLOBAL && i < snapshot->modules.n; i++) {
        const struct snapshot_module *module = &snapshot->modules.items[i];
        if (root->start < module->start || root->start >= module->end)
            continue;
        root->module = module->trace;
        root->bias = module->bias;
    }
}

/* Sorted, disjoint; what makes no sense is left out. */
static void take_roots(struct snapshot *snapshot, const struct hl_snapshot *header)
{
    uint32_t n = header->roots, kept = 0, wrong = n > HL_SNAPSHOT_ROOTS;
    uint64_t reach = 0;
    for (uint32_t i = 0; i < n && i < HL_SNAPSHOT_ROOTS; i++) {
        const struct hl_snapshot_root *from = &header->root[i];
        uint32_t kind = from->kind & HL_ROOT_KIND_MASK;
        struct trace_root root = {.kind = (enum trace_root_kind)kind, .start = from->start, .end = from->end};
        if (kind < HL_ROOT_GLOBAL || kind > HL_ROOT_OTHER || from->start >= from->end) {
            wrong++;
            continue;
        }
        bool of_thread = kind == HL_ROOT_STACK || kind == HL_ROOT_TLS || kind == HL_ROOT_REGISTERS;
        complete_root(snapshot, &root, of_thread ? from->tid : 0);
        vec_push(&snapshot->roots, root);
    }
    vec_sort(&snapshot->roots, by_start);
    for (size_t i = 0; i < snapshot->roots.n; i++) {
        struct trace_root root = snapshot->roots.items[i];
        root.start = root.start < reach ? reach : root.start;
        if (root.start >= root.end)
            continue;
        reach = root.end;
        snapshot->roots.items[kept++] = root;
    }
    snapshot->roots.n = kept;
    add_reason_of(snapshot, wrong, "%" PRIu32 " of the roots that were searched came back damaged", wrong);
}

static const struct trace_root *root_at(const struct snapshot *snapshot, uint64_t address)
{
    size_t low = 0, high = snapshot->roots.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snapshot->roots.items[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < snapshot->roots.n && snapshot->roots.items[low].start <= address ? &snapshot->roots.items[low] : NULL;
}

/* Counts of what was wrong. */
struct verdict {
    uint64_t wrong, unknown;
};

/* One block's reach and holder. Roots beyond those that were told may hold it, too. */
static void judge_block(struct snapshot *snapshot, struct hl_snapshot_block *block, uint64_t place, bool all_roots,
                        struct verdict *verdict)
{
    uint32_t reach = hl_block_reach(block);
    bool in_block = block->at && snapshot_table_holds_at(&snapshot->table, place, block->at);
    const struct trace_root *root = block->at && !in_block ? root_at(snapshot, block->at) : NULL;
    bool held = !block->at || root || in_block;
    if (reach > HL_REACH_HELD || (!held && all_roots)) {
        block->bytes &= (UINT64_C(1) << 56) - 1;
        block->at = 0;
        verdict->wrong++;
        return;
    }
    if (!held)
        block->at = 0;
    verdict->unknown += reach == HL_REACH_UNKNOWN;
    if (root && root->kind == TRACE_ROOT_GLOBAL && root->module != TRACE_NONE && snapshot->names.n < NAMES_MAX)
        vec_push(&snapshot->names, ((struct trace_root_name){block->at, NULL}));
}

/* Every block, some at a time; the words of globals that hold blocks are kept for their names. */
static void judge(struct snapshot *snapshot, bool all_roots)
{
    struct snapshot_table *table = &snapshot->table;
    struct verdict verdict = {0};
    uint64_t at[AT_A_TIME], places[AT_A_TIME];
    for (uint64_t first = 0; first < table->n; first += AT_A_TIME) {
        uint64_t n = table->n - first < AT_A_TIME ? table->n - first : AT_A_TIME;
        for (uint64_t i = 0; i < n; i++)
            at[i] = table->blocks[first + i].at;
        snapshot_table_seek(table, at, places, n);
        for (uint64_t i = 0; i < n; i++)
            judge_block(snapshot, &table->blocks[first + i], places[i], all_roots, &verdict);
    }
    add_reason_of(snapshot, verdict.wrong, "%" PRIu64 " blocks came back with an impossible result", verdict.wrong);
    add_reason_of(snapshot, verdict.unknown, "%" PRIu64 " blocks were not judged", verdict.unknown);
    snapshot->judged = true;
}

static int by_address(const void *a, const void *b)
{
    uint64_t x = ((const struct trace_root_name *)a)->address, y = ((const struct trace_root_name *)b)->address;
    return x < y ? -1 : x > y;
}

/* Words of globals that have no name are left out. */
static void name_roots(struct snapshot *snapshot)
{
    size_t kept = 0;
    uint64_t last = 0;
    vec_sort(&snapshot->names, by_address);
    for (size_t i = 0; i < snapshot->names.n; i++) {
        struct trace_root_name name = snapshot->names.items[i];
        if (name.address == last)
            continue;
        last = name.address;
        const struct trace_root *root = root_at(snapshot, last);
        for (size_t m = 0; root && m < snapshot->modules.n && !name.name; m++) {
            const struct snapshot_module *module = &snapshot->modules.items[m];
            if (module->trace == root->module)
                name.name = root_names_find(snapshot->collector->snapshots.names, &module->file, root->module, last - root->bias);
        }
        if (name.name)
            snapshot->names.items[kept++] = name;
    }
    snapshot->names.n = kept;
}

static void take_back(struct snapshot *snapshot, enum word word)
{
    struct snapshot_table *table = &snapshot->table;
    int error = snapshot_table_take_back(table);
    if (error) {
        add_reason(snapshot, error == -EBADMSG ? "the table came back from the search damaged" : "there was no memory to read the table");
        return;
    }
    size_t told = snapshot->reasons.length;
    take_figures(snapshot, table->header);
    take_reasons(snapshot, table->header);
    if (word == WORD_ABANDONED)
        add_reason(snapshot, "the recording was ended before the memory had been searched");
    else if (word == WORD_NONE && snapshot->reasons.length == told)
        add_reason(snapshot, "the process that searched the memory ended early");
    if (word != WORD_DONE)
        return;
    take_roots(snapshot, table->header);
    judge(snapshot, table->header->roots < HL_SNAPSHOT_ROOTS);
    snapshot_graph_words(snapshot);
    name_roots(snapshot);
    snapshot_graph_name(snapshot);
}

static void search(struct snapshot *snapshot)
{
    if (snapshot->table.fd < 0)
        return;
    uint64_t overlapped = snapshot_table_close(&snapshot->table, snapshot->collector->snapshot_flags);
    add_reason_of(snapshot, overlapped, "%" PRIu64 " blocks overlapped others and were left out", overlapped);
    enum word word = lend(snapshot) ? listen_to(snapshot, -1) : WORD_NONE;
    if (word == WORD_DONE)
        listen_to(snapshot, LEAVE_MS);
    take_back(snapshot, word);
}

void *snapshot_search(void *context)
{
    struct snapshot *snapshot = context;
    search(snapshot);
    atomic_store_explicit(&snapshot->state, SNAPSHOT_SEARCHED, memory_order_release);
    listen_call(snapshot->collector);
    return NULL;
}
