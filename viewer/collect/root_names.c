#include "root_names.h"

#include "../base/xalloc.h"
#include "../symbol/symbolizer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

struct root_names {
    pthread_mutex_t mutex;
    struct symbolizer *symbolizer;        /* made when it is first needed */
    struct symbolizer_module *module;     /* asked last */
    uint32_t id;
};

struct root_names *root_names_create(void)
{
    struct root_names *names = xcalloc(1, sizeof *names);
    pthread_mutex_init(&names->mutex, NULL);
    return names;
}

void root_names_destroy(struct root_names *names)
{
    if (!names)
        return;
    symbolizer_destroy(names->symbolizer);
    pthread_mutex_destroy(&names->mutex);
    free(names);
}

/* The module's handle, or NULL. With the mutex. */
static struct symbolizer_module *open_module(struct root_names *names, const struct trace_module *module, uint32_t id)
{
    if (!names->symbolizer && symbolizer_create(&names->symbolizer) != 0)
        names->symbolizer = NULL;
    if (names->symbolizer && (!names->module || names->id != id)) {
        names->module = symbolizer_open(names->symbolizer, module);
        names->id = id;
    }
    return names->symbolizer ? names->module : NULL;
}

char *root_names_find(struct root_names *names, const struct trace_module *module, uint32_t id, uint64_t address)
{
    uint64_t offset = 0;
    char *result = NULL;
    pthread_mutex_lock(&names->mutex);
    struct symbolizer_module *opened = open_module(names, module, id);
    const char *name = opened ? symbolizer_find_variable(opened, address, &offset) : NULL;
    if (name)
        result = offset ? xasprintf("%s+0x%" PRIx64, name, offset) : xstrdup(name);
    pthread_mutex_unlock(&names->mutex);
    return result;
}

char *root_names_function(struct root_names *names, const struct trace_module *module, uint32_t id, uint64_t address)
{
    struct trace_symbol levels[16];
    pthread_mutex_lock(&names->mutex);
    struct symbolizer_module *opened = open_module(names, module, id);
    size_t n = opened ? symbolizer_find(opened, address, levels, 16) : 0;
    char *result = n && levels[n - 1].function ? xstrdup(levels[n - 1].function) : NULL;
    pthread_mutex_unlock(&names->mutex);
    return result;
}
