#include "allocators.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define NAME_MAX_BYTES 64u

static const char *const words[] = {
    "malloc", "calloc", "realloc", "reallocarray", "zalloc", "memalign", "aligned_alloc", "strdup", "strndup", "memdup",
    "asprintf", "palloc", "pnalloc", "mem_alloc", "rust_alloc", "rdl_alloc",
};

static const char *const manners[] = {
    "alarm", "aligned", "array", "block", "checked", "dbg", "debug", "die", "fail", "finish", "full", "gently", "impl",
    "internal", "large", "n", "nofail", "num", "or", "printf", "raw", "safe", "small", "try", "unchecked", "usable", "vprintf", "with",
    "wrapper", "z", "zero", "zeroed",
};

/* "void* ns::pool<T, 4>::xmalloc<int>(unsigned long)" -> "xmalloc" */
static void bare_name(const char *function, char *name)
{
    const char *start = function, *end = NULL, *at = function;
    size_t n = 0;
    for (int depth = 0; *at && (depth || *at != '('); at++) {
        if (*at == '<' && depth++ == 0)
            end = at;
        else if (*at == '>')
            depth -= depth > 0;
        else if (depth == 0 && (*at == ' ' || *at == ':')) {
            start = at + 1;
            end = NULL;
        }
    }
    for (end = end ? end : at; start < end && n + 1 < NAME_MAX_BYTES; start++)
        name[n++] = (char)tolower((unsigned char)*start);
    name[n] = '\0';
}

/* The longest of the words that `text` begins with; 0: none. */
static size_t word_at(const char *text, const char *const *list, size_t n_list)
{
    size_t longest = 0;
    for (size_t i = 0; i < n_list; i++) {
        size_t n = strlen(list[i]);
        if (n > longest && strncmp(text, list[i], n) == 0)
            longest = n;
    }
    return longest;
}

/* "", "_usable", "0_n", "RawNN" in small letters */
static bool says_manner(const char *text)
{
    while (*text) {
        size_t n = *text == '_' || isdigit((unsigned char)*text) ? 1 : word_at(text, manners, sizeof manners / sizeof *manners);
        if (n == 0)
            return false;
        text += n;
    }
    return true;
}

bool allocator_is_named(const char *function)
{
    char name[NAME_MAX_BYTES];
    if (strncmp(function, "operator new", 12) == 0 || strstr(function, "::allocate("))
        return true;
    bare_name(function, name);
    for (const char *at = name; *at; at++) {
        size_t n = word_at(at, words, sizeof words / sizeof *words);
        if (n && says_manner(at + n))
            return true;
    }
    return false;
}
