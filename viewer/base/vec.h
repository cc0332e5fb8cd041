/* Growable arrays of any type.
 *
 *     VEC(uint32_t) ids = {0};               an empty vector is all zeroes
 *     vec_push(&ids, 7);
 *     for (size_t i = 0; i < ids.n; i++) use(ids.items[i]);
 *     vec_release(&ids);
 *
 * To pass one to a function, name its type: `struct id_list VEC_FIELDS(uint32_t);`.
 * Pointers into `items` are good until the next push, add, append or reserve. The vector argument is evaluated more than once.
 */
#ifndef HEAPLINE_BASE_VEC_H
#define HEAPLINE_BASE_VEC_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define VEC_FIELDS(type) { type *items; size_t n, capacity; }
#define VEC(type) struct VEC_FIELDS(type)

/* The allocation behind the macros: room for `n + extra` items of `bytes` each, at least doubled. */
void *vec_grow(void *items, size_t n, size_t *capacity, size_t extra, size_t bytes);

/* Makes room for `extra` more items. */
#define vec_reserve(vec, extra) \
    ((void)((vec)->capacity - (vec)->n >= (size_t)(extra) || \
            ((vec)->items = vec_grow((vec)->items, (vec)->n, &(vec)->capacity, (extra), sizeof *(vec)->items))))

/* Appends `value`. */
#define vec_push(vec, value) (vec_reserve((vec), 1), (void)((vec)->items[(vec)->n] = (value)), (void)(vec)->n++)

/* Appends a zeroed item and yields a pointer to it. */
#define vec_add(vec) \
    (vec_reserve((vec), 1), memset(&(vec)->items[(vec)->n], 0, sizeof *(vec)->items), &(vec)->items[(vec)->n++])

/* Appends `count` items from `source`, which is no part of the vector. */
#define vec_append(vec, source, count) \
    (vec_reserve((vec), (count)), \
     (void)((count) && memcpy((vec)->items + (vec)->n, (source), (count) * sizeof *(vec)->items)), \
     (void)((vec)->n += (count)))

/* The last item, as an lvalue; the vector is not empty. */
#define vec_last(vec) ((vec)->items[(vec)->n - 1])

/* Removes the last item and yields it; the vector is not empty. */
#define vec_pop(vec) ((vec)->items[--(vec)->n])

/* Forgets the items, keeps the memory. */
#define vec_clear(vec) ((void)((vec)->n = 0))

/* Sorts with a qsort comparison. */
#define vec_sort(vec, compare) \
    ((void)((vec)->n > 1 && (qsort((vec)->items, (vec)->n, sizeof *(vec)->items, (compare)), 1)))

/* Frees the memory; the vector is empty again. What the items own is the caller's to free before. */
#define vec_release(vec) (free((vec)->items), (void)((vec)->items = NULL), (void)((vec)->n = (vec)->capacity = 0))

#endif
