"""On random data our answers are those of SciPy and statsmodels to 1e-8, wherever they have the method."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats import proportion
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from liuke.learn.inference import (
    ClusterMoments,
    Moments,
    MultiMoments,
    PairMoments,
    adjust,
    adjust_p_values,
    compare_adjusted,
    compare_clusters,
    compare_means,
    compare_proportions,
    compare_ratios,
    novelty,
    permute_units,
    plan_means,
    post_stratify,
    power_means,
    proportion_interval,
    sample_ratio_p,
    segment_effects,
)

CLOSE = {"rel": 1e-8, "abs": 1e-8}
SIDES = {"two-sided": "two-sided", "greater": "larger", "less": "smaller"}


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(42)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("equal_var", [False, True])
@pytest.mark.parametrize("use_t", [False, True])
def test_means(rng, side, equal_var, use_t):
    a, b = rng.gamma(2, 30, 180), rng.lognormal(4, 0.7, 240)
    d = compare_means(Moments.of(a), Moments.of(b), alternative=side, equal_var=equal_var, use_t=use_t)
    theirs = CompareMeans(DescrStatsW(a), DescrStatsW(b))
    kind = "pooled" if equal_var else "unequal"
    if use_t:
        statistic, p_value, freedom = theirs.ttest_ind(alternative=SIDES[side], usevar=kind)
        low, high = theirs.tconfint_diff(alternative=SIDES[side], usevar=kind)
        assert d.degrees_of_freedom == pytest.approx(freedom, **CLOSE)
    else:
        statistic, p_value = theirs.ztest_ind(alternative=SIDES[side], usevar=kind)
        low, high = theirs.zconfint_diff(alternative=SIDES[side], usevar=kind)
    assert (d.statistic, d.p_value) == pytest.approx((statistic, p_value), **CLOSE)
    assert (d.low, d.high) == pytest.approx((low, high), **CLOSE)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("newcombe", "newcomb"), ("wald", "wald"), ("agresti-caffo", "agresti-caffo")],
)
@pytest.mark.parametrize("counts", [(48, 70, 30, 80), (3, 900, 9, 1100), (0, 40, 5, 60), (1, 7, 7, 7)])
def test_intervals_of_two_shares(ours, theirs, counts):
    x1, n1, x0, n0 = counts
    d = compare_proportions(Moments.of_share(x1, n1), Moments.of_share(x0, n0), method=ours)
    low, high = proportion.confint_proportions_2indep(x1, n1, x0, n0, method=theirs, compare="diff")
    assert (d.low, d.high) == pytest.approx((low, high), **CLOSE)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("counts", [(48, 70, 30, 80), (30, 900, 9, 1100)])
def test_tests_of_two_shares(side, counts):
    x1, n1, x0, n0 = counts
    arms = Moments.of_share(x1, n1), Moments.of_share(x0, n0)
    statistic, p_value = proportion.proportions_ztest([x1, x0], [n1, n0], alternative=SIDES[side])
    for method in ("newcombe", "pooled"):
        d = compare_proportions(*arms, method=method, alternative=side)
        assert (d.statistic, d.p_value) == pytest.approx((statistic, p_value), **CLOSE)
    for method, null in (("wald", 0.0), ("wald", 0.02), ("agresti-caffo", 0.02), ("score", 0.0)):
        d = compare_proportions(*arms, method=method, alternative=side, null=null)
        theirs = proportion.test_proportions_2indep(
            x1, n1, x0, n0, value=null, method=method, compare="diff", alternative=SIDES[side]
        )
        assert (d.statistic, d.p_value) == pytest.approx((theirs.statistic, theirs.pvalue), **CLOSE)


@pytest.mark.parametrize("null", [-0.05, 0.02, 0.1])
def test_the_score_test_uses_the_likeliest_shares(null):
    """Statsmodels 0.15 stops its cubic short for a null other than 0 (0.00915 here at 0.02), so ask the likelihood."""
    x1, n1, x0, n0 = 30, 900, 9, 1100

    def surprise(p):
        return -scipy.stats.binom.logpmf(x1, n1, p + null) - scipy.stats.binom.logpmf(x0, n0, p)

    bounds = (max(1e-9, -null + 1e-9), min(1, 1 - null) - 1e-9)
    p0 = scipy.optimize.minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    p1, whole = p0 + null, n1 + n0
    error = np.sqrt((p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * whole / (whole - 1))
    d = compare_proportions(Moments.of_share(x1, n1), Moments.of_share(x0, n0), method="score", null=null)
    assert d.statistic == pytest.approx((x1 / n1 - x0 / n0 - null) / error, rel=1e-6)
    for end, p_value in ((d.low, 0.05), (d.high, 0.05)):  # the interval is the test turned round
        again = compare_proportions(Moments.of_share(x1, n1), Moments.of_share(x0, n0), method="score", null=end)
        assert again.p_value == pytest.approx(p_value, abs=1e-8)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("wilson", "wilson"),
        ("wald", "normal"),
        ("agresti-coull", "agresti_coull"),
        ("clopper-pearson", "beta"),
        ("jeffreys", "jeffreys"),
    ],
)
def test_intervals_of_one_share(ours, theirs):
    for hits, n in ((3, 40), (17, 60), (599, 600), (40, 80)):
        found = proportion_interval(Moments.of_share(hits, n), 0.9, ours)
        assert found == pytest.approx(proportion.proportion_confint(hits, n, 0.1, theirs), **CLOSE)


def test_ratios_are_the_mean_of_their_linearised_units(rng):
    arms = [(rng.poisson(3, n) + 1.0, rng.gamma(2, 20, n)) for n in (300, 200)]
    d = compare_ratios(*(PairMoments.of(x, y) for x, y in arms))
    units = [y.sum() / x.sum() + (y - y.sum() / x.sum() * x) / x.mean() for x, y in arms]
    theirs = scipy.stats.ttest_ind(*units, equal_var=False)
    assert (d.statistic, d.p_value) == pytest.approx((theirs.statistic, theirs.pvalue), **CLOSE)
    assert tuple(theirs.confidence_interval()) == pytest.approx((d.low, d.high), **CLOSE)


def test_theta_within_is_that_of_a_regression_on_arm_and_covariates(rng):
    x = rng.normal(size=(500, 2)) @ np.array([[1, 0.4], [0, 1]])
    arm = np.arange(500) % 2
    y = 1 + 0.5 * arm + x @ [2, -1] + rng.normal(size=500)
    adjusted = adjust(*(MultiMoments.of(np.column_stack([y, x])[arm == side]) for side in (1, 0)), theta="within")
    theirs = OLS(y, np.column_stack([np.ones(500), arm, x])).fit()
    assert adjusted.theta == pytest.approx(theirs.params[2:], **CLOSE)
    assert adjusted.treated.mean - adjusted.control.mean == pytest.approx(theirs.params[1], **CLOSE)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("holm", "holm"),
        ("hochberg", "simes-hochberg"),
        ("bonferroni", "bonferroni"),
        ("sidak", "sidak"),
        ("holm-sidak", "holm-sidak"),
        ("bh", "fdr_bh"),
        ("by", "fdr_by"),
    ],
)
def test_corrections(rng, ours, theirs):
    for p in (rng.random(1), rng.random(9) ** 3, np.array([0.01, 0.01, 0.9, 0.0, 1.0, 0.01])):
        assert adjust_p_values(p, ours) == pytest.approx(multipletests(p, method=theirs)[1], **CLOSE)


def test_sample_ratio(rng):
    counts, shares = rng.multinomial(5000, [0.2, 0.3, 0.5]), [2, 3, 5]
    theirs = scipy.stats.chisquare(counts, np.array(shares) / 10 * 5000).pvalue
    assert sample_ratio_p(counts, shares) == pytest.approx(theirs, **CLOSE)


def test_clusters_agree_with_a_cluster_robust_regression(rng):
    sizes = rng.integers(5, 60, 14)
    cluster = np.repeat(np.arange(14), sizes)
    arm = (cluster < 7).astype(float)
    y = rng.normal(size=14)[cluster] + 0.3 * arm + rng.normal(size=len(cluster))
    names = np.array([f"r{c}" for c in cluster])
    arms = [ClusterMoments.of(names[arm == side], y[arm == side]) for side in (1, 0)]
    theirs = OLS(y, np.column_stack([np.ones(len(y)), arm])).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}
    )
    d = compare_clusters(*arms, correction="cr0", use_t=False)
    assert (d.value, d.standard_error) == pytest.approx((theirs.params[1], theirs.bse[1]), **CLOSE)
    assert compare_clusters(*arms).standard_error > compare_clusters(*arms, correction="cr0").standard_error


@pytest.mark.parametrize("side", SIDES)
def test_permutations_of_few_units(rng, side):
    a, b = rng.normal(0.8, 1, 6), rng.normal(0, 1, 7)

    def statistic(x, y):
        return np.mean(x) - np.mean(y)

    theirs = scipy.stats.permutation_test((a, b), statistic, n_resamples=np.inf, alternative=side, vectorized=False)
    ours = permute_units(a, b, alternative=side)
    assert ours.exact
    assert ours.draws == 1716
    wanted = theirs.pvalue
    if side == "two-sided":  # theirs doubles the smaller tail, ours counts both
        wanted = np.mean(np.abs(theirs.null_distribution) >= abs(theirs.statistic) - 1e-12)
    assert ours.p_value == pytest.approx(wanted, **CLOSE)


@pytest.mark.parametrize("side", ["two-sided", "greater"])
def test_power(side):
    for effect, n, ratio in ((0.3, 200, 1.0), (0.2, 500, 0.5)):
        ours = power_means(1.0, effect, n * (1 + ratio), shares=(1, ratio), alternative=side, use_t=False)
        theirs = NormalIndPower().power(effect, n, 0.05, ratio=ratio, alternative=SIDES[side])
        assert ours == pytest.approx(theirs, **CLOSE)
    theirs = TTestIndPower().solve_power(0.3, alpha=0.05, power=0.8, alternative=SIDES[side])
    assert plan_means(1.0, 0.3, alternative=side).n_per_arm[0] == np.ceil(theirs)


def test_interaction_is_cochran_s_q_and_novelty_a_weighted_regression(rng):
    days = [(Moments.of(rng.normal(1, 2, 80)), Moments.of(rng.normal(0, 2, 90))) for _ in range(8)]
    fixed = [compare_means(t, c) for t, c in days]
    effects = np.array([d.value for d in fixed])
    weights = np.array([d.standard_error for d in fixed]) ** -2.0
    q = (weights * (effects - np.average(effects, weights=weights)) ** 2).sum()
    found = segment_effects({f"s{i}": pair for i, pair in enumerate(days)})
    assert (found.q, found.p_value) == pytest.approx((q, scipy.stats.chi2.sf(q, 7)), **CLOSE)
    trend = novelty([(i, t, c) for i, (t, c) in enumerate(days)])
    root, x = np.sqrt(weights), np.arange(8)
    design = np.column_stack([np.ones(8), x]) * root[:, None]
    line = OLS(effects * root, design).fit()
    assert trend.slope == pytest.approx(line.params[1], **CLOSE)
    error = np.sqrt(np.linalg.inv(design.T @ design)[1, 1])
    assert trend.p_value == pytest.approx(2 * scipy.stats.norm.sf(abs(line.params[1]) / error), **CLOSE)


def test_strata_with_a_covariate_are_regressions_averaged(rng):
    strata, effects, sizes = {}, [], []
    for name, n, slope in (("a", 200, 2.0), ("b", 120, 0.5)):
        x, arm = rng.normal(5, 2, n), np.arange(n) % 2
        y = slope * x + 0.4 * arm + rng.normal(size=n)
        strata[name] = tuple(PairMoments.of(x[arm == side], y[arm == side]) for side in (1, 0))
        effects.append(OLS(y, np.column_stack([np.ones(n), arm, x])).fit().params[1])
        sizes.append(n)
    found = post_stratify(strata)
    assert found.value == pytest.approx(np.average(effects, weights=sizes), **CLOSE)
    alone = compare_adjusted(*strata["a"], theta="within", use_t=False)
    assert post_stratify({"a": strata["a"]}).standard_error == pytest.approx(alone.standard_error, rel=1e-9)
