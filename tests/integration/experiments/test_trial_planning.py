"""Plans come from the shop's own past, pilots from the balance of its groups."""

from datetime import date, timedelta

import numpy as np
import pytest
from small_moment import moment_from
from trial_shop import TrialShop

from liuke.kernel import NotEnoughData
from liuke.learn.experiments import (
    ExperimentError,
    balance_of,
    choose_pilot,
    group_sums,
    plan_sizes,
    planning_facts,
    trial_from,
)
from liuke.learn.experiments.planning import PlanningFacts

AS_OF = date(2026, 3, 1)


def document(**keys):
    return trial_from({"language": 1, "id": "hello", "strategy": "hello", "horizon_days": 14, **keys})


def entries_like(ids, day):
    import pyarrow as pa

    n = len(ids)
    return pa.table(
        {
            "customer_id": pa.array(ids, pa.int64()),
            "entry": pa.array(["e"] * n, pa.string()),
            "arm": pa.array(["control"] * n, pa.string()),
            "probability": pa.array([0.5] * n, pa.float64()),
            "entered_on": pa.array([day] * n, pa.date32()),
        }
    )


@pytest.mark.parametrize("operations", ["sqlite"], indirect=True)
def test_a_plan_starts_from_the_control_customers_and_their_past(operations):
    shop = TrialShop(operations, document(control_share=0.5, rollout={"stages": [0.5]}), seed=7, base=0.3)
    for _ in range(2):
        shop.enter()
        shop.week += 1
    shop.week += 2
    from liuke.decide.strategies import entries_of

    with operations.read() as connection:
        entries = entries_of(connection, "hello")
    trial = document(rule={"worthwhile": 0.05}, rollout={"stages": [0.5]}, control_share=0.5)
    facts = planning_facts(shop.moment(), trial, entries)
    assert isinstance(facts, PlanningFacts)
    assert (facts.population, facts.entries_per_day) == ("control", pytest.approx(2_000 / 28))
    bought = facts.baselines[0]
    assert bought.mean == pytest.approx(0.3, abs=0.05)
    # loyal customers (half) buy with 0.4, others with 0.2: correlation 0.1 / sqrt(0.21)
    assert bought.correlation == pytest.approx(0.1 / np.sqrt(0.21), abs=0.08)
    assert PlanningFacts.from_tree(facts.tree()) == facts
    first = plan_sizes(trial, facts)[0]
    assert first.metric == "repurchase"
    assert first.units / first.units_without_cuped == pytest.approx(1 - bought.correlation**2, abs=0.01)
    # z-sizes for a single look, by hand: 2 (1.96 + 0.84)² p (1 - p) / d² per arm; looking daily costs more
    by_hand = 2 * 2 * (1.96 + 0.8416) ** 2 * bought.variance * (1 - bought.correlation**2) / 0.05**2
    assert 1.3 < first.units / by_hand < 3
    assert first.days == pytest.approx(first.units / facts.entries_per_day + 14, abs=2)


def test_too_little_history_is_a_result():
    moment = moment_from({"purchases": [{"customer_id": 1, "order_id": 1, "occurred_on": date(2026, 1, 1)}]}, AS_OF)
    moment.connection.execute("CREATE TABLE identity_map (identity_id BIGINT, customer_id BIGINT)")
    facts = planning_facts(moment, document(), entries_like([], AS_OF))
    assert isinstance(facts, NotEnoughData)
    assert (facts.have, facts.need) == (1, 200)


def test_without_a_worthwhile_gain_no_size_can_be_planned():
    facts = PlanningFacts("hello", AS_OF, 14, "control", 500, None, ())
    with pytest.raises(ExperimentError, match="names no worthwhile gain"):
        plan_sizes(document(rule={"worthwhile": 0}), facts)


@pytest.fixture(scope="module")
def groups():
    rng = np.random.default_rng(1)
    customers, purchases = [], []
    orders = {"甲": 2.0, "乙": 2.0, "丙": 4.0, "丁": 0.5, "戊": 3.0, "己": 1.0}
    for place, (name, mean) in enumerate(orders.items()):
        for i in range(200):
            one = place * 1_000 + i
            customers.append({"customer_id": one, "province": name, "first_seen_on": AS_OF - timedelta(days=300)})
            for n in range(rng.poisson(mean)):
                day = AS_OF - timedelta(days=int(rng.integers(1, 300)))
                purchases.append(
                    {"customer_id": one, "order_id": one * 100 + n, "occurred_on": day, "net_minor": 900,
                     "margin_minor": 300}
                )  # fmt: skip
    return group_sums(moment_from({"customers": customers, "purchases": purchases}, AS_OF), "province")


def test_the_chosen_pilot_is_the_best_balanced_of_all_choices(groups):
    from itertools import combinations

    pilot = choose_pilot("province", groups, 1 / 3, max_groups=2)
    assert pilot.exhaustive
    assert pilot.customer_share == pytest.approx(1 / 3)
    names = [one.group for one in groups]
    every = [balance_of("province", groups, pick) for pick in combinations(names, 2)]
    assert pilot.worst == min(one.worst for one in every)
    assert pilot.balanced
    lopsided = balance_of("province", groups, ["丙"])
    assert not lopsided.balanced
    by_fact = {one.fact: one for one in lopsided.balance}
    assert by_fact["orders"].pilot_mean == pytest.approx(4, abs=0.4)
    assert by_fact["orders"].smd > 0.5
    assert lopsided.revenue_share > lopsided.customer_share


def test_wrong_groups_and_shares_say_what_there_is(groups):
    with pytest.raises(ExperimentError, match="No customer has the province '火星'"):
        balance_of("province", groups, ["火星"])
    with pytest.raises(ExperimentError, match="No 1 values of province hold about 90%"):
        choose_pilot("province", groups, 0.9, max_groups=1)
