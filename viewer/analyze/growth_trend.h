/* Does a series of figures grow, by how much a step, and how sure is that?
 *
 * The slope is Theil's and Sen's: the median of the slopes between all pairs of points; up to 29 % of the points may be anything
 * without moving it far. Its interval and the probability come from Kendall's S, the number of pairs that rise less the number of
 * pairs that fall: exact for short series without ties, else its normal approximation with the variance corrected for ties, and
 * widened where neighbouring residuals are alike (Hamed and Rao 1998). A figure that only drifts about rises now and then, too:
 * the slope must also be three to five standard errors of the drift that a random walk of such steps could have (their long-run
 * variance with Bartlett's weights, which is small where what goes up comes down again). Where it is far more than that, the
 * steps may follow one another in any way.
 *
 * That a series rises is not enough. It grows when, besides, its second half rises not much slower than its first and each
 * quarter brings a new height (else it levels off), and no earlier stretch of it was as high as its end before it fell again
 * (else it is a saw: garbage that is collected now and then). Of a saw the floors, what is left after each fall, are judged as a
 * series of their own. docs/gate.md says it for users.
 */
#ifndef HEAPLINE_ANALYZE_GROWTH_TREND_H
#define HEAPLINE_ANALYZE_GROWTH_TREND_H

#include <stdbool.h>
#include <stdint.h>

#define TREND_LEAST 8             /* fewer points are never enough */
#define TREND_MOST 256            /* a call takes time and memory for the pairs of so many */

enum trend_shape {
    TREND_STEADY,                 /* no rise that stands out */
    TREND_LEVELS,                 /* it rose, and has stopped or nearly so */
    TREND_SAW,                    /* it was as high before, and fell */
    TREND_GROWS,
};

struct trend_point { double x, y; };          /* x rises strictly */

struct trend {
    enum trend_shape shape;
    double slope, low, high;      /* of y for a step of 1 in x; 95 % interval. Of a saw that grows: of its floors */
    double chance;                /* that a series without trend rises so consistently */
};

/* `limit`: slopes up to there are no growth. `chance`: more probable rises are none either. n <= TREND_MOST. */
void trend_judge(struct trend *trend, const struct trend_point *points, uint32_t n, double limit, double chance);

/* The slope and its interval alone. */
void trend_fit(struct trend *trend, const struct trend_point *points, uint32_t n);

/* How many points at the beginning are warm-up, at most a third: up to the last that lies far below the line through the other
 * two thirds, or far above it among the very first. What lies above it later was held, and fell: that is for the judgement to
 * see. */
uint32_t trend_warm_up(const struct trend_point *points, uint32_t n);

#endif
