"""Which regions or groups stand for the whole shop? Chosen by how little their customers differ from everybody.

The measure is the standardised mean difference of what is known of customers: the difference of means over the whole
shop's standard deviation. Below 0.1 is customarily called balanced.

References
----------
Austin, P. C. (2009), Balance diagnostics for comparing the distribution of baseline covariates between treatment groups
in propensity-score matched samples, Statistics in Medicine 28, 3083-3107.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, combinations
from math import comb, sqrt
from typing import Any

import numpy as np

from liuke.learn.experiments.errors import ExperimentError
from liuke.learn.experiments.ports import MomentLike

BALANCED = 0.1
EXHAUSTIVE = 100_000  # subsets; beyond that groups are added one by one
FACTS = ("orders", "margin_minor", "recency_days", "days_known", "is_member")
COLUMNS = ("province", "city", "channel", "member_tier")
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class GroupSums:
    """What is known of the customers of one group: count, and sum and sum of squares of each fact."""

    group: str
    customers: int
    revenue_minor: int
    totals: tuple[float, ...]
    squares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """One fact in the pilot against the whole shop."""

    fact: str
    pilot_mean: float
    whole_mean: float
    smd: float


@dataclass(frozen=True, slots=True)
class Pilot:
    """A pilot's scope and how well it stands for the whole.

    Parameters
    ----------
    customer_share, revenue_share
        Of the whole shop (0 to 1).
    worst
        The largest absolute standardised mean difference.
    exhaustive
        Whether every subset was looked at.
    """

    column: str
    groups: tuple[str, ...]
    customers: int
    customer_share: float
    revenue_share: float
    worst: float
    balance: tuple[Balance, ...]
    exhaustive: bool

    @property
    def balanced(self) -> bool:
        """Whether no fact differs by as much as 0.1 standard deviations."""
        return self.worst < BALANCED


def group_sums(moment: MomentLike, column: str) -> tuple[GroupSums, ...]:
    """Sum up what is known of customers by a column of theirs; those without a value are left out.

    Raises
    ------
    ExperimentError
        If the column is none of ``province``, ``city``, ``channel``, ``member_tier``.
    """
    if column not in COLUMNS:
        raise ExperimentError(f"Pilots are not chosen by {column!r}.", hint=f"Choose one of {', '.join(COLUMNS)}.")
    sums = ", ".join(f"sum({fact})::DOUBLE, sum({fact} * {fact})::DOUBLE" for fact in FACTS)
    query = f"""
        WITH bought AS (
            SELECT customer_id, count(*)::BIGINT AS orders, sum(net_minor)::HUGEINT AS revenue,
                   sum(margin_minor)::HUGEINT AS margin_minor, max(occurred_on) AS bought_last
            FROM purchases WHERE occurred_on >= $as_of - {YEAR_DAYS} GROUP BY customer_id
        ),
        facts AS (
            SELECT c.{column} AS name, coalesce(b.orders, 0) AS orders, coalesce(b.revenue, 0) AS revenue,
                   coalesce(b.margin_minor, 0)::DOUBLE AS margin_minor,
                   least(coalesce($as_of - b.bought_last, {YEAR_DAYS}), {YEAR_DAYS}) AS recency_days,
                   coalesce($as_of - c.first_seen_on, 0) AS days_known,
                   coalesce(c.member_since_on < $as_of, false)::INTEGER AS is_member
            FROM customers c LEFT JOIN bought b USING (customer_id)
        )
        SELECT name, count(*), sum(revenue)::BIGINT, {sums}
        FROM facts WHERE name IS NOT NULL GROUP BY name ORDER BY name
    """
    rows = moment.connection.execute(query, {"as_of": moment.as_of}).fetchall()
    return tuple(GroupSums(row[0], row[1], int(row[2]), tuple(row[3::2]), tuple(row[4::2])) for row in rows)


def balance_of(column: str, sums: Sequence[GroupSums], groups: Iterable[str], *, exhaustive: bool = False) -> Pilot:
    """Compare some groups with the whole shop.

    Raises
    ------
    ExperimentError
        If a group is not there.
    """
    known = {one.group: one for one in sums}
    names = tuple(dict.fromkeys(groups))
    missing = [name for name in names if name not in known]
    if missing or not names:
        raise ExperimentError(
            f"No customer has the {column} {missing[0]!r}." if missing else f"Name at least one {column}.",
            hint=f"There are: {', '.join(list(known)[:12])}.",
        )
    matrix = _Matrix.of(sums)
    chosen = np.array([one.group in names for one in sums])
    pilot, whole = matrix.means(chosen), matrix.whole
    smd = matrix.differences(chosen[None, :])[0]
    rows = tuple(Balance(fact, float(pilot[i]), float(whole[i]), float(smd[i])) for i, fact in enumerate(FACTS))
    customers = int(matrix.n[chosen].sum())
    revenue = sum(one.revenue_minor for one in sums)
    own = sum(one.revenue_minor for one in sums if one.group in names)
    share = own / revenue if revenue else 0.0
    worst = float(np.abs(smd).max())
    return Pilot(column, names, customers, customers / matrix.n.sum(), share, worst, rows, exhaustive)


def choose_pilot(
    column: str, sums: Sequence[GroupSums], customer_share: float, max_groups: int = 5, tolerance: float = 0.25
) -> Pilot:
    """Choose the groups that differ least from the whole shop and hold about a share of its customers.

    Parameters
    ----------
    customer_share
        Wanted share of all customers (0 to 1).
    max_groups
        At most so many groups.
    tolerance
        The share may miss the wanted one by this part of it.

    Raises
    ------
    ExperimentError
        If no choice of groups comes near the share; the message says which shares can be had.

    Notes
    -----
    Every subset is looked at where there are no more than 100,000; else the best group is added until the share is
    reached.
    """
    if not 0 < customer_share < 1:
        raise ExperimentError("A pilot holds a share between 0 and 1.", hint="0.2 is a fifth of all customers.")
    matrix = _Matrix.of(sums)
    n = len(sums)
    exhaustive = sum(comb(n, k) for k in range(1, min(max_groups, n) + 1)) <= EXHAUSTIVE
    masks = _subsets(n, max_groups) if exhaustive else _greedy(matrix, customer_share, max_groups)
    shares = masks @ matrix.n / matrix.n.sum() if n else np.array([])
    near = np.abs(shares - customer_share) <= tolerance * customer_share
    if not near.any():
        reach = f"{shares.min():.1%} to {shares.max():.1%}" if n else "none: there are no groups"
        raise ExperimentError(
            f"No {max_groups} values of {column} hold about {customer_share:.0%} of the customers.",
            hint=f"Shares that can be had: {reach}. Allow more groups or another share.",
        )
    masks = masks[near]
    worst = np.abs(matrix.differences(masks)).max(axis=1)
    best = masks[int(np.argmin(worst))]
    names = [one.group for one, is_in in zip(sums, best, strict=True) if is_in]
    return balance_of(column, sums, names, exhaustive=exhaustive)


def sums_tree(sums: Sequence[GroupSums]) -> list[dict[str, Any]]:
    """Return sums as JSON can hold them."""
    return [asdict(one) for one in sums]


def sums_from(tree: Sequence[Mapping[str, Any]]) -> tuple[GroupSums, ...]:
    """Rebuild sums."""
    return tuple(
        GroupSums(one["group"], one["customers"], one["revenue_minor"], tuple(one["totals"]), tuple(one["squares"]))
        for one in tree
    )


@dataclass(frozen=True, slots=True)
class _Matrix:
    """Counts (n_groups,), totals (n_groups, n_facts), whole means and deviations (n_facts,)."""

    n: np.ndarray[Any, Any]
    totals: np.ndarray[Any, Any]
    whole: np.ndarray[Any, Any]
    deviation: np.ndarray[Any, Any]

    @classmethod
    def of(cls, sums: Sequence[GroupSums]) -> _Matrix:
        n = np.array([one.customers for one in sums], dtype=np.float64)
        totals = np.array([one.totals for one in sums], dtype=np.float64).reshape(len(sums), len(FACTS))
        squares = np.array([one.squares for one in sums], dtype=np.float64).reshape(len(sums), len(FACTS))
        every = max(float(n.sum()), 1.0)
        whole = totals.sum(axis=0) / every
        variance = np.maximum(squares.sum(axis=0) / every - whole**2, 0)
        return cls(n, totals, whole, np.array([sqrt(one) for one in variance]))

    def means(self, chosen: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = self.totals[chosen].sum(axis=0) / max(float(self.n[chosen].sum()), 1.0)
        return found

    def differences(self, masks: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return standardised mean differences, shape (n_masks, n_facts); 0 where nothing varies."""
        picked = masks.astype(np.float64)
        means = (picked @ self.totals) / np.maximum(picked @ self.n, 1.0)[:, None]
        gap = means - self.whole
        found: np.ndarray[Any, Any] = np.divide(gap, self.deviation, out=np.zeros_like(gap), where=self.deviation > 0)
        return found


def _subsets(n: int, most: int) -> np.ndarray[Any, Any]:
    picks = list(chain.from_iterable(combinations(range(n), k) for k in range(1, min(most, n) + 1)))
    masks = np.zeros((len(picks), n), dtype=np.bool_)
    for i, pick in enumerate(picks):
        masks[i, list(pick)] = True
    return masks


def _greedy(matrix: _Matrix, customer_share: float, most: int) -> np.ndarray[Any, Any]:
    """Return the growing sets that start from each group and add the one that balances best."""
    n, found = len(matrix.n), []
    for start in range(n):
        mask = np.zeros(n, dtype=np.bool_)
        mask[start] = True
        for _ in range(most - 1):
            found.append(mask.copy())
            if float(matrix.n[mask].sum()) >= customer_share * float(matrix.n.sum()):
                break
            tries = np.array([mask | (np.arange(n) == i) for i in range(n) if not mask[i]])
            mask = tries[int(np.argmin(np.abs(matrix.differences(tries)).max(axis=1)))]
        found.append(mask.copy())
    return np.array(found)
