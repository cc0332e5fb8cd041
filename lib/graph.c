/* The graph of a snapshot: every block of the table in its order, then what has no block, then the roots. */
#include "graph.h"

#include "arch.h"
#include "hook_signal.h"
#include "sys.h"
#include "unwind.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#define EXTRAS_FIRST (1u << 16)          /* slots of the table of what has no block; grows */
#define VTABLES (1u << 14)               /* slots, a power of two */
#define FAULTS_MAX 1000u
#define FRAMES_MAX 1024u                 /* of one thread's stack */
#define KNOWN_MAX 4096u

static sigjmp_buf unreadable;            /* where a fault goes on; hl_graph_try has one of its own */
static sigjmp_buf *volatile faulting = &unreadable;
static volatile sig_atomic_t reading;
static struct hl_graph the_graph;

struct vtable { uintptr_t address; uint32_t type; };         /* type 0: it is none */

static struct {
    uint32_t *slots, size;               /* of extras by address: number of the extra + 1 */
    uint32_t room;                       /* extras there is room for */
    struct vtable *vtables;
    uint32_t n_vtables;
    struct hl_range known[KNOWN_MAX];    /* hl_graph_known: disjoint, by start */
    uint32_t n_known;
} own;

static volatile sig_atomic_t calling;    /* number of the call of foreign code that is under way; 0: none */

static void on_fault(int signal)
{
    if (reading)
        siglongjmp(*faulting, 1);
    hl_sys(SYS_exit_group, 1, 0, 0, 0, 0, 0);
}

/* Threads that held locks are not in the copy: who waits for one waits for ever. */
static sig_atomic_t calls;

void hl_graph_calls_begin(void) { calling = calls = (calls & 0xffffff) + 1; }

void hl_graph_calls_end(void) { calling = 0; }

static void on_clock(int signal)
{
    static sig_atomic_t before;
    sig_atomic_t now = calling;
    bool same = now && now == before;
    before = now;
    if (same && reading) {
        calling = 0;
        siglongjmp(unreadable, 1);
    }
}

static void expect_delays(void)
{
    struct sigaction action = {.sa_handler = on_clock, .sa_flags = SA_NODEFER | SA_RESTART};
    uint64_t set = 1ull << (SIGALRM - 1);
    struct itimerval each = {{0, 500000}, {0, 500000}};
    hl_signal_action(SIGALRM, &action, NULL);
    hl_sys(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&set, 0, sizeof set, 0, 0);
    hl_sys(SYS_setitimer, ITIMER_REAL, (long)&each, 0, 0, 0, 0);
}

static void expect_faults(void)
{
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
    uint64_t set = 0;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        hl_signal_action(signals[i], &action, NULL);
        set |= 1ull << (signals[i] - 1);
    }
    hl_sys(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&set, 0, sizeof set, 0, 0);
}

bool hl_graph_try(struct hl_graph *graph, void (*what)(struct hl_graph *graph, uint32_t row), uint32_t row)
{
    sigjmp_buf here;
    sigjmp_buf *before = faulting;
    volatile bool done = false;
    if (sigsetjmp(here, 0) == 0) {
        faulting = &here;
        what(graph, row);
        done = true;
    }
    faulting = before;
    return done;
}

/* ---- finding ---- */

uint32_t hl_graph_row(const struct hl_graph *graph, uintptr_t address) { return hl_mark_row(graph->marker, address); }

bool hl_graph_is_readable(const struct hl_graph *graph, uintptr_t address, size_t bytes)
{
    return hl_areas_are_readable(graph->marker, address, bytes);
}

static uint32_t spread(uintptr_t address) { return (uint32_t)((address >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 32); }

static uint32_t *extra_slot(const struct hl_graph *graph, uintptr_t address)
{
    for (uint32_t i = spread(address);; i++) {
        uint32_t *slot = &own.slots[i & (own.size - 1)];
        if (!*slot || graph->extras[*slot - 1].address == address)
            return slot;
    }
}

static bool grow_extras(struct hl_graph *graph)
{
    uint32_t size = own.size ? own.size * 2 : EXTRAS_FIRST, room = size / 2;
    uint32_t *slots = hl_sys_map(size * sizeof *slots, 0);
    struct hl_graph_extra *extras = hl_sys_map(room * sizeof *extras, 0);
    if (!slots || !extras)
        return false;
    if (graph->n_extras)
        memcpy(extras, graph->extras, graph->n_extras * sizeof *extras);
    if (own.size) {
        hl_sys_unmap(own.slots, own.size * sizeof *own.slots);
        hl_sys_unmap(graph->extras, own.room * sizeof *graph->extras);
    }
    own.slots = slots;
    own.size = size;
    own.room = room;
    graph->extras = extras;
    for (uint32_t i = 0; i < graph->n_extras; i++)
        *extra_slot(graph, extras[i].address) = i + 1;
    return true;
}

static uint32_t extra_number(struct hl_graph *graph, uintptr_t address, bool frame)
{
    uint32_t *slot = extra_slot(graph, address);
    if (!*slot) {
        if (graph->n_extras == own.room) {
            if (!grow_extras(graph))
                return HL_GRAPH_NONE;
            slot = extra_slot(graph, address);
        }
        graph->extras[graph->n_extras] = (struct hl_graph_extra){.address = address, .frame = frame};
        *slot = ++graph->n_extras;
    }
    return graph->marker->n + *slot - 1;
}

static bool is_object_at(const struct hl_graph *graph, uint32_t row, uintptr_t address)
{
    const struct hl_graph_block *block = &graph->blocks[row];
    return block->kind == HL_KIND_OBJECT && graph->marker->blocks[row].start + 8u * block->offset == address;
}

uint32_t hl_graph_object(struct hl_graph *graph, uintptr_t address)
{
    uint32_t row = hl_graph_row(graph, address);
    if (row != HL_GRAPH_NONE)
        return is_object_at(graph, row, address) ? row : HL_GRAPH_NONE;
    return hl_graph_is_readable(graph, address, 16) ? extra_number(graph, address, false) : HL_GRAPH_NONE;
}

uint32_t hl_graph_frame(struct hl_graph *graph, uintptr_t address)
{
    return hl_graph_is_readable(graph, address, 16) ? extra_number(graph, address, true) : HL_GRAPH_NONE;
}

void hl_graph_known(struct hl_graph *graph, uintptr_t start, uintptr_t end)
{
    uint32_t i = own.n_known;
    if (i == KNOWN_MAX || start >= end)
        return;
    for (; i > 0 && own.known[i - 1].start > start; i--)
        own.known[i] = own.known[i - 1];
    own.known[i] = (struct hl_range){start, end};
    own.n_known++;
}

static bool is_known(uintptr_t at)
{
    uint32_t low = 0, high = own.n_known;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (own.known[middle].end <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < own.n_known && own.known[low].start <= at;
}

/* ---- C++ (Itanium C++ ABI 2.5.2, 2.9) ---- */

static uint64_t word_at(uintptr_t address) { return *(const uint64_t *)address; }

/* The mangled name in the class's type information; NULL: there is none. */
static const char *class_name(const struct hl_graph *graph, uintptr_t table, size_t *n)
{
    uintptr_t information = word_at(table - 8);
    if (information % 8 || !hl_areas_is_file(graph->marker, information) || !hl_areas_is_file(graph->marker, information + 15))
        return NULL;
    const char *name = (const char *)(uintptr_t)word_at(information + 8);
    if (!hl_areas_is_file(graph->marker, (uintptr_t)name))
        return NULL;
    name += *name == '*';                /* compared by address only */
    for (*n = 0; *n < 4096 && hl_areas_is_file(graph->marker, (uintptr_t)name + *n) && name[*n] > ' ' && name[*n] < 127;)
        ++*n;
    return *n && name[*n] == 0 ? name : NULL;
}

static uint32_t read_vtable(struct hl_graph *graph, uintptr_t table)
{
    size_t n = 0;
    if (table % 8 || !hl_areas_is_file(graph->marker, table) || !hl_areas_is_file(graph->marker, table - 16) ||
        word_at(table - 16) != 0)
        return 0;
    if (!hl_areas_is_code(graph->marker, word_at(table)))
        return 0;
    const char *name = class_name(graph, table, &n);
    if (!name && word_at(table - 8) != 0)
        return 0;
    return hl_graph_type(graph, HL_TYPE_VTABLE, name ? hl_graph_string(graph, name, n) : 0, 0, table);
}

/* The type of what begins with `table`; 0: it is no virtual table. */
static uint32_t vtable_type(struct hl_graph *graph, uintptr_t table)
{
    for (uint32_t i = spread(table);; i++) {
        struct vtable *vtable = &own.vtables[i & (VTABLES - 1)];
        if (vtable->address == table)
            return vtable->type;
        if (vtable->address)
            continue;
        uint32_t type = hl_areas_is_file(graph->marker, table) ? read_vtable(graph, table) : 0;
        if (type && own.n_vtables < VTABLES / 2) {
            own.n_vtables++;
            *vtable = (struct vtable){table, type};
        }
        return type;
    }
}

/* ---- native blocks ---- */

static void scan_word(struct hl_graph *graph, uintptr_t at, uintptr_t word, uintptr_t offset)
{
    uint32_t row = hl_graph_row(graph, word);
    if (row == HL_GRAPH_NONE || is_known(at))
        return;
    uint8_t kind = graph->blocks[row].kind;
    if (kind == HL_KIND_OBJECT ? !is_object_at(graph, row, word) : kind == HL_KIND_FREE)
        return;                          /* the collector's list, or a stale word */
    bool beginning = kind == HL_KIND_OBJECT || word == graph->marker->blocks[row].start ||
                     hl_mark_explains(graph->marker, row, word);
    hl_graph_edge(graph, beginning ? HL_EDGE_OFFSET : HL_EDGE_INSIDE, offset, row);
}

void hl_graph_scan(struct hl_graph *graph, uintptr_t start, uintptr_t end, uintptr_t origin)
{
    const uintptr_t low = graph->low, span = graph->high - graph->low;
    struct hl_range part;
    for (uintptr_t from = start; from < end; from = part.end) {
        part = hl_areas_touched(graph->marker, from, end);
        for (const uintptr_t *at = (const uintptr_t *)((part.start + 7) & ~(uintptr_t)7); (uintptr_t)(at + 1) <= part.end; at++)
            if (HL_UNLIKELY(*at - low < span))
                scan_word(graph, (uintptr_t)at, *at, (uintptr_t)at - origin);
    }
}

static void write_native(struct hl_graph *graph, uint32_t row)
{
    const struct hl_snapshot_block *block = &graph->marker->blocks[row];
    uint64_t bytes = hl_block_bytes(block);
    uint32_t type = graph->blocks[row].type;
    if (!type && bytes >= 8 && block->start % 8 == 0)
        type = vtable_type(graph, word_at(block->start));
    hl_graph_begin(graph, row, &(struct hl_graph_node){.type = type});
    hl_graph_scan(graph, block->start, block->start + bytes, block->start);
    hl_graph_end(graph);
}

/* Blocks, then extras, whose list grows as they are written. `next` outlives a fault. */
static void write_nodes(struct hl_graph *graph)
{
    static volatile uint32_t next;
    uint32_t n = graph->marker->n;
    next = 0;
    if (sigsetjmp(unreadable, 0))
        hl_graph_cut(graph);
    reading = 1;
    while (next < n) {
        uint32_t row = next++;
        if (graph->blocks[row].kind == HL_KIND_NATIVE)
            write_native(graph, row);
        else
            hl_graph_py_block(graph, row);
    }
    while (next - n < graph->n_extras) {
        uint32_t number = next++;
        struct hl_graph_extra extra = graph->extras[number - n];
        hl_graph_py_extra(graph, number, extra.address, extra.frame);
    }
    reading = 0;
}

/* ---- roots ---- */

struct frame { uintptr_t cfa, pc; };

/* Frames of a thread that stands still, innermost first, by compiled rules as far as those go. Word w lies in the first one
 * whose cfa is beyond w. */
static uint32_t read_frames(const struct hl_graph *graph, const struct hl_stopped *thread, struct frame *frames)
{
    uintptr_t registers[HL_ARCH_DWARF_REGISTERS];
    uint32_t n = 0;
    if (!thread->context)
        return 0;
    /* It was interrupted, did not call: rules are looked up at pc - 1 */
    uintptr_t pc = hl_arch_registers(thread->context, registers) + 1;
    uintptr_t sp = registers[HL_ARCH_DWARF_SP], fp = registers[HL_ARCH_DWARF_FP];
    while (n < FRAMES_MAX) {
        struct hl_rule rule;
        hl_rule_compile(pc, &rule);
        if (rule.kind != HL_RULE_SP && rule.kind != HL_RULE_FP)
            break;
        uintptr_t cfa = (rule.kind == HL_RULE_SP ? sp : fp) + (uintptr_t)(intptr_t)rule.cfa;
        if (cfa <= sp || !hl_graph_is_readable(graph, cfa - 128, 128))
            break;
        frames[n++] = (struct frame){cfa, pc - 1};
        if (rule.fp_kind != HL_FP_SAME) {
            uintptr_t at = (rule.fp_kind == HL_FP_AT_CFA ? cfa : fp) + (uintptr_t)(intptr_t)rule.fp;
            if (!hl_graph_is_readable(graph, at, 8))
                break;
            fp = word_at(at);
        }
        pc = word_at(cfa + (uintptr_t)(intptr_t)rule.ra);
        sp = cfa;
        if (!pc)
            break;
    }
    return n;
}

static void root_word(struct hl_graph *graph, const struct hl_snapshot_root *root, uintptr_t at, uintptr_t word, uintptr_t code)
{
    uint32_t row = hl_graph_row(graph, word), kind = root->kind & HL_ROOT_KIND_MASK;
    if (row == HL_GRAPH_NONE || is_known(at))
        return;
    uint8_t is = graph->blocks[row].kind;
    if (is == HL_KIND_OBJECT ? !is_object_at(graph, row, word) : is == HL_KIND_FREE)
        return;
    bool beginning = is == HL_KIND_OBJECT || word == graph->marker->blocks[row].start ||
                     (!(root->kind & HL_ROOT_BEGINNINGS) && hl_mark_explains(graph->marker, row, word));
    if (beginning)
        hl_graph_root(graph, kind, (int32_t)root->tid, at, code, 0, row);
    else if (!(root->kind & HL_ROOT_BEGINNINGS))
        hl_graph_root(graph, kind | HL_GRAPH_INSIDE, (int32_t)root->tid, at, code, 0, row);
}

static void write_root(struct hl_graph *graph, const struct hl_snapshot_root *root)
{
    static struct frame frames[FRAMES_MAX];
    uint32_t n = 0, k = 0;
    const uintptr_t low = graph->low, span = graph->high - graph->low;
    struct hl_range part;
    for (uint32_t i = 0; (root->kind & HL_ROOT_KIND_MASK) == HL_ROOT_STACK && i < graph->marker->stop->n; i++)
        if ((uint32_t)graph->marker->stop->threads[i].tid == root->tid)
            n = read_frames(graph, &graph->marker->stop->threads[i], frames);
    for (uintptr_t from = root->start; from < root->end; from = part.end) {
        part = hl_areas_touched(graph->marker, from, root->end);
        for (const uintptr_t *at = (const uintptr_t *)((part.start + 7) & ~(uintptr_t)7); (uintptr_t)(at + 1) <= part.end; at++) {
            while (k < n && frames[k].cfa <= (uintptr_t)at)
                k++;
            if (HL_UNLIKELY(*at - low < span))
                root_word(graph, root, (uintptr_t)at, *at, k < n ? frames[k].pc : 0);
        }
    }
}

static void write_roots(struct hl_graph *graph)
{
    static volatile uint32_t next;
    const struct hl_snapshot *table = graph->marker->table;
    next = 0;
    sigsetjmp(unreadable, 0);
    reading = 1;
    while (next < table->roots)
        write_root(graph, &table->root[next++]);
    reading = 0;
}

static void write_python_roots(struct hl_graph *graph)
{
    if (sigsetjmp(unreadable, 0) == 0) {
        reading = 1;
        hl_graph_py_roots(graph);
    } else {
        hl_graph_cut(graph);
    }
    reading = 0;
}

/* What looked like an object and cannot be read costs that object only. */
static bool recognise(struct hl_graph *graph)
{
    static volatile uint32_t faults;
    volatile bool found = false;
    faults = 0;
    if (sigsetjmp(unreadable, 0) && ++faults == FAULTS_MAX) {
        memset(graph->blocks, 0, ((size_t)graph->marker->n + 1) * sizeof *graph->blocks);
        hl_graph_reason(graph, "Python's objects are missing: they could not be read");
    } else {
        reading = 1;
        found = hl_graph_py_recognise(graph);
    }
    reading = 0;
    return found;
}

bool hl_graph_write(struct hl_marker *marker, const char *unready, long connection)
{
    struct hl_graph *graph = &the_graph;
    memset(graph, 0, sizeof *graph);
    memset(&own, 0, sizeof own);
    graph->marker = marker;
    hl_mark_span(marker, &graph->low, &graph->high);
    graph->blocks = hl_sys_map(((size_t)marker->n + 1) * sizeof *graph->blocks, 0);
    own.vtables = hl_sys_map(VTABLES * sizeof *own.vtables, 0);
    if (!graph->blocks || !own.vtables || !grow_extras(graph) || !hl_graph_out_open(graph, connection))
        return false;
    expect_faults();
    expect_delays();
    bool python = !unready && recognise(graph);
    if (unready && *unready)
        hl_graph_reason(graph, unready);
    if (python)
        write_python_roots(graph);       /* first: they make extras of frames */
    write_nodes(graph);
    write_roots(graph);
    return hl_graph_out_close(graph);
}
