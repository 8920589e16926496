"""What the report says beside the scorecards: parts, timing, graduation, drift; and its page."""

from __future__ import annotations

from datetime import date, timedelta
from html.parser import HTMLParser

import numpy as np
import pytest
from shipped_churn import FEATURES, STRATA

from liuke.kernel import ShopProfile
from liuke.predict.churn import ChurnReport, ChurnService, ChurnSettings, churn_page
from liuke.predict.churn.population import months_before, read_outcomes
from liuke.predict.churn.timing import curves, grid, judge_timing, median_days
from liuke.store.lake import Lake

START = date(2024, 1, 1)
END = START + timedelta(days=400)
SETTINGS = ChurnSettings(min_repeat_buyers=50, max_train_origins=2, num_threads=1)


def _service(past, folder) -> ChurnService:
    lake = Lake(folder / "lake")
    return ChurnService(past, lake, ShopProfile(), SETTINGS, folder / "models", FEATURES, STRATA)


@pytest.fixture(scope="module")
def report(lively, past_class, tmp_path_factory) -> ChurnReport:
    folder = tmp_path_factory.mktemp("report")
    one = _service(past_class(lively), folder)
    found = one.evaluate(END, rng_seed=1)
    assert isinstance(found, ChurnReport)
    return found


def test_every_customer_is_in_one_part_of_each_kind(report):
    for kind in ("history", "lifecycle", "value_tier"):
        groups = [one for one in report.active.groups if one.kind == kind]
        assert sum(one.n for one in groups) == report.active.n_final
        assert all(one.churn_low <= one.predicted <= one.churn_high for one in groups)
    assert {one.group for one in report.active.groups if one.kind == "lifecycle"} <= {"new", "growing", "mature"}


def test_horizon_and_window_can_be_those_of_somebody_elses_protocol(lively, past_class, tmp_path, report):
    one = _service(past_class(lively), tmp_path)
    other = one.evaluate(END, horizon_days=45, window_days=40)
    assert isinstance(other, ChurnReport)
    assert (other.horizon.horizon_days, other.window_days) == (45, 40)
    assert other.plan.final == END - timedelta(days=45)
    assert report.horizon.horizon_days != 45
    assert one.models.versions() == []


def test_the_page_stands_alone_and_speaks_both_languages(report):
    page = churn_page(report, FEATURES.titles, "en")
    assert '<html lang="en">' in page
    assert "http" not in page.replace("http-equiv", "")
    assert report.verdict_en() in page
    assert report.verdict_zh() in page
    assert report.categories is not None
    assert report.categories.say_zh() in page

    class Balance(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "circle", "polygon", "line"):
                self.open.append(tag)

        def handle_endtag(self, tag):
            if tag not in ("meta", "circle", "polygon", "line"):
                assert self.open.pop() == tag

    balance = Balance()
    balance.feed(page)
    assert balance.open == []


def test_curves_fall_and_end_at_the_probability_of_churn():
    raw = np.array([[0.9, 0.8, 0.7, 0.6], [0.5, 0.3, 0.2, 0.1], [1.0, 1.0, 1.0, 1.0]])
    churn = np.array([0.3, 0.5, 0.9])
    bent = curves(raw, churn)
    assert bent[:, -1].tolist() == churn.tolist()
    assert (np.diff(bent, axis=1) <= 1e-12).all()
    days = median_days(bent, 40)
    assert 20 < days[0] < 40
    assert days[1] == pytest.approx(40)
    assert np.isnan(days[2])


def test_timing_is_judged_by_when_they_came():
    rng = np.random.default_rng(0)
    rate = rng.choice([0.002, 0.05], 4000)
    waits = rng.exponential(1 / rate)
    days = np.where(waits < 40, np.floor(waits), np.nan)
    truth = np.exp(-rate[:, None] * grid(40))
    told = judge_timing(truth, truth[:, -1], days, 40)
    assert told.days == (10, 20, 30, 40)
    assert told.expected == pytest.approx(told.silent, abs=0.02)
    assert told.brier < told.brier_same - 0.05
    assert told.concordance > 0.7
    blind = judge_timing(np.full((4000, 4), 0.5), np.full(4000, 0.5), days, 40)
    assert blind.concordance == pytest.approx(0.5)


def test_a_family_whose_children_have_outgrown_the_shop_has_graduated_and_not_churned(past_class):
    past = past_class([(customer, 10, 100) for customer in range(1, 6)] + [(2, 110, 100)])
    with past.at(START + timedelta(days=160)) as later:
        old, young = date(2017, 1, 1), date(2022, 1, 1)
        later.connection.execute(
            "INSERT INTO children VALUES (1, 1, ?, NULL, NULL), (2, 1, ?, NULL, NULL), (3, 1, ?, NULL, NULL), "
            "(3, 2, ?, NULL, NULL), (4, 1, ?, NULL, NULL), (4, 2, NULL, ?, NULL)",
            [old, old, old, young, old, date(2024, 9, 1)],
        )
        found = read_outcomes(later, np.arange(1, 6), START + timedelta(days=100), 60)
    # 1 grew up; 2 still buys; 3 has a younger one, 4 expects one, of 5 nothing is known
    assert found.graduated.tolist() == [True, False, False, False, False]
    assert found.churned.tolist() == [1, 0, 1, 1, 1]
    assert np.nan_to_num(found.days, nan=-1).tolist() == [-1, 10, -1, -1, -1]


def test_months_are_counted_by_the_calendar():
    assert months_before(date(2024, 3, 31), 72) == date(2018, 3, 1)
    assert months_before(date(2024, 1, 1), 1) == date(2023, 12, 1)
