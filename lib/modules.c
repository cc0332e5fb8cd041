#include "modules.h"

#include "event.h"
#include "session.h"
#include "sys.h"
#include "unwind.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#define MODULES_MAX 8192

struct known { uintptr_t start, end; };

static struct known *known;              /* MODULES_MAX of them; private to the process, a forked child announces anew */
static uint32_t n_known;
static uint64_t known_serial;            /* the session they were announced to */
static unsigned long long adds, subs;    /* the loader's counters when we last looked */
static struct known loader;
static _Atomic uint64_t lock;            /* the session's serial while one of its threads works here, else 0 */

/* The loader holds a lock while it visits its modules, and a fork in another thread would leave it locked in the child for ever: so no fork
 * begins while one of ours is inside, and none goes inside while a fork is under way. */
#define FORKING UINT32_C(0x80000000)
#define FORK_TRIES 1000                  /* a visitor who is kept waiting inside by dlopen must not keep the fork for long */
static _Atomic uint32_t gate;            /* visitors inside, and FORKING */

static int visit_modules(int (*visit)(struct dl_phdr_info *, size_t, void *), void *context)
{
    uint32_t inside = atomic_load(&gate);
    do {
        for (int i = 0; inside & FORKING; inside = atomic_load(&gate)) {
            if (i++ == FORK_TRIES)
                return 0;                /* a signal handler on the thread that forks: not now */
            hl_sys(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
        }
    } while (!atomic_compare_exchange_weak(&gate, &inside, inside + 1));
    int result = dl_iterate_phdr(visit, context);
    atomic_fetch_sub(&gate, 1);
    return result;
}

void hl_modules_before_fork(void)
{
    atomic_fetch_or(&gate, FORKING);
    for (int i = 0; i < FORK_TRIES && atomic_load(&gate) != FORKING; i++)
        hl_sys(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

void hl_modules_after_fork(void) { atomic_fetch_and(&gate, ~FORKING); }

void hl_modules_in_child(void) { atomic_store(&gate, 0); }

struct module {
    struct hl_module_record record;
    const char *name;
};

/* False: another thread has the work. What a thread had locked that fork left behind is free: it is another session's. */
static bool try_lock(void)
{
    uint64_t holder = atomic_load(&lock), serial = hl_session->serial;
    return holder != serial && atomic_compare_exchange_strong(&lock, &holder, serial);
}

static bool is_known(uintptr_t start)
{
    for (uint32_t i = 0; i < n_known; i++)
        if (known[i].start == start)
            return true;
    return false;
}

static void read_note(struct hl_module_record *record, const char *p, size_t size)
{
    while (size >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)p;
        size_t name = (note->n_namesz + 3u) & ~3u, description = (note->n_descsz + 3u) & ~3u;
        if (sizeof *note + name + description > size)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(note + 1, "GNU", 4) == 0) {
            record->build_id_len = note->n_descsz < sizeof record->build_id ? note->n_descsz : sizeof record->build_id;
            memcpy(record->build_id, (const char *)(note + 1) + name, record->build_id_len);
            return;
        }
        p += sizeof *note + name + description;
        size -= sizeof *note + name + description;
    }
}

static void read_module(struct module *module, const struct dl_phdr_info *info)
{
    memset(module, 0, sizeof *module);
    module->name = info->dlpi_name;
    module->record.bias = info->dlpi_addr;
    module->record.start = ~UINT64_C(0);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uint64_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD) {
            if (start < module->record.start)
                module->record.start = start;
            if (start + header->p_memsz > module->record.end)
                module->record.end = start + header->p_memsz;
        } else if (header->p_type == PT_NOTE && module->record.build_id_len == 0) {
            read_note(&module->record, (const char *)start, header->p_memsz);
        }
    }
}

/* The path as the outside knows it: the executable's own, "[vdso]", or the loader's name made absolute. */
static const char *full_path(const char *name, char *buffer, size_t size)
{
    if (name[0] == '/')
        return name;
    if (strncmp(name, "linux-vdso", 10) == 0 || strncmp(name, "linux-gate", 10) == 0)
        return "[vdso]";
    long n;
    if (name[0] == 0) {
        n = hl_sys(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)buffer, (long)size - 1, 0, 0);
        buffer[n > 0 ? n : 0] = 0;
        return buffer;
    }
    n = hl_sys(SYS_getcwd, (long)buffer, (long)(size - strlen(name) - 2), 0, 0, 0, 0);
    if (n <= 0)
        return name;
    buffer[n - 1] = '/';
    strcpy(buffer + n, name);
    return buffer;
}

struct announcing { struct hl_thread *thread; bool first; };

static int announce(struct dl_phdr_info *info, size_t size, void *context)
{
    struct announcing *announcing = context;
    struct module module;
    char buffer[4096 + 256];
    if (size >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs) {
        adds = info->dlpi_adds;
        subs = info->dlpi_subs;
    }
    bool first = announcing->first;
    announcing->first = false;
    read_module(&module, info);
    if (module.record.end == 0 || is_known(module.record.start) || n_known == MODULES_MAX)
        return 0;
    if (!first && info->dlpi_name[0] == 0)
        return 0;                        /* only the executable comes without a name */
    known[n_known++] = (struct known){module.record.start, module.record.end};
    uint64_t words[1 + sizeof module.record / 8];
    words[0] = hl_record_word(HL_RECORD_MODULE, 0);
    memcpy(words + 1, &module.record, sizeof module.record);
    hl_event_path(announcing->thread, words, sizeof words / 8, full_path(module.name, buffer, sizeof buffer));
    return 0;
}

static int find_loader(struct dl_phdr_info *info, size_t size, void *context)
{
    struct module module;
    read_module(&module, info);
    if (info->dlpi_addr && info->dlpi_addr == getauxval(AT_BASE)) {
        loader.start = module.record.start;
        __atomic_store_n(&loader.end, module.record.end, __ATOMIC_RELEASE);
    }
    return 0;
}

bool hl_modules_is_loader(uintptr_t pc)
{
    uintptr_t end = __atomic_load_n(&loader.end, __ATOMIC_ACQUIRE);
    if (!end) {
        visit_modules(find_loader, NULL);
        end = __atomic_load_n(&loader.end, __ATOMIC_ACQUIRE);
    }
    return pc >= loader.start && pc < end;
}

HL_COLD void hl_modules_announce(struct hl_thread *thread)
{
    struct announcing announcing = {thread, true};
    if (!try_lock())
        return;
    if (!known)
        known = hl_sys_map(MODULES_MAX * sizeof *known, 0);
    if (known_serial != hl_session->serial)
        n_known = 0;
    known_serial = hl_session->serial;
    if (known)
        visit_modules(announce, &announcing);
    atomic_store(&lock, 0);
}

static int compare_counters(struct dl_phdr_info *info, size_t size, void *context)
{
    bool *changed = context;
    *changed = size >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs &&
               (info->dlpi_adds != adds || info->dlpi_subs != subs);
    return 1;
}

HL_COLD void hl_modules_look(void)
{
    struct hl_thread *thread = hl_self;
    bool changed = false;
    if (!thread || !thread->nested || thread->status != HL_THREAD_BUSY || thread->nested->status == HL_THREAD_BUSY)
        return;
    visit_modules(compare_counters, &changed);
    if (changed)
        hl_modules_announce(thread);
}

static int mark_present(struct dl_phdr_info *info, size_t size, void *context)
{
    uint8_t *present = context;
    struct module module;
    read_module(&module, info);
    for (uint32_t i = 0; i < n_known; i++)
        if (known[i].start == module.record.start && known[i].end == module.record.end)
            present[i] = 1;
    return 0;
}

HL_COLD void hl_modules_closed(struct hl_thread *thread)
{
    static uint8_t present[MODULES_MAX];
    bool changed = false;
    uint32_t kept = 0;
    visit_modules(compare_counters, &changed);
    if (!changed || !known || !try_lock())
        return;
    memset(present, 0, n_known);
    visit_modules(mark_present, present);
    for (uint32_t i = 0; i < n_known; i++) {
        if (present[i])
            known[kept++] = known[i];
        else
            hl_event_word(thread, HL_RECORD_UNLOAD, known[i].start & HL_RECORD_ADDRESS_MASK);
    }
    if (kept != n_known)
        hl_rules_forget();
    n_known = kept;
    atomic_store(&lock, 0);
    hl_modules_announce(thread);
}
