#include "locations.h"

#include "../base/glob.h"
#include "../base/xalloc.h"
#include "allocators.h"
#include "python_path.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What makes two places one. No padding: it is hashed as bytes. */
struct location_key {
    uint32_t function, file, line, module;
    uint64_t address;
    uint64_t kind;
};

struct builder {
    struct locations *locations;
    const char *const *wrappers;
    size_t n_wrappers;
    bool addresses;
    size_t capacity, n_levels, levels_capacity;
    bool *runtime, *system;                 /* by module */
    bool *interpreter;                      /* by module: nothing but an interpreter */
    bool *extension;                        /* by module: of Python, from its library or an installed package */
    bool *embedding;                        /* by module: an interpreter is linked into it */
};

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static bool starts_with_any(const char *text, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (strncmp(text, *prefixes, strlen(*prefixes)) == 0)
            return true;
    return false;
}

static bool is_runtime_module(const char *path)
{
    static const char *const names[] = {
        "libc.so", "libc-2.", "libstdc++.so", "libc++.so", "libc++abi.so", "libgcc_s.so", "libpthread", "libm.so", "libdl.so",
        "librt.so", "ld-linux", "ld-2.", "ld-musl", "libheapline.so", "[vdso]", NULL,
    };
    return starts_with_any(path_base(path), names);
}

static bool is_system_module(const char *path)
{
    static const char *const folders[] = { "/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", NULL };
    return (starts_with_any(path, folders) && strstr(path_base(path), ".so")) || python_path_is_library(path);
}

static bool is_system_file(const char *path)
{
    static const char *const folders[] = { "/usr/include/", "/usr/lib/", "/usr/lib64/", "/lib/", "/rustc/", "/rust/deps/",
                                           "/usr/local/include/c++/", NULL };
    return starts_with_any(path, folders) || strstr(path, "/.cargo/registry/") || strstr(path, "/.cargo/git/");
}

static bool is_wrapper_of_user(const struct builder *builder, const char *function)
{
    for (size_t i = 0; function && i < builder->n_wrappers; i++)
        if (glob_match(builder->wrappers[i], function))
            return true;
    return false;
}

static bool is_wrapper(const struct builder *builder, const char *function)
{
    return function && (is_wrapper_of_user(builder, function) || allocator_is_named(function));
}

/* Code that dataclasses and their like write for themselves. */
static bool is_generated(const struct location *location)
{
    return location->file[0] == '<' && location->function && strncmp(location->function, "__create_fn__.", 14) == 0;
}

static enum location_rank rank_of_python(const struct builder *builder, const struct location *location)
{
    if (location->interpreter)
        return RANK_WRAPPER;
    if (!location->file || python_path_is_library(location->file) || is_generated(location))
        return RANK_SYSTEM_LINE;
    return is_wrapper_of_user(builder, location->function) ? RANK_WRAPPER_LINE : RANK_LINE;
}

/* The interpreter's own code, and the modules that it brings along (…/lib-dynload/_json.cpython-311.so). */
static bool came_with_python(const struct builder *builder, const struct location *location)
{
    if (location->interpreter)
        return true;
    return location->module != TRACE_NONE && strstr(builder->locations->trace->modules[location->module].path, "/lib-dynload/");
}

static enum location_rank rank_of(const struct builder *builder, const struct location *location)
{
    if (location->kind == TRACE_FRAME_PYTHON)
        return rank_of_python(builder, location);
    if (location->kind == TRACE_FRAME_ANONYMOUS)
        return RANK_UNKNOWN_CODE;
    if (location->kind != TRACE_FRAME_NATIVE)
        return RANK_PSEUDO;
    bool module = location->module != TRACE_NONE;
    bool start = location->function && strcmp(location->function, "_start") == 0;
    if (came_with_python(builder, location))
        return start || is_wrapper(builder, location->function) ? RANK_RUNTIME : RANK_INTERPRETER;
    if (start || (module && builder->runtime[location->module]))
        return RANK_RUNTIME;
    bool wrapper = is_wrapper(builder, location->function);
    if (!location_has_line(location))
        return wrapper ? RANK_WRAPPER : RANK_FUNCTION;
    if ((module && builder->system[location->module]) || is_system_file(location->file))
        return RANK_SYSTEM_LINE;
    return wrapper ? RANK_WRAPPER_LINE : RANK_LINE;
}

static uint32_t intern(struct strmap *strings, const char *text)
{
    return text ? strmap_intern(strings, text) : STRMAP_NONE;
}

static const char *interned(const struct strmap *strings, uint32_t id)
{
    return id == STRMAP_NONE ? NULL : strmap_text(strings, id);
}

static bool is_interpreter(const struct builder *builder, const struct location *location)
{
    if (location_is_python(location))
        return location->file && python_path_is_import(location->file);
    if (location->kind != TRACE_FRAME_NATIVE || location->module == TRACE_NONE)
        return false;
    return builder->interpreter[location->module] ||
           (builder->embedding[location->module] && location->file && python_is_interpreter_source(location->file));
}

static uint32_t add_location(struct builder *builder, const struct trace_frame *frame, const struct trace_symbol *symbol)
{
    struct locations *locations = builder->locations;
    struct location_key key = {
        .function = symbol ? intern(&locations->strings, symbol->function) : STRMAP_NONE,
        .file = symbol ? intern(&locations->strings, symbol->file) : STRMAP_NONE,
        .line = symbol ? symbol->line : 0, .kind = frame->kind,
        .module = frame->kind == TRACE_FRAME_PYTHON ? TRACE_NONE : frame->module,
    };
    bool code = frame->kind == TRACE_FRAME_NATIVE || frame->kind == TRACE_FRAME_ANONYMOUS;
    bool module = frame->kind == TRACE_FRAME_NATIVE && frame->module != TRACE_NONE && builder->extension[frame->module];
    if (code && key.function == STRMAP_NONE && (!module || builder->addresses))
        key.address = frame->address;
    uint32_t id = strmap_intern_bytes(&locations->keys, (const char *)&key, sizeof key);
    if (id < locations->n)
        return id;
    if (locations->n == builder->capacity) {
        builder->capacity = builder->capacity ? 2 * builder->capacity : 256;
        locations->items = xreallocarray(locations->items, builder->capacity, sizeof *locations->items);
    }
    struct location *location = &locations->items[locations->n++];
    *location = (struct location){
        .kind = frame->kind, .function = interned(&locations->strings, key.function),
        .file = interned(&locations->strings, key.file),
        .line = key.line, .module = key.module, .address = key.address,
    };
    location->interpreter = is_interpreter(builder, location);
    location->rank = rank_of(builder, location);
    return id;
}

static void add_level(struct builder *builder, uint32_t id)
{
    if (builder->n_levels == builder->levels_capacity) {
        builder->levels_capacity = builder->levels_capacity ? 2 * builder->levels_capacity : 1024;
        builder->locations->levels = xreallocarray(builder->locations->levels, builder->levels_capacity, sizeof(uint32_t));
    }
    builder->locations->levels[builder->n_levels++] = id;
}

static void add_frame(struct builder *builder, uint32_t f)
{
    const struct trace *trace = builder->locations->trace;
    const struct trace_frame *frame = &trace->frames[f];
    const struct trace_frame_symbols *symbols = &trace->symbols[f];
    builder->locations->first[f] = (uint32_t)builder->n_levels;
    if (!symbols->symbols || symbols->n == 0)
        add_level(builder, add_location(builder, frame, NULL));
    for (uint32_t i = symbols->symbols ? symbols->n : 0; i-- > 0;)
        add_level(builder, add_location(builder, frame, &symbols->symbols[i]));
}

/* Programs with an interpreter linked into them give themselves away by its sources. */
static void find_embedding(struct builder *builder)
{
    const struct trace *trace = builder->locations->trace;
    for (uint32_t f = 0; f < trace->n_frames; f++) {
        const struct trace_frame_symbols *symbols = &trace->symbols[f];
        if (trace->frames[f].kind != TRACE_FRAME_NATIVE || trace->frames[f].module == TRACE_NONE)
            continue;
        for (uint32_t i = 0; symbols->symbols && i < symbols->n; i++)
            if (symbols->symbols[i].file && python_is_interpreter_core(symbols->symbols[i].file))
                builder->embedding[trace->frames[f].module] = true;
    }
}

static void judge_modules(struct builder *builder)
{
    const struct trace *trace = builder->locations->trace;
    builder->runtime = xcalloc(trace->n_modules, sizeof *builder->runtime);
    builder->system = xcalloc(trace->n_modules, sizeof *builder->system);
    builder->interpreter = xcalloc(trace->n_modules, sizeof *builder->interpreter);
    builder->extension = xcalloc(trace->n_modules, sizeof *builder->extension);
    builder->embedding = xcalloc(trace->n_modules, sizeof *builder->embedding);
    for (uint32_t m = 0; m < trace->n_modules; m++) {
        builder->runtime[m] = is_runtime_module(trace->modules[m].path);
        builder->system[m] = is_system_module(trace->modules[m].path);
        builder->extension[m] = python_path_is_library(trace->modules[m].path);
        builder->interpreter[m] = python_is_interpreter_module(trace->modules[m].path);
    }
    find_embedding(builder);
}

void locations_init(struct locations *locations, const struct trace *trace, const char *const *wrappers, size_t n_wrappers,
                    bool addresses)
{
    *locations = (struct locations){ .trace = trace };
    struct builder builder = { .locations = locations, .wrappers = wrappers, .n_wrappers = n_wrappers, .addresses = addresses };
    judge_modules(&builder);
    locations->first = xcalloc((size_t)trace->n_frames + 1, sizeof *locations->first);
    for (uint32_t f = 0; f < trace->n_frames; f++)
        add_frame(&builder, f);
    locations->first[trace->n_frames] = (uint32_t)builder.n_levels;
    static const struct trace_symbol no_stack = { .function = "[no stack]" };
    locations->nowhere = add_location(&builder, &(struct trace_frame){ TRACE_FRAME_ANONYMOUS, TRACE_NONE, 0 }, &no_stack);
    locations->items[locations->nowhere].rank = RANK_PSEUDO;
    static const struct trace_symbol itself = { .function = "[Python interpreter itself]" };
    locations->interpreter = add_location(&builder, &(struct trace_frame){ TRACE_FRAME_ANONYMOUS, TRACE_NONE, 0 }, &itself);
    locations->items[locations->interpreter].rank = RANK_INTERPRETER;
    free(builder.runtime);
    free(builder.system);
    free(builder.interpreter);
    free(builder.extension);
    free(builder.embedding);
}

void locations_release(struct locations *locations)
{
    free(locations->items);
    free(locations->first);
    free(locations->levels);
    strmap_release(&locations->keys);
    strmap_release(&locations->strings);
    *locations = (struct locations){ 0 };
}

bool location_has_line(const struct location *location)
{
    return location->file && location->line;
}

bool location_is_python(const struct location *location)
{
    return location->kind == TRACE_FRAME_PYTHON;
}

bool location_is_extension(const struct location *location)
{
    return location->kind == TRACE_FRAME_NATIVE && location->module != TRACE_NONE && !location->function && !location->address;
}

const char *location_module_name(const struct locations *locations, uint32_t id)
{
    uint32_t module = locations->items[id].module;
    return module == TRACE_NONE ? NULL : path_base(locations->trace->modules[module].path);
}

static const char *pseudo_name(enum trace_frame_kind kind)
{
    switch (kind) {
    case TRACE_FRAME_MAPPED: return "[mapped memory]";
    case TRACE_FRAME_FILE: return "[mapped file]";
    case TRACE_FRAME_RESERVED: return "[reserved addresses]";
    case TRACE_FRAME_BREAK: return "[program break]";
    case TRACE_FRAME_TRUNCATED: return "[truncated]";
    case TRACE_FRAME_OBJECT: return "[Python object]";
    case TRACE_FRAME_ARENA: return "[Python arena]";
    case TRACE_FRAME_PYTHON: return "[unknown Python function]";
    default: return "[unknown]";
    }
}

void location_add_name(struct strbuf *out, const struct locations *locations, uint32_t id)
{
    const struct location *location = &locations->items[id];
    const char *module = location_module_name(locations, id);
    if (location->function)
        strbuf_add(out, location->function);
    else if (location_is_extension(location))
        python_add_module(out, locations->trace->modules[location->module].path);
    else if (location->kind == TRACE_FRAME_NATIVE && module)
        strbuf_printf(out, "%s+0x%" PRIx64, module, location->address);
    else if (location->kind == TRACE_FRAME_NATIVE || location->kind == TRACE_FRAME_ANONYMOUS)
        strbuf_printf(out, "0x%" PRIx64 " [unknown code]", location->address);
    else
        strbuf_add(out, pseudo_name(location->kind));
}

void location_add_place(struct strbuf *out, const struct locations *locations, uint32_t id)
{
    const struct location *location = &locations->items[id];
    const char *module = location_module_name(locations, id);
    if (location_is_python(location) && location_has_line(location))
        strbuf_printf(out, "(%s:%" PRIu32 ")", python_path_tail(location->file), location->line);
    else if (location_is_python(location) && location->file)
        strbuf_printf(out, "(%s)", python_path_tail(location->file));
    else if (location_has_line(location))
        strbuf_printf(out, "%s:%" PRIu32, path_base(location->file), location->line);
    else if (module && location->function)
        strbuf_printf(out, "(%s)", module);
}
