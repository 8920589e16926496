"""What each page of the console is given."""

from __future__ import annotations

import console_shop
import duckdb
import pytest
from fastapi.testclient import TestClient

from liuke.app.http import create_app
from liuke.kernel.results import NotEnoughData


def test_overview_agrees_with_the_tables_it_was_made_from(sign_in):
    page = sign_in("analyst").get("/api/overview").json()
    assert page["as_of"] == "2026-03-01"
    db = duckdb.connect()
    db.execute(console_shop.FACTS)
    db.execute(console_shop.RESULTS)
    levels = dict(db.execute("SELECT level, count(*) FROM lake.warnings GROUP BY level").fetchall())
    assert {row["level"]: row["customers"] for row in page["levels"]} == levels
    at_risk = db.execute("SELECT sum(value_at_risk_minor) FROM lake.warnings").fetchall()[0][0]
    assert page["totals"]["value_at_risk_minor"] == at_risk
    churn = page["metrics"][0]
    assert churn["metric"] == "churn_rate"
    expected = db.execute(
        "SELECT period_start, value FROM lake.metrics WHERE metric = 'churn_rate' ORDER BY period_start"
    ).fetchall()
    by_month = {start.isoformat(): value for start, value in expected}
    assert churn["value"] == pytest.approx(by_month["2026-02-01"])
    assert churn["previous"] == pytest.approx(by_month["2026-01-01"])
    assert churn["year_ago"] == pytest.approx(by_month["2025-02-01"])
    assert churn["formula_zh"]
    assert churn["formula_en"]


def test_values_agree_with_the_tables_and_carry_their_intervals(sign_in):
    client = sign_in("analyst")
    db = duckdb.connect()
    db.execute(console_shop.FACTS)
    db.execute(console_shop.RESULTS)
    page = client.get("/api/value").json()
    assert page["groups"][0]["grouping"] == "all"
    assert {row["grouping"] for row in page["groups"]} == {"all", "level", "stage"}
    total = db.execute("SELECT sum(value_minor) FROM lake.customer_values").fetchall()[0][0]
    every = page["groups"][0]
    assert every["value_minor"] == total
    assert every["value_low_minor"] < total < every["value_high_minor"]
    assert every["at_risk_low_minor"] < every["at_risk_minor"] < every["at_risk_high_minor"]
    assert page["margin_rate"] == 0.3
    levels = client.get("/api/value", params={"grouping": "level"}).json()["groups"]
    assert {row["member_of"] for row in levels} == {"red", "orange", "yellow", "blue"}
    assert sum(row["at_risk_minor"] for row in levels) == every["at_risk_minor"]
    customer, value = db.execute("SELECT customer_id, value_minor FROM lake.customer_values LIMIT 1").fetchall()[0]
    shown = client.get(f"/api/customers/{customer}").json()["value"]
    assert (shown["value_minor"], shown["value_model"], shown["value_days"]) == (value, "bg_nbd", 365)
    stranger = db.execute(
        "SELECT customer_id FROM customers WHERE customer_id NOT IN (SELECT customer_id FROM purchases) LIMIT 1"
    ).fetchall()
    assert client.get(f"/api/customers/{stranger[0][0]}").json()["value"] is None


def test_strategies_carry_effects_with_intervals_and_reasons(sign_in):
    strategies = {s["strategy"]: s for s in sign_in("operator").get("/api/overview").json()["strategies"]}
    worked = next(e for e in strategies["second_purchase"]["effects"] if e["metric"] == "repurchase")
    assert (worked["low"], worked["difference"], worked["high"], worked["verdict"]) == (0.008, 0.073, 0.138, "works")
    early = strategies["sleeping_customer"]["effects"][0]
    assert early["difference"] is None
    assert early["reason"]["zh"].startswith("对照组只有 4 人")


def test_customers_are_filtered_sorted_and_paged(sign_in):
    client = sign_in("operator")
    everybody = client.get("/api/customers", params={"page_size": 100}).json()
    assert everybody["total"] == console_shop.N_CUSTOMERS
    risks = [row["value_at_risk_minor"] for row in everybody["rows"]]
    assert risks == sorted(risks, reverse=True)
    pages = [client.get("/api/customers", params={"page": n, "page_size": 100}).json()["rows"] for n in range(1, 8)]
    ids = [row["customer_id"] for page in pages for row in page]
    assert len(ids) == len(set(ids)) == console_shop.N_CUSTOMERS
    assert all(isinstance(customer, str) for customer in ids)


def test_filters_hold_together(sign_in):
    client = sign_in("analyst")
    filters = {"level": ["red", "orange"], "tag": ["lifecycle:lost|dormant", "monthly_spend_minor:20000..60000"]}
    found = client.get("/api/customers", params={**filters, "page_size": 100}).json()
    assert 0 < found["total"] < console_shop.N_CUSTOMERS
    for row in found["rows"][:5]:
        page = client.get(f"/api/customers/{row['customer_id']}").json()
        tags = {tag["key"]: tag["value"] for family in page["families"] for tag in family["tags"]}
        assert row["level"] in {"red", "orange"}
        assert tags["lifecycle"] in {"lost", "dormant"}
        assert 20000 <= tags["monthly_spend_minor"] <= 60000


def test_tag_filter_counts_agree_with_the_values_offered(sign_in):
    client = sign_in("analyst")
    offered = [(tag["key"], value) for tag in client.get("/api/tags").json()["tags"] for value in tag["values"]]
    for key, value in offered:
        found = client.get("/api/customers", params={"tag": f"{key}:{value['value']}", "page_size": 1}).json()
        assert found["total"] == value["customers"], (key, value)
    assert len(offered) > 5


@pytest.mark.parametrize("tag", ["nonsense", "unknown_tag:1", "monthly_spend_minor:a..b", "lifecycle:"])
def test_a_filter_that_is_none_says_so(sign_in, tag):
    answer = sign_in("analyst").get("/api/customers", params={"tag": tag})
    assert answer.status_code == 400
    assert answer.json()["hint"]


def test_sql_in_a_filter_is_only_a_value(sign_in):
    client = sign_in("analyst")
    answer = client.get("/api/customers", params={"tag": "lifecycle:x') OR 1=1 --", "q": ""}).json()
    assert answer["total"] == 0


@pytest.mark.parametrize(
    "q",
    ["13800138000", "138 0013 8000", "+86 13800138000", "１３８００１３８０００", "WANG@example.com", "M10005",
     "Ｍ10005", "王小明",     "王 小明", "100005", "１００００５"],
)  # fmt: skip
def test_a_customer_is_found_by_any_key(sign_in, q):
    found = sign_in("operator").get("/api/customers", params={"q": q}).json()
    assert [row["customer_id"] for row in found["rows"]] == ["100005"]


@pytest.mark.parametrize(
    "q", ["abc", "红色", "张艺涵", "a@b.com", "???", "王小", "8000", "138****8000", "无", "0", "M1000"]
)
def test_what_is_nobodys_finds_nobody(sign_in, q):
    assert sign_in("operator").get("/api/customers", params={"q": q}).json()["total"] == 0


def test_a_merged_identity_leads_to_its_customer(sign_in):
    client = sign_in("operator")
    for q in ("M10007", "900007"):
        assert [r["customer_id"] for r in client.get("/api/customers", params={"q": q}).json()["rows"]] == ["100007"]


def test_personal_values_follow_the_role(sign_in, shop):
    seen = {}
    for role in ("admin", "operator", "analyst"):
        client = sign_in(role)
        contactable = client.get("/api/customers/100005").json()["profile"]["contactable"]
        listed = client.get("/api/customers", params={"q": "100005"}).json()["rows"][0]
        seen[role] = (contactable["visible"], contactable["phone"], listed["phone"])
    assert seen["admin"] == ("clear", "13800138000", "138****8000")
    assert seen["operator"] == ("masked", "138****8000", "138****8000")
    assert seen["analyst"] == ("hidden", None, None)


def test_an_analyst_cannot_search_by_personal_values(sign_in):
    client = sign_in("analyst")
    assert client.get("/api/customers", params={"q": "13800138000"}).json()["total"] == 0
    assert client.get("/api/customers", params={"q": "100005"}).json()["total"] == 1


def test_a_look_in_clear_is_audited_without_the_values(sign_in):
    client = sign_in("admin")
    client.get("/api/customers/100005")
    audit = client.get("/api/admin").json()["audit"]
    assert audit[0]["action"] == "customer.read_personal"
    assert audit[0]["detail"] == {"customer": "100005"}
    assert "13800138000" not in client.get("/api/admin").text


def test_customer_page_has_tags_risk_and_contacts(sign_in):
    page = sign_in("operator").get("/api/customers/100005").json()
    assert [family["family"] for family in page["families"]] == [
        "value", "activity", "lifecycle", "need", "price", "membership", "family"]  # fmt: skip
    weights = [abs(reason["weight"]) for reason in page["risk"]["reasons"]]
    assert weights == sorted(weights, reverse=True)
    assert page["risk"]["level"] == "red"
    assert page["contacts"][0]["strategy"] == "sleeping_customer"
    assert page["arms"][0]["arm"] in {"treated", "control"}


def test_timeline_is_newest_first_filtered_and_complete(sign_in):
    client = sign_in("operator")
    whole = [
        client.get("/api/customers/100005/timeline", params={"page": n, "page_size": 20}).json() for n in (1, 2, 3)
    ]
    days = [row["occurred_on"] for page in whole for row in page["rows"]]
    assert len(days) == whole[0]["total"] == sum(whole[0]["counts"].values())
    assert days == sorted(days, reverse=True)
    orders = client.get("/api/customers/100005/timeline", params={"kind": "order"}).json()
    assert {row["kind"] for row in orders["rows"]} == {"order"}
    assert orders["total"] == whole[0]["counts"]["order"]


@pytest.mark.parametrize("customer", ["1", "abc", "99999999999999999999", "-5"])
def test_an_unknown_customer_is_a_404_in_json(sign_in, customer):
    answer = sign_in("operator").get(f"/api/customers/{customer}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "no_such_customer"


def test_data_page_accounts_for_every_row(sign_in):
    page = sign_in("analyst").get("/api/data").json()
    load = page["loads"][0]
    assert load["loaded"] + sum(one["rows"] for one in load["filtered"] + load["quarantined"]) == load["rows"]
    told = {"zh": "“amount”不是金额", "en": "amount is not an amount"}
    kept_before_reasons_had_keys = {"zh": "date is no date", "en": "date is no date"}
    by_reason = [(told, 14), (kept_before_reasons_had_keys, 5)]
    assert [(one["reason"], one["rows"]) for one in page["quarantine"]] == by_reason
    assert [(one["reason"], one["rows"]) for one in load["quarantined"]] == by_reason
    assert [table["name"] for table in page["tables"]] == ["orders", "events", "customer_tags"]


def test_outreach_counts_messages_by_state_and_reason(sign_in):
    outbox = sign_in("operator").get("/api/outreach").json()["outbox"]
    assert {(row["state"], row["reason"]): row["messages"] for row in outbox} == {
        ("held", "no_consent"): 20, ("sent", ""): 10}  # fmt: skip


def test_administration_is_for_administrators(sign_in):
    assert sign_in("operator").get("/api/admin").status_code == 403
    page = sign_in("admin").get("/api/admin").json()
    assert [run["step"] for run in page["runs"]] == ["predict", "measure", "tag", "resolve", "ingest"]
    assert {user["name"] for user in page["users"]} == {"admin", "operator", "analyst"}


def test_before_the_first_run_the_pages_say_what_to_do(tmp_path):
    shop = console_shop.make_shop(tmp_path, published=False)
    with TestClient(create_app(shop), headers={"X-Liuke-Request": "test"}) as client:
        assert client.get("/api/health").json() == {"status": "ok", "published": False, "as_of": None}
        client.post("/api/session", json={"name": "admin", "password": console_shop.PASSWORD})
        answer = client.get("/api/overview")
        assert answer.status_code == 503
        assert "liuke run" in answer.json()["hint"]
        assert client.get("/api/data").status_code == 200
        console_shop.publish_shop(shop)
        assert client.get("/api/overview").status_code == 200


def test_not_enough_data_is_a_result_with_a_reason(shop, sign_in):
    note = NotEnoughData("复购客户太少", "Too few repeat buyers", have=12, need=200)
    relations = {name: f"lake.{name}" for name in console_shop.LOOP_TABLES if name not in {"churn_scores", "warnings"}}
    console_shop.publish_shop(shop, relations=relations, notes={"churn": note})
    client = sign_in("operator")
    page = client.get("/api/overview").json()
    assert page["levels"] == []
    assert page["notes"]["churn"]["reason_zh"] == "复购客户太少"
    assert client.get("/api/customers/100005").json()["note"]["need"] == 200
