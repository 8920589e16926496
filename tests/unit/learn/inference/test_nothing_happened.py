"""Nothing happened is not nothing known: exact bounds of quiet arms; and sums that no values have are refused."""

from math import inf, isnan

import numpy as np
import pytest
from scipy import stats

from liuke.learn.inference import (
    Guard,
    InferenceError,
    Moments,
    MultiMoments,
    PairMoments,
    exact_difference,
    non_inferiority,
    share_mean,
)


def share(hits: int, n: int) -> Moments:
    return Moments.of_share(hits, n)


@pytest.mark.parametrize(("hits", "n"), [(0, 50), (50, 50), (3, 50), (0, 1), (20000, 20000)])
def test_one_look_joins_clopper_and_pearson(hits: int, n: int) -> None:
    found = exact_difference(share(hits, n), share(0, 10**9), 0.95)
    wanted = stats.binomtest(hits, n).proportion_ci(0.975, "exact")
    assert found.low == pytest.approx(wanted.low, abs=1e-7)
    assert found.high == pytest.approx(wanted.high, abs=1e-7)
    assert isnan(found.standard_error)


def test_with_nothing_at_all_the_bound_for_every_look_is_known_in_closed_form() -> None:
    for n in (1, 20, 1000, 10**6):
        found = exact_difference(share(0, n), share(0, n), 0.95, sequential=True)
        bound = 1 - (0.025 / (n + 1)) ** (1 / n)
        assert (found.low, found.high) == (pytest.approx(-bound, rel=1e-9), pytest.approx(bound, rel=1e-9))
        assert found.p_value == 1
        ones = exact_difference(share(n, n), share(n, n), 0.95, sequential=True)
        assert (ones.low, ones.high) == (pytest.approx(found.low), pytest.approx(found.high))


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize(
    ("t", "c", "null"), [((0, 1000), (0, 200), 0.02), ((0, 400), (30, 400), 0.0), ((5, 5), (0, 5), 0.0)]
)
def test_the_p_value_is_the_error_at_which_the_null_leaves_the_interval(t, c, null: float, sequential: bool) -> None:
    p = exact_difference(share(*t), share(*c), 0.95, sequential=sequential, null=null).p_value
    assert 0 < p < 1
    for error, inside in ((0.9 * p, True), (1.1 * p, False)):
        found = exact_difference(share(*t), share(*c), 1 - error, sequential=sequential)
        assert (found.low <= null <= found.high) is inside
    one_sided = exact_difference(share(*t), share(*c), 0.95, sequential=sequential, null=null, alternative="less")
    assert one_sided.low == -inf


def test_the_bound_holds_at_all_looks_together() -> None:
    rng, wrong, trials = np.random.default_rng(4), 0, 300
    for _ in range(trials):
        p1, p0 = rng.choice([0.001, 0.02, 0.3], 2)
        arms = [np.cumsum(rng.random(3000) < p) for p in (p1, p0)]
        looks = [
            exact_difference(share(int(arms[0][n - 1]), n), share(int(arms[1][n - 1]), n), 0.9, sequential=True)
            for n in (10, 30, 100, 300, 1000, 3000)
        ]
        wrong += any(not one.low <= p1 - p0 <= one.high for one in looks)
    assert wrong / trials <= 0.1


@pytest.mark.parametrize("planned", [None, 20_000])
@pytest.mark.parametrize(
    ("treated", "control", "up", "guard"),
    [
        ((0, 10_000), (0, 10_000), False, Guard.HOLDS),  # nobody at all asked for money back
        ((0, 50), (0, 50), False, Guard.UNDECIDED),  # nobody of a few
        ((10_000, 10_000), (10_000, 10_000), True, Guard.HOLDS),  # everybody was delivered to
        ((0, 10_000), (800, 10_000), False, Guard.HOLDS),
        ((800, 10_000), (0, 10_000), False, Guard.BROKEN),
        ((0, 10_000), (10_000, 10_000), True, Guard.BROKEN),
    ],
)
def test_a_quiet_guard_rail_is_judged_by_exact_bounds(treated, control, up, guard, planned) -> None:
    found = non_inferiority(share(*treated), share(*control), 0.02, higher_is_better=up, shares=True, planned_n=planned)
    assert found.guard is guard


IMPOSSIBLE = {
    "squares below sum² / n": lambda: Moments(10, 100.0, 999.0),
    "negative squares": lambda: Moments(10, 0.0, -1.0),
    "negative units": lambda: Moments(-1),
    "sums of no units": lambda: Moments(0, 3.0, 9.0),
    "more successes than units": lambda: Moments.of_share(11, 10),
    "negative successes": lambda: Moments.of_share(-1, 10),
    "a share whose squares are not its sum": lambda: share_mean(Moments(10, 4.0, 5.0)),
    "a share above one": lambda: share_mean(Moments(10, 12.0, 20.0)),
    "a negative share": lambda: exact_difference(Moments(10, -2.0, 2.0), share(1, 10)),
    "products beyond both spreads": lambda: PairMoments(4, 0.0, 0.0, 4.0, 4.0, 4.5),
    "products of a constant": lambda: PairMoments(4, 4.0, 0.0, 4.0, 4.0, 1.0),
    "a matrix with squares below": lambda: MultiMoments(10, (100.0,), ((999.0,),)),
    "a matrix with products beyond": lambda: MultiMoments(4, (0.0, 0.0), ((4.0, -4.5), (-4.5, 4.0))),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_sums_that_no_values_have_are_refused(name: str) -> None:
    with pytest.raises(InferenceError) as caught:
        IMPOSSIBLE[name]()
    assert caught.value.hint


def test_rounding_is_no_impossible_sum() -> None:
    rng, checked = np.random.default_rng(5), 0
    for size in (1e-9, 1.0, 1e9):
        for spread in (0.0, 1e-12, 1e-6, 1.0):
            table = size * (1 + spread * rng.normal(size=(2000, 3)))
            whole = MultiMoments.of(table)
            assert (np.diag(whole.covariances) >= 0).all()
            assert PairMoments.of(table[:, 0], table[:, 1]).n == 2000
            assert Moments.of(table[:, 2]).variance >= 0
            checked += 1
    assert checked == 12
