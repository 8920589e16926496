"""A refusal counts wherever it stands in a file; a grant only as part of a loaded row."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from liuke.collect.consent import ConsentLedger, consents
from liuke.kernel import stable_id

NOW = datetime(2026, 3, 1, 12)
CRM = """
    language: 1
    source: crm
    files: files/crm.csv
    format: csv
    max_bad_share: {share}
    columns: {{at: timestamp, joined: date, n: integer}}
    identity: {{namespace: member, key: member_no}}
    emit:
      - {{table: customers, fields: {{registered: joined, occurred: joined}}}}
      - table: consents
        when: at is not null
        fields: {{purpose: purpose, channel: channel, granted: said, occurred: at}}
"""
HEAD = "member_no,joined,n,purpose,channel,said,at\n"
GRANTED = "yes,2026-01-05 10:00:00"
AFTER = "2026-02-01 10:00:00"
GOOD = ",2026-01-01,1,marketing,email,yes,2026-01-05 10:00:00\n"


@pytest.fixture
def crm(shop: Any) -> Any:
    (shop.workspace.sources_dir / "orders.yaml").unlink()
    shop.mapping(CRM.format(share=0.9), "crm.yaml")
    shop.mapping(CRM.format(share=0.9).replace("crm", "older"), "older.yaml")
    members = ("A", "B", "C")
    shop.file("older.csv", HEAD + "".join(member + GOOD for member in members))
    shop.ingest(NOW - timedelta(days=20))
    assert agreeing(shop) == set(members)
    return shop


def agreeing(shop: Any, channel: str = "email", at: datetime = NOW) -> set[str]:
    names = {stable_id("member", name): name for name in ("A", "B", "C", "D")}
    with shop.operations.read() as connection:
        found = ConsentLedger().may_contact(connection, list(names), "marketing", channel, at)
    return {names[one] for one in found}


def lines(shop: Any, *rows: str, name: str = "crm.csv") -> None:
    shop.file(name, HEAD + "".join(f"{row}\n" for row in rows))


@pytest.mark.parametrize(
    "row",
    [
        f"A,2026-01-01,1,marketing,email,no,{AFTER}",
        f"A,31.02.2026,1,marketing,email,no,{AFTER}",  # another column of the row is broken
        f"A,2026-01-01,x,marketing,email,no,{AFTER}",
        f"A,31.02.2026,x,,,no,{AFTER}",  # all of them are
        f"A,2026-01-01,1,,email,no,{AFTER}",  # no purpose: of marketing
        f"A,2026-01-01,1,whatever,email,no,{AFTER}",
        f"A,2026-01-01,1,marketing,,no,{AFTER}",  # no medium: of all
        f"A,2026-01-01,1,marketing,elsewhere,不同意,{AFTER}",
        f"A,2026-01-01,1,marketing,邮件,退订,{AFTER}",
        f"A,2026-01-01,1,marketing,email,maybe,{AFTER}",  # an answer that can't be read
        f"A,2026-01-01,1,marketing,email,,{AFTER}",
        "A,2026-01-01,1,marketing,email,no,2026-13-45",  # a moment that can't, on which `when` depends
        "A,31.02.2026,1,marketing,email,maybe,gestern",
        "A,2026-01-01,1,marketing,email,no,2026-01-05 10:00:00",  # at the instant of the grant
        "A,2026-01-01,1,marketing,email,no,2026-01-05",  # on the day of the grant
        "A,2026-01-01,1,marketing,email,no,2031-01-01 10:00:00",  # by a clock that runs ahead
    ],
)
def test_a_refusal_stops_and_nobody_else_is_stopped(crm: Any, row: str) -> None:
    lines(crm, row, "D" + GOOD)
    crm.ingest(NOW)
    assert agreeing(crm) == {"B", "C", "D"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (f"D,2026-01-01,1,marketing,elsewhere,yes,{AFTER}", "channel is no known medium"),
        (f"D,2026-01-01,1,whatever,email,yes,{AFTER}", "purpose is no known purpose"),
        (f"D,31.02.2026,1,marketing,email,yes,{AFTER}", "joined is not a date"),
        (f"***,2026-01-01,1,marketing,email,no,{AFTER}", "member_no is masked or a placeholder, no key"),
    ],
)
def test_a_grant_that_isnt_clear_grants_nothing_and_is_listed(crm: Any, row: str, says: str) -> None:
    lines(crm, row, *("C" + GOOD.strip() for _ in range(1)))
    (load,) = crm.ingest(NOW).loads
    assert [reason for reason in load.quarantined if says in reason]
    assert agreeing(crm) == {"A", "B", "C"}


def test_an_unclear_refusal_ends_when_its_row_is_released(crm: Any) -> None:
    lines(crm, f"A,2026-01-01,1,marketing,email,jein,{AFTER}", "D" + GOOD.strip())
    crm.ingest(NOW)
    assert agreeing(crm) == {"B", "C", "D"}
    crm.mapping(CRM.format(share=0.9).replace("granted: said", "granted: \"replace(said, 'jein', 'yes')\""), "crm.yaml")
    crm.ingestor.release(NOW + timedelta(hours=1))
    assert agreeing(crm, at=NOW + timedelta(hours=2)) == {"A", "B", "C", "D"}


def test_an_unclear_refusal_ends_with_a_corrected_file_that_speaks_of_it_only(crm: Any) -> None:
    lines(crm, *(f"{who},2026-01-01,1,marketing,email,maybe,{AFTER}" for who in "ABC"), *["D" + GOOD.strip()] * 3)
    crm.ingest(NOW)
    assert agreeing(crm) == {"D"}
    lines(crm, f"A,2026-01-01,1,marketing,email,yes,{AFTER}", f"B,2026-01-01,1,marketing,email,no,{AFTER}")
    crm.ingest(NOW + timedelta(hours=1))
    assert agreeing(crm, at=NOW + timedelta(hours=2)) == {"A"}  # of C nothing was said; D's grant was taken back


def test_a_rolling_file_with_a_bad_moment_does_not_beat_a_grant_given_since(crm: Any) -> None:
    bad = "A,2026-01-01,1,marketing,email,no,2026-13-45"
    lines(crm, bad, "D" + GOOD.strip())
    crm.ingest(NOW)
    lines(crm, "A,2026-01-01,1,marketing,email,yes,2026-03-02 10:00:00", name="later.csv")
    crm.mapping(CRM.format(share=0.9).replace("crm", "later"), "later.yaml")
    lines(crm, bad, "D" + GOOD.strip(), "C" + GOOD.strip())
    crm.ingest(NOW + timedelta(days=2))
    assert "A" in agreeing(crm, at=NOW + timedelta(days=3))


def test_a_file_that_is_refused_as_a_whole_is_heard_and_only_once(crm: Any) -> None:
    crm.mapping(CRM.format(share=0.1), "crm.yaml")
    lines(crm, f"A,31.02.2026,x,marketing,email,no,{AFTER}", f"B,2026-01-01,1,marketing,email,no,{AFTER}")
    for day in range(3):
        assert len(crm.ingest(NOW + timedelta(days=day)).refused) == 1
    assert agreeing(crm) == {"C"}
    with crm.operations.read() as connection:
        refusals = sa.select(sa.func.count()).select_from(consents).where(consents.c.granted.is_(False))
        assert connection.scalar(refusals) == 2


EVENTS = """
    language: 1
    source: mailtool
    files: files/mailtool.csv
    format: csv
    max_bad_share: 1
    columns: {at: timestamp}
    occurred: at
    identity: {namespace: member, key: member_no}
    emit: [{table: %s}]
"""
BY_EVENT = "events, fields: {event: what, channel: channel}"
BY_TOUCH = "touches, fields: {channel: channel, status: what}"


@pytest.mark.parametrize(
    ("table", "what", "channel", "stopped"),
    [
        (BY_EVENT, "unsubscribed", "app", {"email", "sms"}),
        (BY_EVENT, "unsubscribed", "email", {"email"}),
        (BY_EVENT, "unsubscribed", "wechat", {"email", "sms"}),
        (BY_EVENT, "hard_bounce", "email", {"email"}),  # not in the catalogue: quarantined, and heard
        (BY_EVENT, "Spam-Complaint", "", {"email", "sms"}),
        (BY_EVENT, "page_view", "app", set()),
        (BY_EVENT, "complaint_opened", "app", set()),
        (BY_EVENT, "something_else", "app", set()),
        (BY_TOUCH, "Hard Bounce", "E-Mail", {"email"}),
        (BY_TOUCH, "bounced", "邮件", {"email"}),
        (BY_TOUCH, "complained", "edm blast", {"email", "sms"}),
        (BY_TOUCH, "回复TD", "短信", {"sms"}),
        (BY_TOUCH, "退订", "*", {"email", "sms"}),
        (BY_TOUCH, "delivered", "email", set()),
        (BY_TOUCH, "soft bounce", "email", set()),
    ],
)
def test_an_event_or_another_tools_message_that_means_no_is_a_refusal(
    crm: Any, table: str, what: str, channel: str, stopped: set[str]
) -> None:
    lines(crm, *(f"{who},2026-01-01,1,marketing,sms,{GRANTED}" for who in "ABC"))
    crm.mapping(EVENTS % table, "mailtool.yaml")
    crm.file("mailtool.csv", f"member_no,what,channel,at\nA,{what},{channel},{AFTER}\n")
    crm.ingest(NOW)
    for medium in ("email", "sms"):
        assert ("A" not in agreeing(crm, medium)) == (medium in stopped), medium
        assert agreeing(crm, medium) >= {"B", "C"}
