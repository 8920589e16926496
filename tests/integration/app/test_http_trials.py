"""Trials over HTTP: planned, started, read, rolled back; who may, and what a wrong request is told."""

from __future__ import annotations

import json
from datetime import timedelta

import console_shop
import pytest
from trial_shop import START, TrialShop

from liuke.app import access
from liuke.learn.experiments import Baseline, PlanningFacts, trial_from
from liuke.learn.experiments.tables import trial_facts

STAGES = [0.05, 0.2, 0.5, 1.0]
PLANNED = {"strategy": "second_purchase", "changes": {"id": "spring", "rollout": {"stages": STAGES}}}


@pytest.fixture
def operator(sign_in):
    return sign_in("operator")


@pytest.fixture
def facts(shop):
    found = PlanningFacts(
        "second_purchase", console_shop.AS_OF, 28, "control", 500, 40.0,
        (Baseline("repurchase", 0.3, 0.21, 0.5), Baseline("margin", 900.0, 4e6, 0.4)),
    )  # fmt: skip
    with shop.operations.begin() as connection:
        row = {"kind": "planning", "key": "second_purchase", "as_of": console_shop.AS_OF}
        connection.execute(trial_facts.insert().values(**row, facts=json.dumps(found.tree())))


def test_a_trial_is_planned_drafted_started_and_rolled_back_with_a_trail(operator, shop, facts):
    planned = operator.post("/api/trials/plan", json=PLANNED).json()
    assert planned["metrics"][0]["metric"] == "repurchase"
    assert planned["metrics"][0]["units"] == planned["metrics"][0]["units_without_cuped"]  # it rests while shares grow
    one_share = {**PLANNED, "changes": {**PLANNED.get("changes", {}), "rollout": {"stages": [0.5]}}}
    first = operator.post("/api/trials/plan", json=one_share).json()["metrics"][0]
    assert first["units"] < first["units_without_cuped"]
    assert operator.get("/api/trials").json()["trials"] == []  # a plan keeps nothing
    drafted = operator.post("/api/trials", json=PLANNED)
    assert (drafted.status_code, drafted.json()["state"]) == (201, "draft")
    started = operator.post("/api/trials/spring/start").json()
    assert (started["state"], started["treated_share"], started["stages"]) == ("running", 0.05, STAGES)
    refused = operator.post("/api/trials", json=PLANNED)
    assert refused.status_code == 422
    assert "cannot be changed" in refused.json()["message"]
    back = operator.post("/api/trials/spring/roll-back", json={"why": "stock is short"}).json()
    assert (back["state"], back["treated_share"]) == ("paused", 0)
    whole = operator.get("/api/trials/spring").json()
    assert [one["action"] for one in whole["events"]] == ["planned", "started", "rolled_back"]
    assert whole["progress"]["planned"] > 0
    with shop.operations.read() as connection:
        rows = access.recent(connection, 10)
        assert access.first_broken_entry(connection) is None
    assert {(one.actor, one.action) for one in rows} >= {
        ("operator", f"trial.{action}") for action in ("planned", "started", "rolled_back")
    }


def test_a_read_trial_shows_its_numbers_in_both_languages(operator, shop):
    document = trial_from({"language": 1, "id": "hello", "strategy": "hello", "horizon_days": 14, "control_share": 0.5,
                           "rollout": {"stages": [0.5]}})  # fmt: skip
    life = TrialShop(shop.operations, document, seed=11, effect=0.2, per_week=2_000)  # enough to rule unsubscribes out
    life.live(4)
    row = operator.get("/api/trials").json()["trials"][0]
    assert (row["verdict"], row["verdict_words"]) == ("works", {"zh": "有效", "en": "works"})
    whole = operator.get("/api/trials/hello").json()
    assert whole["reason_words"] == {"zh": "已推广", "en": "rolled out"}
    analysis = whole["report"]["analysis"]
    metric = analysis["metrics"][0]
    assert metric["name"] == "repurchase"
    assert metric["comparisons"][0]["sequential"]["low"] > 0
    assert analysis["split"]["broken"] is False
    assert analysis["reason"]["zh"]
    assert whole["report"]["gain"]["cost"] == 5 * whole["money"]["treated_n"]
    assert whole["money"]["booked_minor"] > 0
    assert whole["metrics"][0]["zh"] == "复购"
    assert START + timedelta(weeks=2) <= life.day


@pytest.mark.parametrize(
    "path", ["/api/trials", "/api/trials/x/start", "/api/trials/x/stop", "/api/trials/x/roll-back"]
)
def test_who_may_not_change_trials_is_told_so(sign_in, path):
    answer = sign_in("analyst").post(path, json=PLANNED if path == "/api/trials" else {"why": ""})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_nobody_looks_without_signing_in(client):
    assert client.get("/api/trials").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "word"),
    [
        ("get", "/api/trials/nope", None, 404, "no trial 'nope'"),
        ("post", "/api/trials/plan", {"strategy": "nope"}, 404, "no strategy nope"),
        ("post", "/api/trials/plan", {}, 422, "Give a document or a strategy"),
        (
            "post",
            "/api/trials/plan",
            {"document": {"language": 1, "id": "a", "strategy": "b", "x": 1}},
            422,
            "x: Extra",
        ),
        ("get", "/api/trials/pilot?by=province", None, 422, "not enough history"),
    ],
)
def test_a_wrong_request_names_what_is_wrong(operator, method, path, body, status, word):
    answer = getattr(operator, method)(path, **({"json": body} if body is not None else {}))
    assert answer.status_code == status
    assert word in answer.json()["message"]


def test_a_pilot_shows_its_balance(operator, shop):
    groups = [
        {
            "group": name,
            "customers": n,
            "revenue_minor": n * 100,
            "totals": [n * m] * 5,
            "squares": [n * (m * m + 1)] * 5,
        }
        for name, n, m in (("甲", 100, 2.0), ("乙", 110, 2.1), ("丙", 300, 2.0), ("丁", 100, 5.0))
    ]
    with shop.operations.begin() as connection:
        row = {"kind": "groups", "key": "province", "as_of": console_shop.AS_OF}
        connection.execute(trial_facts.insert().values(**row, facts=json.dumps(groups)))
    found = operator.get("/api/trials/pilot?by=province&share=0.2&max_groups=1").json()
    assert found["groups"] == ["乙"]
    given = operator.get("/api/trials/pilot?by=province&group=丁").json()
    assert not given["balanced"]
    assert operator.get("/api/trials/pilot/groups").json()["groups"][0]["group"] == "甲"
