"""Versions of the churn model: promotion by comparison, roll-back, cards."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from shipped_churn import FEATURES, STRATA

from liuke.kernel import NotEnoughData, ShopProfile
from liuke.predict.churn import ChurnReport, ChurnService, ChurnSettings, NoModelError
from liuke.predict.churn.models.rhythm import BASIS
from liuke.predict.churn.shelf import ModelShelf
from liuke.store.lake import Lake

START = date(2024, 1, 1)
END = START + timedelta(days=400)
SETTINGS = ChurnSettings(min_repeat_buyers=50, max_train_origins=2, num_threads=1)


def service(past, folder, settings=SETTINGS, **more) -> ChurnService:
    given = {"features": FEATURES, "strata": STRATA} | more
    return ChurnService(past, Lake(folder / "lake"), ShopProfile(), settings, folder / "models", **given)


@pytest.fixture(scope="module")
def first_models(past_class, lively, tmp_path_factory):
    """Train once; tests change copies."""
    folder = tmp_path_factory.mktemp("first")
    service(past_class(lively), folder).train_and_evaluate(END - timedelta(days=7))
    return folder / "models"


@pytest.fixture
def trained(past_class, lively, first_models, tmp_path) -> ChurnService:
    shutil.copytree(first_models, tmp_path / "models")
    return service(past_class(lively), tmp_path)


def test_the_first_model_is_in_use_and_no_better_one_leaves_it_there(trained):
    first = trained.models.history()
    assert [one.action for one in first] == ["first"]
    later = trained.run(END)
    assert isinstance(later.outcome, ChurnReport)
    decisions = trained.models.history()
    assert [one.action for one in decisions] == ["first", "kept"]
    assert decisions[1].active == first[0].active == later.model_version
    assert decisions[1].trained != first[0].active
    assert "not clearly better" in decisions[1].reason_en
    assert "没有明显更好" in decisions[1].reason_zh
    assert decisions[1].gain["low"] <= 0
    # nothing is decided twice: the day again trains nothing, the past still knows only the first
    assert trained.run(END).outcome is None
    assert len(trained.models.history()) == 2
    assert len(trained.models.history(END - timedelta(days=1))) == 1


def test_a_model_that_talks_nonsense_is_beaten(trained):
    shelf = trained.models
    good = shelf.latest()
    mad = replace(good, calibrator=replace(good.calibrator, kind="platt", x=(), y=(0.2, 3.0)))
    shelf.save(mad)
    shelf.choose(mad.version, END - timedelta(days=6), "ada")
    trained.train_and_evaluate(END)
    last = shelf.history()[-1]
    assert (last.action, last.against) == ("promoted", mad.version)
    assert last.active == last.trained
    assert last.gain["low"] > 0


def test_rolling_back_is_one_call_and_can_be_repeated(trained):
    shelf = trained.models
    with pytest.raises(NoModelError, match="no earlier"):
        shelf.roll_back(END, "ada")
    trained.train_and_evaluate(END)
    first, second = shelf.versions()
    shelf.choose(second, END, "ada")
    assert shelf.latest(END).version == second
    back = shelf.roll_back(END, "ada")
    assert (back.action, back.active, back.against) == ("rolled back", first, second)
    assert shelf.latest(END).version == first
    assert trained.score(END)["model_version"].to_pylist()[0] == first
    assert shelf.roll_back(END, "ada").active == second


def test_a_changed_definition_of_a_feature_replaces_the_model(past_class, lively, features_of_sql, tmp_path):
    past = past_class(lively)
    sql = "SELECT customer_id, count(*) AS n FROM purchases GROUP BY 1"
    service(past, tmp_path, features=features_of_sql(sql, ("n",))).train_and_evaluate(END - timedelta(days=9))
    changed = features_of_sql(sql.replace("count(*)", "2 * count(*)"), ("n",))
    changed.hashes = {"n": "another"}
    one = service(past, tmp_path, features=changed)
    with pytest.raises(NoModelError):
        one.score(END)
    one.train_and_evaluate(END)
    assert [each.action for each in one.models.history()] == ["first", "replaced"]
    # a new feature beside the old ones leaves the model usable
    more = features_of_sql("SELECT customer_id, 1 AS m, 2 * count(*) AS n FROM purchases GROUP BY 1", ("m", "n"))
    more.hashes = {"m": "new", "n": "another"}
    wider = service(past, tmp_path, features=more)
    assert wider.score(END).num_rows > 0
    wider.train_and_evaluate(END + timedelta(days=9))
    assert wider.models.history()[-1].action in ("kept", "promoted")


def test_a_changed_horizon_replaces_the_model(trained, past_class, lively, tmp_path):
    other = service(past_class(lively), tmp_path, SETTINGS.model_copy(update={"horizon_days": 35}))
    other.train_and_evaluate(END)
    last = other.models.history()[-1]
    assert last.action == "replaced"
    assert other.models.latest().horizon_days == 35


def test_a_thin_period_leaves_the_model_in_use(trained, past_class, lively, tmp_path):
    picky = SETTINGS.model_copy(update={"min_class": 10_000})
    one = service(past_class(lively), tmp_path, picky)
    run = one.run(END)
    assert isinstance(run.outcome, NotEnoughData)
    assert run.scores.num_rows > 0
    assert run.model_version == trained.models.latest().version
    old = service(past_class(lively), tmp_path, picky.model_copy(update={"max_model_age_days": 5})).run(END)
    assert old.scores.num_rows == 0


def test_what_is_loaded_says_the_same_as_what_was_saved(trained, tmp_path):
    model = trained.models.latest()
    again = ModelShelf(tmp_path / "models" / "churn").load(model.version)
    rng = np.random.default_rng(0)
    features, basis = rng.normal(size=(50, len(model.trees.names))), rng.normal(size=(50, len(BASIS)))
    assert (again.probability(features, basis) == model.probability(features, basis)).all()
    parts = again.trees.contributions(features, basis)
    raw = again.trees.probability(features, basis)
    spread = np.log(raw / (1 - raw)) - parts.sum(axis=1)
    assert np.ptp(spread) < 1e-6  # attributions add up to the log-odds, but for one number


def test_the_card_says_in_both_languages_how_good_it_is(trained):
    shelf = trained.models
    version = shelf.latest().version
    told = shelf.describe(version)
    english, chinese = shelf.card(version, "en"), shelf.card(version, "zh")
    assert told["report"]["verdict_en"] in english
    assert told["report"]["verdict_zh"] in chinese
    assert "What not to do with it" in english
    assert "不要用来做什么" in chinese
    assert "majority" in english
    assert (shelf.folder / version / "card.en.md").read_text("utf-8") == english
    with pytest.raises(NoModelError, match="no churn model 2001"):
        shelf.describe("2001-01-01-abc")
