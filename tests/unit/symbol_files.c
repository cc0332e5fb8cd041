#include "symbol_files.h"

#include "../../viewer/base/strbuf.h"
#include "../../viewer/base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/heapline-symbol-XXXXXX";

int files_setup(void **state)
{
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    unsetenv("DEBUGINFOD_URLS");
    return setenv("SRC", SYMBOL_PROGRAMS, 1);
}

int files_teardown(void **state)
{
    return files_run("cd / && rm -rf %s", folder) ? 0 : -1;
}

static bool run(const char *command, struct strbuf *output)
{
    FILE *pipe = popen(command, "r");
    char block[4096];
    size_t n;
    while (pipe && (n = fread(block, 1, sizeof block, pipe)) > 0)
        strbuf_add_bytes(output, block, n);
    return pipe && pclose(pipe) == 0;
}

bool files_run(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = xvasprintf(format, arguments), *command = xasprintf("{ %s\n} 2>&1", text);
    va_end(arguments);
    struct strbuf output = STRBUF_INIT;
    bool ok = run(command, &output);
    if (!ok)
        print_message("%s\n%s\n", text, output.data);
    strbuf_release(&output);
    free(command);
    free(text);
    return ok;
}

void files_need(const char *tool)
{
    char *command = xasprintf("command -v %s >/dev/null", tool);
    struct strbuf output = STRBUF_INIT;
    bool there = run(command, &output);
    strbuf_release(&output);
    free(command);
    if (!there) {
        print_message("skipped: %s is not installed\n", tool);
        skip();
    }
}

const char *files_output(const char *format, ...)
{
    static struct strbuf output = STRBUF_INIT;
    va_list arguments;
    va_start(arguments, format);
    char *command = xvasprintf(format, arguments);
    va_end(arguments);
    strbuf_clear(&output);
    run(command, &output);
    free(command);
    strbuf_truncate(&output, strcspn(output.data, "\n"));
    return output.data;
}

void files_module(struct trace_module *module, const char *elf, const char *path)
{
    static char absolute[512];
    bool complete = path[0] == '/' || path[0] == '[';
    snprintf(absolute, sizeof absolute, "%s%s%s", complete ? "" : folder, complete ? "" : "/", path);
    memset(module, 0, sizeof *module);
    module->path = absolute;
    const char *hex = files_output("readelf -n %s 2>/dev/null | sed -n 's/.*Build ID: //p'", elf);
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1 && module->build_id_len < TRACE_BUILD_ID_MAX; hex += 2)
        module->build_id[module->build_id_len++] = (uint8_t)byte;
}

uint64_t files_address(const char *elf, const char *symbol)
{
    const char *hex = files_output("nm %s | awk '$3 == \"%s\" { print $1 }'", elf, symbol);
    if (!*hex)
        fail_msg("%s has no symbol %s", elf, symbol);
    return strtoull(hex, NULL, 16);
}

uint32_t files_line(const char *source, const char *text)
{
    const char *number = files_output("grep -nF '%s' \"$SRC/%s\"", text, source);
    if (!*number)
        fail_msg("%s does not hold %s", source, text);
    return (uint32_t)strtoul(number, NULL, 10);
}

const char *files_describe(const struct trace_symbol *symbols, size_t n)
{
    static struct strbuf text = STRBUF_INIT;
    strbuf_clear(&text);
    for (size_t i = 0; i < n; i++) {
        const char *file = symbols[i].file ? symbols[i].file : "??", *slash = strrchr(file, '/');
        strbuf_printf(&text, "%s%s %s:%u", i ? " < " : "", symbols[i].function ? symbols[i].function : "??",
                      slash ? slash + 1 : file, symbols[i].line);
    }
    return text.data;
}
