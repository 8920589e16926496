"""The nightly step on a real workspace: memberships by day, who came and went, what the console then shows."""

from __future__ import annotations

import datetime as dt

import pytest

from liuke.app.bootstrap import Application
from liuke.app.loop.context import RunContext
from liuke.app.loop.segmenting import published_sizes, segment, segment_versions
from liuke.app.loop.understanding import tag
from liuke.kernel import SilentProgress
from liuke.understand.segments import SEGMENT_CHANGES, SEGMENT_MEMBERSHIP, SEGMENT_SIZES, parse_definition

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
identity: {namespace: member, key: member_no}
emit:
  - table: orders
    fields: {order_key: order_no}
  - table: order_facts
    fields: {order_key: order_no, fact: "'paid'", amount: amount}
"""
FIRST, SECOND = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
RECENT = {"kind": "event", "source": "purchases", "how": "did", "days": 7}


def definition(rule, key="recent"):
    return parse_definition({"language": 1, "key": key, "name": {"zh": "最近", "en": "Recent"}, "rule": rule})


@pytest.fixture
def app(tmp_path):
    app = Application.create(tmp_path / "shop", clock=lambda: dt.datetime(2026, 3, 3))
    (app.workspace.sources_dir / "orders.yaml").write_text(MAPPING, encoding="utf-8")
    inbox = app.workspace.path / "inbox"
    inbox.mkdir(exist_ok=True)
    rows = [
        "order_no,member_no,paid_at,amount",
        "1,A,2026-02-22 10:00:00,100",
        "2,B,2026-02-27 10:00:00,50",
        "3,C,2026-03-01 10:00:00,20",
    ]
    (inbox / "orders.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    report = app.ingestor.ingest(app.now(), SilentProgress())
    assert report.quarantined == 0
    assert report.loaded > 0
    return app


def write(app, one):
    (app.workspace.segments_dir / f"{one.key}.yaml").write_text(one.yaml(), encoding="utf-8")


def night(app, day):
    context = RunContext(app, day, SilentProgress(), rehearse=True)
    try:
        tag(context)
        result = segment(context)
        return result, published_sizes(context), segment_versions(context)
    finally:
        context.close()


def test_two_nights(app):
    write(app, definition(RECENT))
    result, sizes, rules = night(app, FIRST)
    assert result.counts == {"segments": 1, "members": 2, "refused": 0}  # A on the seventh day, and B
    assert [(one["customers"], one["because"]) for one in sizes] == [(2, "first")]
    _, sizes, same = night(app, SECOND)
    assert same == rules
    assert [(one["customers"], one["entered"], one["left"], one["because"]) for one in sizes] == [(2, 1, 1, "data")]
    changes = app.lake.arrow(SEGMENT_CHANGES.name, {"as_of": SECOND}).to_pylist()
    assert sorted((one["change"], one["because"]) for one in changes) == [("entered", "data"), ("left", "data")]
    once = app.lake.arrow(SEGMENT_CHANGES.name).num_rows
    night(app, SECOND)  # again: the same rows, not twice
    assert app.lake.arrow(SEGMENT_CHANGES.name).num_rows == once
    assert app.lake.arrow(SEGMENT_MEMBERSHIP.name).num_rows == 4

    write(app, definition({**RECENT, "days": 30}))
    _, sizes, other = night(app, SECOND)
    assert other != rules
    assert [(one["customers"], one["entered"], one["because"]) for one in sizes] == [(3, 1, "definition")]


def test_a_segment_that_broke_does_not_stop_the_night(app):
    write(app, definition(RECENT))
    write(app, definition({"kind": "tag", "tag": "gone", "test": {"op": "known"}}, "broken"))
    result, sizes, _ = night(app, FIRST)
    assert result.counts["refused"] == 1
    assert "segment broken is set aside: unknown tag 'gone'" in result.note
    assert "人群 broken 已搁置" in result.note_zh
    assert [one["segment"] for one in sizes] == ["recent"]
    assert app.lake.arrow(SEGMENT_SIZES.name).num_rows == 1
