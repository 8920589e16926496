"""What the nightly steps and the doctor say: in both languages, and of what they really counted."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from liuke.app.bootstrap import Application
from liuke.app.checks import run_checks
from liuke.app.cli.main import cli
from liuke.app.loop import DailyLoop
from liuke.app.loop.context import RunContext
from liuke.app.loop.valuing import _stakes
from liuke.kernel import SilentProgress
from liuke.predict.churn import CHURN_SCORES
from liuke.predict.early_warning import WARNINGS

MAPPING = """
language: 1
source: {source}
files: {source}.csv
format: csv
key: [member_no]
identity: {{namespace: {source}, key: member_no, links: [{{namespace: phone, key: phone}}]}}
emit:
  - table: customers
    fields: {{city: city}}
"""
DAY = dt.date(2026, 3, 3)
CHINESE = re.compile("[一-鿿]")


@pytest.fixture
def app(tmp_path: Path) -> Application:
    app = Application.create(tmp_path / "shop", clock=lambda: dt.datetime(2026, 3, 3, 1))
    for source in ("till", "shop"):
        (app.workspace.sources_dir / f"{source}.yaml").write_text(MAPPING.format(source=source), encoding="utf-8")
    phones = {"till": ["13800138000", "13800138001", "13800138002"], "shop": ["13800138000", "13800138009"]}
    for source, known in phones.items():
        rows = [f"{source}{number},{phone},上海" for number, phone in enumerate(known)]
        text = "\n".join(["member_no,phone,city", *rows, ""])
        (app.data_dir / f"{source}.csv").parent.mkdir(exist_ok=True)
        (app.data_dir / f"{source}.csv").write_text(text, encoding="utf-8")
    return app


def test_each_step_says_in_both_languages_what_it_did(app: Application) -> None:
    report = DailyLoop(app, SilentProgress()).run()
    assert len(report.steps) > 10
    for step in report.steps:
        assert step.note.isascii() or "×" in step.note, step
        assert CHINESE.search(step.note_zh) or not step.note, step
        assert "note_zh" not in step.detail
    kept = {one.name: one.note_zh for one in app.steps.recent()}
    assert kept == {one.name: one.note_zh for one in report.steps}


def test_resolving_counts_customers_not_their_identifiers(app: Application) -> None:
    step = {one.name: one for one in DailyLoop(app, SilentProgress()).run(only=("ingest", "resolve")).steps}["resolve"]
    assert app.lake.arrow("identity_map").num_rows == 5  # four phone numbers lead to a customer, and one record
    assert step.counts == {"merged": 1, "customers": 1}
    assert step.note == "1 customers joined of more than one record: 1 records belong to another"
    assert step.note_zh == "1 位客户由多条记录合并而成，1 条记录并入了另一条"


def test_values_and_warnings_put_the_same_at_stake(app: Application) -> None:
    """A customer whom the range has lost counts nothing in either, though the model expects a margin."""
    scores = [
        {"customer_id": one, "probability": 0.5, "horizon_days": 30, "expected_margin_minor": 1000} for one in (1, 2)
    ]
    warned = [
        {"customer_id": 1, "level": "red", "value_at_risk_minor": 500, "graduated": False},
        {"customer_id": 2, "level": "yellow", "value_at_risk_minor": 0, "graduated": True},
    ]
    for name, rows in ((CHURN_SCORES.name, scores), (WARNINGS.name, warned)):
        schema = app.lake.arrow(name).schema
        table = pa.Table.from_pylist([{**row, "as_of": DAY} for row in rows], schema=schema)
        app.lake.overwrite(name, table, {"as_of": DAY}, f"test:{name}")
    context = RunContext(app, DAY, SilentProgress(), rehearse=True)
    try:
        stakes = _stakes(context).to_pylist()
    finally:
        context.close()
    at_risk = {row["customer_id"]: row["probability"] * row["expected_margin_minor"] for row in stakes}
    assert at_risk == {row["customer_id"]: row["value_at_risk_minor"] for row in warned}


def test_a_mapping_that_finds_no_file_is_a_warning(app: Application) -> None:
    def mappings() -> object:
        return {one.name: one for one in run_checks(app.workspace.path, (3, 12, 0))}["mappings"]

    assert (mappings().warns, mappings().found) == (False, "2 find 2 files")
    (app.data_dir / "shop.csv").unlink()
    found = mappings()
    assert (found.ok, found.warns, found.found) == (True, True, "2 find 1 files; shop.yaml finds no file")
    assert "shop.yaml: shop.csv" in found.hint
    assert str(app.data_dir) in found.hint
    said = CliRunner().invoke(cli, ["doctor", "-w", str(app.workspace.path)], env={"COLUMNS": "200"}).output
    assert "⚠ mappings: 2 find 1 files; shop.yaml finds no file" in said
    assert "✓ mappings" not in said
    for path in app.workspace.sources_dir.glob("*.yaml"):
        path.unlink()
    assert mappings().warns


def test_a_new_workspace_has_a_place_for_the_shops_files(tmp_path: Path) -> None:
    said = CliRunner().invoke(cli, ["init", str(tmp_path / "new")], env={"COLUMNS": "200"}).output
    assert (tmp_path / "new" / "inbox").is_dir()
    assert "inbox/" in said
