"""Does the effect change with time? Novelty that wears off, weekdays that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np

from liuke.learn.inference.contracts import ArmMean, Heterogeneity, Trend
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.means import compare_means
from liuke.learn.inference.moments import Moments
from liuke.learn.inference.reference import conclude
from liuke.learn.inference.segments import Arms, segment_effects

LEAST_DAYS = 3  # a line through two days fits perfectly and says nothing


def novelty(days: Sequence[tuple[float, Moments | ArmMean, Moments | ArmMean]], level: float = 0.95) -> Trend:
    """Fit a line through the effects by days since the first exposure.

    Parameters
    ----------
    days
        (day since exposure, treated, control); the day of exposure is 0. Days with fewer than two units in an arm, or
        without any variation, are left out.

    Raises
    ------
    InferenceError
        With fewer than three usable days.

    Notes
    -----
    Weighted least squares with weights 1/SE² taken as known; the slope's variance is 1/Σ w·(x − x̄)². The same
    customers appear on several days, which this treats as independent: a p-value near the limit is weak evidence.
    """
    usable = []
    for day, treated, control in days:
        if min(treated.n, control.n) >= 2:
            found = compare_means(treated, control, level, use_t=False)
            if found.standard_error > 0:
                usable.append((float(day), found.value, found.standard_error))
    if len({day for day, _, _ in usable}) < LEAST_DAYS:
        raise InferenceError(
            f"A trend needs {LEAST_DAYS} days with data; there are {len(usable)}.", hint="Wait for more days."
        )
    x, y, error = (np.array(column) for column in zip(*usable, strict=True))
    weights = error**-2.0
    middle = float(weights @ x / weights.sum())
    spread = float(weights @ (x - middle) ** 2)
    slope = float(weights @ ((x - middle) * y)) / spread
    mean = float(weights @ y / weights.sum())
    line = conclude(slope, sqrt(1 / spread), level)
    ends = [mean + slope * (end - middle) for end in (float(x.min()), float(x.max()))]
    return Trend(slope, line.low, line.high, level, line.p_value, ends[0], ends[1])


def weekday_check(
    weekdays: Mapping[int, Arms], level: float = 0.95, *, correction: str = "holm", shares: bool = False
) -> Heterogeneity:
    """Ask whether the effect differs between weekdays (1 = Monday … 7 = Sunday); see ``segment_effects``.

    A trial that ran for whole weeks is balanced over weekdays whatever this says.
    """
    strange = [day for day in weekdays if day not in range(1, 8)]
    if strange:
        raise InferenceError(f"{strange[0]} is no weekday.", hint="Use 1 (Monday) to 7 (Sunday).")
    named = {f"{day}": arms for day, arms in sorted(weekdays.items())}
    return segment_effects(named, level, correction=correction, shares=shares)
