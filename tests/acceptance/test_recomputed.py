"""Every key figure, a dozen tags and an effect, computed a second time by hand: the same to the last digit.

On a small generated shop with all its dirt, and on a public set where `LIUKE_DATA` names its folder.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
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
    "order_facts": "order_id fact amount_minor occurred_at",
    "order_items": "order_id product_id quantity net_minor cost_minor",
    "events": "event",
    "customers": "registered_on member_since_on member_tier",
    "children": "",
    "touches": "",
    "products": "product_id unit_cost",
    "identities": "namespace linked_identity_id",
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


def write_what_is_rare(inbox: Path, rng: Random) -> None:
    """Add what the simulator doesn't write: credit notes, unknown amounts, a mistyped year, a counter's phone."""
    (history,) = (inbox / "orders").glob("order_status_20240902_*.csv.gz")
    with gzip.open(history, "rt", encoding="utf-8", newline="") as file:
        paid = [row for row in csv.DictReader(file) if row["status"] == "paid"]
    facts = []
    for number, row in enumerate(rng.sample(paid, 40)):
        at = dt.datetime.fromisoformat(row["status_at"]) + dt.timedelta(days=rng.randint(-3, 60))
        amount = round(float(row["amount"]) * rng.choice([0.2, 0.5, 1, 3]), 2)
        for kind in rng.choice([["returned"], ["refunded"], ["returned", "refunded"]]):
            facts.append([row["member_no"], f"CN{number}", kind, amount, at, at])
            at += dt.timedelta(days=rng.randint(0, 9))
    facts += [[row["member_no"], f"UN{number}", "paid", "", row["status_at"], row["status_at"]]
              for number, row in enumerate(rng.sample(paid, 12))]  # fmt: skip
    counter = [100900000 + number for number in range(6)]
    facts += [[one, f"UN{one}", "paid", "", "2024-10-09 09:00:00", "2024-10-09 09:00:00"] for one in counter]
    facts.append([paid[0]["member_no"], "OLD", "paid", 88, "2001-05-05 09:00:00", "2024-10-09 09:00:00"])
    with gzip.open(inbox / "orders" / "order_status_rare.csv.gz", "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["member_no", "order_no", "status", "amount", "status_at", "exported_at"], *facts])
    (profiles,) = (inbox / "crm").glob("profiles_20240902_*.csv")
    with profiles.open(encoding="utf-8", newline="") as file:
        columns = list(csv.DictReader(file).fieldnames or ())
    with (inbox / "crm" / "profiles_rare.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for one in counter:
            since = "2001-05-05" if one == counter[0] else "2024-10-09"
            writer.writerow({"member_no": one, "phone": "13900009999", "member_tier": "gold", "member_since": since,
                             "registered_at": f"{since} 09:00:00", "updated_at": "2024-10-09 09:00:00",
                             **dict.fromkeys(("email_consent", "sms_consent"), "N"),
                             **dict.fromkeys(("email_consent_on", "sms_consent_on"), "2024-10-09")})  # fmt: skip


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
    write_what_is_rare(folder / "inbox", Random(5))
    for _ in range(3):
        report = app.ingestor.ingest(midnight_utc(shop.today, app.shop.zone))
        assert report.refused == ()
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
    limits = (SETTINGS.active_window_days, SETTINGS.second_purchase_days)
    known = {one.key for one in metric_definitions(shop.app.shop, SETTINGS)}
    computed: dict[tuple[dt.date, dt.date], dict[str, by_hand.Part]] = {}
    expected = {}
    for metric in known:
        for period in by_hand.periods(shop.hand, metric, SETTINGS.months_kept, *limits):
            if period not in computed:
                months = 3 if (period[1] - period[0]).days > 31 else 1
                before = (by_hand.months_before(period[0], months), period[0])
                computed[period] = by_hand.figures(shop.hand, period, before, *limits)
                computed[period] |= by_hand.kinds_of_members(shop.hand, period[1], set(PAID_TIERS))
            numerator, denominator = computed[period][metric]
            if numerator is not None and denominator != 0:
                value = numerator if denominator is None else numerator / denominator
                expected[metric, period] = numerator, denominator, value
    found = {}
    for one in shop.measured.values:
        assert (one.value is None) == (one.note is not None), one
        if one.value is not None:
            found[one.metric, (one.period.start, one.period.end)] = one.numerator, one.denominator, one.value
    assert {key: (found.get(key), row) for key, row in expected.items() if found.get(key) != row} == {}
    assert set(found) - set(expected) == set()
    if "generated" in request.node.callspec.id:
        assert {metric for metric, _ in found} == known
        assert len(found) >= 180
    else:  # files without customers and behaviour tell nothing of them
        silent = {
            one for one in known if one.startswith(("retention", "daily", "monthly_a", "stick")) or "member" in one
        }
        assert {metric for metric, _ in found} == known - silent
        assert len(found) >= 110


def test_what_is_rare_was_read(shop: Told, request: pytest.FixtureRequest) -> None:
    credits, unknown = shop.moment.connection.execute(
        "SELECT (SELECT count(*) FROM credits), (SELECT count(*) FROM purchases WHERE net_minor IS NULL)"
    ).fetchall()[0]
    if "generated" in request.node.callspec.id:
        assert (credits >= 20, unknown >= 15) == (True, True)
        assert min(one.day for one in shop.hand.orders).year == 2001
        assert by_hand.beginning(shop.hand.dated["purchases"]) == dt.date(2024, 3, 4)
    else:
        assert credits >= 3800


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
