#include "symbolizer.h"

#include "../base/arena.h"
#include "../base/strbuf.h"
#include "../base/strmap.h"
#include "../base/vec.h"
#include "../base/xalloc.h"
#include "demangle.h"
#include "dwarf.h"
#include "image.h"
#include "symtab.h"

struct symbolizer_module {
    struct symbolizer *owner;
    struct image image;
    char *problem;
    bool loaded;                    /* symtab and dwarf are there */
    struct symtab symtab;
    bool has_variables;             /* the next is there */
    struct symtab variables;
    struct dwarf *dwarf;
};

struct symbolizer {
    struct strmap strings;          /* every name and path that was handed out */
    struct strmap keys;             /* path and build-id -> index into modules */
    VEC(struct symbolizer_module *) modules;
};

int symbolizer_create(struct symbolizer **symbolizer)
{
    *symbolizer = xcalloc(1, sizeof **symbolizer);
    return 0;
}

static void module_destroy(struct symbolizer_module *module)
{
    dwarf_destroy(module->dwarf);
    symtab_release(&module->symtab);
    symtab_release(&module->variables);
    image_close(&module->image);
    free(module->problem);
    free(module);
}

void symbolizer_destroy(struct symbolizer *symbolizer)
{
    if (!symbolizer)
        return;
    for (size_t i = 0; i < symbolizer->modules.n; i++)
        module_destroy(symbolizer->modules.items[i]);
    vec_release(&symbolizer->modules);
    strmap_release(&symbolizer->strings);
    strmap_release(&symbolizer->keys);
    free(symbolizer);
}

struct symbolizer_module *symbolizer_open(struct symbolizer *symbolizer, const struct trace_module *module)
{
    struct strbuf key = STRBUF_INIT;
    strbuf_add_bytes(&key, module->build_id, module->build_id_len);
    strbuf_add_char(&key, 0);
    strbuf_add(&key, module->path);
    uint32_t index = strmap_intern_bytes(&symbolizer->keys, key.data, key.length);
    strbuf_release(&key);
    if (index == symbolizer->modules.n) {
        struct symbolizer_module *opened = xcalloc(1, sizeof *opened);
        opened->owner = symbolizer;
        opened->problem = image_open(&opened->image, module, IMAGE_DEBUG_FOLDER);
        vec_push(&symbolizer->modules, opened);
    }
    return symbolizer->modules.items[index];
}

const char *symbolizer_problem(const struct symbolizer_module *module)
{
    return module->problem;
}

/* Not before the first lookup: many modules of a process never allocate. */
static void load(struct symbolizer_module *module)
{
    if (module->loaded || !module->image.module)
        return;
    module->loaded = true;
    GElf_Addr bias = 0;
    Dwarf_Addr debug_bias = 0;
    dwfl_module_getelf(module->image.module, &bias);
    Dwarf *dw = dwfl_module_getdwarf(module->image.module, &debug_bias);
    module->dwarf = dwarf_create(dw, bias - debug_bias, &module->owner->strings);
    symtab_build(&module->symtab, module->image.module, SYMTAB_FUNCTIONS);
}

/* Symbol tables of static libraries carry versions: "memcpy@@GLIBC_2.14". */
static const char *readable_name(struct symbolizer *symbolizer, const char *name)
{
    const char *at = name[0] == '@' ? NULL : strchr(name, '@');
    char *linkage = at ? xstrndup(name, (size_t)(at - name)) : xstrdup(name);
    char *readable = demangle(linkage);
    uint32_t id = strmap_intern(&symbolizer->strings, readable ? readable : linkage);
    free(readable);
    free(linkage);
    return strmap_text(&symbolizer->strings, id);
}

size_t symbolizer_find(struct symbolizer_module *module, uint64_t address, struct trace_symbol *symbols, size_t max)
{
    load(module);
    if (!module->loaded || max == 0)
        return 0;
    size_t n = dwarf_find(module->dwarf, address, symbols, max);
    if (n > 0 && symbols[n - 1].function)
        return n;
    const char *name = symtab_find(&module->symtab, address);
    if (!name)
        return n;
    if (n == 0)
        symbols[n++] = (struct trace_symbol){0};
    symbols[n - 1].function = readable_name(module->owner, name);
    return n;
}

const char *symbolizer_find_variable(struct symbolizer_module *module, uint64_t address, uint64_t *offset)
{
    if (!module->image.module)
        return NULL;
    if (!module->has_variables)
        symtab_build(&module->variables, module->image.module, SYMTAB_VARIABLES);
    module->has_variables = true;
    const char *name = symtab_find_offset(&module->variables, address, offset);
    return name ? readable_name(module->owner, name) : NULL;
}
