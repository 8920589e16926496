"""Tables in which nothing happened, varies or can be known: a sentence, never a certainty or a crash."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from liuke.learn.analysis import AnalysisReport, Verdict, analyse, plan_from

N = 20_000
Columns = dict[str, Any]
MARGIN = {"name": "refund", "direction": "down", "margin": 0.02, "role": "guardrail"}


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 2}) as connection:
        yield connection


def trial(n: int = N, seed: int = 3) -> Columns:
    """Return a trial with a clear gain."""
    rng = np.random.default_rng(seed)
    treated = rng.random(n) < 0.5
    bought = (rng.random(n) < 0.10 + 0.06 * treated).astype(int)
    return {
        "id": np.arange(n),
        "arm": np.where(treated, "treated", "control"),
        "bought": bought,
        "refund": np.zeros(n, dtype=int),
        "spend": np.round(bought * rng.lognormal(4, 0.5, n), 2),
        "before": rng.gamma(2.0, 30.0, n),
        "region": rng.choice(["north", "south"], n),
        "day": np.datetime64("2026-03-02") + rng.integers(0, 14, n),
    }


def report_of(engine: duckdb.DuckDBPyConnection, columns: Columns, **plan: Any) -> AnalysisReport:
    units = pa.table(columns)
    engine.register("units", units)
    return analyse(engine, "SELECT * FROM units", plan_from({"unit": "id", "arm": "arm"} | plan))


def metric(report: AnalysisReport, name: str) -> Any:
    return next(one for one in report.metrics if one.name == name)


@pytest.mark.parametrize("looks", ["sequential", "fixed"])
@pytest.mark.parametrize("more", [{}, {"strata": "region"}], ids=["plain", "strata"])
@pytest.mark.parametrize("covariates", [[], ["before"]], ids=["", "cuped"])
@pytest.mark.parametrize("value", [0, 1], ids=["nobody", "everybody"])
def test_a_guard_rail_of_which_nothing_happened_holds(engine, looks, more, covariates, value) -> None:
    columns = trial()
    columns["refund"] = np.full(N, value)
    guard = MARGIN | {"covariates": covariates}
    report = report_of(engine, columns, metrics=["bought", guard], looks=looks, **more)
    found = metric(report, "refund")
    assert found.comparisons[0].guard.state == "holds"
    assert found.problem is None
    shown = found.comparisons[0].deciding(looks)
    assert shown.low < 0 == shown.value < shown.high < 0.02
    assert report.verdict is Verdict.WORKS


@pytest.mark.parametrize("looks", ["sequential", "fixed"])
@pytest.mark.parametrize("more", [{}, {"strata": "region"}], ids=["plain", "strata"])
def test_one_more_refund_never_makes_the_guard_rail_surer(engine, looks, more) -> None:
    order = {"holds": 0, "undecided": 1, "broken": 2}
    columns, checked = trial(3000), 0
    treated = np.flatnonzero(columns["arm"] == "treated")
    before = (-1.0, 0)
    for hits in range(16):
        columns["refund"] = np.isin(columns["id"], treated[:hits]).astype(int)
        found = metric(report_of(engine, columns, metrics=["bought", MARGIN], looks=looks, **more), "refund")
        now = (found.comparisons[0].deciding(looks).high, order[found.comparisons[0].guard.state])
        if hits != 10 or looks == "fixed":  # where exact counting ends, the interval may narrow a little
            assert now >= before
        assert now[1] >= before[1]
        before, checked = now, checked + 1
    assert checked == 16


def test_few_units_without_a_refund_prove_nothing(engine) -> None:
    columns = trial(400)
    columns["bought"] = (columns["arm"] == "treated").astype(int)
    report = report_of(engine, columns, metrics=["bought", MARGIN])
    assert metric(report, "refund").comparisons[0].guard.state == "undecided"
    assert report.verdict is Verdict.TOO_EARLY


def test_strata_that_differ_in_size_between_arms_widen_the_bound(engine) -> None:
    columns = trial()
    treated = columns["arm"] == "treated"
    rng = np.random.default_rng(1)
    columns["region"] = np.where(rng.random(N) < np.where(treated, 0.02, 0.98), "north", "south")
    found = metric(report_of(engine, columns, metrics=["bought", MARGIN], strata="region"), "refund").comparisons[0]
    even = metric(report_of(engine, trial(), metrics=["bought", MARGIN], strata="region"), "refund").comparisons[0]
    assert found.sequential.high > 5 * even.sequential.high


@pytest.mark.parametrize("looks", ["sequential", "fixed"])
@pytest.mark.parametrize(("treated", "control"), [(5.5, 5.5), (7.0, 5.5), (0.0, 5.5)])
def test_constant_spend_says_that_its_spread_is_unknown(engine, treated: float, control: float, looks: str) -> None:
    columns = trial()
    columns["spend"] = np.where(columns["arm"] == "treated", treated, control)
    report = report_of(engine, columns, metrics=[{"name": "spend", "kind": "mean"}], looks=looks, day="day")
    found = metric(report, "spend")
    assert "spread" in found.problem.en
    assert "波动" in found.problem.zh
    shown = found.comparisons[0].deciding(looks)
    assert (shown.value, shown.low, shown.high, shown.p_value) == (treated - control, None, None, 1)
    assert found.comparisons[0].chance_to_win is None
    assert report.verdict is Verdict.TOO_EARLY


def test_nothing_below_the_line_is_no_ratio_and_no_zero(engine) -> None:
    columns = trial()
    columns["orders"] = np.where(columns["arm"] == "treated", columns["bought"], 0)
    ratio = {"name": "per_order", "numerator": "spend", "denominator": "orders"}
    found = metric(report_of(engine, columns, metrics=["bought", ratio], day="day", segments=["region"]), "per_order")
    assert found.arms[0].value is None
    assert found.arms[1].value > 0
    assert found.problem.en


def test_groups_and_days_with_nothing_below_the_line_are_left_out(engine) -> None:
    columns = trial()
    quiet = (columns["region"] == "north") | (columns["day"] < np.datetime64("2026-03-04"))
    columns["orders"] = np.where(quiet, 0, columns["bought"])
    ratio = {"name": "per_order", "numerator": "spend", "denominator": "orders"}
    report = report_of(engine, columns, metrics=[ratio], day="day", segments=["region"])
    assert "region: north" in report.segments.left_out
    assert len(report.timing[0].days) == 12


def test_a_covariate_that_the_coupon_raised_is_left_out_and_named(engine) -> None:
    columns = trial()
    moved = columns | {"before": columns["before"] + 20 * (columns["arm"] == "treated")}
    spend = {"name": "spend", "covariates": ["before", "bought"]}
    report = report_of(engine, moved, metrics=[spend])
    plain = metric(report_of(engine, columns, metrics=["spend"]), "spend").comparisons[0]
    found = metric(report, "spend")
    assert found.covariates == ()
    assert found.comparisons[0].fixed == plain.fixed
    for name in ("before", "bought"):
        assert any(name in note.en and name in note.zh and "means differ" in note.en for note in report.notes)


def test_only_the_covariate_that_was_moved_is_left_out(engine) -> None:
    columns = trial()
    treated = columns["arm"] == "treated"
    columns["later"] = columns["before"] + 20 * treated + np.random.default_rng(2).normal(0, 5, N)
    both = report_of(engine, columns, metrics=[{"name": "spend", "covariates": ["before", "later"]}])
    good = report_of(engine, columns, metrics=[{"name": "spend", "covariates": ["before"]}])
    assert metric(both, "spend").covariates == ("before",)
    wanted = metric(good, "spend").comparisons[0].fixed
    assert metric(both, "spend").comparisons[0].fixed.value == pytest.approx(wanted.value, rel=1e-9)
    assert metric(both, "spend").comparisons[0].fixed.high == pytest.approx(wanted.high, rel=1e-9)


def test_covariates_that_only_chance_moved_are_kept(engine) -> None:
    kept = 0
    for seed in range(20):
        report = report_of(engine, trial(2000, seed), metrics=[{"name": "spend", "covariates": ["before"]}])
        kept += metric(report, "spend").covariates == ("before",)
    assert kept == 20


def test_units_whose_cost_is_not_known_cost_not_nothing(engine) -> None:
    columns = trial()
    treated = columns["arm"] == "treated"
    columns["cost"] = [2.0 if is_treated else 0.0 for is_treated in treated]
    whole = report_of(engine, columns, metrics=["spend"], cost="cost", missing="drop")
    columns["cost"] = [None if i % 2 else cost for i, cost in enumerate(columns["cost"])]
    half = report_of(engine, columns, metrics=["spend"], cost="cost", missing="drop")
    each = [one.money[0].cost_total / one.money[0].contacted for one in (whole, half)]
    assert each[1] == pytest.approx(each[0])
    assert any("cost" in note.en and "left out" in note.en for note in half.notes)
