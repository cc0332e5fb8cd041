"""Does a series of figures grow? As `heapline gate --max-growth` judges it (docs/gate.md), for a test that is still running.

The slope is Theil's and Sen's, its significance Kendall's. Besides, its second half must rise not much slower than its first, each quarter
must bring a new height, and no earlier stretch may have been as high as the end; and what walks about must rise far more than a walk drifts.
"""
from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, NamedTuple, Optional, Sequence

    class Growth(NamedTuple):
        slope: float                 # a step
        low: float                   # 95 % interval
        high: float
        first: int                   # the steps before it are warm-up

else:
    from collections import namedtuple
    Growth = namedtuple("Growth", "slope low high first")

LEAST = 8                  # points
CHANCE = 0.001             # that a series without trend rises so consistently
LATE_SHARE = 0.4           # of the pace of its first half a series must still have in its second
OUTLIER = 6.0              # standard deviations that make a point stand out from the line
WALK_LEAST = 3.0           # standard errors of a walk's drift that it must rise by at least,
WALK_MOST = 5.0            # and where twice WALK_SHARE of the steps' variance is left in the long run
WALK_SHARE = 0.15


def judge(series: Sequence[int], warm_up: int, limit: float) -> Optional[Growth]:
    """How it grows by more than `limit` a step, once warm: at least the first `warm_up` points are left out. None: it does not."""
    first = max(warm_up, warm_up_of(series))
    points = list(series[first:])
    if len(points) < LEAST or significance(points) > CHANCE:
        return None
    slopes = slopes_of(points)
    slope, spread = median(slopes), 1.96 * math.sqrt(kendall_variance(points))
    low = slopes[max(0, math.floor((len(slopes) - spread) / 2))]
    high = slopes[min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))]
    if slope <= limit or low <= limit and low != slope or slope < walk_drift(points, slope):
        return None
    if fell(points, slope) or slows_down(points) or stands_still(points):
        return None
    return Growth(slope, low, high, first)


def warm_up_of(series: Sequence[int]) -> int:
    """How many points at the beginning, at most a third, lie far off the line through the rest."""
    most = len(series) // 3
    if len(series) < LEAST:
        return 0
    slope = median(slopes_of(series[most:]))
    offsets = [y - slope * x for x, y in enumerate(series)]
    middle = median(sorted(offsets[most:]))
    far = OUTLIER * deviation(offsets[most:]) + 1
    return max([i + 1 for i in range(most) if abs(offsets[i] - middle) > far] or [0])


def median(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def deviation(values: Sequence[float]) -> float:
    """Standard deviation by the median, which outliers do not move."""
    middle = median(sorted(values))
    return 1.4826 * median(sorted(abs(value - middle) for value in values))


def slopes_of(points: Sequence[float]) -> List[float]:
    """Between all pairs, sorted."""
    return sorted((points[j] - points[i]) / (j - i) for j in range(len(points)) for i in range(j))


def kendall_variance(points: Sequence[float]) -> float:
    n = len(points)
    ties = [points.count(value) for value in set(points)]
    return (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18


def significance(points: Sequence[float]) -> float:
    """The chance of so many more rising than falling pairs in a series without trend."""
    rising = sum((points[j] > points[i]) - (points[j] < points[i]) for j in range(len(points)) for i in range(j))
    variance = kendall_variance(points)
    return math.erfc((rising - 1) / math.sqrt(2 * variance)) / 2 if rising > 0 and variance > 0 else 1.0


def walk_drift(points: Sequence[float], slope: float) -> float:
    """The slope that a walk of such steps could have by chance. Their long-run deviation (Bartlett's weights) is small where what goes up
    comes down."""
    steps = [points[i + 1] - points[i] - slope for i in range(len(points) - 1)]
    variance, lags, total = sum(step * step for step in steps), len(points) // 5, 0.0
    for lag in range(lags + 1):
        products = sum(steps[i] * steps[i + lag] for i in range(len(steps) - lag))
        total += products * (2 * (1 - lag / (lags + 1)) if lag else 1)
    if total <= 0:
        return 0.0
    share = (total / variance - WALK_SHARE) / WALK_SHARE
    return (WALK_LEAST + (WALK_MOST - WALK_LEAST) * min(1.0, max(0.0, share))) * math.sqrt(total) / len(steps)


def slows_down(points: Sequence[float]) -> bool:
    half = len(points) // 2
    return median(slopes_of(points[half:])) < LATE_SHARE * median(slopes_of(points[:half]))


def stands_still(points: Sequence[float]) -> bool:
    """A quarter brings no new height, or the end stands still for much longer than ever before: steps that have stopped."""
    n, highest, last, longest = len(points), points[0], 0, 0
    rises = set()
    for i in range(1, n):
        if points[i] > highest:
            longest, highest, last = max(longest, i - last), points[i], i
            rises.add(4 * i // n)
    return len(rises) < 4 or n - last > 2 * longest + 3


def fell(points: Sequence[float], slope: float) -> bool:
    """Two points in a row stand far above the line and as high as the end, or the end has come down to what was in the middle: garbage that
    is collected now and then."""
    n = len(points)
    window = max(2, n // 8)
    offsets = [y - slope * x for x, y in enumerate(points)]
    middle, far = median(sorted(offsets)), OUTLIER * deviation(offsets)
    end = median(sorted(points[n - window:]))
    above = [points[i] >= end and offsets[i] - middle > far for i in range(n - window)]
    half = median(sorted(points[n // 2 - window // 2:n // 2 - window // 2 + window]))
    return any(above[i] and above[i + 1] for i in range(1, len(above) - 1)) or min(points[n - window:]) <= half
