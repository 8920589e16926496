"""The tutorial "Define a tag" does what it says, command by command."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from liuke.app.cli.main import cli

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (TUTORIALS / page).read_text("utf-8"), flags=re.DOTALL)


def liuke(line: str) -> str:
    result = CliRunner().invoke(cli, line.split()[1:])
    assert result.exit_code == 0, f"{line}\n{result.output}"
    return result.output


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of the first tutorial, with the file of this one."""
    path = tmp_path_factory.mktemp("tutorial") / "my-shop"
    liuke(f"liuke init {path}")
    (path / "inbox").mkdir(exist_ok=True)
    (path / "inbox" / "orders-2026-03.csv").write_text(blocks("first-shop.md", "text")[0], "utf-8")
    (path / "sources" / "orders.yaml").write_text(blocks("first-shop.md", "yaml")[0], "utf-8")
    liuke(f"liuke ingest --workspace {path}")
    (path / "tags").mkdir(exist_ok=True)
    (path / "tags" / "formula.yaml").write_text(blocks("define-a-tag.md", "yaml")[0], "utf-8")
    return path


@pytest.fixture
def here(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(shop)
    return shop


def test_the_commands_of_the_page_run_in_order(here: Path) -> None:
    changed = (here / "tags" / "formula.yaml").read_text("utf-8").replace("days: 90", "days: 30")
    shutil.rmtree(here / "proposal", ignore_errors=True)
    (here / "proposal").mkdir()
    (here / "proposal" / "formula.yaml").write_text(changed, "utf-8")
    for block in blocks("define-a-tag.md", "bash"):
        for line in block.strip().splitlines():
            liuke(line)
    checked = json.loads(liuke("liuke tags check --names formula_spend_90d,formula_repeat_90d --json"))
    assert checked["tags"] == 2
    assert {one["source"]: one["passes"] for one in checked["reads"]} == {"purchase_items": 1}
    again = json.loads(liuke("liuke tags backfill --from 2026-03-04 --to 2026-04-01 --every 7d --json"))
    assert again == {"days": 5, "built": 0, "already_there": 5}


def test_one_customer_bought_formula_twice_and_the_rows_say_why(here: Path) -> None:
    names = "formula_spend_90d,formula_repeat_90d"
    built = json.loads(liuke(f"liuke tags build --names {names} --as-of 2026-04-01 --json"))["tags"]
    (who,) = [row["customer_id"] for row in built if row["formula_repeat_90d"]]
    assert [row["formula_spend_90d"] for row in built if row["customer_id"] == who] == [79_200]
    shown = json.loads(liuke(f"liuke tags show {who} --names {names} --as-of 2026-04-01 --why --json"))
    newest = [row["occurred_on"] for row in shown["why"][0]["newest"]]
    assert newest == ["2026-03-29", "2026-03-01"]
    assert shown["why"][0]["rows"] == 2
    before = json.loads(liuke(f"liuke tags show {who} --names {names} --as-of 2026-03-29 --json"))
    assert before["tags"] == {"formula_spend_90d": 39_600, "formula_repeat_90d": False}
    text = liuke(f"liuke tags show {who} --names formula_repeat_90d --as-of 2026-04-01 --why")
    assert "2 rows" in text


def test_a_change_is_told_customer_by_customer(here: Path) -> None:
    told = json.loads(liuke("liuke tags diff workspace proposal --as-of 2026-04-01 --json"))["changes"]
    assert {one["tag"]: one["customers"] for one in told} == {"formula_spend_90d": 1, "formula_repeat_90d": 1}
    assert json.loads(liuke("liuke tags diff workspace workspace --as-of 2026-04-01 --json"))["changes"] == []


def test_a_few_customers_and_a_file(here: Path) -> None:
    built = json.loads(liuke("liuke tags build --names value_tier,family_stages --as-of 2026-04-01 --json"))["tags"]
    line = f"liuke tags build --names value_tier,family_stages --only {built[0]['customer_id']} --as-of 2026-04-01"
    few = json.loads(liuke(f"{line} --json"))["tags"]
    assert few == built[:1]
    liuke("liuke tags build --as-of 2026-04-01 --out tags.csv")
    assert "formula_spend_90d" in Path("tags.csv").read_text("utf-8").splitlines()[0]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("liuke tags build --only seventeen", "no list of customer ids"),
        ("liuke tags build --known-at soon --names activity", "no instant"),
        ("liuke tags build --names activty", "did you mean"),
        ("liuke tags diff workspace nowhere", "no folder"),
        ("liuke tags backfill --from 2026-04-01 --to 2026-03-01", "before --from"),
        ("liuke tags backfill --from 2026-03-01 --to 2026-03-02 --every week", "no distance"),
        ("liuke tags build --as-of 2026-04-01 --out tags.xlsx", "neither .parquet nor .csv"),
    ],
)  # fmt: skip
def test_wrong_calls_are_answered_with_what_to_do(here: Path, line: str, says: str) -> None:
    result = CliRunner().invoke(cli, line.split()[1:])
    assert result.exit_code in (2, 3)
    assert says in result.output.replace("\n", " ")
