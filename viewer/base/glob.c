#include "glob.h"

#include <stddef.h>
#include <string.h>

/* The ']' that ends the set after `set`, or NULL: then '[' stands for itself. A ']' in the first place belongs to the set. */
static const char *set_end(const char *set)
{
    if (*set == '!' || *set == '^')
        set++;
    return *set ? strchr(set + 1, ']') : NULL;
}

static bool set_holds(const char *set, const char *end, unsigned char c)
{
    bool negated = *set == '!' || *set == '^';
    bool found = false;
    for (set += negated; set < end; set++) {
        unsigned char low = (unsigned char)*set, high = low;
        if (end - set > 2 && set[1] == '-') {
            high = (unsigned char)set[2];
            set += 2;
        }
        found = found || (c >= low && c <= high);
    }
    return found != negated;
}

/* Matches one byte of text with what stands at `pattern`, no '*'. Returns where the pattern goes on, NULL for no match. */
static const char *match_one(const char *pattern, char c)
{
    if (*pattern == '?')
        return pattern + 1;
    if (*pattern == '[') {
        const char *end = set_end(pattern + 1);
        if (end)
            return set_holds(pattern + 1, end, (unsigned char)c) ? end + 1 : NULL;
    }
    if (*pattern == '\\' && pattern[1])
        pattern++;
    return *pattern == c ? pattern + 1 : NULL;
}

/* Only the last '*' need ever be widened: what an earlier one could reach, the last reaches too. */
bool glob_match(const char *pattern, const char *text)
{
    const char *star = NULL, *starred = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            starred = text;
            continue;
        }
        const char *next = *pattern ? match_one(pattern, *text) : NULL;
        if (!next && !star)
            return false;
        pattern = next ? next : star;
        text = next ? text + 1 : ++starred;
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool glob_match_path(const char *pattern, const char *path)
{
    if (glob_match(pattern, path))
        return true;
    const char *slash = strrchr(path, '/');
    return slash && !strchr(pattern, '/') && glob_match(pattern, slash + 1);
}
