#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

char hl_real_early[HL_EARLY_BYTES] __attribute__((aligned(16)));

static size_t early_used;
static volatile uint32_t looking;        /* depth of look-ups; dlsym may call back into malloc; other threads do not exist so early, or find the pointers set */

/* A block is preceded by 16 bytes with its size. */
static void *early_alloc(size_t size, size_t alignment)
{
    if (alignment < 16)
        alignment = 16;
    size_t begin = __atomic_fetch_add(&early_used, ((size + 15) & ~(size_t)15) + 16 + alignment, __ATOMIC_RELAXED);
    size_t offset = (begin + 16 + alignment - 1) & ~(alignment - 1);
    if (size > HL_EARLY_BYTES || offset + size > HL_EARLY_BYTES) {
        errno = ENOMEM;
        return NULL;
    }
    memcpy(hl_real_early + offset - 16, &size, sizeof size);
    return hl_real_early + offset;
}

size_t hl_real_early_size(const void *p)
{
    size_t size;
    memcpy(&size, (const char *)p - 16, sizeof size);
    return size;
}

static void look_up(void)
{
    looking++;
    struct hl_real found = {
        .malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc"),
        .free = (void (*)(void *))dlsym(RTLD_NEXT, "free"),
        .calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc"),
        .realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc"),
        .memalign = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "memalign"),
        .aligned_alloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "aligned_alloc"),
        .posix_memalign = (int (*)(void **, size_t, size_t))dlsym(RTLD_NEXT, "posix_memalign"),
        .valloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "valloc"),
        .pvalloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "pvalloc"),
    };
    looking--;
    if (found.malloc && found.free && found.calloc && found.realloc)
        hl_real = found;
}

static void *first_malloc(size_t size)
{
    if (!looking)
        look_up();
    return hl_real.malloc == first_malloc ? early_alloc(size, 16) : hl_real.malloc(size);
}

static void first_free(void *p)
{
    if (!looking)
        look_up();
    if (hl_real.free != first_free)
        hl_real.free(p);
}

static void *first_calloc(size_t n, size_t size)
{
    size_t bytes;
    if (!looking)
        look_up();
    if (hl_real.calloc != first_calloc)
        return hl_real.calloc(n, size);
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return early_alloc(bytes, 16);       /* the arena is never reused: still zero */
}

static void *first_realloc(void *p, size_t size)
{
    if (!looking)
        look_up();
    if (hl_real.realloc != first_realloc)
        return hl_real.realloc(p, size);
    void *q = early_alloc(size, 16);
    if (q && p)
        memcpy(q, p, hl_real_early_size(p) < size ? hl_real_early_size(p) : size);
    return q;
}

static void *first_memalign(size_t alignment, size_t size)
{
    if (!looking)
        look_up();
    return hl_real.memalign == first_memalign ? early_alloc(size, alignment) : hl_real.memalign(alignment, size);
}

static void *first_aligned_alloc(size_t alignment, size_t size)
{
    if (!looking)
        look_up();
    return hl_real.aligned_alloc == first_aligned_alloc ? early_alloc(size, alignment) : hl_real.aligned_alloc(alignment, size);
}

static int first_posix_memalign(void **p, size_t alignment, size_t size)
{
    if (!looking)
        look_up();
    if (hl_real.posix_memalign != first_posix_memalign)
        return hl_real.posix_memalign(p, alignment, size);
    *p = early_alloc(size, alignment);
    return *p ? 0 : ENOMEM;
}

static void *first_valloc(size_t size)
{
    if (!looking)
        look_up();
    return hl_real.valloc == first_valloc ? early_alloc(size, 4096) : hl_real.valloc(size);
}

static void *first_pvalloc(size_t size)
{
    if (!looking)
        look_up();
    return hl_real.pvalloc == first_pvalloc ? early_alloc((size + 4095) & ~(size_t)4095, 4096) : hl_real.pvalloc(size);
}

struct hl_real hl_real = {
    .malloc = first_malloc,
    .free = first_free,
    .calloc = first_calloc,
    .realloc = first_realloc,
    .memalign = first_memalign,
    .aligned_alloc = first_aligned_alloc,
    .posix_memalign = first_posix_memalign,
    .valloc = first_valloc,
    .pvalloc = first_pvalloc,
};

void *hl_real_find(void **cache, const char *name)
{
    void *found = __atomic_load_n(cache, __ATOMIC_RELAXED);
    if (HL_UNLIKELY(!found)) {
        found = dlsym(RTLD_NEXT, name);
        __atomic_store_n(cache, found, __ATOMIC_RELAXED);
    }
    return found;
}
