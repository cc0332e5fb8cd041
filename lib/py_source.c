/* Texts of files that are only in memory, out of Python's linecache, where notebooks, doctest and generators of code put them. Names are noted when code
 * from such a file is met, inside of hooks; the texts are fetched by a pending call, in the main thread, with the GIL, by
 * public functions that run no Python code: look-ups in exact dictionaries, lists and strings. */
#include "event.h"
#include "py.h"

#include <dlfcn.h>
#include <string.h>

#define NAMES 64                         /* that wait; when it is full, later ones go without */
#define NAME_MAX_BYTES 256
#define SEEN 4096                        /* hashes of names that were asked for */
#define TEXT_LIMIT (1u << 20)

static struct { char bytes[NAME_MAX_BYTES]; } names[NAMES];
static _Atomic uint32_t noted, fetched, asked;
static uint32_t seen[SEEN];

static struct {
    void *(*modules)(void);
    void *(*get_attribute)(void *, const char *);
    void *(*get_item)(void *, const char *);
    void *(*tuple_item)(void *, intptr_t);
    void *(*list_item)(void *, intptr_t);
    const char *(*as_text)(void *, intptr_t *);
    void (*drop)(void *);
    void (*clear_error)(void);
    const void *dict_type, *tuple_type, *list_type;
} api;

static bool take_api(void)
{
    void *handle = hl_python.handle;
    api.modules = (void *(*)(void))dlsym(handle, "PyImport_GetModuleDict");
    api.get_attribute = (void *(*)(void *, const char *))dlsym(handle, "PyObject_GetAttrString");
    api.get_item = (void *(*)(void *, const char *))dlsym(handle, "PyDict_GetItemString");
    api.tuple_item = (void *(*)(void *, intptr_t))dlsym(handle, "PyTuple_GetItem");
    api.list_item = (void *(*)(void *, intptr_t))dlsym(handle, "PyList_GetItem");
    api.as_text = (const char *(*)(void *, intptr_t *))dlsym(handle, "PyUnicode_AsUTF8AndSize");
    api.drop = (void (*)(void *))dlsym(handle, "Py_DecRef");
    api.clear_error = (void (*)(void))dlsym(handle, "PyErr_Clear");
    api.dict_type = dlsym(handle, "PyDict_Type");
    api.tuple_type = dlsym(handle, "PyTuple_Type");
    api.list_type = dlsym(handle, "PyList_Type");
    return api.modules && api.get_attribute && api.get_item && api.tuple_item && api.list_item && api.as_text && api.drop && api.clear_error;
}

static bool is_exactly(void *object, const void *type) { return object && ((const void *const *)object)[1] == type; }

/* False: it was asked for before. */
static bool is_new(const char *name, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619u;
    uint32_t *slot = &seen[hash % SEEN];
    bool new = *slot != hash;
    *slot = hash;
    return new;
}

void hl_py_source_met(struct hl_thread *thread, const char *name, size_t length)
{
    uint32_t i = atomic_load(&noted);
    if (length >= NAME_MAX_BYTES || (length > 8 && memcmp(name, "<frozen ", 8) == 0) || i - atomic_load(&fetched) >= NAMES || !is_new(name, length))
        return;
    memcpy(names[i % NAMES].bytes, name, length);
    names[i % NAMES].bytes[length] = 0;
    atomic_store(&noted, i + 1);
    thread->pending |= HL_PENDING_PYTHON;
}

/* linecache.cache[name] is (size, mtime, lines, fullname); without `lines` it is not loaded yet. Borrowed references but for `cache`. */
static void fetch(void *cache, const char *name, char *room)
{
    void *entry = api.get_item(cache, name);
    void *lines = is_exactly(entry, api.tuple_type) && ((const intptr_t *)entry)[2] > 2 ? api.tuple_item(entry, 2) : NULL;
    intptr_t n = is_exactly(lines, api.list_type) ? ((const intptr_t *)lines)[2] : 0, length;
    size_t used = 0;
    for (intptr_t i = 0; i < n; i++) {
        void *line = api.list_item(lines, i);
        const char *text = is_exactly(line, hl_python.unicode_type) ? api.as_text(line, &length) : NULL;
        if (!text || used + (size_t)length > TEXT_LIMIT)
            break;
        memcpy(room + used, text, (size_t)length);
        used += (size_t)length;
    }
    if (used)
        hl_event_text(name, room, used);
}

static int fetch_all(void *unused)
{
    static char room[TEXT_LIMIT];        /* the main thread's alone */
    atomic_store(&asked, 0);
    void *modules = api.modules(), *linecache = is_exactly(modules, api.dict_type) ? api.get_item(modules, "linecache") : NULL;
    void *cache = linecache ? api.get_attribute(linecache, "cache") : NULL;
    uint32_t end = atomic_load(&noted);
    for (uint32_t i = atomic_load(&fetched); i != end; i++)
        if (is_exactly(cache, api.dict_type))
            fetch(cache, names[i % NAMES].bytes, room);
    atomic_store(&fetched, end);
    if (cache)
        api.drop(cache);
    api.clear_error();
    return 0;
}

void hl_py_sources_soon(void)
{
    if (atomic_load(&noted) == atomic_load(&fetched) || atomic_exchange(&asked, 1))
        return;
    if (!take_api() || !hl_py_call_soon(fetch_all))
        atomic_store(&asked, 0);
}
