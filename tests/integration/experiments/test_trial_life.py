"""Trials lived week by week with the truth known: harm stops early, gains are rolled out, nothing ends as no effect."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from trial_shop import TrialShop

from liuke.decide.strategies import entries
from liuke.learn.experiments import EndReason, ExperimentSettings, TrialState, trial_from

STAGES = [0.05, 0.2, 0.5, 1.0]


def document(**keys):
    tree = {"language": 1, "id": "hello", "strategy": "hello", "horizon_days": 14, "rollout": {"stages": STAGES}}
    return trial_from({**tree, **keys})


@pytest.mark.parametrize("operations", ["sqlite"], indirect=True)
def test_a_useful_strategy_is_rolled_out_stage_by_stage(operations):
    shop = TrialShop(operations, document(), seed=1, effect=0.2, per_week=800)
    shop.live(10)  # a gain is proven; that nobody of so few has unsubscribed does not yet rule one point out
    assert "unsubscribed is not ruled out yet" in shop.desk.report("hello")["analysis"]["reason"]["en"]
    record = shop.live(5)
    assert (record.state, record.reason) == (TrialState.ENDED, EndReason.ROLLED_OUT)
    _, events = shop.desk.record("hello")
    assert [one.treated_share for one in events if one.action in ("started", "advanced")] == [0.05, 0.2, 0.5, 0.9]
    assert record.treated_share == 0.9
    report = shop.desk.report("hello")
    assert report["analysis"]["verdict"] == "works"
    [gain] = shop.desk.gains()
    assert gain["booked_minor"] > 0
    assert gain["gain_low_minor"] < gain["gain_minor"] < gain["gain_high_minor"]
    assert gain["cost_minor"] == 5 * gain["treated_n"]


@pytest.mark.parametrize("operations", ["sqlite"], indirect=True)
def test_a_harmful_strategy_stops_before_a_fifth_is_contacted_and_nobody_enters_any_more(operations):
    shop = TrialShop(operations, document(), seed=2, effect=-0.2)
    record = shop.live(10)
    assert (record.state, record.reason) == (TrialState.ENDED, EndReason.HARMFUL)
    assert shop.contacted / shop.entered < 0.2
    before = shop.contacted
    shop.enter()
    assert shop.contacted == before


@pytest.mark.parametrize("operations", ["sqlite"], indirect=True)
def test_a_null_strategy_ends_without_effect_at_the_planned_size(operations):
    shop = TrialShop(operations, document(rule={"planned_units": 2_500}), seed=3, effect=0.0)
    record = shop.live(8)
    assert (record.state, record.reason) == (TrialState.ENDED, EndReason.NO_EFFECT)
    assert shop.desk.gains()[0]["booked_minor"] == 0


@pytest.mark.parametrize("operations", ["sqlite"], indirect=True)
def test_growing_shares_with_a_drifting_shop_bias_nothing(operations):
    """Later customers buy more and are treated more: pooled arms would show a gain that is none."""
    shop = TrialShop(operations, document(rule={"worthwhile": 1.0}), seed=4, base=0.1, base_drift=0.05, per_week=2_000)
    for week in range(8):
        shop.enter()
        shop.week += 1
        if week in (1, 3):
            with operations.begin() as connection:
                shop.desk.book.advance(connection, "hello", shop.act(shop.day), "", "")
    shop.week += 2
    [found] = shop.desk.read_out(shop.moment(), shop.contacts(), shop.act(shop.day), decide=False)
    metric = found.reading.analysis.metrics[0]
    arms = {one.arm: one for one in metric.arms}
    pooled = arms["treated"].value - arms["control"].value
    comparison = metric.comparisons[0]
    assert comparison.fixed.method == "post-stratified"
    assert pooled > 0.08  # what comparing the arms as they are would say
    assert abs(comparison.fixed.value) < 0.035
    assert comparison.sequential.low < 0 < comparison.sequential.high
    assert found.reading.analysis.split.p_value > 0.001
    assert found.reading.analysis.segments.groups


@pytest.mark.parametrize("operations", ["sqlite"], indirect=True)
def test_control_customers_whom_a_larger_share_may_reach_are_drawn_and_read_again(operations):
    shop = TrialShop(operations, document(rule={"worthwhile": 1.0}), seed=6, effect=0.1, per_week=4_000)
    shop.enter()
    for _ in range(2):
        shop.week += 2
        with operations.begin() as connection:
            shop.desk.book.advance(connection, "hello", shop.act(shop.day), "", "")
        shop.enter(again=True)
    shop.week += 2
    with operations.read() as connection:
        drawn = {
            (row.entered_on, row.arm): row.probability
            for row in connection.execute(sa.select(entries).where(entries.c.probability < 1))
        }
    first, second, third = sorted({day for day, _ in drawn})
    assert drawn[first, "treated"] == pytest.approx(0.05)
    assert drawn[second, "treated"] == pytest.approx(0.15 / 0.95)  # given: control at the first entry
    assert drawn[third, "treated"] == pytest.approx(0.30 / 0.80)  # given: control at both
    assert drawn[third, "control"] == pytest.approx(0.50 / 0.80)
    [found] = shop.desk.read_out(shop.moment(), shop.contacts(), shop.act(shop.day), decide=False)
    reading = found.reading
    assert reading.complete["treated"] == pytest.approx(2_000, abs=120)  # each customer at most once treated
    assert sum(reading.complete.values()) == pytest.approx(4_000 * (1 + 0.95 + 0.80), abs=200)
    told = 4_000 * (0.05 * 0.95 + 0.95 * (0.15 * 0.80) / 0.95**2 + 0.80 * (0.30 * 0.50) / 0.80**2) / 0.25
    assert reading.informative == pytest.approx(told, rel=0.05)
    assert reading.analysis.split.p_value > 0.01
    effect = reading.analysis.metrics[0].comparisons[0].fixed
    assert effect.low < 0.1 < effect.high
    assert effect.high - effect.low < 0.07  # 4,000 customers drawn once at 5 % leave 0.13
    assert reading.analysis.metrics[0].comparisons[0].fixed.p_value < 1e-6


@pytest.mark.parametrize(
    ("effect", "worse_by", "said"), [(0.15, 0.05, "可接受 5 个百分点"), (0.0, 0.5, "没有值得做的提升")]
)
@pytest.mark.parametrize("operations", ["sqlite"], indirect=True)
def test_harm_ends_as_harmful_whatever_was_gained_and_without_gain_whatever_was_accepted(
    operations, effect, worse_by, said
):
    guards = {"guardrails": [{"metric": "unsubscribed", "worse_by": worse_by}]}
    keys = {"rule": {"worthwhile": 0.02, "planned_units": 700}, "metrics": guards, "rollout": {"stages": [0.2, 0.5]}}
    shop = TrialShop(operations, document(**keys), seed=7, effect=effect)
    for _ in range(4):
        shop.enter()
        shop.week += 1
    left = [one for one in sorted(set(shop.contacts()["customer_id"].to_pylist())) if one % 3 == 0]
    shop.connection.execute(
        "INSERT INTO events SELECT unnest(?::BIGINT[]), 'unsubscribed', ?", [left, shop.day - timedelta(days=15)]
    )
    [found] = shop.desk.read_out(shop.moment(), shop.contacts(), shop.act(shop.day))
    assert found.record.reason is EndReason.HARMFUL
    assert "退订" in found.move.zh
    assert said in found.move.zh


@pytest.mark.parametrize("operations", ["sqlite"], indirect=True)
def test_reading_a_day_again_changes_nothing_and_a_look_keeps_nothing(operations):
    shop = TrialShop(operations, document(), seed=5, effect=0.12)
    shop.live(4)
    before = (shop.record, shop.desk.report("hello"), shop.desk.gains())
    shop.desk.read_out(shop.moment(), shop.contacts(), shop.act(shop.day))
    assert (shop.record, shop.desk.report("hello"), shop.desk.gains()) == before
    shop.week += 3
    shop.desk.read_out(shop.moment(), shop.contacts(), shop.act(shop.day), decide=False)
    assert (shop.record, shop.desk.report("hello"), shop.desk.gains()) == before


@pytest.mark.parametrize("operations", ["sqlite"], indirect=True)
def test_a_gain_that_costs_more_than_it_brings_is_not_rolled_out(operations):
    settings = ExperimentSettings(global_control_share=0.0, cost_per_contact_minor={"sms": 2_000.0})
    shop = TrialShop(operations, document(), seed=1, effect=0.2, per_week=800, settings=settings)
    record = shop.live(15)
    assert (record.state, record.reason) == (TrialState.ENDED, EndReason.DOES_NOT_PAY)
    analysis = shop.desk.report("hello")["analysis"]
    assert analysis["verdict"] == "does_not_pay"
    assert "costs more than it brings" in analysis["reason"]["en"]
    assert "花费高于" in analysis["reason"]["zh"]
    [gain] = shop.desk.gains()
    assert gain["booked_minor"] < 0 < gain["gain_low_minor"]
