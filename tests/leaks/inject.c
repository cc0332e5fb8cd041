/* Takes every k-th release away from a program, so that what leaks is known: preloaded in front of heapline, which
 * therefore never sees these.
 *
 *   INJECT=drop|hoard      drop: nobody releases the block; hoard: a list of this module keeps it
 *   INJECT_EVERY=K         of the releases by the chosen callers, each K-th
 *   INJECT_CALLERS=N       of the callers one in N (default: all), by the place of the call in its page: no randomised
 *                          address changes that
 *   INJECT_OUT=FILE        at the end "ADDRESS BYTES" of each such block into FILE.PID
 *
 * Only the process that begins takes part, not what it forks. The list of dropped blocks is kept hidden: in the
 * clear it would hold them.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX (1u << 20)
#define KEY UINT64_C(0x5555555555555555)     /* no address, and none with an address's bits */

static void *volatile hoarded[MAX];          /* nobody reads it: without the word the compiler would leave it out */
static struct { uintptr_t hidden; size_t bytes; } taken[MAX];
static uint32_t n, every, callers = 1, seen;
static int hoards, ready;
static pid_t owner;
static void (*real_free)(void *);

static void report(void)
{
    char path[512];
    const char *out = getenv("INJECT_OUT");
    if (!out || getpid() != owner)
        return;
    ready = 0;
    snprintf(path, sizeof path, "%s.%d", out, (int)owner);
    FILE *file = fopen(path, "we");
    for (uint32_t i = 0; file && i < n; i++)
        fprintf(file, "%lu %zu\n", (unsigned long)(taken[i].hidden ^ KEY), taken[i].bytes);
    if (file)
        fclose(file);
}

__attribute__((constructor)) static void begin(void)
{
    const char *what = getenv("INJECT"), *k = getenv("INJECT_EVERY"), *share = getenv("INJECT_CALLERS");
    *(void **)&real_free = dlsym(RTLD_NEXT, "free");
    if (!what || !k || atoi(k) < 1)
        return;
    hoards = strcmp(what, "hoard") == 0;
    every = (uint32_t)atoi(k);
    callers = share && atoi(share) > 0 ? (uint32_t)atoi(share) : 1;
    owner = getpid();
    ready = atexit(report) == 0;
}

static int is_chosen(uintptr_t caller)
{
    uint32_t hash = (uint32_t)(caller & 0xfff) * UINT32_C(2654435761);
    return (hash >> 16) % callers == 0 && ++seen % every == 0;
}

__attribute__((visibility("default"))) void free(void *p)
{
    if (p && ready && n < MAX && getpid() == owner && is_chosen((uintptr_t)__builtin_return_address(0))) {
        taken[n].hidden = (uintptr_t)p ^ KEY;
        taken[n].bytes = malloc_usable_size(p);
        hoarded[n++] = hoards ? p : NULL;
    } else if (real_free) {
        real_free(p);
    }
}
