"""Trials lived week by week with the truth known: harm stops early, gains are rolled out, nothing ends as no effect."""

import pytest
from trial_shop import TrialShop

from liuke.learn.experiments import EndReason, TrialState, trial_from

STAGES = [0.05, 0.2, 0.5, 1.0]


def document(**keys):
    tree = {"language": 1, "id": "hello", "strategy": "hello", "horizon_days": 14, "rollout": {"stages": STAGES}}
    return trial_from({**tree, **keys})


@pytest.mark.parametrize("operations", ["sqlite"], indirect=True)
def test_a_useful_strategy_is_rolled_out_stage_by_stage(operations):
    shop = TrialShop(operations, document(), seed=1, effect=0.2, per_week=800)
    record = shop.live(10)
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
def test_reading_a_day_again_changes_nothing_and_a_look_keeps_nothing(operations):
    shop = TrialShop(operations, document(), seed=5, effect=0.12)
    shop.live(4)
    before = (shop.record, shop.desk.report("hello"), shop.desk.gains())
    shop.desk.read_out(shop.moment(), shop.contacts(), shop.act(shop.day))
    assert (shop.record, shop.desk.report("hello"), shop.desk.gains()) == before
    shop.week += 3
    shop.desk.read_out(shop.moment(), shop.contacts(), shop.act(shop.day), decide=False)
    assert (shop.record, shop.desk.report("hello"), shop.desk.gains()) == before
