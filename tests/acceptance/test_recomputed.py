"""Every key figure, a dozen tags and an effect, computed a second time by hand: the same to the last digit.

On a small generated shop with all its dirt, and on a public set where `LIUKE_DATA` names its folder.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import shop_by_hand as by_hand
import sqlalchemy as sa
from shop_by_hand import ByHand
from typer.testing import CliRunner

from liuke.app.bootstrap import Application
from liuke.app.cli.main import cli
from liuke.collect.history import Moment
from liuke.collect.sources import loads
from liuke.kernel import midnight_utc
from liuke.learn.experiments import Reading, read_out
from liuke.learn.experiments.config import ExperimentSettings
from liuke.understand.metrics import Measured, MetricSettings, measure, metric_definitions
from liuke.understand.tags import build_tags
from liuke_sim import SOURCES_DIR, VARIANTS, Shop

COLUMNS = {
    "order_facts": "order_id fact amount_minor",
    "order_items": "order_id product_id quantity net_minor cost_minor",
    "events": "event",
    "customers": "registered_on member_since_on member_tier",
    "children": "",
    "touches": "",
    "products": "product_id unit_cost",
    "identities": "linked_identity_id",
}
DATED = ("order_facts", "order_items", "events", "touches")
PAID_TIERS = ["gold", "diamond"]
SETTINGS = MetricSettings(paid_tiers=PAID_TIERS, months_kept=13)


@dataclass
class Told:
    """The product's answers beside those by hand, of one day."""

    app: Application
    moment: Moment
    measured: Measured
    hand: ByHand


def valid_loads(app: Application, midnight: dt.datetime) -> list[int]:
    """Return the loads that stood at an instant: committed, and not yet or no more replaced by a corrected file."""
    with app.operations.read() as connection:
        rows = connection.execute(sa.select(loads.c.load_id, loads.c.state, loads.c.valid_from, loads.c.valid_to)).all()
    return [
        load
        for load, state, begins, ends in rows
        if state == "committed" and (begins or dt.datetime.min) <= midnight < (ends or dt.datetime.max)
    ]


def rows_of(app: Application, name: str, as_of: dt.date, valid: list[int]) -> list[dict[str, Any]]:
    table = app.lake.arrow(name)
    table = table.filter(pc.is_in(table["load_id"], pa.array(valid, pa.int64())))
    if name in DATED:
        table = table.filter(pc.less(table["occurred_on"], pa.scalar(as_of)))
    own = ["identity_id"] if name != "products" else []
    dated = ["occurred_on"] if name in DATED else []
    order = ["load_id", "row_number"] if name in ("customers", "products") else []
    rows: list[dict[str, Any]] = table.select([*COLUMNS[name].split(), *own, *dated, *order, "recorded_at"]).to_pylist()
    return rows


def told(app: Application, as_of: dt.date) -> Told:
    moment = app.history.at(as_of)
    measured = measure(moment, app.shop, SETTINGS, app.behaviours.active_names)
    midnight, rate = midnight_utc(as_of, app.shop.zone), Decimal(str(app.shop.margin_rate))
    tables = {name: rows_of(app, name, as_of, valid_loads(app, midnight)) for name in COLUMNS}
    return Told(app, moment, measured, by_hand.read(tables, as_of, midnight, rate, app.behaviours.active_names))


def generated(folder: Path, _request: pytest.FixtureRequest) -> Told:
    """A shop of the simulator after a year, with two deliveries since."""
    config = replace(VARIANTS["tiny"], customers=300, start=dt.date(2024, 3, 4), batch_days=182, weeks=3)
    app = Application.create(folder / "shop", {"sources": {"data_dir": str(folder / "inbox")}})
    for name in ("behaviours.yaml", *(f"sources/{one.name}" for one in SOURCES_DIR.glob("*.yaml"))):
        found = SOURCES_DIR.parent / name
        if found.is_file():
            (app.workspace.path / name).write_text(found.read_text("utf-8"), encoding="utf-8")
    shop = Shop.generate(config, seed=11)
    shop.write_history(folder / "inbox")
    for _ in range(3):
        app.ingestor.ingest(midnight_utc(shop.today, app.shop.zone))
        as_of = shop.today
        shop.write_week(folder / "inbox", shop.today, shop.today + dt.timedelta(days=7))
    return told(app, as_of)


def online_retail(folder: Path, request: pytest.FixtureRequest) -> Told:
    """One year of a real shop whose files hold no customers, no events and many credit notes."""
    request.getfixturevalue("data_dir")
    for words in (
        ["init", str(folder / "retail"), "--example", "online_retail_ii"],
        ["ingest", "-w", str(folder / "retail")],
    ):
        result = CliRunner().invoke(cli, words)
        assert result.exit_code == 0, result.output
    return told(Application.open(folder / "retail"), dt.date(2010, 12, 10))


SHOPS: dict[str, Callable[[Path, pytest.FixtureRequest], Told]] = {
    "generated": generated,
    "online_retail_ii": online_retail,
}


@pytest.fixture(scope="module", params=SHOPS)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return SHOPS[request.param](tmp_path_factory.mktemp(request.param), request)


def test_every_key_figure_in_every_period(shop: Told, request: pytest.FixtureRequest) -> None:
    window, second = SETTINGS.active_window_days, SETTINGS.second_purchase_days
    newest = max(one.period.end for one in shop.measured.values if one.metric == "revenue")
    computed: dict[Any, dict[str, Any]] = {}
    compared: dict[str, int] = {}
    wrong = {}
    for one in shop.measured.values:
        if one.value is None:
            assert one.note is not None, one
            continue
        period = (one.period.start, one.period.end)
        if period not in computed:
            months = 3 if (one.period.end - one.period.start).days > 31 else 1
            computed[period] = by_hand.figures(
                shop.hand, period, (_months_before(period[0], months), period[0]), window, second
            )
            if period[1] == newest and months == 1:
                computed[period] |= by_hand.kinds_of_members(shop.hand, newest, set(PAID_TIERS))
        numerator, denominator = computed[period][one.metric]
        value = numerator if denominator is None else numerator / denominator
        if (one.numerator, one.denominator, one.value) != (numerator, denominator, value):
            wrong[one.metric, period] = (one.numerator, one.denominator), (numerator, denominator)
        compared[one.metric] = compared.get(one.metric, 0) + 1
    assert wrong == {}
    known = {one.key for one in metric_definitions(shop.app.shop, SETTINGS)}
    unknown = known - set(compared)
    if "generated" in request.node.callspec.id:
        assert unknown == set()
    else:  # files without customers and behaviour tell nothing of them
        assert unknown == {
            one for one in known if one.startswith(("retention", "daily", "monthly_a", "stick")) or "member" in one
        }
    assert sum(compared.values()) >= 80


def _months_before(day: dt.date, months: int) -> dt.date:
    for _ in range(months):
        day = (day - dt.timedelta(days=1)).replace(day=1)
    return day


def test_a_dozen_tags_of_every_customer(shop: Told) -> None:
    expected = by_hand.tags(shop.hand)
    names = list(next(iter(expected.values())))
    found = {row.pop("customer_id"): row for row in build_tags(shop.moment, shop.app.tags, names).to_pylist()}
    assert set(found) == set(expected)
    assert {key: (found[key], row) for key, row in expected.items() if found[key] != row} == {}
    assert len(names) >= 10
    assert len(expected) > 300
    assert len({row["lifecycle"] for row in expected.values()}) >= 4


def test_the_effect_of_a_strategy(shop: Told) -> None:
    rng, horizon = Random(3), 45
    last = shop.hand.as_of
    entries = [
        {"customer_id": one, "entry": "1", "arm": rng.choice(["treated", "treated", "control"]),
         "probability": 2 / 3, "entered_on": last - dt.timedelta(days=rng.randint(20, 160))}
        for one in sorted(shop.hand.customers)
    ]  # fmt: skip
    for entry in entries:
        entry["probability"] = 1 / 3 if entry["arm"] == "control" else 2 / 3
    effects = read_out(
        shop.moment, pa.Table.from_pylist(entries), Reading("by_hand", horizon, "CNY"), ExperimentSettings()
    )
    means = by_hand.effect(shop.hand, entries, horizon)
    assert [one.metric for one in effects] == list(means)
    for one in effects:
        treated, control = means[one.metric]
        assert (one.treated_mean, one.control_mean) == pytest.approx((float(treated), float(control)), rel=1e-12)
        assert one.difference == pytest.approx(float(treated - control), rel=1e-9)
        assert treated > 0
        assert one.treated_n > one.control_n > 20
