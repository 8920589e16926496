"""What holds whatever the numbers: sums add, degenerate data get errors or stated results, directions are right."""

from math import inf, isinf, isnan

import numpy as np
import pytest
from scipy.stats import binom

from liuke.learn.inference import (
    Caps,
    ClusterMoments,
    Guard,
    InferenceError,
    Moments,
    MultiMoments,
    PairMoments,
    adjust,
    adjust_p_values,
    adjusted_levels,
    always_valid,
    chance_to_win,
    cluster_mean,
    compare_adjusted,
    compare_clusters,
    compare_means,
    compare_proportions,
    compare_ratios,
    compare_sequentially,
    cost_benefit,
    duration_days,
    find_caps,
    holm,
    intraclass_correlation,
    lift,
    margin_of,
    mde_means,
    mde_proportions,
    non_inferiority,
    novelty,
    permute_clusters,
    plan_clusters,
    plan_means,
    plan_proportions,
    post_stratify,
    power_means,
    power_proportions,
    proportion_interval,
    sample_ratio_evidence,
    sample_ratio_p,
    sample_ratio_sequential,
    segment_effects,
    sequential_inflation,
    share_belief,
    share_mean,
    tuning,
    weekday_check,
    width_at_plan,
    winsorise,
    with_cost,
)


def share(x, n):
    return Moments.of_share(x, n)


# Sums


def test_whole_numbers_stay_exact_under_any_split():
    rng = np.random.default_rng(3)
    x, y = (rng.integers(0, 10**9, 300).tolist() for _ in range(2))

    def summed(part):
        pairs = list(zip(x, y, strict=True))[part]
        return PairMoments(
            len(pairs),
            sum(a for a, _ in pairs),
            sum(b for _, b in pairs),
            sum(a * a for a, _ in pairs),
            sum(b * b for _, b in pairs),
            sum(a * b for a, b in pairs),
        )

    whole, parts = summed(slice(None)), summed(slice(0, 70)) + summed(slice(70, None))
    assert whole == parts
    assert whole.multi.covariances[0, 1] == whole.covariance
    table = MultiMoments(1, (2, 3), ((4, 6), (6, 9))) + MultiMoments(1, (1, 1), ((1, 1), (1, 1)))
    assert table == MultiMoments(2, (3, 4), ((5, 7), (7, 10)))
    assert table.column(1) == Moments(2, 4, 10)


def test_sums_of_arrays_are_those_of_their_values():
    values = np.random.default_rng(5).normal(3, 2, (50, 3))
    assert MultiMoments.of(values).covariances == pytest.approx(np.cov(values.T))
    rebuilt = Moments.from_mean(values[:, 0].mean(), values[:, 0].std(ddof=1), 50)
    assert (rebuilt.total, rebuilt.total_sq) == pytest.approx((values[:, 0].sum(), (values[:, 0] ** 2).sum()))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_named(bad):
    with pytest.raises(InferenceError, match="position 2 is missing or infinite"):
        Moments.of([1, 2, bad])


def test_clusters_join_by_their_key():
    a = ClusterMoments.of(["n", "s", "n"], [1.0, 2.0, 3.0])
    assert a == ClusterMoments(("n", "s"), (2.0, 1.0), (4.0, 2.0))
    assert a + ClusterMoments(("s", "w"), (1.0, 5.0), (1.0, 9.0)) == ClusterMoments(
        ("n", "s", "w"), (2.0, 2.0, 5.0), (4.0, 3.0, 9.0)
    )


# Degenerate data


@pytest.mark.parametrize(
    "call",
    [
        lambda: compare_means(Moments(1, 2, 4), Moments(5, 9, 20)),
        lambda: compare_means(Moments(), Moments(5, 9, 20)),
        lambda: compare_means(Moments(5, 9, 20), Moments(5, 9, 20), 1.0),
        lambda: compare_means(Moments(5, 9, 20), Moments(5, 9, 20), alternative="better"),
        lambda: compare_means(Moments(5, float("nan"), 20), Moments(5, 9, 20)),
        lambda: compare_proportions(Moments(), share(1, 5)),
        lambda: compare_proportions(Moments(5, 9, 20), share(1, 5)),
        lambda: compare_proportions(share(1, 5), share(1, 5), method="exact"),
        lambda: share(6, 5),
        lambda: proportion_interval(share(1, 5), method="guess"),
        lambda: compare_ratios(PairMoments.of([0, 0], [1, 2]), PairMoments.of([1, 1], [1, 2])),
        lambda: PairMoments.of([1], [1, 2]),
        lambda: lift(Moments(5, 9, 20), Moments(5, 0, 20)),
        lambda: lift(Moments(5, -9, 20), Moments(5, 9, 20), method="log"),
        lambda: lift(Moments(5, 9, 20), Moments(5, 9, 20), method="magic"),
        lambda: adjust(MultiMoments.of([[1, 2], [2, 1]]), MultiMoments.of([[1, 2], [2, 1]]), theta="mine"),
        lambda: adjust(MultiMoments.of([[1, 2], [2, 1]]), MultiMoments.of([[1, 2], [2, 1]]), theta=[1, 2]),
        lambda: adjust(MultiMoments.of(np.ones((3, 3))), MultiMoments.of(np.ones((3, 3))), ratio=True),
        lambda: always_valid(compare_proportions(share(1, 5), share(1, 5)), 10, planned_n=10),
        lambda: always_valid(compare_means(Moments(5, 9, 20), Moments(5, 9, 20)), 10),
        lambda: tuning(0),
        lambda: non_inferiority(Moments(5, 9, 20), Moments(5, 9, 20), 0),
        lambda: sample_ratio_p([1, 2], [0.5]),
        lambda: sample_ratio_p([1, -2], [0.5, 0.5]),
        lambda: sample_ratio_evidence([1, 2], [0.5, 0.5], 0),
        lambda: holm([0.5, 1.2]),
        lambda: adjusted_levels([0.5], method="unknown"),
        lambda: cluster_mean(ClusterMoments(("a",), (1.0,), (1.0,))),
        lambda: cluster_mean(ClusterMoments(("a", "b"), (1.0, 0.0), (1.0, 1.0))),
        lambda: ClusterMoments(("a", "a"), (1.0, 1.0), (1.0, 1.0)),
        lambda: compare_clusters(
            ClusterMoments(("a", "b"), (1.0, 1.0), (1.0, 2.0)), ClusterMoments(("b", "c"), (1.0, 1.0), (1.0, 2.0))
        ),
        lambda: intraclass_correlation([5], [3], [4]),
        lambda: novelty([(0, Moments(5, 9, 20), Moments(5, 9, 20))] * 4),
        lambda: weekday_check({8: (Moments(5, 9, 20), Moments(5, 9, 20))}),
        lambda: find_caps([]),
        lambda: find_caps([1, 2], 1.5),
        lambda: plan_means(100, 0),
        lambda: plan_means(100, 0.3, alternative="less"),
        lambda: plan_means(100, 0.3, shares=(1,)),
        lambda: plan_proportions(0.9, 0.2),
        lambda: mde_proportions(0.999, 10),
        lambda: duration_days(10, 0),
        lambda: share_belief(share(1, 5), share(1, 5), prior=(0, 1)),
        lambda: chance_to_win(compare_proportions(share(1, 5), share(1, 5))),
        lambda: post_stratify({"a": (Moments(), Moments(5, 9, 20))}),
    ],
)
def test_what_cannot_be_answered_is_an_error_with_a_way_out(call):
    with pytest.raises(InferenceError) as caught:
        call()
    assert caught.value.hint


def test_without_variation_nothing_is_excluded():
    same, more = Moments(5, 10, 20), Moments(5, 15, 45)
    d = compare_means(more, same)
    assert (d.value, d.low, d.high, d.p_value) == (1, -inf, inf, 1)
    with pytest.raises(InferenceError, match="no variation"):
        chance_to_win(d)
    assert compare_means(same, same).p_value == 1
    quiet = compare_sequentially(share(0, 40), share(0, 40), planned_n=1000)
    assert (quiet.low, quiet.high, quiet.p_value, quiet.e_value) == (-inf, inf, 1, 1)
    assert non_inferiority(share(0, 40), share(0, 40), 0.01).guard is Guard.UNDECIDED


def test_nobody_bought_still_leaves_doubt_about_shares():
    d = compare_proportions(share(0, 40), share(0, 40))
    assert d.low < 0 < d.high
    assert d.p_value == 1
    assert non_inferiority(share(0, 40), share(0, 40), 0.01, shares=True).guard is Guard.UNDECIDED
    assert non_inferiority(share(0, 4000), share(0, 4000), 0.01, shares=True).guard is Guard.HOLDS


def test_fieller_says_when_a_per_cent_means_nothing():
    noise = np.random.default_rng(1).normal(0.05, 1, 100)
    d = lift(Moments.of(noise + 1), Moments.of(noise), method="fieller")
    assert (d.low, d.high) == (-inf, inf)


def test_better_stays_above_zero_when_the_control_loses_money():
    rng = np.random.default_rng(2)
    worse, better = Moments.of(rng.normal(-10, 1, 200)), Moments.of(rng.normal(-5, 1, 200))
    for method in ("delta", "fieller", "fixed-base"):
        d = lift(better, worse, method=method)
        assert d.low < 0.5 < d.high
        assert d.low > 0


# Directions and relations


def test_a_covariate_that_explains_much_narrows_the_interval():
    rng = np.random.default_rng(8)
    before = rng.gamma(2, 20, 800)
    after, arm = before + rng.normal(0, 5, 800) + 2 * (np.arange(800) % 2), np.arange(800) % 2
    treated, control = (PairMoments.of(before[arm == side], after[arm == side]) for side in (1, 0))
    plain, adjusted = compare_means(treated.y, control.y), compare_adjusted(treated, control)
    assert adjusted.standard_error < 0.25 * plain.standard_error
    assert adjusted.low < 2 < adjusted.high
    assert adjust(treated, control).variance_kept == pytest.approx(
        (adjusted.standard_error / plain.standard_error) ** 2, rel=1e-9
    )
    useless = [PairMoments.of(np.ones(400), after[arm == side]) for side in (1, 0)]
    assert compare_adjusted(*useless).value == pytest.approx(plain.value)


@pytest.mark.parametrize("theta", ["total", "within", 0.7])
def test_one_covariate_is_adjusted_as_by_the_matrices_for_many(theta):
    rng = np.random.default_rng(17)
    arms = [PairMoments.of(*rng.gamma(2, 3, (2, n))) for n in (50, 70)]
    short, long = adjust(*arms, theta=theta), adjust(*(arm.multi for arm in arms), theta=theta)
    assert short.theta == pytest.approx(long.theta, rel=1e-12)
    for name in ("treated", "control", "raw_treated", "raw_control"):
        one, other = getattr(short, name), getattr(long, name)
        assert (one.mean, one.variance, one.n) == pytest.approx((other.mean, other.variance, other.n), rel=1e-12)
    assert (short.control_covariance, short.variance_kept) == pytest.approx(
        (long.control_covariance, long.variance_kept), rel=1e-12
    )


def test_strata_take_their_share_of_the_noise():
    rng = np.random.default_rng(9)
    strata = {}
    for name, level, n in (("low", 10, 300), ("high", 1000, 100), ("tiny", 50, 1)):
        strata[name] = (Moments.of(rng.normal(level + 1, 2, n)), Moments.of(rng.normal(level, 2, n)))
    found = post_stratify(strata)
    assert found.low < 1 < found.high
    whole = [sum((pair[i] for pair in strata.values()), Moments()) for i in (0, 1)]
    assert found.standard_error < 0.1 * compare_means(*whole).standard_error
    relative = post_stratify(strata, relative=True)
    assert relative.value == pytest.approx(found.value / (whole[1].mean), rel=0.2)


def test_the_sequence_is_wider_and_tightest_where_planned():
    treated, control = Moments(500, 600, 1500), Moments(500, 500, 1300)
    fixed = compare_means(treated, control, use_t=False)
    wide = {n: compare_sequentially(treated, control, planned_n=n) for n in (50, 1000, 20_000)}
    for d in wide.values():
        assert d.high - d.low > fixed.high - fixed.low
        assert (d.p_value < 0.05) == (d.low > 0 or d.high < 0)
    assert wide[1000].high < min(wide[50].high, wide[20_000].high)
    assert (wide[1000].high - wide[1000].value) / fixed.standard_error == pytest.approx(width_at_plan(), rel=1e-9)
    best = min(
        np.linspace(0.5, 2, 301) * tuning(1000), key=lambda r: compare_sequentially(treated, control, rho=r).high
    )
    assert tuning(1000, exact=True) == pytest.approx(best, rel=0.01)


def test_the_sequential_p_value_is_the_level_at_which_the_interval_meets_zero():
    treated, control = Moments(500, 640, 1500), Moments(500, 500, 1300)
    for side in ("two-sided", "greater"):
        d = compare_sequentially(treated, control, rho=0.08, alternative=side)
        assert 0 < d.p_value < 1
        again = compare_sequentially(treated, control, 1 - d.p_value, rho=0.08, alternative=side)
        assert again.low == pytest.approx(0, abs=1e-9)


def test_a_guard_rail_holds_breaks_or_waits():
    def ask(treated, control, **options):
        return non_inferiority(share_mean(treated), share_mean(control), 0.01, **options).guard

    assert ask(share(500, 5000), share(500, 5000), higher_is_better=False) is Guard.HOLDS
    assert ask(share(700, 5000), share(500, 5000), higher_is_better=False) is Guard.BROKEN
    assert ask(share(700, 5000), share(500, 5000)) is Guard.HOLDS
    assert ask(share(50, 500), share(50, 500)) is Guard.UNDECIDED
    assert ask(share(700, 5000), share(500, 5000), higher_is_better=False, planned_n=10_000) is Guard.BROKEN
    relative = non_inferiority(share_mean(share(500, 5000)), share_mean(share(500, 5000)), 0.1, relative=True)
    assert relative.margin == pytest.approx(0.01)


def test_levels_reject_exactly_what_adjusted_p_values_do():
    rng = np.random.default_rng(4)
    for method in ("holm", "hochberg", "bonferroni", "sidak", "holm-sidak", "bh", "by", "none"):
        for _ in range(60):
            p = rng.random(7) ** 3
            rejected = adjust_p_values(p, method) <= 0.05
            assert ((p <= adjusted_levels(p, 0.05, method)) == rejected).all()


def test_a_split_that_drifts_raises_the_alarm_and_never_takes_it_back():
    rng = np.random.default_rng(6)
    fair = sample_ratio_sequential(rng.multinomial(200, [0.5, 0.5], 60), [1, 1])
    skewed = sample_ratio_sequential(rng.multinomial(2000, [0.54, 0.46], 60), [1, 1])
    assert fair.p_value > 0.05
    assert skewed.p_value < 1e-6
    assert list(skewed.path) == sorted(skewed.path, reverse=True)
    cumulative = np.cumsum([[60, 40], [55, 45]], axis=0)
    assert sample_ratio_sequential(cumulative, [1, 1], cumulative=True) == sample_ratio_sequential(
        [[60, 40], [55, 45]], [1, 1]
    )


def test_the_split_s_evidence_averages_one_when_all_is_well():
    n, c = 12, 5.0
    mean = sum(binom.pmf(k, n, 0.3) * sample_ratio_evidence([k, n - k], [3, 7], c) for k in range(n + 1))
    assert mean == pytest.approx(1, abs=1e-9)


def test_equal_clusters_are_a_t_test_of_their_means():
    rng = np.random.default_rng(10)
    a, b = rng.normal(5, 1, 6), rng.normal(4, 1, 6)
    treated = ClusterMoments(tuple("abcdef"), (20.0,) * 6, tuple(20 * a))
    control = ClusterMoments(tuple("ghijkl"), (20.0,) * 6, tuple(20 * b))
    d, plain = compare_clusters(treated, control), compare_means(Moments.of(a), Moments.of(b), equal_var=True)
    assert (d.value, d.low, d.p_value) == pytest.approx((plain.value, plain.low, plain.p_value))


def test_unequal_clusters_cost_degrees_of_freedom():
    even = cluster_mean(ClusterMoments(tuple("abcd"), (10.0,) * 4, (1.0, 2.0, 3.0, 4.0)))
    odd = cluster_mean(ClusterMoments(tuple("abcd"), (10.0, 10.0, 10.0, 70.0), (1.0, 2.0, 3.0, 4.0)))
    assert even.freedom == pytest.approx(3)
    assert odd.freedom < 2.5


def test_likeness_within_clusters_is_found():
    rng = np.random.default_rng(11)
    sizes = np.full(400, 20)
    values = rng.normal(0, np.sqrt(0.2), 400)[:, None] + rng.normal(0, np.sqrt(0.8), (400, 20))
    found = intraclass_correlation(sizes, values.sum(axis=1), (values**2).sum(axis=1))
    assert found == pytest.approx(0.2, abs=0.03)


def regions(values, first=0):
    return ClusterMoments(tuple(f"r{first + i}" for i in range(len(values))), (10.0,) * len(values), tuple(values))


def test_the_interval_of_a_permutation_holds_what_its_test_does_not_reject():
    rng = np.random.default_rng(12)
    t, c, sizes = rng.normal(60, 8, 6), rng.normal(40, 8, 6), rng.integers(5, 20, 12).astype(float)
    treated = ClusterMoments(tuple("abcdef"), tuple(sizes[:6]), tuple(t))
    control = ClusterMoments(tuple("ghijkl"), tuple(sizes[6:]), tuple(c))
    for side in ("two-sided", "greater", "less"):
        found = permute_clusters(treated, control, alternative=side)
        assert found.exact
        assert found.draws == 924
        for end, outside in ((found.low, -1), (found.high, 1)):
            if isinf(end):
                continue
            for step, kept in ((outside * 1e-6, False), (-outside * 1e-6, True)):
                shifted = ClusterMoments(treated.keys, treated.sizes, tuple(t - (end + step) * sizes[:6]))
                again = permute_clusters(shifted, control, alternative=side)
                assert (again.p_value > 0.05) is kept


def test_three_against_three_regions_can_prove_nothing():
    found = permute_clusters(regions([90, 91, 92]), regions([10, 11, 12], 3))
    assert found.p_value == pytest.approx(0.1)
    assert (found.low, found.high) == (-inf, inf)


def test_pairs_are_only_swapped_within_themselves_and_many_clusters_are_sampled():
    treated, control = regions(range(50, 58)), regions(range(40, 48), 8)
    pairs = {key: i % 8 for i, key in enumerate(treated.keys + control.keys)}
    found = permute_clusters(treated, control, strata=pairs)
    assert (found.draws, found.p_value) == (256, 2 / 256)
    many = regions(range(60, 90)), regions(range(30, 60), 30)
    with pytest.raises(InferenceError, match="too many"):
        permute_clusters(*many)
    sampled = [permute_clusters(*many, rng=np.random.default_rng(1), draws=2000) for _ in range(2)]
    assert sampled[0] == sampled[1]
    assert not sampled[0].exact
    assert sampled[0].p_value < 0.01


def test_segments_are_corrected_and_small_ones_named():
    rng = np.random.default_rng(13)
    arms = {f"s{i}": (Moments.of(rng.normal(0, 1, 400)), Moments.of(rng.normal(0, 1, 400))) for i in range(8)}
    arms["special"] = (Moments.of(rng.normal(0.6, 1, 400)), Moments.of(rng.normal(0, 1, 400)))
    arms["tiny"] = (Moments.of([1.0]), Moments.of([1.0, 2.0]))
    found = segment_effects(arms)
    assert found.segments[0].segment == "special"
    assert found.segments[0].p_adjusted == pytest.approx(9 * found.segments[0].difference.p_value)
    assert found.p_value < 0.001
    assert 0 < found.i_squared < 1
    assert [name for name, _ in found.left_out] == ["tiny"]
    shares = segment_effects({"a": (share(30, 90), share(20, 90)), "b": (share(3, 90), share(2, 90))}, shares=True)
    assert all(s.difference.method == "newcombe" for s in shares.segments)


def test_weekdays_that_differ_are_seen():
    quiet = (Moments.of_share(100, 1000), Moments.of_share(100, 1000))
    days = dict.fromkeys(range(1, 8), quiet) | {6: (Moments.of_share(200, 1000), Moments.of_share(100, 1000))}
    assert weekday_check(days, shares=True).p_value < 0.001
    assert weekday_check(dict.fromkeys(range(1, 8), quiet), shares=True).p_value == pytest.approx(1)


def test_novelty_that_wears_off_is_seen():
    rng = np.random.default_rng(14)
    days = [(d, Moments.of(rng.normal(3 * 0.7**d, 1, 500)), Moments.of(rng.normal(0, 1, 500))) for d in range(10)]
    trend = novelty(days)
    assert trend.high < 0
    assert trend.first > 1 > trend.last


def test_caps_come_from_all_arms_and_keep_zeros_apart_if_asked():
    values = np.concatenate([np.zeros(990), np.arange(1, 11)])
    assert find_caps(values, 0.9).high == 0
    caps = find_caps(values, 0.9, ignore_zeros=True)
    assert caps.high == pytest.approx(9.1)
    assert winsorise(values, caps).max() == caps.high
    assert winsorise([1, 5, 9], Caps(low=2, high=6)).tolist() == [2, 5, 6]
    assert winsorise([1, 5], Caps()).tolist() == [1, 5]


def test_beliefs_of_shares_agree_with_drawing_them():
    rng = np.random.default_rng(15)
    p1, p0 = rng.beta(52, 51, 2_000_000), rng.beta(45, 58, 2_000_000)
    b = share_belief(share(51, 101), share(44, 101))
    assert b.chance_to_win == pytest.approx((p1 > p0).mean(), abs=1e-3)
    assert b.expected_loss == pytest.approx(np.maximum(p0 - p1, 0).mean(), abs=1e-4)
    assert b.expected_loss_of_staying == pytest.approx(np.maximum(p1 - p0, 0).mean(), abs=1e-4)
    assert (b.low, b.high) == pytest.approx(np.quantile(p1 - p0, [0.025, 0.975]), abs=1e-3)
    mirrored = share_belief(share(44, 101), share(51, 101), higher_is_better=False)
    assert mirrored.chance_to_win == pytest.approx(b.chance_to_win)
    large = share_belief(share(501_000, 1_000_000), share(500_000, 1_000_000))
    plain = chance_to_win(compare_proportions(share(501_000, 10**6), share(500_000, 10**6), method="wald"))
    assert large.chance_to_win == pytest.approx(plain.chance_to_win, abs=1e-5)


def test_only_proven_profit_is_booked():
    rng = np.random.default_rng(16)
    control = with_cost(Moments.of(rng.normal(1000, 300, 4000)), 0)
    clear = cost_benefit(with_cost(Moments.of(rng.normal(1100, 300, 4000)), 50), control)
    assert clear.proven
    assert clear.booked == pytest.approx(clear.profit.value * 4000)
    assert clear.cost.value == 50
    assert clear.return_low < 2 < clear.return_high
    assert clear.return_on_cost == pytest.approx(clear.margin.value / 50)
    doubtful = cost_benefit(with_cost(Moments.of(rng.normal(1050, 300, 200)), 50), control)
    assert not doubtful.proven
    assert doubtful.booked == 0
    free = cost_benefit(control, control)
    assert isnan(free.return_on_cost)


def test_plans_powers_and_smallest_effects_belong_together():
    options = {"alpha": 0.02, "shares": (0.3, 0.7), "correlation": 0.6, "design_effect": 1.5, "use_t": False}
    plan = plan_means(50, 0.4, power=0.9, **options)
    assert power_means(50, 0.4, plan.n_total, **options) == pytest.approx(0.9, abs=1e-3)
    assert mde_means(50, plan.n_total, power=0.9, **options) == pytest.approx(0.4, rel=1e-3)
    assert mde_means(50, 1000, alternative="less") < 0
    shares = plan_proportions(0.1, -0.02, shares=(0.1, 0.9))
    assert power_proportions(0.1, -0.02, shares.n_total, shares=(0.1, 0.9)) == pytest.approx(0.8, abs=1e-3)
    assert mde_proportions(0.1, shares.n_total, shares=(0.1, 0.9), alternative="less") < 0


def test_what_a_plan_costs():
    simple = plan_means(100, 1, use_t=False).n_total
    assert plan_means(100, 1, use_t=False, correlation=0.5).n_total == pytest.approx(0.75 * simple, abs=2)
    assert plan_means(100, 1, use_t=False, sequential=True).n_total == pytest.approx(
        sequential_inflation() * simple, abs=2
    )
    arms = plan_means(100, 1, shares=(1, 1, 1))
    assert arms.alpha == 0.025
    assert arms.n_total > 1.5 * simple
    clusters = plan_clusters(1.0, 0.2, 50, 0.05, cluster_size_cv=0.5)
    assert clusters.n_per_arm[0] == clusters.n_per_arm[1]
    assert clusters.n_total * 50 > 2 * plan_means(1.0, 0.2).n_total
    assert plan_means(100, 1, daily_entries=[100, 50], observation_days=30).days == duration_days(3142, [100, 50], 30)
    assert duration_days(300, [100, 50]) == 4
    assert duration_days(301, [100, 50]) == 5


@pytest.mark.parametrize("planned", [None, 3_000])
@pytest.mark.parametrize("up", [True, False])
def test_a_margin_asked_of_a_difference_answers_as_one_asked_of_its_arms(planned, up):
    treated, control = Moments(900, 270.0, 290.0), Moments(1_100, 385.0, 400.0)
    whole = non_inferiority(treated, control, 0.03, higher_is_better=up, use_t=False, planned_n=planned)
    made = compare_means(treated, control, use_t=False)
    found = margin_of(made, 2_000, 0.03, higher_is_better=up, planned_n=planned)
    assert found.guard is whole.guard
    assert found.difference.p_value == pytest.approx(whole.difference.p_value, rel=1e-12)
    assert found.p_value_broken == pytest.approx(whole.p_value_broken, rel=1e-12)
    with pytest.raises(InferenceError, match="is none"):
        margin_of(made, 2_000, 0.0)
