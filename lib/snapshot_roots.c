/* Where to begin: every readable and writable area of the process, except what allocators manage (there only blocks count), what lies under a
 * stack pointer, the stacks of threads that have ended, and the library's own memory. */
#include "arch.h"
#include "snapshot.h"
#include "sys.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>

#define AREAS_MAX 65536u
#define PAGE 4096u
#define DESCRIPTOR_MAX 4096u             /* more than struct pthread has (2,304 bytes in glibc 2.36) */
#define SPARSE_MIN (256u << 10)          /* longer ranges are asked for what of them was touched */
#define PATTERN_SPAN (256u << 10)        /* how far under its end a dead thread's descriptor is looked for */

enum area_kind { AREA_ANONYMOUS, AREA_STACK, AREA_FILE, AREA_C_LIBRARY, AREA_SHARED, AREA_LEFT_OUT };

struct area {
    uintptr_t start, end;
    uint8_t kind;                        /* enum area_kind */
    bool readable, writable, executable, file;
};

struct hl_areas {
    struct area *items;
    uint32_t n;
    long pagemap;                        /* descriptor, or -errno */
};

extern char __ehdr_start[] __attribute__((visibility("hidden")));
extern char _end[] __attribute__((visibility("hidden")));

/* ---- /proc/self/maps ---- */

struct reader { long fd; char buffer[65536]; long at, n; };

static bool next_line(struct reader *reader, char *line, size_t size)
{
    size_t length = 0;
    for (;;) {
        if (reader->at == reader->n) {
            reader->n = hl_sys(SYS_read, reader->fd, (long)reader->buffer, sizeof reader->buffer, 0, 0, 0);
            reader->at = 0;
            if (reader->n <= 0)
                return reader->n = 0, false;
        }
        char c = reader->buffer[reader->at++];
        if (c == '\n')
            return line[length] = 0, true;
        if (length + 1 < size)
            line[length++] = c;
    }
}

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

static bool is_c_library(const char *path)
{
    const char *name = strrchr(path, '/');
    return name && (begins(name, "/libc.so") || begins(name, "/libc-2."));
}

static enum area_kind judge_area(const char *name, bool shared)
{
    bool memory = begins(name, "/dev/shm/") || begins(name, "/dev/zero") || begins(name, "/SYSV") || begins(name, "/memfd:");
    if (begins(name, "/memfd:heapline"))
        return AREA_LEFT_OUT;
    if (shared)
        return memory ? AREA_SHARED : AREA_LEFT_OUT;         /* a pointer in a file means nothing */
    if (begins(name, "/dev/") && !memory)
        return AREA_LEFT_OUT;                                /* a device: reading may do something */
    if (begins(name, "[stack"))
        return AREA_STACK;
    if (name[0] == '[' && !begins(name, "[heap]") && !begins(name, "[anon"))
        return AREA_LEFT_OUT;                                /* [vvar] and the like */
    if (name[0] != '/')
        return AREA_ANONYMOUS;
    return is_c_library(name) ? AREA_C_LIBRARY : AREA_FILE;
}

/* proc(5): start-end rwxp offset device inode, blanks, name. */
static bool read_area(struct area *area, const char *line)
{
    const char *at = hl_read_hexadecimal(line, &area->start);
    if (*at++ != '-')
        return false;
    at = hl_read_hexadecimal(at, &area->end);
    if (*at++ != ' ' || strlen(at) < 5)
        return false;
    area->readable = at[0] == 'r';
    area->writable = at[1] == 'w';
    area->executable = at[2] == 'x';
    bool shared = at[3] == 's';
    for (int field = 0; field < 4 && at; field++)
        at = (at = strchr(at, ' ')) ? at + 1 : NULL;
    while (at && *at == ' ')
        at++;
    area->kind = judge_area(at ? at : "", shared);
    area->file = at && at[0] == '/';
    return true;
}

bool hl_areas_read(struct hl_marker *marker)
{
    static struct hl_areas areas;
    static struct reader reader;
    static char line[4096 + 128];
    areas.items = hl_sys_map(AREAS_MAX * sizeof *areas.items, 0);
    areas.n = 0;
    areas.pagemap = hl_sys(SYS_openat, AT_FDCWD, (long)"/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0, 0, 0);
    reader.fd = hl_sys(SYS_openat, AT_FDCWD, (long)"/proc/self/maps", O_RDONLY | O_CLOEXEC, 0, 0, 0);
    reader.at = reader.n = 0;
    marker->areas = &areas;
    if (!areas.items || reader.fd < 0)
        return false;
    while (areas.n < AREAS_MAX && next_line(&reader, line, sizeof line))
        if (read_area(&areas.items[areas.n], line))
            areas.n++;
    hl_sys(SYS_close, reader.fd, 0, 0, 0, 0, 0);
    marker->n_own = hl_sys_own(&marker->own);    /* what the search itself mapped is among it */
    if (areas.n == AREAS_MAX)
        hl_marker_reason(marker, "the process has more mappings than were looked at (65,536)");
    return true;
}

static const struct area *find_area(const struct hl_marker *marker, uintptr_t address)
{
    uint32_t low = 0, high = marker->areas->n;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (marker->areas->items[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    const struct area *area = &marker->areas->items[low];
    return low < marker->areas->n && area->start <= address ? area : NULL;
}

bool hl_areas_is_file(const struct hl_marker *marker, uintptr_t address)
{
    const struct area *area = find_area(marker, address);
    return area && area->file && area->readable;
}

bool hl_areas_is_code(const struct hl_marker *marker, uintptr_t address)
{
    const struct area *area = find_area(marker, address);
    return area && area->executable;
}

bool hl_areas_are_readable(const struct hl_marker *marker, uintptr_t address, size_t bytes)
{
    while (bytes) {
        const struct area *area = find_area(marker, address);
        if (!area || !area->readable)
            return false;
        size_t part = area->end - address < bytes ? area->end - address : bytes;
        address += part;
        bytes -= part;
    }
    return true;
}

static bool is_readable(const struct hl_marker *marker, uintptr_t address)
{
    const struct area *area = find_area(marker, address);
    return area && area->readable;
}

/* ---- what was touched ---- */

/* One bit of each entry of pagemap (Documentation/admin-guide/mm/pagemap.rst): 63 in memory, 62 swapped. */
static bool look_at_pages(const struct hl_marker *marker, uintptr_t start, uint32_t pages, bool shared, uint8_t *touched)
{
    static uint64_t entries[512];
    if (shared) {                        /* what a copy has not looked at is not in its page table; the file's pages tell */
        if (hl_sys(SYS_mincore, (long)start, (long)pages * PAGE, (long)touched, 0, 0, 0) != 0)
            return false;
        for (uint32_t i = 0; i < pages; i++)
            touched[i] &= 1;
        return true;
    }
    if (marker->areas->pagemap < 0 ||
        hl_sys(SYS_pread64, marker->areas->pagemap, (long)entries, (long)(pages * sizeof *entries), (long)(start / PAGE * sizeof *entries), 0, 0) !=
            (long)(pages * sizeof *entries))
        return false;
    for (uint32_t i = 0; i < pages; i++)
        touched[i] = entries[i] >> 62 != 0;
    return true;
}

struct hl_range hl_areas_touched(const struct hl_marker *marker, uintptr_t at, uintptr_t end)
{
    static uint8_t touched[512];
    if (at >= end || end - at < SPARSE_MIN)
        return (struct hl_range){at, end};
    const struct area *area = find_area(marker, at);
    bool shared = area && area->kind == AREA_SHARED;
    while (at < end) {
        uintptr_t page = at & ~(uintptr_t)(PAGE - 1);
        uint32_t pages = (end - page + PAGE - 1) / PAGE < 512 ? (uint32_t)((end - page + PAGE - 1) / PAGE) : 512, i = 0, j;
        if (!look_at_pages(marker, page, pages, shared, touched))
            return (struct hl_range){at, end};
        while (i < pages && !touched[i])
            i++;
        for (j = i; j < pages && touched[j]; j++)
            ;
        if (i < pages) {
            uintptr_t start = page + (uintptr_t)i * PAGE, stop = page + (uintptr_t)j * PAGE;
            return (struct hl_range){start < at ? at : start, stop < end ? stop : end};
        }
        at = page + (uintptr_t)pages * PAGE;
    }
    return (struct hl_range){end, end};
}

/* ---- threads ---- */

static bool wants(const struct hl_marker *marker, enum hl_snapshot_flag no) { return !(marker->table->flags & no); }

static uintptr_t page_end(uintptr_t address) { return (address + PAGE - 1) & ~(uintptr_t)(PAGE - 1); }

/* Where the memory of a thread's stack ends that was mapped for it: behind its descriptor. */
static uintptr_t stack_end(const struct hl_stopped *thread, const struct area *area)
{
    uintptr_t end = area->end;
    if (thread->thread_pointer > thread->sp && thread->thread_pointer < end && HL_ARCH_STATIC_TLS_BELOW)
        end = page_end(thread->thread_pointer + 2048);
    return end < area->end ? end : area->end;
}

/* A thread's table of thread-local blocks (dtv_t of glibc: entries of two words, the pointer to it skips the first); NULL: none can be read. *n entries. */
static const uintptr_t *find_dtv(const struct hl_marker *marker, const struct hl_stopped *thread, uintptr_t *n)
{
    const uintptr_t *dtv = hl_arch_dtv(thread->thread_pointer);
    if (!is_readable(marker, (uintptr_t)dtv - 16) || !is_readable(marker, (uintptr_t)dtv))
        return NULL;
    *n = dtv[-2];
    return *n <= 65536 && is_readable(marker, (uintptr_t)(dtv + 2 * (*n + 1)) - 1) ? dtv : NULL;
}

/* The first thread's thread-local variables and descriptor lie between other things; those of others on their stacks. */
static struct hl_range thread_locals(const struct hl_marker *marker, const struct hl_stopped *thread, const struct area *area)
{
    uintptr_t tp = thread->thread_pointer, n;
    struct hl_range range = {tp, tp + DESCRIPTOR_MAX};
    const uintptr_t *dtv = find_dtv(marker, thread, &n);
    for (uintptr_t i = 1; HL_ARCH_STATIC_TLS_BELOW && dtv && i <= n; i++)
        if (dtv[2 * i] < range.start && tp - dtv[2 * i] < (1u << 20))
            range.start = dtv[2 * i];
    if (!HL_ARCH_STATIC_TLS_BELOW)
        range = (struct hl_range){tp - 2304 > area->start ? tp - 2304 : area->start, area->end};
    if (range.end > area->end)
        range.end = area->end;
    uintptr_t block = hl_mark_first_block(marker, tp, range.end);
    if (block)
        range.end = block - 16;
    return range;
}

static void add_stack(struct hl_marker *marker, const struct hl_stopped *thread)
{
    struct hl_range block;
    const struct area *area = thread->sp ? find_area(marker, thread->sp) : NULL;
    if (!area || !area->readable || !wants(marker, HL_SNAPSHOT_NO_STACKS))
        return;
    if (thread->signal_stack)
        hl_mark_hold(marker, thread->signal_stack, 0, &block);
    uintptr_t end = stack_end(thread, area);
    if (!wants(marker, HL_SNAPSHOT_NO_TLS) && thread->thread_pointer > thread->sp && thread->thread_pointer < end)
        end = thread_locals(marker, thread, area).start;
    if (hl_mark_hold(marker, thread->sp, 0, &block))         /* a stack that the program allocated */
        hl_mark_root(marker, (struct hl_range){thread->sp - 128 > block.start ? thread->sp - 128 : block.start, block.end}, HL_ROOT_STACK, thread->tid, false);
    else
        hl_mark_root(marker, (struct hl_range){thread->sp - 128 > area->start ? thread->sp - 128 : area->start, end}, HL_ROOT_STACK, thread->tid, false);
}

static void add_registers(struct hl_marker *marker, const struct hl_stopped *thread)
{
    const ucontext_t *context = thread->context;
    if (!context || !wants(marker, HL_SNAPSHOT_NO_REGISTERS))
        return;
    uintptr_t end, start = hl_arch_wide_registers(context, &end);
    hl_mark_root(marker, (struct hl_range){(uintptr_t)&context->uc_mcontext, (uintptr_t)(&context->uc_mcontext + 1)}, HL_ROOT_REGISTERS, thread->tid, false);
    if (start && is_readable(marker, start) && is_readable(marker, end - 1))
        hl_mark_root(marker, (struct hl_range){start, end}, HL_ROOT_REGISTERS, thread->tid, false);
}

static void add_dtv(struct hl_marker *marker, const struct hl_stopped *thread)
{
    uintptr_t n, at = wants(marker, HL_SNAPSHOT_NO_STACKS) ? thread->thread_pointer + 8 : 0;
    const uintptr_t *dtv = find_dtv(marker, thread, &n);
    struct hl_range block;
    if (dtv && !hl_mark_hold(marker, (uintptr_t)dtv, at, &block))
        hl_mark_root(marker, (struct hl_range){(uintptr_t)(dtv - 2), (uintptr_t)(dtv + 2 * (n + 1))}, HL_ROOT_TLS, thread->tid, false);
}

static void add_tls(struct hl_marker *marker, const struct hl_stopped *thread)
{
    const struct area *area = thread->thread_pointer ? find_area(marker, thread->thread_pointer) : NULL;
    if (!area || !area->writable)
        return;
    const struct area *stack = thread->sp ? find_area(marker, thread->sp) : NULL;
    struct hl_range range = thread_locals(marker, thread, area);
    if (!wants(marker, HL_SNAPSHOT_NO_TLS)) {
        hl_sys_keep(range.start, range.end);
        marker->n_own = hl_sys_own(&marker->own);
        return;
    }
    add_dtv(marker, thread);
    if (stack != area || thread->sp > thread->thread_pointer)
        hl_mark_root(marker, range, HL_ROOT_TLS, thread->tid, false);
}

static bool stands_on(const struct hl_marker *marker, struct hl_range range, uintptr_t *end)
{
    bool found = false;
    *end = range.start;
    for (uint32_t i = 0; i < marker->stop->n; i++) {
        const struct hl_stopped *thread = &marker->stop->threads[i];
        if (thread->sp < range.start || thread->sp >= range.end || atomic_load(&thread->state) == HL_STOP_GONE)
            continue;
        struct area area = {.start = range.start, .end = range.end};
        uintptr_t stack = stack_end(thread, &area);
        found = true;
        if (stack > *end)
            *end = stack;
    }
    return found;
}

static bool is_thread_pointer(const struct hl_marker *marker, uintptr_t address)
{
    for (uint32_t i = 0; i < marker->stop->n; i++)
        if (marker->stop->threads[i].thread_pointer == address)
            return true;
    return false;
}

/* glibc keeps the stacks of threads that have ended for the next ones. Their descriptors, at the end, begin with their own address
 * (tcbhead_t: tcb and self, between them the dtv); a page without access lies in front. */
static bool is_dead_stack(struct hl_marker *marker, const struct area *area, struct hl_range range)
{
    const struct area *before = area > marker->areas->items ? area - 1 : NULL;
    if (!before || before->end != area->start || before->readable || before->writable || marker->stop->missed)
        return false;
    uintptr_t low = range.end - range.start > PATTERN_SPAN ? range.end - PATTERN_SPAN : range.start;
    for (uintptr_t at = (range.end - 64) & ~(uintptr_t)63; at >= low && HL_ARCH_STATIC_TLS_BELOW; at -= 64) {
        const uintptr_t *word = (const uintptr_t *)at;
        struct hl_range block;
        if (word[0] != at || word[2] != at)
            continue;
        if (is_thread_pointer(marker, at))
            return false;
        hl_mark_hold(marker, word[1], 0, &block);            /* its table of thread-local blocks is kept with it */
        uintptr_t end = page_end(at + 2048);                 /* a thread that ended and was not joined yet keeps what it returned in its descriptor */
        hl_mark_root(marker, (struct hl_range){at, end < range.end ? end : range.end}, HL_ROOT_TLS, 0, false);
        return true;
    }
    return !HL_ARCH_STATIC_TLS_BELOW;
}

/* ---- areas ---- */

static bool follows_file(const struct hl_marker *marker, const struct area *area, bool *c_library)
{
    const struct area *before = area > marker->areas->items ? area - 1 : NULL;
    *c_library = before && before->kind == AREA_C_LIBRARY;
    return before && before->end == area->start && before->writable && (before->kind == AREA_FILE || before->kind == AREA_C_LIBRARY);
}

static void add_global(struct hl_marker *marker, struct hl_range range, bool beginnings_only)
{
    if (wants(marker, HL_SNAPSHOT_NO_GLOBALS) && range.start < range.end)
        hl_mark_root(marker, range, HL_ROOT_GLOBAL, 0, beginnings_only);
}

/* A piece of anonymous memory that the program did not map itself: variables that begin as zero, stacks, allocators' memory, the loader's. */
static void judge_anonymous(struct hl_marker *marker, const struct area *area, struct hl_range range)
{
    bool c_library;
    uintptr_t block = hl_mark_first_block(marker, range.start, range.end), stack;
    if (range.start == area->start && follows_file(marker, area, &c_library)) {
        add_global(marker, (struct hl_range){range.start, block ? block - 16 : range.end}, c_library);
        return;
    }
    if (stands_on(marker, range, &stack)) {
        if (stack < range.end)
            judge_anonymous(marker, area, (struct hl_range){stack, range.end});
        return;
    }
    if (!block && !is_dead_stack(marker, area, range))
        hl_mark_root(marker, range, HL_ROOT_OTHER, 0, false);
}

/* What the program mapped itself. Where blocks begin in it, it is an allocator's: then only those count. */
static void judge_mapping(struct hl_marker *marker, struct hl_range range)
{
    uintptr_t stack;
    if (!hl_mark_first_block(marker, range.start, range.end) && !stands_on(marker, range, &stack))
        hl_mark_root(marker, range, HL_ROOT_MAPPING, 0, false);
}

/* Cuts the area along the program's own mappings. */
static void judge_outside(struct hl_marker *marker, const struct area *area, struct hl_range range)
{
    uint32_t low = 0, high = marker->n_mappings;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (marker->mappings[middle].end <= range.start)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t i = low; i < marker->n_mappings && marker->mappings[i].start < range.end; i++) {
        uintptr_t start = marker->mappings[i].start > range.start ? marker->mappings[i].start : range.start;
        uintptr_t end = marker->mappings[i].end < range.end ? marker->mappings[i].end : range.end;
        if (range.start < start)
            judge_anonymous(marker, area, (struct hl_range){range.start, start});
        judge_mapping(marker, (struct hl_range){start, end});
        range.start = end;
    }
    if (range.start < range.end)
        judge_anonymous(marker, area, range);
}

/* Takes the library's own memory out. */
static void judge_pieces(struct hl_marker *marker, const struct area *area, struct hl_range range)
{
    for (uint32_t i = 0; i < marker->n_own; i++) {
        const struct hl_sys_range *own = &marker->own[i];
        if (own->start >= range.end || own->end <= range.start || own->start == own->end)
            continue;
        if (range.start < own->start)
            judge_pieces(marker, area, (struct hl_range){range.start, own->start});
        if (own->end < range.end)
            judge_pieces(marker, area, (struct hl_range){own->end, range.end});
        return;
    }
    judge_outside(marker, area, range);
}

static void judge(struct hl_marker *marker, const struct area *area)
{
    struct hl_range range = {area->start, area->end};
    uintptr_t stack;
    bool ours = area->start < (uintptr_t)_end && area->end > (uintptr_t)__ehdr_start;
    bool file = area->kind == AREA_FILE || area->kind == AREA_C_LIBRARY;       /* written to, or it holds no pointers of this run */
    if (!area->readable || (file && !area->writable) || area->kind == AREA_LEFT_OUT || ours)
        return;
    if (file)
        add_global(marker, range, area->kind == AREA_C_LIBRARY);
    else if (area->kind == AREA_SHARED || area->kind == AREA_ANONYMOUS)
        judge_pieces(marker, area, range);
    else if (!stands_on(marker, range, &stack) && wants(marker, HL_SNAPSHOT_NO_STACKS))
        hl_mark_root(marker, range, HL_ROOT_STACK, 0, false);      /* its thread stands on another one */
}

void hl_roots_find(struct hl_marker *marker)
{
    for (uint32_t i = 0; i < marker->stop->n; i++) {
        const struct hl_stopped *thread = &marker->stop->threads[i];
        if (atomic_load(&thread->state) == HL_STOP_GONE)
            continue;
        add_registers(marker, thread);
        add_stack(marker, thread);
        add_tls(marker, thread);
    }
    for (uint32_t i = 0; i < marker->areas->n; i++)
        judge(marker, &marker->areas->items[i]);
    for (uint32_t i = 0; i < marker->n_regions; i++) {
        const struct hl_region *region = &marker->regions[i];
        bool blocks = region->program_break && hl_mark_first_block(marker, region->start, region->end);
        if (region->start < region->end && !blocks && is_readable(marker, region->start))
            hl_mark_root(marker, (struct hl_range){region->start, region->end}, region->program_break ? HL_ROOT_MAPPING : HL_ROOT_REGION, 0, false);
    }
}
