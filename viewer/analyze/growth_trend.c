#include "growth_trend.h"

#include "../base/xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MOST 40             /* points up to which S is compared with its exact distribution */
#define Z_95 1.959964
#define LATE_SHARE 0.4            /* of the pace of its first half a series must still have in its second */
#define OUTLIER 6.0               /* standard deviations that make a point stand out from the line */
#define WALK_LEAST 3.0            /* standard errors of a walk's drift that it must rise by at least, */
#define WALK_MOST 5.0             /* and from twice WALK_SHARE on */
#define WALK_SHARE 0.2
#define NO_EVIDENCE 0.01          /* a chance that is never small enough */
#define WALK_WIDENING 4.0         /* residuals so alike walk, rather than vary about the line */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, uint32_t n)
{
    qsort(values, n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* Of the y from `first` on. */
static double level(const struct trend_point *points, uint32_t first, uint32_t n)
{
    double values[TREND_MOST];
    for (uint32_t i = 0; i < n; i++)
        values[i] = points[first + i].y;
    return median(values, n);
}

static double kendall(const struct trend_point *points, uint32_t n)
{
    double s = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = i + 1; j < n; j++)
            s += (points[j].y > points[i].y) - (points[j].y < points[i].y);
    return s;
}

/* Of S in a series without trend; *ties says whether some y are equal. */
static double kendall_variance(const struct trend_point *points, uint32_t n, bool *ties)
{
    double values[TREND_MOST], variance = (double)n * (n - 1) * (2.0 * n + 5);
    for (uint32_t i = 0; i < n; i++)
        values[i] = points[i].y;
    qsort(values, n, sizeof *values, compare_doubles);
    *ties = false;
    for (uint32_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && values[j] <= values[i]; j++)
            ;
        double t = j - i;
        *ties |= j - i > 1;
        variance -= t * (t - 1) * (2 * t + 5);
    }
    return variance / 18;
}

/* The part of all orders of n different values of which S is at least `s`: counts orders by their number of falling pairs. */
static double exact_chance(uint32_t n, double s)
{
    double ways[EXACT_MOST * (EXACT_MOST - 1) / 2 + 1] = { 1 }, sum = 0;
    uint32_t pairs = n * (n - 1) / 2, falling = (uint32_t)((pairs - s) / 2);
    for (uint32_t k = 2; k <= n; k++) {
        double next[sizeof ways / sizeof *ways] = { 0 };
        for (uint32_t f = 0; f <= k * (k - 1) / 2; f++)
            for (uint32_t more = 0; more < k && more <= f; more++)
                next[f] += ways[f - more] / k;
        memcpy(ways, next, sizeof ways);
    }
    for (uint32_t f = 0; f <= falling; f++)
        sum += ways[f];
    return sum;
}

/* Of a normal variable to be larger. */
static double tail(double z)
{
    return erfc(z / sqrt(2)) / 2;
}

static double chance_of(uint32_t n, double s, double variance, double widening, bool ties)
{
    if (s <= 0 || variance <= 0)
        return 1;
    if (!ties && widening <= 1 && n <= EXACT_MOST)
        return exact_chance(n, s);
    return tail((s - 1) / sqrt(variance * widening));
}

/* All pairs' slopes, sorted; the caller frees them. */
static double *pair_slopes(const struct trend_point *points, uint32_t n, uint32_t *pairs)
{
    double *slopes = xcalloc((size_t)n * (n - 1) / 2 + 1, sizeof *slopes);
    *pairs = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = i + 1; j < n; j++)
            slopes[(*pairs)++] = (points[j].y - points[i].y) / (points[j].x - points[i].x);
    qsort(slopes, *pairs, sizeof *slopes, compare_doubles);
    return slopes;
}

struct ranked { double value; uint32_t index; };

static int compare_ranked(const void *a, const void *b)
{
    return compare_doubles(&((const struct ranked *)a)->value, &((const struct ranked *)b)->value);
}

/* Ranks of what the line leaves over, less their mean; equal ones share theirs. Returns the sum of their squares. */
static double residual_ranks(const struct trend_point *points, uint32_t n, double slope, double *ranks)
{
    struct ranked residuals[TREND_MOST];
    double squares = 0;
    for (uint32_t i = 0; i < n; i++)
        residuals[i] = (struct ranked){ round((points[i].y - slope * (points[i].x - points[0].x)) * 64), i };
    qsort(residuals, n, sizeof *residuals, compare_ranked);
    for (uint32_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && residuals[j].value <= residuals[i].value; j++)
            ;
        for (uint32_t k = i; k < j; k++)
            ranks[residuals[k].index] = (i + j - 1) / 2.0 - (n - 1) / 2.0;
    }
    for (uint32_t i = 0; i < n; i++)
        squares += ranks[i] * ranks[i];
    return squares;
}

/* By what the variance of S is larger than that of independent values: at least 1. */
static double widening_of(const struct trend_point *points, uint32_t n, double slope)
{
    double ranks[TREND_MOST], sum = 0, squares = residual_ranks(points, n, slope, ranks);
    if (squares <= 0)
        return 1;
    for (uint32_t lag = 1; lag < n / 3; lag++) {
        double products = 0, left = (double)n - lag;
        for (uint32_t i = 0; i + lag < n; i++)
            products += ranks[i] * ranks[i + lag];
        double correlation = products / squares + 1.0 / n;       /* those of residuals come out too small by about that */
        sum += left * (left - 1) * (left - 2) * correlation;
    }
    double widening = 1 + 2 * sum / ((double)n * (n - 1) * (n - 2));
    return widening > 1 ? widening : 1;
}

/* The series as a walk. */
struct walk {
    double error;                 /* standard error of the slope: the steps' long-run deviation (Bartlett) by the root of their number */
    double share;                 /* of the steps' variance that is left in the long run: 1 in a walk, near 0 where all comes down again */
};

static struct walk walk_of(const struct trend_point *points, uint32_t n, double slope)
{
    double steps[TREND_MOST], sum = 0, variance = 0;
    uint32_t lags = n / 5;
    for (uint32_t i = 0; i + 1 < n; i++) {
        steps[i] = points[i + 1].y - points[i].y - slope * (points[i + 1].x - points[i].x);
        variance += steps[i] * steps[i];
    }
    for (uint32_t lag = 0; lag <= lags; lag++) {
        double products = 0;
        for (uint32_t i = 0; i + lag + 1 < n; i++)
            products += steps[i] * steps[i + lag];
        sum += products * (lag ? 2 * (1 - lag / (lags + 1.0)) : 1);
    }
    if (sum <= 0)
        return (struct walk){ 0 };
    return (struct walk){ sqrt(sum) / (points[n - 1].x - points[0].x), sum / variance };
}

/* Standard errors that the slope must have at least: the long-run deviation comes out too small by chance where there is
 * something of a walk. */
static double walk_least(const struct walk *walk)
{
    double part = (walk->share - WALK_SHARE) / WALK_SHARE;
    return WALK_LEAST + (WALK_MOST - WALK_LEAST) * fmin(1, fmax(0, part));
}

/* The interval by Sen, and not narrower than a walk's where the series walks. */
static void set_interval(struct trend *trend, const double *slopes, uint32_t pairs, double spread, double walk)
{
    double first = floor((pairs - spread) / 2), last = ceil((pairs + spread) / 2);
    trend->low = slopes[first > 0 ? (uint32_t)first : 0];
    trend->high = slopes[last < pairs - 1 ? (uint32_t)last : pairs - 1];
    trend->low = fmin(trend->low, trend->slope - Z_95 * walk);
    trend->high = fmax(trend->high, trend->slope + Z_95 * walk);
}

/* Fills all but the shape. */
static void fit(struct trend *trend, const struct trend_point *points, uint32_t n, double s, double variance, bool ties)
{
    uint32_t pairs;
    double *slopes = pair_slopes(points, n, &pairs);
    trend->slope = pairs % 2 ? slopes[pairs / 2] : (slopes[pairs / 2 - 1] + slopes[pairs / 2]) / 2;
    double widening = widening_of(points, n, trend->slope);
    struct walk walk = walk_of(points, n, trend->slope);
    set_interval(trend, slopes, pairs, Z_95 * sqrt(variance * widening), widening > WALK_WIDENING ? walk.error : 0);
    trend->chance = chance_of(n, s, variance, widening, ties);
    if (walk.error > 0 && trend->slope < walk_least(&walk) * walk.error)
        trend->chance = fmax(trend->chance, NO_EVIDENCE);
    else if (walk.error > 0)
        trend->chance = fmin(trend->chance, fmax(tail(trend->slope / walk.error), chance_of(n, s, variance, 1, ties)));
    free(slopes);
}

void trend_fit(struct trend *trend, const struct trend_point *points, uint32_t n)
{
    bool ties;
    *trend = (struct trend){ .shape = TREND_STEADY, .chance = 1 };
    if (n < 2)
        return;
    double variance = kendall_variance(points, n, &ties);
    fit(trend, points, n, kendall(points, n), variance, ties);
}

static uint32_t window(uint32_t n)
{
    return n / 8 > 2 ? n / 8 : 2;
}

/* Its second half rises much slower than its first. */
static bool slows_down(const struct trend_point *points, uint32_t n)
{
    struct trend first, second;
    trend_fit(&first, points, n / 2);
    trend_fit(&second, points + n / 2, n - n / 2);
    return second.slope < LATE_SHARE * first.slope;
}

/* A quarter of it brings no new height, or it stands still at its end for much longer than ever before: steps have stopped. */
static bool stands_still(const struct trend_point *points, uint32_t n)
{
    uint32_t longest = 0, last = 0;
    bool rises[4] = { false };
    double highest = points[0].y;
    for (uint32_t i = 1; i < n; i++) {
        if (points[i].y <= highest)
            continue;
        longest = i - last > longest ? i - last : longest;
        highest = points[i].y;
        last = i;
        rises[4 * i / n] = true;
    }
    return !(rises[0] && rises[1] && rises[2] && rises[3]) || n - last > 2 * longest + 3;
}

/* The standard deviation of what the line leaves over, from its median: outliers do not count. */
static double noise(const struct trend_point *points, uint32_t n, double slope, double *offset)
{
    double values[TREND_MOST];
    for (uint32_t i = 0; i < n; i++)
        values[i] = points[i].y - slope * points[i].x;
    *offset = median(values, n);
    for (uint32_t i = 0; i < n; i++)
        values[i] = fabs(points[i].y - slope * points[i].x - *offset);
    return 1.4826 * median(values, n);
}

/* Two points in a row stand far above the line and as high as the end; or the end has fallen to what was in the middle. */
static bool fell(const struct trend_point *points, uint32_t n, double slope)
{
    uint32_t w = window(n), in_a_row = 0;
    double offset, far = OUTLIER * noise(points, n, slope, &offset), end = level(points, n - w, w);
    for (uint32_t i = 1; i < n - w; i++) {
        bool stands_out = points[i].y >= end && points[i].y - slope * points[i].x - offset > far;
        in_a_row = stands_out ? in_a_row + 1 : 0;
        if (in_a_row == 2)
            return true;
    }
    double middle = level(points, n / 2 - w / 2, w);
    for (uint32_t i = n - w; i < n; i++)
        if (points[i].y <= middle)
            return true;
    return false;
}

/* What is left after each fall by more than half of the series' range. */
static uint32_t floors_of(const struct trend_point *points, uint32_t n, double slope, struct trend_point *floors)
{
    double lowest = INFINITY, highest = -INFINITY;
    uint32_t found = 0;
    for (uint32_t i = 0; i < n; i++) {
        lowest = fmin(lowest, points[i].y - slope * points[i].x);
        highest = fmax(highest, points[i].y - slope * points[i].x);
    }
    for (uint32_t i = 1; i < n; i++)
        if (points[i - 1].y - points[i].y > (highest - lowest) / 2)
            floors[found++] = points[i];
    return found;
}

static bool judge(struct trend *trend, const struct trend_point *points, uint32_t n, double limit, double chance)
{
    bool ties;
    double s = kendall(points, n), variance = kendall_variance(points, n, &ties);
    *trend = (struct trend){ .shape = TREND_STEADY, .chance = 1 };
    if (chance_of(n, s, variance, 1, ties) > chance)
        return false;
    fit(trend, points, n, s, variance, ties);
    if (trend->chance > chance || trend->low <= limit)
        return false;
    if (fell(points, n, trend->slope))
        trend->shape = TREND_SAW;
    else if (slows_down(points, n) || stands_still(points, n))
        trend->shape = TREND_LEVELS;
    else
        trend->shape = TREND_GROWS;
    return trend->shape == TREND_GROWS;
}

void trend_judge(struct trend *trend, const struct trend_point *points, uint32_t n, double limit, double chance)
{
    struct trend_point floors[TREND_MOST];
    struct trend below;
    *trend = (struct trend){ .shape = TREND_STEADY, .chance = 1 };
    if (n < TREND_LEAST || judge(trend, points, n, limit, chance))
        return;
    uint32_t n_floors = floors_of(points, n, trend->slope, floors);
    if (n_floors >= TREND_LEAST && judge(&below, floors, n_floors, limit, chance))
        *trend = below;
}

uint32_t trend_warm_up(const struct trend_point *points, uint32_t n)
{
    struct trend line;
    uint32_t most = n / 3, begun = n / 16 + 1, skip = 0;
    double offset;
    if (n < TREND_LEAST)
        return 0;
    trend_fit(&line, points + most, n - most);
    double far = OUTLIER * noise(points + most, n - most, line.slope, &offset) + 1;
    for (uint32_t i = 0; i < most; i++) {
        double above = points[i].y - line.slope * points[i].x - offset;
        if (above < -far || (above > far && i < begun))
            skip = i + 1;
    }
    return skip;
}
