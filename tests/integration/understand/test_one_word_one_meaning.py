"""Active, registered, member: a figure, a tag and a pilot that use the word count the same customers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from random import Random
from typing import Any

import pytest
from small_moment import SmallMoment, moment_from

from liuke.app.bootstrap import Application
from liuke.app.cli.tags import _definitions
from liuke.collect.behaviours import load_catalogue
from liuke.kernel import ShopProfile
from liuke.learn.experiments import group_sums
from liuke.understand.metrics import MetricSettings, MetricValue, measure
from liuke.understand.tags import TagSet, build_tags, load_definitions

AS_OF = dt.date(2024, 5, 1)
APRIL = dt.date(2024, 4, 1)  # a month of 30 days, as many as the tag looks back
OWN = """
language: 1
behaviours:
  - {name: pet_walked, zh: 遛狗, en: Pet walked, family: content, started_by_customer: true}
"""
EVENTS = ("app_open", "search", "register", "pet_walked", "delivered", "message_delivered", "order_cancelled")


def a_shop(seed: int, customers: int = 60) -> SmallMoment:
    """Return a moment of April: events of both kinds, orders kept and orders come to nothing, half-known profiles."""
    rng = Random(seed)
    tables: dict[str, list[dict[str, Any]]] = {"customers": [], "events": [], "order_facts": [], "purchases": []}

    def day(back: int = 30) -> dt.date:
        return AS_OF - dt.timedelta(days=rng.randint(1, back))

    for one in range(1, customers + 1):
        joined = rng.choice([None, None, day(90), AS_OF + dt.timedelta(days=3)])
        profile = {"customer_id": one, "province": "浙江省", "member_tier": "normal", "member_since_on": joined}
        tables["customers"].append(profile | {"registered_on": rng.choice([None, day(200)])})
        for _ in range(rng.choice([0, 1, 4])):
            tables["events"].append({"customer_id": one, "event": rng.choice(EVENTS), "occurred_on": day()})
        for n in range(rng.choice([0, 0, 1, 2])):
            order = {"customer_id": one, "order_id": one * 10 + n, "occurred_on": day()}
            tables["order_facts"].append(order | {"fact": "paid", "amount_minor": 100})
            if rng.random() < 0.3:
                tables["order_facts"].append(order | {"fact": "refunded", "amount_minor": 100})
            else:
                tables["purchases"].append(order | {"net_minor": 100})
    tables["events"].append({"customer_id": 1, "event": "search", "occurred_on": APRIL})  # the record covers the month
    return moment_from(tables, AS_OF)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "behaviours.yaml"
    path.write_text(OWN, encoding="utf-8")
    return path


def figure(values: tuple[MetricValue, ...], metric: str) -> MetricValue:
    return next(one for one in values if one.metric == metric and one.period.start == APRIL)


@pytest.mark.parametrize("seed", range(4))
def test_figures_tags_and_pilots_count_the_same_customers(seed: int, own: Path) -> None:
    catalogue = load_catalogue(own)
    moment = a_shop(seed)
    values = measure(moment, ShopProfile(), MetricSettings(), catalogue.active_names).values
    keys = ["last_active_days", "registered_days", "member_days"]
    tags = build_tags(moment, load_definitions(catalogue=catalogue), keys).to_pylist()
    (whole,) = group_sums(moment, "province")

    active = [row for row in tags if row["last_active_days"] is not None]
    assert figure(values, "monthly_active").value == len(active)  # every row of this shop lies in April
    registered = [row for row in tags if row["registered_days"] is not None]
    share = figure(values, "member_share")
    assert share.denominator == len(registered)
    members = [row for row in tags if row["member_days"] is not None and row["member_days"] > 0]
    assert share.numerator == len([row for row in members if row["registered_days"] is not None])
    assert whole.totals[-1] == len(members)
    assert 0 < len(members) < len(registered) < len(tags)
    assert 0 < len(active) < len(tags)


def test_the_active_days_of_tags_add_up_to_those_of_the_figure(own: Path) -> None:
    catalogue = load_catalogue(own)
    moment = a_shop(9)
    tags = build_tags(moment, load_definitions(catalogue=catalogue), ["active_days_30d"]).to_pylist()
    found = figure(measure(moment, ShopProfile(), MetricSettings(), catalogue.active_names).values, "daily_active")
    days = sum(row["active_days_30d"] for row in tags)
    assert found.numerator == days
    assert days > 30


def test_a_shops_own_behaviours_reach_tags_figures_and_the_model(tmp_path: Path) -> None:
    app = Application.create(tmp_path / "shop")
    (app.workspace.path / "behaviours.yaml").write_text(OWN, encoding="utf-8")

    def named(tags: TagSet) -> int:
        return sum("pet_walked" in str(one.value) for one in tags.values())

    assert "pet_walked" in app.behaviours.active_names
    assert named(app.tags) >= 5
    assert named(app.features.definitions) >= 5
    # `tags diff shipped workspace` compares definitions that mean the same by the same hash
    assert _definitions(app, "shipped").hash() == app.tags.hash()
