"""A night with wrong definitions of every kind: each is named, nothing of it happens, all others go on."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
import yaml
from sqlalchemy import update

from liuke.app.bootstrap import Application
from liuke.app.checks import run_checks
from liuke.app.loop import DailyLoop
from liuke.app.overview import shop_status
from liuke.app.publish import PublishedReader
from liuke.collect.behaviours import load_catalogue
from liuke.engage.outreach import outbox
from liuke.kernel import SilentProgress

MAPPING = """
language: 1
source: orders
files: orders.csv
format: csv
columns:
  paid_at: {type: timestamp, required: true}
  amount: {type: decimal, required: true}
key: [order_no]
occurred: paid_at
identity: {namespace: member, key: member_no, links: [{namespace: email, key: email}]}
emit:
  - {table: orders, fields: {order_key: order_no}}
  - {table: order_facts, fields: {order_key: order_no, fact: "'paid'", amount: amount}}
  - {table: profiles, fields: {email: email}}
  - table: consents
    fields: {purpose: {const: marketing}, channel: {const: email}, granted: "true", occurred: paid_at}
"""
BOUGHT = {"tag": "purchase_days", "gte": 1}
TAGS = """
language: 1
family: value
tags:
  - {key: own, name: {zh: 自, en: own}, type: boolean, value: {node: holds, if: {recency_days: {lte: 30}}}}
  - {key: own_typo, name: {zh: 自, en: own}, type: boolean, value: {node: holds, if: {not: {lifecycle: nwe}}}}
"""
BEHAVIOURS = """
language: 1
behaviours:
  - {name: pet_walked, zh: 遛宠, en: Walk a pet, family: visit, started_by_customer: true}
  - {name: search, zh: 搜索, en: Search, family: visit, started_by_customer: true}
"""
WRONG = {
    ("behaviour", "search"), ("tag", "own_typo"), ("segment", "typo"), ("strategy", "typo"), ("strategy", "twice"),
    ("strategy", "no_medium"), ("strategy", "no_template"), ("template", "broken"),
}  # fmt: skip
CONSOLE = Path(__file__).parents[3] / "web" / "src" / "pages" / "segments"


def strategy(key, audience, channel="email", template="hello"):
    message = {"node": "m", "channel": channel, "template": template}
    return {"language": 1, "id": key, "name": {"zh": key, "en": key}, "description": {"zh": key, "en": key},
            "audience": audience, "control_share": 0.0, "message": message}  # fmt: skip


def segment(key, rule):
    return {"language": 1, "key": key, "name": {"zh": key, "en": key}, "rule": rule}


def written(folder, name, document):
    folder.mkdir(exist_ok=True, parents=True)
    text = document if isinstance(document, str) else yaml.safe_dump(document, allow_unicode=True)
    (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    app = Application.create(
        tmp_path_factory.mktemp("shop") / "ws",
        {"experiments": {"global_control_share": 0.0}},
        clock=lambda: dt.datetime(2026, 3, 2, 4),
    )
    place = app.workspace
    written(place.sources_dir, "orders.yaml", MAPPING)
    rows = [f"{n},M{n},m{n}@x.test,2026-02-2{n} 10:00:00,100" for n in range(4)]
    written(place.path / "inbox", "orders.csv", "\n".join(["order_no,member_no,email,paid_at,amount", *rows]) + "\n")
    strategies, templates = place.strategies_dir, place.strategies_dir / "templates"
    written(templates, "hello.zh.yaml", {"subject": "您好", "text": "好 {{ unsubscribe }}\n"})
    written(templates, "broken.zh.yaml", "subject: a\nsubject: b\ntext: c\n")
    written(strategies, "right.yaml", strategy("right", BOUGHT))
    written(strategies, "typo.yaml", strategy("typo", {"not": {"tag": "lifecycle", "in": ["nwe"]}}))
    written(strategies, "twice.yaml", yaml.safe_dump(strategy("twice", BOUGHT)) + "id: again\n")
    written(strategies, "no_medium.yaml", strategy("no_medium", BOUGHT, channel="emial"))
    written(strategies, "no_template.yaml", strategy("no_template", BOUGHT, template="helo"))
    written(place.tags_dir, "own.yaml", TAGS)
    written(place.path, "behaviours.yaml", BEHAVIOURS)
    happened = {"kind": "event", "source": "events", "how": "did_not", "days": 30}
    cart = {"column": "event", "test": {"op": "eq", "value": "add_to_cart"}}
    written(place.segments_dir, "typo.yaml", segment("typo", happened | {"where": [cart]}))
    own = {"kind": "tag", "tag": "own", "test": {"op": "eq", "value": True}}
    written(place.segments_dir, "right.yaml", segment("right", own))
    assert app.ingestor.ingest(app.now(), SilentProgress()).loaded  # reads the definitions, which stand from now on
    return app


@pytest.fixture(scope="module")
def report(app):
    return DailyLoop(app).run()


def test_each_wrong_one_is_named_in_both_languages(report):
    assert {(one.kind, one.name) for one in report.aside} == WRONG
    for one in report.aside:
        zh, en = one.told
        assert "已搁置" in zh
        assert "set aside" in en
    said = {one.name: one.en for one in report.aside if one.kind == "strategy"}
    assert "Did you mean new?" in said["typo"]
    assert "line" in said["twice"]
    assert "email" in said["no_medium"]
    assert "hello" in said["no_template"]


def test_all_others_went_on_and_the_wrong_ones_did_nothing(app, report):
    assert {one.strategy for one in app.outreach.counts()} == {"right"}
    assert app.lake.arrow("segment_sizes", {"as_of": report.as_of})["segment"].to_pylist() == ["right"]
    assert "own" in app.lake.arrow("customer_tags", {"as_of": report.as_of}).column_names
    assert "pet_walked" in app.behaviours
    assert load_catalogue(None)["search"] == app.behaviours["search"]


def test_status_console_and_doctor_say_the_same(app, report):
    assert {(one["kind"], one["name"]) for one in shop_status(app)["aside"]} == WRONG
    published = PublishedReader(app.workspace.published_dir).current().status["aside"]
    assert {(one["kind"], one["name"]) for one in published} == WRONG
    refused = {one.name for one in run_checks(app.workspace.path, (3, 12)) if not one.ok}
    assert {f"{kind} {name}" for kind, name in WRONG} <= refused


def test_what_is_queued_of_a_strategy_that_is_set_aside_waits(app, report):
    with app.operations.begin() as connection:
        connection.execute(update(outbox).values(strategy="typo", state="queued"))
    DailyLoop(app).send()
    assert {(one.strategy, one.state) for one in app.outreach.counts()} == {("typo", "queued")}


def test_the_console_presets_only_what_exists():
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(CONSOLE.glob("*.ts*")))
    named = set(re.findall(r'events\.includes\("(\w+)"\)|isEvent\("(\w+)"\)', text))
    events = {name for pair in named for name in pair if name}
    assert events
    assert events <= set(load_catalogue(None).names)
