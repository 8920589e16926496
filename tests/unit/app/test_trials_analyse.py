"""`liuke trials analyse` as a user calls it: words, JSON, page, plan, errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from liuke.app.cli.main import cli
from liuke.learn.analysis import AnalysisReport


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(70)
    lines = ["customer,arm,bought,spend,before,refunded,city"]
    for i in range(3000):
        treated = rng.random() < 0.5
        bought = rng.random() < 0.2 + 0.1 * treated
        before = rng.gamma(2, 30)
        spend = bought * (before + 20)
        city = "北京" if i % 3 else "Shanghai"
        arm, refunded = ("coupon" if treated else "control"), int(rng.random() < 0.05)
        lines.append(f"{i},{arm},{bought:d},{spend:.2f},{before:.2f},{refunded},{city}")
    path = tmp_path / "trial.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, ["trials", "analyse", *map(str, words)])


def options(table: Path) -> list[object]:
    return [table, "--unit", "customer", "--arm", "arm", "--metric", "bought"]


def test_words_in_both_languages(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    english = call(*options(table), "--language", "en", "--segment", "city")
    assert english.exit_code == 0
    assert english.stdout.startswith("works  bought is better")
    assert "北京" in english.stdout
    chinese = call(*options(table), "--language", "zh", "--cost-per-contact", 1, "--value-per-success", 50)
    assert chinese.stdout.startswith("有效  bought 改善")
    assert "回报" in chinese.stdout
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert call(*options(table)).stdout.startswith("有效")
    wrong = call(*options(table), "--language", "fr")
    assert wrong.exit_code == 2


def test_json_page_and_all_options(table: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    more = ["--metric", "basket=spend/bought", "--guardrail", "refunded:down:0.05", "--segment", "city"]
    more += ["--share", "control=1", "--share", "coupon=1", "--fixed", "--html", page, "--json"]
    result = call(*options(table), *more)
    assert result.exit_code == 0
    report = AnalysisReport.from_json(json.loads(result.stdout))
    assert report.looks == "fixed"
    assert [(one.name, one.kind, one.role) for one in report.metrics] == [
        ("bought", "proportion", "primary"),
        ("basket", "ratio", "secondary"),
        ("refunded", "proportion", "guardrail"),
    ]
    assert report.metrics[2].direction == "down"
    assert report.metrics[2].comparisons[0].guard is not None
    assert report.metrics[2].comparisons[0].guard.margin == 0.05
    text = page.read_text(encoding="utf-8")
    assert report.plan_digest in text
    assert "有效" in text


def test_covariates_of_the_command_line_adjust_its_metrics(table: Path) -> None:
    words = [table, "--unit", "customer", "--arm", "arm", "--metric", "spend", "--covariate", "before", "--json"]
    tree = json.loads(call(*words).stdout)
    assert 0 < tree["metrics"][0]["comparisons"][0]["variance_kept"] < 1


def test_options_replace_keys_of_the_plan(table: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("unit: customer\narm: arm\nmetrics: [bought, spend]\nlevel: 0.9\n", encoding="utf-8")
    tree = json.loads(call(table, "--plan", plan, "--level", 0.99, "--json").stdout)
    assert tree["level"] == 0.99
    assert [one["name"] for one in tree["metrics"]] == ["bought", "spend"]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("unit: customer\narm: arm\nmetrics: [bought]\ncontrol: No\n", "put the arm's name in quotes"),
        ("unit: customer\narm: arm\nmetrics: [bought]\nleval: 0.9\n", "leval"),
        ("unit: customer\narm: arm\nmetrics: [bought, bought]\n", "named twice"),
        ("unit: customer\narm: arm\nmetrics: [{name: b, numerator: spend}]\n", "numerator and a denominator"),
        ("- unit\n", "key: value"),
        ("unit: [\n", "no YAML"),
    ],
)
def test_a_wrong_plan_names_its_key(table: Path, tmp_path: Path, plan: str, said: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(plan, encoding="utf-8")
    result = call(table, "--plan", path)
    assert result.exit_code == 3
    assert said in result.output


def test_errors_name_row_and_rule(table: Path) -> None:
    table.write_text(table.read_text(encoding="utf-8") + "\n7,nobody,1,1,1,0,x\n", encoding="utf-8")
    result = call(*options(table), "--json")
    assert result.exit_code == 4
    error = json.loads(result.stdout)["error"]
    assert error["message"].startswith("unit '7' is in two arms: row 9 says ")
    assert error["message"].endswith("row 3002 says 'nobody'")
    missing = call(table, "--metric", "bought")
    assert missing.exit_code == 2
    assert "--unit and --arm missing" in missing.output
    for words, said in (
        (["--metric", "x=a"], "no ratio"),
        (["--share", "control"], "no share"),
        (["--share", "control=half"], "no number"),
        (["--html", "/nowhere/x.html", "--share", "nobody=1"], "not in the plan"),
    ):
        result = call(*options(table), *words)
        assert result.exit_code != 0
        assert said in result.output
