"""The page on analysing a trial: its commands run, its plan is one, its figures are those of the data."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from liuke.app.cli.main import cli
from liuke.learn.analysis import TrialPlan, load_plan

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "analyse-a-trial.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^liuke (trials analyse .*)$", PAGE, flags=re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's table, made longer by chance, and its plan."""
    [head] = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    [plan] = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    rng = np.random.default_rng(4)
    lines = head.strip().splitlines()
    for i in range(4, 2001):
        arm, bought, before = ("control", "coupon")[i % 2], int(rng.random() < 0.3), rng.gamma(2, 20)
        spend, refunded, city = bought * (before + 9), int(rng.random() < 0.02), ("Shanghai", "Hangzhou")[i % 3 % 2]
        lines.append(f"{i},{arm},{bought},{spend:.2f},{before:.2f},{refunded},{city},2026-03-{2 + i % 14:02d}")
    (tmp_path / "trial.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(plan, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_run(folder: Path) -> None:
    own = [command for command in COMMANDS if "$LIUKE_DATA" not in command]
    assert len(own) == 3
    for command in own:
        result = CliRunner().invoke(cli, [*shlex.split(command), "--language", "en"])
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith(("works", "wait", "does not work"))
    assert (folder / "report.html").stat().st_size > 5000
    assert load_plan(folder / "plan.yaml").metrics[1].winsorise == 0.99


def test_every_key_of_a_plan_is_explained() -> None:
    explained = set(re.findall(r"`(\w+)`", PAGE))
    assert sorted(set(TrialPlan.model_fields) - explained - {"name"}) == []


def test_the_public_set_gives_the_pages_figures(data_dir: Path) -> None:
    [command] = [command for command in COMMANDS if "$LIUKE_DATA" in command]
    words = shlex.split(command.replace("$LIUKE_DATA", str(data_dir)))
    if not Path(words[2]).exists():
        pytest.skip("optional: LIUKE_DATA holds no starbucks_uplift/training.csv.gz")
    report = json.loads(CliRunner().invoke(cli, [*words, "--json"]).stdout)
    [metric], [money] = report["metrics"], report["money"]
    [one] = metric["comparisons"]
    shown = [f"{value['n']:,}" for value in metric["arms"]] + [
        f"{value['total']:.0f} ({100 * value['value']:.2f} %)" for value in metric["arms"]
    ]
    shown += [f"{100 * one['fixed'][end]:+.2f}" for end in ("value", "low", "high")]
    shown += [f"{100 * one['sequential'][end]:+.2f}" for end in ("low", "high")]
    shown += [f"p = {report['split']['p_value']:.2f}", f"{money['return_on_cost']:.2f}", f"{money['cost_of_one']:.2f}"]
    groups = {(one["column"], one["group"]): one["effect"]["value"] for one in report["segments"]["groups"]}
    shown += [f"{100 * groups['V4', group]:+.2f}".replace("-", "−") for group in ("1", "2")]
    assert [text for text in shown if text not in PAGE] == []
    assert report["verdict"] == "does_not_pay"
    assert report["segments"]["groups"][0]["column"] == "V4"
