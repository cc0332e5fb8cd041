/* How the live bytes of the selected processes moved over the run, and where they peaked. Streams the epochs; memory is fixed. */
#ifndef HEAPLINE_ANALYZE_TIMELINE_H
#define HEAPLINE_ANALYZE_TIMELINE_H

#include "profile.h"

#define TIMELINE_SLOTS 480            /* divides well into the widths of terminals */
#define TIMELINE_PEAKS 64

struct timeline_peak {
    uint64_t ns, bytes;
    uint64_t valley;                  /* the least since the peak before */
};

struct timeline {
    uint64_t slot_ns;                 /* length of one slot */
    uint64_t bytes[TIMELINE_SLOTS];   /* the largest live sum of all selected processes inside the slot */
    uint64_t end[TIMELINE_SLOTS];     /* what was live at its end */
    uint64_t rss[TIMELINE_SLOTS];     /* the largest sampled resident sum, 0: not sampled */
    struct timeline_peak peaks[TIMELINE_PEAKS];   /* in the order of time */
    uint32_t n_peaks;
};

/* Whole heap, or the filtered sites only, then exact to one epoch. Returns 0, or -errno with a sentence in *error. */
int timeline_build(struct timeline *timeline, const struct profile *profile, struct trace_error *error);

/* Peaks that stand apart, by size: between two of them the sum fell by at least a tenth of the smaller (so of the larger too),
 * and each is at least a tenth of the highest. Copies at most `max`, returns how many. */
uint32_t timeline_top_peaks(const struct timeline *timeline, struct timeline_peak *peaks, uint32_t max);

/* The peak finder on its own: feed moments in order, then finish. Starts as all zeroes. */
struct peak_finder {
    struct timeline_peak peaks[TIMELINE_PEAKS];
    uint32_t n;
    struct timeline_peak rising;      /* the largest since the last valley */
    uint64_t lowest;                  /* since `rising` */
    bool falling;                     /* fell by a tenth since `rising` */
};
void peak_finder_feed(struct peak_finder *finder, uint64_t ns, uint64_t bytes);
void peak_finder_finish(struct peak_finder *finder);

#endif
