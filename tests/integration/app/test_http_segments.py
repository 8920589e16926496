"""Segments over HTTP: the operator's way to the same objects that stand in files."""

from __future__ import annotations

import console_shop
import pytest

from liuke.app import access
from liuke.understand.segments import parse_definition, parse_yaml

LOST = {"kind": "tag", "tag": "lifecycle", "test": {"op": "in", "values": ["lost", "dormant"]}}
BOUGHT = {"kind": "event", "source": "purchases", "how": "did", "days": 30}
LEFT_CART = {
    "kind": "sequence", "then": "did_not", "within_days": 3, "days": 30,
    "first": {"source": "events", "where": [{"column": "event", "test": {"op": "eq", "value": "cart_add"}}]},
    "second": {"source": "purchases", "where": []},
}  # fmt: skip


def document(rule, key="sleepers"):
    return {"language": 1, "key": key, "name": {"zh": "沉睡的人", "en": "Sleepers"}, "rule": rule}


def preview(client, rule, **more):
    return client.post("/api/segments/preview", json={"definition": document(rule), **more})


@pytest.fixture
def operator(sign_in):
    return sign_in("operator")


def test_a_rule_is_counted_while_it_is_edited(operator, shop):
    answer = preview(operator, {"kind": "all", "of": [LOST, {"kind": "not", "of": BOUGHT}]}).json()
    assert 0 < answer["count"] < answer["customers"] == console_shop.N_CUSTOMERS
    assert answer["as_of"] == "2026-03-01"
    assert answer["told"]["zh"].splitlines()[1] == "  生命周期为 流失、沉睡"
    assert len(answer["sample"]) == 5
    assert all(isinstance(one["customer_id"], str) for one in answer["sample"])
    whole = preview(operator, {"kind": "any", "of": [LOST, {"kind": "not", "of": LOST}]}).json()
    assert whole["count"] == console_shop.N_CUSTOMERS
    only = [preview(operator, rule).json()["count"] for rule in (BOUGHT, {**BOUGHT, "how": "did_not"})]
    assert sum(only) == console_shop.N_CUSTOMERS
    assert preview(operator, LEFT_CART).json()["count"] > 0


def test_purchases_agree_with_the_customer_list(operator):
    row = operator.get("/api/customers?sort=orders&page_size=1").json()["rows"][0]
    most = {"kind": "event", "source": "purchases", "how": "count", "test": {"op": "gte", "value": row["n_orders"]}}
    some = preview(operator, most, sample=20).json()
    assert {one["n_orders"] for one in some["sample"]} == {row["n_orders"]}


def test_what_reaches_further_back_is_left_to_the_night(operator):
    ever = {"kind": "event", "source": "events", "how": "did_not"}
    answer = preview(operator, ever).json()
    assert answer["count"] is None
    assert "last 400 days" in answer["nightly"]["reason"]
    assert operator.put("/api/segments/sleepers", json=document(ever)).status_code == 200


def test_saved_is_the_same_object_as_in_a_file(operator, shop):
    saved = operator.put("/api/segments/sleepers", json=document(LOST))
    assert saved.status_code == 200, saved.text
    detail = operator.get("/api/segments/sleepers").json()
    by_api = parse_definition(detail["definition"])
    assert by_api == parse_definition(document(LOST)) == parse_yaml(by_api.yaml())
    row = operator.get("/api/segments").json()["segments"][0]
    assert (row["key"], row["origin"], row["size"]) == ("sleepers", "console", None)
    with shop.operations.read() as connection:
        newest = access.recent(connection, 1)[0]
    assert (newest.actor, newest.action) == ("operator", "segment.save")
    assert newest.detail == {"segment": "sleepers", "version": row["version"]}


def test_a_file_is_shown_and_not_changed_from_here(operator, shop):
    folder = shop.workspace.segments_dir
    folder.mkdir()
    (folder / "sleepers.yaml").write_text(parse_definition(document(LOST)).yaml(), encoding="utf-8")
    row = operator.get("/api/segments").json()["segments"][0]
    assert row["origin"] == "file"
    for refused in (
        operator.put("/api/segments/sleepers", json=document(BOUGHT)),
        operator.delete("/api/segments/sleepers"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "segment_in_file")


def test_overlap_freeze_reach_and_archive(operator, sign_in):
    operator.put("/api/segments/sleepers", json=document(LOST))
    operator.put("/api/segments/buyers", json=document(BOUGHT, "buyers"))
    overlap = operator.post("/api/segments/overlap", json={"keys": ["sleepers", "buyers"]}).json()
    cells = {(one["left"], one["right"]): one["customers"] for one in overlap["cells"]}
    both = preview(operator, {"kind": "all", "of": [LOST, BOUGHT]}).json()["count"]
    assert cells["sleepers", "buyers"] == cells["buyers", "sleepers"] == both
    assert cells["sleepers", "sleepers"] == preview(operator, LOST).json()["count"]

    frozen = operator.post("/api/segments/sleepers/freeze").json()
    assert (frozen["customers"], frozen["as_of"]) == (cells["sleepers", "sleepers"], "2026-03-01")
    assert operator.get("/api/segments/sleepers").json()["frozen"] == [frozen]

    reach = operator.get("/api/segments/sleepers/reach").json()
    assert reach["members"] == reach["asked"] == frozen["customers"]
    assert [one["channel"] for one in reach["channels"]] == ["email", "sms"]
    assert all(one["customers"] == 0 for one in reach["channels"])  # nobody in this shop has consented

    operator.put("/api/segments/both", json=document({"kind": "segment", "segment": "sleepers"}, "both"))
    assert operator.delete("/api/segments/sleepers").json()["code"] == "segment_in_use"
    assert operator.delete("/api/segments/both").status_code == 204
    assert operator.delete("/api/segments/sleepers").status_code == 204
    assert [one["key"] for one in operator.get("/api/segments").json()["segments"]] == ["buyers"]


def test_an_analyst_looks_and_does_not_change(sign_in):
    analyst = sign_in("analyst")
    answer = preview(analyst, LOST).json()
    assert answer["count"] > 0
    assert {one["name"] for one in answer["sample"]} == {None}
    for refused in (analyst.put("/api/segments/sleepers", json=document(LOST)), analyst.delete("/api/segments/x"),
                    analyst.post("/api/segments/x/freeze")):  # fmt: skip
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_nobody_asks_unsigned(client):
    assert client.get("/api/segments").status_code == 401
    assert preview(client, LOST).status_code == 401


@pytest.mark.parametrize(
    ("rule", "status", "said"),
    [
        ({"kind": "tag", "tag": "no_such", "test": {"op": "known"}}, 400, "unknown tag"),
        ({"kind": "segment", "segment": "sleepers"}, 400, "sleepers -> sleepers"),
        ({"kind": "segment", "segment": "other"}, 400, "unknown segment"),
        ({"kind": "expression", "text": "read_csv('/etc/passwd') is null"}, 400, "READ_CSV"),
        ({"kind": "expression", "text": "monthly_spend_minor"}, 400, "not yes or no"),
        ({"kind": "tag", "tag": "lifecycle", "test": {"op": "resembles", "value": 1}}, 422, "resembles"),
        ({"kind": "all", "of": [LOST] * 300}, 422, "more than 200 conditions"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_a_problem_with_words(operator, rule, status, said):
    for answer in (preview(operator, rule), operator.put("/api/segments/sleepers", json=document(rule))):
        assert answer.status_code == status, answer.text
        assert said in answer.json()["message"]


@pytest.mark.parametrize("depth", [30, 900, 100_000])
def test_a_deep_body_is_refused_by_the_server(operator, depth):
    rule = '{"kind":"not","of":' * depth + '{"kind":"random","share":0.5}' + "}" * depth
    body = '{"definition":{"language":1,"key":"x","name":{"zh":"a","en":"b"},"rule":' + rule + "}}"
    answer = operator.post("/api/segments/preview", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert operator.get("/api/health").status_code == 200


def test_the_nights_sizes_are_shown(shop, operator):
    operator.put("/api/segments/sleepers", json=document(LOST))
    size = {
        "segment": "sleepers",
        "version": "v",
        "as_of": "2026-03-01",
        "customers": 12,
        "entered": 3,
        "left": 1,
        "because": "data",
    }
    console_shop.publish_shop(shop, shop.clock(), segments=[size])
    row = operator.get("/api/segments").json()["segments"][0]
    assert row["size"] == {key: value for key, value in size.items() if key != "segment"}
