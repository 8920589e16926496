"""`liuke value` on a workspace whose values are written down here."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from liuke.app.bootstrap import Application
from liuke.app.cli.main import cli
from liuke.predict.clv import GROUP_VALUES

DAY = date(2026, 3, 1)


def row(grouping: str, member_of: str, at_risk: int | None) -> dict[str, object]:
    risk = {
        "at_risk_minor": at_risk,
        "at_risk_low_minor": at_risk and at_risk // 2,
        "at_risk_high_minor": at_risk and 2 * at_risk,
    }
    value = {"customers": 10, "value_minor": 500_000, "value_low_minor": 400_000, "value_high_minor": 700_000}
    days = {"horizon_days": 365, "scored": 4 if at_risk else 0, "at_risk_days": 60 if at_risk else None, "level": 0.9}
    return {"as_of": DAY, "grouping": grouping, "member_of": member_of, **value, **risk, **days}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("value") / "shop"
    lake = Application.create(path).lake
    rows = [row("segment", "vip", 30_000), row("all", "all", 123_456), row("level", "red", 90_000)]
    table = pa.Table.from_pylist(rows, schema=lake.arrow(GROUP_VALUES.name, {"as_of": DAY}).schema)
    lake.overwrite(GROUP_VALUES.name, table, {"as_of": DAY}, "test", {})
    return path


def ask(shop: Path, *arguments: str) -> str:
    done = CliRunner().invoke(cli, ["value", *arguments, "-w", str(shop), "--as-of", DAY.isoformat()])
    assert done.exit_code == 0, done.output
    return done.output


def test_value_at_risk_is_told_by_group_with_its_interval(shop):
    rows = json.loads(ask(shop, "at-risk", "--json"))["groups"]
    assert [(one["grouping"], one["member_of"]) for one in rows] == [
        ("all", "all"),
        ("level", "red"),
        ("segment", "vip"),
    ]
    text = ask(shop, "at-risk", "--by", "level", "--by", "all")
    assert "1,234.56" in text
    assert "617.28" in text
    assert "vip" not in text


def test_value_of_all_is_told_with_its_interval_and_the_margin_assumed(shop):
    told = json.loads(ask(shop, "show", "--json"))
    assert told["all"][0]["value_minor"] == 500_000
    assert told["margin_rate"] == 0.3
    assert "5,000.00" in ask(shop, "show")


def test_a_day_without_values_says_what_to_do(shop):
    done = CliRunner().invoke(cli, ["value", "at-risk", "-w", str(shop), "--as-of", "2026-02-01"])
    assert done.exit_code == 0
    assert "liuke run" in done.output
