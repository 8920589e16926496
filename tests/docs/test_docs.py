"""The documentation tells the truth: generated pages are current, links lead somewhere, commands exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from liuke.app.cli.main import cli
from liuke.app.reference import pages
from liuke.app.settings import Settings, load_settings, settings_text

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("README.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)")
COMMAND = re.compile(r"(?:^|[\s`/])liuke ([a-z]+(?: [a-z-]+)?)")


@pytest.mark.parametrize("name", sorted(pages()))
def test_generated_pages_are_current(name: str) -> None:
    committed = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert committed == pages()[name], "run `make docs` and commit the result"


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(ROOT)))
def test_commands_in_code_blocks_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:bash|sh)\n(.*?)```", text, flags=re.DOTALL)
    for words in {match for block in blocks for match in COMMAND.findall(block)}:
        result = CliRunner().invoke(cli, [*_known_part(words.split()), "--help"])
        assert result.exit_code == 0, f"{document.name}: `liuke {words}` is no command"


def _known_part(words: list[str]) -> list[str]:
    groups = {group.name for group in cli.registered_groups}
    return words if words[0] in groups else words[:1]


def test_the_written_settings_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIUKE_OPERATIONS_URL", raising=False)
    path = tmp_path / "liuke.toml"
    path.write_text(settings_text(), encoding="utf-8")
    assert load_settings(path) == Settings()


def test_every_setting_is_explained() -> None:
    page = pages()["settings.md"]
    assert re.findall(r"\| `\w+` \| [^|]* \|  \|", page) == []


def test_every_command_takes_json() -> None:
    without = [
        command.name or command.callback.__name__
        for app in (cli, *(group.typer_instance for group in cli.registered_groups))
        if app is not None
        for command in app.registered_commands
        if command.callback is not None
        and "--json" not in CliRunner().invoke(cli, [*_path(app, command), "--help"], env={"COLUMNS": "200"}).output
    ]
    assert without == []


def _path(app: object, command: object) -> list[str]:
    name = command.name or command.callback.__name__  # type: ignore[attr-defined]
    for group in cli.registered_groups:
        if group.typer_instance is app:
            return [str(group.name), name]
    return [name]


def test_the_tutorial_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "tutorials" / "first-shop.md").read_text(encoding="utf-8")
    [orders] = re.findall(r"```text\n(.*?)```", text, flags=re.DOTALL)
    [mapping] = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    run = CliRunner()
    assert run.invoke(cli, ["init", str(tmp_path / "my-shop")]).exit_code == 0
    monkeypatch.chdir(tmp_path / "my-shop")
    (tmp_path / "my-shop" / "inbox").mkdir()
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
