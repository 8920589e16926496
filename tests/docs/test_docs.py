"""The documentation tells the truth: generated pages are current, links lead somewhere, commands exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from liuke.app.cli.main import cli
from liuke.app.reference import pages
from liuke.app.settings import Settings, load_settings, settings_text

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("README.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)")
COMMAND = re.compile(r"(?:^|[\s`/])liuke ([a-z]+(?: [a-z-]+)?)")


def commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command with the words that call it; groups load their commands only when asked for them."""
    context = group.make_context("liuke", [], resilient_parsing=True)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if hasattr(command, "list_commands"):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name), command


COMMANDS = list(commands(typer.main.get_group(cli)))


@pytest.mark.parametrize("name", sorted(pages()))
def test_generated_pages_are_current(name: str) -> None:
    committed = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert committed == pages()[name], "run `make docs` and commit the result"


def test_links_lead_somewhere() -> None:
    links = [(page, target) for page in PAGES for target in LINK.findall(page.read_text(encoding="utf-8"))]
    missing = [f"{page.relative_to(ROOT)}: {target}" for page, target in links if not (page.parent / target).exists()]
    assert missing == []
    assert len(links) > 60


def test_commands_in_code_blocks_exist() -> None:
    named = [
        (page, words.split())
        for page in PAGES
        for block in re.findall(r"```(?:bash|sh)\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for words in COMMAND.findall(block)
    ]
    known = dict(COMMANDS)
    wrong = [f"{page.relative_to(ROOT)}: liuke {' '.join(words)}" for page, words in named if not _exists(words, known)]
    assert wrong == []
    assert len(named) > 45


def _exists(words: list[str], known: dict[tuple[str, ...], Any]) -> bool:
    """Tell whether words name a command; what follows the name of one that is no group is an argument of it."""
    return tuple(words) in known or tuple(words[:1]) in known or any(path[:1] == tuple(words) for path in known)


def test_the_written_settings_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIUKE_OPERATIONS_URL", raising=False)
    path = tmp_path / "liuke.toml"
    path.write_text(settings_text(), encoding="utf-8")
    assert load_settings(path) == Settings()


def test_every_setting_is_explained() -> None:
    page = pages()["settings.md"]
    assert len(re.findall(r"^\| `\w+` \| [^|]* \| [^|]+ \|", page, flags=re.MULTILINE)) > 60
    assert re.findall(r"\| `\w+` \| [^|]* \|  \|", page) == []


def test_every_command_takes_json() -> None:
    without = [
        " ".join(path) for path, command in COMMANDS if not any("--json" in option.opts for option in command.params)
    ]
    assert without == []
    assert len(COMMANDS) > 30


def test_the_tutorial_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "tutorials" / "first-shop.md").read_text(encoding="utf-8")
    [orders] = re.findall(r"```text\n(.*?)```", text, flags=re.DOTALL)
    [mapping] = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    run = CliRunner()
    assert run.invoke(cli, ["init", str(tmp_path / "my-shop")]).exit_code == 0
    monkeypatch.chdir(tmp_path / "my-shop")
    (tmp_path / "my-shop" / "inbox").mkdir(exist_ok=True)
    (tmp_path / "my-shop" / "inbox" / "orders-2026-03.csv").write_text(orders, encoding="utf-8")
    (tmp_path / "my-shop" / "sources" / "orders.yaml").write_text(mapping, encoding="utf-8")

    first = json.loads(run.invoke(cli, ["ingest", "--json"]).stdout)
    assert [(one["rows"], one["loaded"], one["quarantined"]) for one in first["loads"]] == [
        (4, 3, {"quantity out of range": 1})
    ]
    assert json.loads(run.invoke(cli, ["ingest", "--json"]).stdout)["unchanged"] == 1
    waiting = json.loads(run.invoke(cli, ["quarantine", "list", "--json"]).stdout)
    assert [row["row_number"] for row in waiting["rows"]] == [4]
    taken = json.loads(run.invoke(cli, ["strategies", "take", "second_purchase", "--json"]).stdout)
    assert "strategies/second_purchase.yaml" in taken["copied"]
    report = json.loads(run.invoke(cli, ["run", "--json"]).stdout)
    assert "not enough data" in report["missing"]["churn"]["reason_en"]
    assert json.loads(run.invoke(cli, ["status", "--json"]).stdout)["tables"]["order_items"] == 3
