#include "identity.h"

#include "python_path.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What compilers append to a function that they split or made a special copy of: parse.constprop.0, parse.isra.0.cold. Whether
 * they do hangs on code elsewhere. "" are the bare numbers of nested functions and of local copies. */
static bool is_clone_suffix(const char *text, size_t n)
{
    static const char *const words[] = { "constprop", "isra", "part", "cold", "lto_priv", "localalias", "llvm", "clone" };
    size_t letters = 0;
    while (letters < n && !isdigit((unsigned char)text[letters]))
        letters++;
    if (letters == 0)
        return n > 0 && strspn(text, "0123456789") >= n;
    if (letters < n)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == n && memcmp(words[i], text, n) == 0)
            return true;
    return false;
}

/* Bytes of the name without " [clone .cold]" and without ".isra.0" at its end. */
static size_t without_clone(const char *name)
{
    const char *clone = strstr(name, " [clone ");
    size_t n = clone ? (size_t)(clone - name) : strlen(name);
    for (;;) {
        size_t dot = n;
        while (dot > 0 && name[dot - 1] != '.' && (isalnum((unsigned char)name[dot - 1]) || name[dot - 1] == '_'))
            dot--;
        if (dot < 2 || name[dot - 1] != '.' || !is_clone_suffix(name + dot, n - dot))
            return n;
        n = dot - 1;
    }
}

/* "{lambda(int)#2}", "{closure#0}", "$_1": the number counts what stands in the same function before. */
static bool begins_lambda_number(const char *name, size_t i, size_t n, size_t *digits)
{
    bool braced = name[i] == '#', dollar = i > 0 && name[i] == '_' && name[i - 1] == '$';
    if (!braced && !dollar)
        return false;
    size_t end = i + 1;
    while (end < n && isdigit((unsigned char)name[end]))
        end++;
    *digits = end - i - 1;
    return *digits && (dollar || (end < n && name[end] == '}'));
}

static void add_function(struct strbuf *out, const char *name)
{
    size_t n = without_clone(name), digits;
    for (size_t i = 0; i < n; i++) {
        bool number = begins_lambda_number(name, i, n, &digits);
        if (!number || name[i] != '#')
            strbuf_add_char(out, name[i] == '\n' ? ' ' : name[i]);
        if (number)
            i += digits;
    }
}

/* "libfoo.so.1.2" -> "[libfoo.so]", or "[libfoo.so+0x1234]". Of extension modules of Python reports may know no addresses. */
static void add_module(struct strbuf *out, const char *path, uint64_t address)
{
    const char *name = path_base(path), *version = strstr(name, ".so.");
    strbuf_add_char(out, '[');
    strbuf_add_bytes(out, name, version ? (size_t)(version - name) + 3 : strlen(name));
    if (address && !python_path_is_library(path))
        strbuf_printf(out, "+0x%" PRIx64, address);
    strbuf_add_char(out, ']');
}

static const char *below(const char *path, const char *root)
{
    size_t n = root ? strlen(root) : 0;
    while (n > 1 && root[n - 1] == '/')
        n--;
    return n > 1 && strncmp(path, root, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

static void add_file(struct strbuf *out, const struct location *location, const char *root)
{
    const char *relative = location->rank == RANK_SYSTEM_LINE ? NULL : below(location->file, root);
    if (!relative)
        relative = location_is_python(location) ? python_path_tail(location->file) : path_base(location->file);
    strbuf_add(out, relative);
}

static void add_level(struct strbuf *out, const struct locations *locations, uint32_t id, const char *root, bool addresses)
{
    const struct location *location = &locations->items[id];
    if (location->function && location_is_python(location))
        strbuf_add(out, location->function);
    else if (location->function)
        add_function(out, location->function);
    if (location->function)
        strbuf_add_char(out, ' ');
    if (location->file)
        add_file(out, location, root);
    else if (location->module != TRACE_NONE)
        add_module(out, locations->trace->modules[location->module].path, addresses ? location->address : 0);
    else
        strbuf_add(out, location->kind == TRACE_FRAME_PYTHON ? "[python]" : "[code made at run time]");
}

static bool is_left_out(const struct location *location, bool all)
{
    return location->rank == RANK_PSEUDO || (!all && location->rank == RANK_RUNTIME);
}

/* Of a program without symbols only addresses tell one stack from another. */
static bool has_names(const struct locations *locations, const struct level_list *levels, bool all)
{
    for (size_t i = 0; i < levels->n; i++) {
        const struct location *location = &locations->items[levels->items[i]];
        if (!is_left_out(location, all) && location->function)
            return true;
    }
    return false;
}

/* Adds the levels that `all` or their rank let through; returns whether there were any. A line that repeats the one before
 * says how deep a recursion went, which hangs on the data. */
static bool add_levels(struct strbuf *out, const struct profile *profile, const char *root, const struct level_list *levels,
                       bool all)
{
    const struct locations *locations = &profile->locations;
    bool addresses = !has_names(locations, levels, all);
    size_t before = SIZE_MAX, start = out->length;
    for (size_t i = 0; i < levels->n; i++) {
        if (is_left_out(&locations->items[levels->items[i]], all))
            continue;
        size_t line = out->length;
        add_level(out, locations, levels->items[i], root, addresses);
        strbuf_add_char(out, '\n');
        size_t n = out->length - line;
        if (before != SIZE_MAX && line - before == n && memcmp(out->data + before, out->data + line, n) == 0)
            strbuf_truncate(out, line);
        else
            before = line;
    }
    return out->length > start;
}

void identity_add(struct strbuf *out, const struct profile *profile, const char *root, uint32_t stack)
{
    struct profile plain = *profile;             /* --native shows more, and is no other stack */
    struct level_list levels = { 0 };
    plain.selection.native = false;
    profile_levels(&plain, stack, &levels);
    if (!add_levels(out, profile, root, &levels, false))
        add_levels(out, profile, root, &levels, true);
    vec_release(&levels);
}

/* FNV-1a, 64 bits (draft-eastlake-fnv). */
void identity_fingerprint(const char *text, char out[17])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    snprintf(out, 17, "%016" PRIx64, hash);
}
