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

char *root_names_find(struct root_names *names, const struct trace_module *module, uint32_t id, uint64_t address)
{
    uint64_t offset = 0;
    char *result = NULL;
    pthread_mutex_lock(&names->mutex);
    if (!names->symbolizer && symbolizer_create(&names->symbolizer) != 0)
        names->symbolizer = NULL;
    if (names->symbolizer && (!names->module || names->id != id)) {
        names->module = symbolizer_open(names->symbolizer, module);
        names->id = id;
    }
    const char *name = names->symbolizer ? symbolizer_find_variable(names->module, address, &offset) : NULL;
    if (name)
        result = offset ? xasprintf("%s+0x%" PRIx64, name, offset) : xstrdup(name);
    pthread_mutex_unlock(&names->mutex);
    return result;
}
