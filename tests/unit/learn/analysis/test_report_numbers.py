"""What a report says of tables whose truth is known: against scipy, against planted effects, and against no effect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from liuke.learn.analysis import (
    AnalysisReport,
    Comparison,
    MetricResult,
    PlanError,
    Verdict,
    analyse,
    analyse_file,
    html_page,
    plan_from,
)

N = 4000
Columns = dict[str, Any]


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 2}) as connection:
        yield connection


def trial(seed: int, n: int = N, lift: float = 0.0, harm: float = 0.0) -> Columns:
    """Return units of a trial: a share that rises by ``lift``, spending after the covariate, refunds up by ``harm``."""
    rng = np.random.default_rng(seed)
    treated = rng.random(n) < 0.5
    before = rng.gamma(2.0, 30.0, n)
    bought = rng.random(n) < 0.2 + lift * treated
    spend = np.round(bought * (before + rng.normal(20, 5, n)), 2)
    return {
        "id": np.arange(n),
        "arm": np.where(treated, "treated", "control"),
        "bought": bought.astype(int),
        "spend": spend,
        "orders": bought * (1 + rng.poisson(0.5, n)),
        "refund": (rng.random(n) < 0.05 + harm * treated).astype(int),
        "before": before,
        "city": np.array(["a", "b", "c"])[rng.integers(0, 3, n)],
        "day": np.datetime64("2026-03-02") + rng.integers(0, 14, n),
        "cost": np.where(treated, 0.5, 0.0),
    }


def report_of(engine: duckdb.DuckDBPyConnection, columns: Columns, **plan: Any) -> AnalysisReport:
    units = pa.table(columns)
    engine.register("units", units)
    return analyse(engine, "SELECT * FROM units", plan_from({"unit": "id", "arm": "arm"} | plan))


def only(report: AnalysisReport, name: str) -> tuple[MetricResult, Comparison]:
    metric = next(one for one in report.metrics if one.name == name)
    [comparison] = metric.comparisons
    return metric, comparison


def test_means_and_shares_equal_scipy(engine: duckdb.DuckDBPyConnection) -> None:
    columns = trial(1, lift=0.02)
    report = report_of(engine, columns, metrics=["bought", "spend"])
    treated = columns["arm"] == "treated"
    for name in ("bought", "spend"):
        metric, _ = only(report, name)
        assert metric.arms[1].total == pytest.approx(columns[name][treated].sum(), rel=1e-12)
        assert metric.arms[0].n == (~treated).sum()
    _, spend = only(report, "spend")
    wanted = stats.ttest_ind(columns["spend"][treated], columns["spend"][~treated], equal_var=False)
    low, high = wanted.confidence_interval(0.95)
    assert (spend.fixed.low, spend.fixed.high) == (pytest.approx(low, rel=1e-9), pytest.approx(high, rel=1e-9))
    assert spend.fixed.p_value == pytest.approx(wanted.pvalue, rel=1e-8)
    assert spend.fixed.method == "welch"
    table = [[(columns["bought"][arm] == value).sum() for value in (1, 0)] for arm in (treated, ~treated)]
    _, bought = only(report, "bought")
    assert bought.fixed.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-8)
    assert report.split.p_value == pytest.approx(stats.chisquare([treated.sum(), (~treated).sum()]).pvalue, rel=1e-9)


def test_the_report_does_not_depend_on_order_threads_or_files(tmp_path: Path) -> None:
    columns = trial(2, lift=0.03)
    plan = plan_from(
        {
            "unit": "id",
            "arm": "arm",
            "metrics": [
                "bought",
                {"name": "spend", "covariates": ["before"], "winsorise": 0.99},
                {"name": "per_order", "numerator": "spend", "denominator": "orders"},
            ],
            "segments": ["city", "before"],
            "day": "day",
            "cost": "cost",
            "value": "spend",
        }
    )
    found = []
    for i, threads in enumerate((1, 2, 8)):
        shuffled = np.random.default_rng(i).permutation(N)
        with duckdb.connect(config={"threads": threads}) as connection:
            units = pa.table({name: values[shuffled] for name, values in columns.items()})
            connection.register("units", units)
            parts = [f"SELECT * FROM units WHERE id % {i + 2} = {j}" for j in range(i + 2)]
            found.append(analyse(connection, " UNION ALL ".join(parts), plan).to_json())
            path = tmp_path / f"{i}.parquet"
            connection.execute(f"COPY (SELECT * FROM units) TO '{path}' (ROW_GROUP_SIZE 2048)")
        found.append(analyse_file(path, plan, threads=threads).to_json() | {"source": "trial", "name": "trial"})
    texts = {json.dumps(tree, sort_keys=True) for tree in found}
    assert len(texts) == 1  # to the last digit


def test_json_round_trip_keeps_everything(engine: duckdb.DuckDBPyConnection) -> None:
    metrics = ["bought", {"name": "refund", "role": "guardrail", "direction": "down", "margin": 0.02}]
    report = report_of(
        engine, trial(3), metrics=metrics, segments=["city"], day="day", cost="cost", value_per_success=30
    )
    text = json.dumps(report.to_json(), allow_nan=False)
    assert AnalysisReport.from_json(json.loads(text)) == report
    broken = json.loads(text)
    del broken["split"]["p_value"]
    with pytest.raises(PlanError, match=r"report\.split\.p_value"):
        AnalysisReport.from_json(broken)


def test_a_planted_effect_is_found_and_none_is_not(engine: duckdb.DuckDBPyConnection) -> None:
    planted = report_of(engine, trial(4, lift=0.08), metrics=["bought"])
    assert planted.verdict is Verdict.WORKS
    assert "bought" in planted.reason.zh
    _, comparison = only(planted, "bought")
    assert comparison.sequential.low is not None
    assert comparison.sequential.low < 0.08 < (comparison.sequential.high or 0)
    harmful = report_of(engine, trial(5, lift=-0.08), metrics=["bought"])
    assert harmful.verdict is Verdict.DOES_NOT_WORK
    nulls = [report_of(engine, trial(100 + i, n=1000), metrics=["bought"]).verdict for i in range(40)]
    assert nulls.count(Verdict.WORKS) == 0  # sequential: far below 5 % at a single look
    fixed = [only(report_of(engine, trial(100 + i, n=1000), metrics=["bought"]), "bought")[1] for i in range(40)]
    assert sum(one.fixed.p_value < 0.05 for one in fixed) <= 6  # 5 % of 40 is 2; more than 6: once in 400 sets


def test_no_gain_left_is_said(engine: duckdb.DuckDBPyConnection) -> None:
    metrics = [{"name": "bought", "worthwhile": 0.15}]
    report = report_of(engine, trial(6), metrics=metrics)
    assert report.verdict is Verdict.DOES_NOT_WORK
    assert "no gain worth acting on" in report.reason.en
    assert report_of(engine, trial(6), metrics=["bought"], looks="fixed").verdict is Verdict.TOO_EARLY


def test_lower_is_better_turns_the_verdict(engine: duckdb.DuckDBPyConnection) -> None:
    metrics = [{"name": "refund", "direction": "down"}]
    assert report_of(engine, trial(7, harm=0.1), metrics=metrics).verdict is Verdict.DOES_NOT_WORK
    good = report_of(engine, trial(7, harm=-0.045), metrics=metrics)
    assert good.verdict is Verdict.WORKS
    assert (only(good, "refund")[1].chance_to_win or 0) > 0.99


def test_guard_rails_stop_hold_and_delay(engine: duckdb.DuckDBPyConnection) -> None:
    def judged(harm: float, margin: float) -> AnalysisReport:
        metrics = ["bought", {"name": "refund", "direction": "down", "margin": margin}]
        return report_of(engine, trial(8, lift=0.1, harm=harm), metrics=metrics)

    broken, held, undecided = judged(0.15, 0.03), judged(0.0, 0.05), judged(0.0, 0.001)
    assert [only(one, "refund")[1].guard.state for one in (broken, held, undecided)] == [  # type: ignore[union-attr]
        "broken",
        "holds",
        "undecided",
    ]
    assert [one.verdict for one in (broken, held, undecided)] == [
        Verdict.DOES_NOT_WORK,
        Verdict.WORKS,
        Verdict.TOO_EARLY,
    ]
    assert "guard-rail" in broken.reason.en


def test_a_broken_split_forbids_a_verdict(engine: duckdb.DuckDBPyConnection) -> None:
    columns = trial(9, lift=0.1)
    kept = (columns["arm"] == "control") | (columns["id"] % 5 > 0)  # a fifth of the treated got lost
    lost = {name: values[kept] for name, values in columns.items()}
    report = report_of(engine, lost, metrics=["bought"], cost_per_contact=0.01, value_per_success=10)
    assert report.split.broken
    assert [(one.proven, one.booked) for one in report.money] == [(False, 0.0)]
    assert report.verdict is Verdict.TOO_EARLY
    assert "do not fit the draw" in report.reason.en
    shares = {"control": 0.5, "treated": 0.4}
    kept_report = report_of(
        engine, {name: values[kept] for name, values in columns.items()}, metrics=["bought"], shares=shares
    )
    assert not kept_report.split.broken


def test_small_arms_wait(engine: duckdb.DuckDBPyConnection) -> None:
    report = report_of(engine, trial(10, n=60, lift=0.5), metrics=["bought"])
    assert report.verdict is Verdict.TOO_EARLY
    assert "each arm needs 100" in report.reason.en


def test_covariates_and_strata_take_noise_away(engine: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(110)
    columns = trial(11)
    columns["value"] = 3 * columns["before"] + rng.normal(0, 10, N) + 4 * (columns["arm"] == "treated")
    columns["size"] = np.where(columns["before"] > 60, "big", "small")
    metrics = [{"name": "value", "covariates": ["before"]}]
    metric, cuped = only(report_of(engine, columns, metrics=metrics), "value")
    assert cuped.raw is not None
    assert (cuped.variance_kept or 1) < 0.02  # 100 / (9·1800 + 100)
    assert cuped.fixed.value == pytest.approx(4, abs=1.2)
    assert (cuped.fixed.high or 0) - (cuped.fixed.low or 0) < 0.2 * ((cuped.raw.high or 0) - (cuped.raw.low or 0))
    assert metric.covariates == ("before",)
    _, strata = only(report_of(engine, columns, metrics=["value"], strata="size"), "value")
    assert strata.fixed.method == "post-stratified"
    assert strata.raw is not None
    assert (strata.fixed.high or 0) - (strata.fixed.low or 0) < 0.8 * ((strata.raw.high or 0) - (strata.raw.low or 0))


def test_empty_covariates_are_filled_and_named(engine: duckdb.DuckDBPyConnection) -> None:
    columns = trial(12)
    columns["before"] = [None if i % 10 == 0 else value for i, value in enumerate(columns["before"].tolist())]
    report = report_of(engine, columns, metrics=[{"name": "spend", "covariates": ["before"]}])
    assert any("400 empty cells" in note.en for note in report.notes)
    assert 0 < (only(report, "spend")[1].variance_kept or 0) < 1


def test_winsorising_caps_all_arms_at_one_value(engine: duckdb.DuckDBPyConnection) -> None:
    columns = trial(13)
    columns["spend"][0] = 1e9
    metric, _ = only(report_of(engine, columns, metrics=[{"name": "spend", "winsorise": 0.99}]), "spend")
    cap = metric.cap or 0
    assert np.quantile(columns["spend"], 0.98) < cap <= np.quantile(columns["spend"], 0.995)
    assert sum(value.total for value in metric.arms) == pytest.approx(np.minimum(columns["spend"], cap).sum())


def test_ratios_use_both_sums(engine: duckdb.DuckDBPyConnection) -> None:
    columns = trial(14)
    metric, one = only(
        report_of(engine, columns, metrics=[{"name": "basket", "numerator": "spend", "denominator": "orders"}]),
        "basket",
    )
    treated = columns["arm"] == "treated"
    assert metric.arms[1].value == pytest.approx(columns["spend"][treated].sum() / columns["orders"][treated].sum())
    assert metric.arms[1].denominator == columns["orders"][treated].sum()
    assert one.fixed.method == "ratio-delta"


def test_clusters_are_the_sample(engine: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(150)
    region = rng.integers(0, 12, N)
    shift = rng.normal(0, 5, 12)
    columns = {
        "id": np.arange(N),
        "arm": np.where(region % 2 == 0, "control", "treated"),
        "region": [f"r{i}" for i in region],
        "spend": shift[region] + rng.normal(50, 10, N),
    }
    report = report_of(engine, columns, metrics=["spend"], cluster="region", segments=["region"])
    _, one = only(report, "spend")
    assert [(arm.clusters, arm.units) for arm in report.arms] == [
        (6, int((region % 2 == 0).sum())),
        (6, int((region % 2 == 1).sum())),
    ]
    assert one.fixed.method == "cluster-robust"
    assert one.permutation is not None
    assert one.permutation.method == "randomisation-exact"
    naive = stats.ttest_ind(columns["spend"][region % 2 == 1], columns["spend"][region % 2 == 0])
    half = (one.fixed.high or 0) - (one.fixed.low or 0)
    assert half > 3 * (naive.confidence_interval().high - naive.confidence_interval().low)
    assert report.verdict is Verdict.TOO_EARLY


def test_the_segment_that_responds_stands_out(engine: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(160)
    columns = trial(16, n=12_000)
    special = (columns["city"] == "b") & (columns["arm"] == "treated")
    columns["bought"] = np.where(special, rng.random(12_000) < 0.4, columns["bought"]).astype(int)
    found = report_of(engine, columns, metrics=["bought"], segments=["city", "before"]).segments
    assert found is not None
    assert (found.groups[0].column, found.groups[0].group) == ("city", "b")
    assert found.groups[0].p_differs_adjusted < 1e-6
    assert found.groups[0].effect.value == pytest.approx(0.2, abs=0.05)
    quartiles = [one for one in found.groups if one.column == "before"]
    assert len(quartiles) == 4
    assert all(abs(one.treated_n + one.control_n - 3000) <= 1 for one in quartiles)
    assert min(one.p_differs_adjusted for one in quartiles) > 0.05


def test_money_is_booked_only_when_control_proves_it(engine: duckdb.DuckDBPyConnection) -> None:
    columns = trial(17, lift=0.1)
    plan = {"metrics": ["bought"], "value_per_success": 100.0}
    [rich] = report_of(engine, columns, cost_per_contact=1.0, **plan).money
    n = int((columns["arm"] == "treated").sum())
    difference = (
        columns["bought"][columns["arm"] == "treated"].mean() - columns["bought"][columns["arm"] != "treated"].mean()
    )
    assert rich.cost_total == pytest.approx(n)
    assert rich.gain_total == pytest.approx(100 * difference * n)
    assert rich.return_on_cost == pytest.approx(100 * difference)
    assert rich.cost_of_one == pytest.approx(1 / difference)
    assert rich.booked == pytest.approx((100 * difference - 1) * n)
    by_column = report_of(engine, columns, cost="cost", **plan).money[0]
    assert by_column.return_on_cost == pytest.approx(200 * difference)
    [poor] = report_of(engine, trial(18), cost_per_contact=1.0, **plan).money
    assert (poor.proven, poor.booked) == (False, 0.0)
    losing = report_of(engine, columns, cost_per_contact=30.0, **plan)
    assert losing.verdict is Verdict.DOES_NOT_PAY  # never "works" above a profit that is wholly negative
    assert "costs more than it brings" in losing.reason.en
    assert losing.money[0].booked < 0


def test_an_effect_that_wears_off_is_seen(engine: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(190)
    columns = trial(19, n=14_000)
    age = (columns["day"] - np.datetime64("2026-03-02")).astype(int)
    columns["value"] = rng.normal(10, 2, 14_000) + np.where(columns["arm"] == "treated", 2 - 0.14 * age, 0)
    [timing] = report_of(engine, columns, metrics=["value"], day="day").timing
    assert timing.slope == pytest.approx(-0.14, abs=0.03)
    assert (timing.slope_p or 1) < 1e-6
    assert len(timing.days) == 14
    [steady] = report_of(engine, trial(20, n=14_000), metrics=["spend"], day="day").timing
    assert (steady.slope_p or 0) > 0.01
    assert (steady.weekday_p or 0) > 0.01


def test_several_arms_and_metrics_are_corrected_together(engine: duckdb.DuckDBPyConnection) -> None:
    columns = trial(21)
    rng = np.random.default_rng(210)
    columns["arm"] = np.array(["control", "coupon", "message"])[rng.integers(0, 3, N)]
    metrics = [{"name": name, "role": "primary"} for name in ("bought", "spend")]
    report = report_of(engine, columns, metrics=metrics, looks="fixed")
    raw = [one.fixed.p_value for metric in report.metrics for one in metric.comparisons]
    corrected = [one.p_adjusted for metric in report.metrics for one in metric.comparisons]
    assert min(corrected) == pytest.approx(min(1.0, 4 * min(raw)))  # type: ignore[type-var]
    assert [one.arm for one in report.arm_verdicts] == ["coupon", "message"]
    assert [arm.arm for arm in report.arms] == ["control", "coupon", "message"]


def test_large_numbers_keep_their_digits(engine: duckdb.DuckDBPyConnection) -> None:
    columns = trial(22)
    columns["minor"] = np.round(columns["spend"] * 100).astype(np.int64) + 10**9
    metric, one = only(report_of(engine, columns, metrics=["minor"]), "minor")
    treated = columns["arm"] == "treated"
    wanted = stats.ttest_ind(columns["minor"][treated] - 10**9, columns["minor"][~treated] - 10**9, equal_var=False)
    assert metric.arms[1].total == columns["minor"][treated].sum()
    assert one.fixed.p_value == pytest.approx(wanted.pvalue, rel=1e-4)


def test_the_page_stands_alone_and_escapes(engine: duckdb.DuckDBPyConnection) -> None:
    columns = trial(23, lift=0.05)
    columns["arm"] = np.where(columns["arm"] == "treated", "<b>new</b>", "control")
    metrics = ["bought", {"name": "refund", "direction": "down", "margin": 0.02, "worthwhile": 0.01}]
    report = report_of(
        engine, columns, metrics=metrics, segments=["city"], day="day", cost_per_contact=0.1, name="A & B"
    )
    page = html_page(report, "en")
    assert '<html lang="en">' in page
    assert "&lt;b&gt;new&lt;/b&gt;" in page
    assert "<b>new" not in page
    assert "A &amp; B" in page
    assert page.count("<svg") == 2
    for outside in ("http://", "https://", "src=", "@import", "url("):
        assert outside not in page
    assert report.verdict.zh in page
    assert report.plan_digest in page


def test_a_guard_rail_of_strata_is_judged_within_them(engine):
    """Complaints are common where most are treated: thrown together the arms differ, within a stratum they do not."""
    rng = np.random.default_rng(3)
    city = np.repeat(["calm", "busy"], 4_000)
    treated = rng.random(8_000) < np.where(city == "busy", 0.8, 0.2)
    columns = {
        "id": np.arange(8_000),
        "arm": np.where(treated, "treated", "control"),
        "bought": (rng.random(8_000) < 0.3).astype(int),
        "complained": (rng.random(8_000) < np.where(city == "busy", 0.30, 0.05)).astype(int),
        "city": city,
    }
    guard = {"name": "complained", "direction": "down", "role": "guardrail", "margin": 0.05, "label_zh": "投诉"}
    report = report_of(engine, columns, metrics=["bought", guard], strata="city")
    arms = {one.arm: one.value for one in report.metrics[1].arms}
    assert arms["treated"] - arms["control"] > 0.10
    assert report.metrics[1].comparisons[0].guard.state == "holds"
    assert (report.metrics[1].label.zh, report.metrics[1].label.en) == ("投诉", "complained")
