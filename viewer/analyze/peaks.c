#include "timeline.h"

#include <stdlib.h>
#include <string.h>

static bool fell_by_a_tenth(uint64_t from, uint64_t to)
{
    return to < from && from - to >= (from + 9) / 10;
}

/* Room is short: the smallest peak goes, its valleys become one. What is left still stands apart. */
static void forget_smallest(struct peak_finder *finder)
{
    uint32_t smallest = 0;
    for (uint32_t i = 1; i < finder->n; i++)
        if (finder->peaks[i].bytes < finder->peaks[smallest].bytes)
            smallest = i;
    if (smallest + 1 < finder->n && finder->peaks[smallest].valley < finder->peaks[smallest + 1].valley)
        finder->peaks[smallest + 1].valley = finder->peaks[smallest].valley;
    memmove(&finder->peaks[smallest], &finder->peaks[smallest + 1], (finder->n - smallest - 1) * sizeof finder->peaks[0]);
    finder->n--;
}

static void keep(struct peak_finder *finder)
{
    if (finder->n == TIMELINE_PEAKS)
        forget_smallest(finder);
    finder->peaks[finder->n++] = finder->rising;
}

/* Climbs until it falls by a tenth of the top; then sinks until it rises so that the new top is a tenth above the valley. */
void peak_finder_feed(struct peak_finder *finder, uint64_t ns, uint64_t bytes)
{
    if (!finder->falling) {
        if (bytes > finder->rising.bytes) {
            finder->rising.bytes = bytes;
            finder->rising.ns = ns;
        } else if (fell_by_a_tenth(finder->rising.bytes, bytes)) {
            keep(finder);
            finder->falling = true;
            finder->lowest = bytes;
        }
    } else if (bytes < finder->lowest) {
        finder->lowest = bytes;
    } else if (fell_by_a_tenth(bytes, finder->lowest)) {
        finder->rising = (struct timeline_peak){ ns, bytes, finder->lowest };
        finder->falling = false;
    }
}

void peak_finder_finish(struct peak_finder *finder)
{
    if (!finder->falling && finder->rising.bytes)
        keep(finder);
}

static int by_bytes(const void *a, const void *b)
{
    const struct timeline_peak *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

uint32_t timeline_top_peaks(const struct timeline *timeline, struct timeline_peak *peaks, uint32_t max)
{
    struct timeline_peak sorted[TIMELINE_PEAKS];
    uint32_t n = 0;
    memcpy(sorted, timeline->peaks, timeline->n_peaks * sizeof sorted[0]);
    qsort(sorted, timeline->n_peaks, sizeof sorted[0], by_bytes);
    while (n < max && n < timeline->n_peaks && sorted[n].bytes >= sorted[0].bytes / 10) {
        peaks[n] = sorted[n];
        n++;
    }
    return n;
}
