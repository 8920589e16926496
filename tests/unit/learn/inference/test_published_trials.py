"""Numbers that other engines and papers have published come out of ours, to the digits they print."""

import pytest

from liuke.learn.inference import (
    Moments,
    MultiMoments,
    PairMoments,
    adjust,
    adjusted_lift,
    always_valid,
    benjamini_hochberg,
    chance_to_win,
    compare_means,
    compare_proportions,
    lift,
    plan_means,
    plan_proportions,
    post_stratify,
    sample_ratio_p,
    share_mean,
)

# growthbook/growthbook packages/stats/tests/frequentist/test_tests.py
CONTROL, TREATED = Moments(3407, 1396.87, 52377.9767), Moments(3461, 2422.7, 134698.29)
SMALL_CONTROL = Moments(3000, 1396.87, 52377.9767)


def shown(*numbers):
    return tuple(round(number, 5) for number in numbers)


def test_relative_lift_of_growthbook():
    d = lift(TREATED, CONTROL)
    assert shown(d.value, d.low, d.high, d.standard_error, d.p_value) == (0.70732, -0.03526, 1.44989, 0.37879, 0.06191)


def test_absolute_difference_of_growthbook():
    d = compare_means(TREATED, CONTROL)
    assert shown(d.value, d.low, d.high, d.standard_error, d.p_value) == (0.29, 0.04538, 0.53462, 0.12478, 0.02016)


def test_lift_of_shares_of_growthbook():
    d = lift(share_mean(Moments.of_share(16, 30)), share_mean(Moments.of_share(14, 28)))
    assert shown(d.value, d.low, d.high, d.standard_error, d.p_value) == (0.06667, -0.47767, 0.61101, 0.2717, 0.80707)


def test_one_sided_tests_of_growthbook():
    greater = compare_means(TREATED, SMALL_CONTROL, alternative="greater")
    less = compare_means(TREATED, SMALL_CONTROL, alternative="less")
    assert (greater.low, greater.p_value) == pytest.approx((0.020791480063255735, 0.03554272489873023), abs=1e-12)
    assert (less.high, less.p_value) == pytest.approx((0.44796185327007765, 0.9644572751012698), abs=1e-12)
    relative = lift(TREATED, SMALL_CONTROL, alternative="greater")
    assert (relative.low, relative.p_value) == pytest.approx((-0.045136675850396046, 0.06558262868467746), abs=1e-12)


def test_sequential_intervals_of_growthbook():
    d = always_valid(lift(TREATED, SMALL_CONTROL), 6461, planned_n=1000)
    assert shown(d.value, d.low, d.high, d.standard_error, d.p_value) == (0.50336, -0.55844, 1.56516, 0.33341, 1)
    shares = lift(share_mean(Moments.of_share(2422, 3461)), share_mean(Moments.of_share(1396, 3000)))
    d = always_valid(shares, 6461, planned_n=5000)
    assert shown(d.value, d.low, d.high, d.standard_error, d.p_value) == (0.50386, 0.40098, 0.60675, 0.03386, 0)


def test_one_sided_sequences_of_growthbook():
    def sequence(side, compare):
        return always_valid(compare(TREATED, SMALL_CONTROL, alternative=side), 6461, planned_n=5000)

    assert sequence("greater", lift).low == pytest.approx(-0.42356454602790883, abs=1e-12)
    assert sequence("greater", compare_means).low == pytest.approx(-0.12656844172804982, abs=1e-12)
    # that engine finds the p-value by bisection, stopped a little early
    assert sequence("greater", compare_means).p_value == pytest.approx(0.46316491943359384, abs=2e-4)
    assert sequence("less", lift).high == pytest.approx(1.4302867177403806, abs=1e-12)
    assert sequence("less", compare_means).high == pytest.approx(0.5953217750613832, abs=1e-12)


def test_adjusted_means_of_growthbook():
    control = PairMoments(3000, 16.87, 1396.87, 527.9767, 52377.9767, 1)
    treated = PairMoments(3461, 22.7, 2422.7, 1348.29, 134698.29, 1)
    d = always_valid(adjusted_lift(adjust(treated, control)), 6461, planned_n=5000)
    assert shown(d.value, d.low, d.high, d.standard_error, d.p_value) == (0.50338, -0.50970, 1.51647, 0.33341, 1)
    # there the control's part is linearised with the raw treated mean; the ends differ in the sixth significant digit
    assert (d.low, d.high) == pytest.approx((-0.50969, 1.51646), abs=2e-5)


def test_theta_of_growthbook():
    # packages/stats/tests/test_shared_models.py
    sample = PairMoments.of([0.3, 0.5, 0.9, 22], [2, 1, 5, 3])
    assert round(adjust(sample, sample).theta[0], 5) == 0.01864


RATIO_CONTROL = MultiMoments(
    100,
    (485.112236689623, 679.9093275844917, 192.59138069991536, 290.1398399750233),
    (
        (2715.484666118136, 3602.146836776702, 1113.6215759318352, 1559.2878434944676),
        (3602.146836776702, 4939.424001640236, 1460.3181079276983, 2130.9404074446747),
        (1113.6215759318352, 1460.3181079276983, 460.076026390857, 634.239482353647),
        (1559.2878434944676, 2130.9404074446747, 634.239482353647, 920.9461385038898),
    ),
)
RATIO_TREATED = MultiMoments(
    100,
    (514.7757826608777, 705.4090874383759, 206.94157227402536, 302.54389139107326),
    (
        (2994.897482705013, 3918.1561431600717, 1237.0953021125997, 1701.0287270040265),
        (3918.1561431600717, 5291.36604146392, 1604.0759503266522, 2292.081739775257),
        (1237.0953021125997, 1604.0759503266522, 514.2903702246757, 698.4173425817908),
        (1701.0287270040265, 2292.081739775257, 698.4173425817908, 994.4506208125663),
    ),
)


def test_adjusted_ratios_of_growthbook():
    adjusted = adjust(RATIO_TREATED, RATIO_CONTROL, ratio=True, theta="within")
    d = adjusted_lift(adjusted)
    assert shown(d.value, d.low, d.high, d.standard_error, d.p_value) == (-0.0007, -0.00841, 0.007, 0.00391, 0.85771)
    d = always_valid(d, 200, planned_n=5000)
    assert shown(d.low, d.high, d.p_value) == (-0.02063, 0.01923, 1)


@pytest.mark.parametrize(
    ("treated", "control", "expected"),
    [  # packages/stats/tests/bayesian/test_tests.py: mean, interval, chance to win, loss of staying, loss of treating
        (
            share_mean(Moments.of_share(51, 100)),
            share_mean(Moments.of_share(49, 100)),
            (0.04082, -0.24779, 0.32943, 0.60918, 0.0814, 0.04058),
        ),
        (Moments(10, 105, 1111.5), Moments(10, 100, 1002.25), (0.05, -0.02, 0.12, 0.91923, 0.05131, 0.00131)),
    ],
)
def test_beliefs_of_growthbook(treated, control, expected):
    b = chance_to_win(lift(treated, control))
    assert shown(b.value, b.low, b.high, b.chance_to_win, b.expected_loss_of_staying, b.expected_loss) == expected


def test_belief_with_a_prior_of_growthbook():
    b = chance_to_win(lift(Moments(10, 105, 1111.5), Moments(10, 100, 1002.25)), prior_mean=0.1, prior_sd=0.1**0.5)
    assert shown(b.value, b.low, b.high, b.chance_to_win) == (0.05063, -0.01893, 0.12019, 0.92315)
    assert shown(b.expected_loss_of_staying, b.expected_loss) == (0.05186, 0.00123)


@pytest.mark.parametrize(("counts", "p"), [([1000, 1200], 0.000020079), ([135, 115], 0.205903211)])
def test_sample_ratio_of_growthbook(counts, p):
    assert sample_ratio_p(counts, [0.5, 0.5]) == pytest.approx(p, abs=5e-10)


# spotify/confidence tests/samplesize/test_samplesizecalculator.py states G*Power's totals over all arms at power 0.85
@pytest.mark.parametrize(
    ("plan", "total"),
    [
        (plan_means(100, 0.3, power=0.85), 39_906),
        (plan_proportions(0.34, 0.003, power=0.85), 897_348),
        (plan_proportions(0.34, 0.1, power=0.85), 852),
        (plan_proportions(0.34, -0.1, power=0.85), 738),
        (plan_proportions(0.34, 0.003, alpha=0.14, power=0.85), 630_710),
        (plan_proportions(0.34, 0.003, alpha=0.14, power=0.67), 366_424),
    ],
)
def test_totals_of_g_power(plan, total):
    assert plan.n_total == total
    assert plan.n_per_arm == (total / 2, total / 2)


def test_several_arms_of_g_power():
    # no correction there, so twice and three times the alpha here
    plan = plan_means(100, 0.3, power=0.85, shares=(2, 1, 1), alpha=0.10)
    assert plan.n_total == pytest.approx(29_929 + 14_965 * 2, abs=1)
    plan = plan_means(100, 0.3, power=0.85, shares=(1, 1, 1), alpha=0.10)
    assert plan.n_total == 19_953 * 3
    plan = plan_proportions(0.34, 0.003, power=0.85, shares=(2, 1, 1), alpha=0.10)
    assert plan.n_total == pytest.approx(673_157 + 336_578 * 2, rel=5e-4)


def test_false_discovery_rate_of_tea_tasting():
    # e10v/tea-tasting tests/test_multiplicity.py
    adjusted = benjamini_hochberg([0.005, 0.06, 0.007, 0.04, 0.01, 0.03])
    assert adjusted.tolist() == pytest.approx([0.02, 0.06, 0.02, 0.048, 0.02, 0.045], abs=1e-12)


@pytest.mark.parametrize(
    ("a", "m", "b", "n", "low", "high"),
    [  # Newcombe (1998), table II, method 10
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_intervals_of_newcombe(a, m, b, n, low, high):
    d = compare_proportions(Moments.of_share(a, m), Moments.of_share(b, n))
    assert (round(d.low, 4), round(d.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("a", "m", "b", "n", "low", "high"),
    [  # the same table, method 2 (Mee) without and Miettinen-Nurminen with the factor N/(N - 1)
        (56, 70, 48, 80, 0.0528, 0.3382),
        (9, 10, 3, 10, 0.1700, 0.8406),
        (6, 7, 2, 7, 0.0342, 0.8534),
        (5, 56, 0, 29, -0.0326, 0.1933),
    ],
)
def test_score_intervals_of_newcombe(a, m, b, n, low, high):
    d = compare_proportions(Moments.of_share(a, m), Moments.of_share(b, n), method="score")
    assert (round(d.low, 4), round(d.high, 4)) == (low, high)


# growthbook/growthbook packages/stats/tests/frequentist/test_post_strat.py: n, numerator, its squares, denominator, its
# squares, products; control and treated by stratum
POST_STRATA = (
    (
        (21, 330.0696210595999, 5377.811252605509, 890.9766550739607, 38220.95223835553, 14263.937571840695),
        (42, 708.1220000911836, 12249.255519049513, 1745.9858250014954, 73194.53424221886, 29826.620793423102),
    ),
    (
        (65, 1391.96628040659, 30546.63404187155, 2769.8126179473184, 118719.96077578884, 59924.702385890436),
        (75, 1807.4703052657744, 45000.287664918586, 3184.8395612061063, 136710.92474497214, 78119.14871556411),
    ),
    (
        (102, 2916.824124651419, 86396.06886690554, 4445.780384331884, 195387.7733842407, 129041.55268673625),
        (101, 3104.5399914554023, 98365.40553530994, 4235.277718489282, 179690.4720421368, 132444.36911739354),
    ),
    (
        (151, 5172.587929941052, 182453.04528037464, 6510.170220892494, 283094.7243365024, 226127.20135744457),
        (121, 4613.696610070716, 180520.64781229294, 5079.943060454901, 215529.32009367683, 196562.8269130501),
    ),
    (
        (160, 6539.348445231273, 274981.98909352464, 6906.305872710853, 300900.3106781779, 286483.9732935189),
        (162, 7431.953259880505, 349244.6690736718, 6899.004661928157, 296839.44355002965, 321057.8410309036),
    ),
)


def test_post_stratified_means_of_growthbook():
    strata = {f"{i}": (Moments(*t[:3]), Moments(*c[:3])) for i, (c, t) in enumerate(POST_STRATA)}
    d, relative = post_stratify(strata), post_stratify(strata, relative=True)
    assert (d.value, d.standard_error) == pytest.approx((3.548094377986586, 0.37634374823059685), rel=1e-12)
    assert (relative.value, relative.standard_error) == pytest.approx(
        (0.10994584851937336, 0.012225394656480163), rel=1e-12
    )


def test_post_stratified_ratios_of_growthbook():
    def pair(n, y, yy, x, xx, xy):
        return PairMoments(n, x, y, xx, yy, xy)

    strata = {f"{i}": (pair(*t), pair(*c)) for i, (c, t) in enumerate(POST_STRATA)}
    d, relative = post_stratify(strata, ratio=True), post_stratify(strata, ratio=True, relative=True)
    assert (d.value, d.standard_error) == pytest.approx((0.10008903417216031, 0.005071004003792392), rel=1e-12)
    assert (relative.value, relative.standard_error) == pytest.approx(
        (0.13371299783026003, 0.007131233706378072), rel=1e-12
    )
