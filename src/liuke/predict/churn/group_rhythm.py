"""Does a group come back at another rhythm than the shop, beyond what chance would do?

The group's horizon follows the shop's own rule: the interval by which 80 % of repurchases happened, in whole weeks
within the bounds. Customers, not intervals, are drawn again, the same ones for group and shop: what a group adds to the
shop cancels out. Open intervals count for nothing: in a short history slow groups look faster than they are, and what
is called slower here is slower still.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liuke.kernel.results import Estimate
from liuke.predict.churn.config import ChurnSettings
from liuke.predict.churn.horizon import DAYS_PER_WEEK, whole_weeks

LEVEL = 0.95
REPLICATES = 1000  # the bounds that hold for a dozen groups at once lie at the 2nd of 1000 draws

# Customers are drawn in so many random blocks at most: an interval's width is then known to 2 %, at any size of shop.
MAX_BLOCKS = 1000

# With so many repeat buyers each, a dozen groups like the shop gave one wrong answer or more in 3 of 60 made-up shops
# (5 % is promised), and 97 % of the 95 % intervals held the shop's. A prediction needs more: it has its own setting.
MIN_REPEAT_BUYERS = 30

LONGER, SHORTER, ALIKE, TOO_FEW = "longer", "shorter", "no clear difference", "not enough data"

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Intervals:
    """Days from one purchase day of a customer to the next; arrays of shape (n_intervals,).

    Attributes
    ----------
    customer_id : int64
    days : int64
        At least 1.
    """

    customer_id: IntArray
    days: IntArray

    def part(self, chosen: npt.NDArray[np.bool_]) -> Intervals:
        """Return the marked ones."""
        return Intervals(self.customer_id[chosen], self.days[chosen])


@dataclass(frozen=True)
class GroupRhythm:
    """How soon a group comes back.

    Attributes
    ----------
    n_intervals, n_repeat_buyers : int
    interval_days : int or None
        The interval by which the wanted share of repurchases happened; None with too few repeat buyers.
    horizon : Estimate or None
        Days, with the 95 % bootstrap interval over customers; None with too few repeat buyers.
    against_shop : str
        ``longer`` or ``shorter`` than the shop's beyond chance, with all groups asked at once; ``no clear difference``;
        ``not enough data``.
    """

    n_intervals: int
    n_repeat_buyers: int
    interval_days: int | None
    horizon: Estimate | None
    against_shop: str


class ShopRhythm:
    """The shop's intervals, and the draws of customers that all of its groups share.

    Parameters
    ----------
    intervals : Intervals
        Of all repeat buyers; those of any group must be among them.
    settings : ChurnSettings
    rng : numpy.random.Generator
    fixed_days : int, optional
        The shop's horizon where the rule did not give it (set by the shop, bound by its history): not estimated.
    """

    def __init__(
        self, intervals: Intervals, settings: ChurnSettings, rng: np.random.Generator, fixed_days: int | None = None
    ) -> None:
        self._settings = settings
        self._customers = np.unique(intervals.customer_id)
        size = max(min(self._customers.size, MAX_BLOCKS), 1)
        self._block = rng.permutation(self._customers.size) % size
        self._weights = rng.multinomial(size, np.full(size, 1 / size), REPLICATES).astype(np.float64)
        if fixed_days is None and intervals.days.size:
            self.days, self._draws = self._point(intervals)[1], self._drawn(intervals)
        else:
            self.days = fixed_days or settings.min_horizon_days
            self._draws = np.full(REPLICATES, float(self.days))

    def compare(self, groups: list[Intervals]) -> tuple[GroupRhythm, ...]:
        """Return the rhythm of each group and whether it differs from the shop's.

        Groups with fewer than ``MIN_REPEAT_BUYERS`` repeat buyers are not judged. The others share the error:
        with probability 95 % none that is alike is called longer or shorter (Bonferroni).
        """
        repeat = [np.unique(group.customer_id).size for group in groups]
        n_judged = sum(n >= MIN_REPEAT_BUYERS for n in repeat)
        return tuple(
            self._judge(group, n, (1 - LEVEL) / n_judged)
            if n >= MIN_REPEAT_BUYERS
            else GroupRhythm(group.days.size, n, None, None, TOO_FEW)
            for group, n in zip(groups, repeat, strict=True)
        )

    def _judge(self, group: Intervals, n_repeat: int, error: float) -> GroupRhythm:
        interval, days = self._point(group)
        draws = self._drawn(group)
        known = np.isfinite(draws)
        low, high = np.quantile(draws[known], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        least, most = np.quantile((draws - self._draws)[known], [error / 2, 1 - error / 2])
        found = LONGER if least > 0 and days > self.days else SHORTER if most < 0 and days < self.days else ALIKE
        horizon = Estimate(float(days), float(low), float(high), LEVEL, n_repeat)
        return GroupRhythm(group.days.size, n_repeat, interval, horizon, found)

    def _point(self, intervals: Intervals) -> tuple[int, int]:
        """Return the interval by which the wanted share came back, and the horizon that it asks for."""
        interval = int(np.quantile(intervals.days, self._settings.repurchase_share, method="inverted_cdf"))
        return interval, whole_weeks(interval, self._settings)

    def _drawn(self, intervals: Intervals) -> FloatArray:
        """Return the horizon of each draw of customers; NaN for a draw without any of these."""
        longest = self._settings.max_horizon_days  # what is longer asks for the longest, too
        place = self._block[np.searchsorted(self._customers, intervals.customer_id)]
        blocks, row = np.unique(place, return_inverse=True)
        cells = np.bincount(
            row * (longest + 1) + np.minimum(intervals.days, longest), minlength=blocks.size * (longest + 1)
        )
        came = np.cumsum(self._weights[:, blocks] @ cells.reshape(blocks.size, longest + 1).astype(np.float64), axis=1)
        wanted = came[:, -1:] * self._settings.repurchase_share
        days = np.argmax(came >= wanted - 1e-9 * came[:, -1:], axis=1)
        weeks_up = -(-np.maximum(days, 1) // DAYS_PER_WEEK) * DAYS_PER_WEEK
        horizon = np.clip(weeks_up, self._settings.min_horizon_days, longest).astype(np.float64)
        return np.where(came[:, -1] > 0, horizon, np.nan)
