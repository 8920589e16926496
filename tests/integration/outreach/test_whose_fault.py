"""A refusal that concerns everybody stops the channel and blames nobody; one that concerns an address is remembered.

At a real mail server whose answers the test writes, from the outbox to the suppression list.
"""

from collections import Counter

import pytest
from mail_server import MailServer
from outreach_rig import NOON, Rig

EVERYBODY = range(1, 8)


@pytest.fixture
def server(tmp_path):
    with MailServer(tmp_path / "accepted.log") as made:
        yield made


@pytest.fixture
def shop(operations, tmp_path, server) -> Rig:
    smtp = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "Shop <hello@shop.example>"}
    rig = Rig(operations, tmp_path / "out", transports={"email": "smtp"}, smtp=smtp, cap_messages=9, retry_minutes=1)
    rig.consent(*range(1, 100))
    return rig


def address(n: int) -> str:
    return f"c{n}@example.org"


FOR_EVERYBODY = [
    *(("mail", answer) for answer in ("530 5.7.0 Authentication required", "550 5.1.8 who are you", "553 not yours")),
    *(("mail", answer) for answer in ("451 4.7.1 later", "452 storage", "421 4.7.0 busy", "drop")),
    *(("rcpt", answer) for answer in ("421 4.7.0 busy", "452 4.5.3 too many", "550 5.7.1 relaying denied", "554 no")),
    *(("rcpt", answer) for answer in ("550 refused", "451 4.7.1 rate limit", "503 5.5.1 no", "drop")),
    *(
        ("data", answer)
        for answer in ("554 5.7.1 spam", "550 5.7.26 no DKIM", "554 no", "452 storage", "552 5.3.4 big")
    ),
    *(("data", answer) for answer in ("421 4.3.2 down", "451 4.3.0 local error")),
]


@pytest.mark.parametrize(("moment", "answer"), FOR_EVERYBODY)
def test_what_concerns_everybody_stops_the_channel_and_is_over_when_mended(shop, server, moment, answer):
    shop.plan(*EVERYBODY)
    server.says[moment] = answer
    (stop,) = shop.outreach.deliver("w").stopped
    assert (stop.channel, bool(stop.hint)) == ("smtp", True)
    assert "example.org" not in stop.message
    assert set(shop.states().values()) == {"queued"}
    server.says.clear()
    assert shop.outreach.deliver("w").sent == len(EVERYBODY)
    assert len(server.mails) == len(EVERYBODY)


def test_a_line_that_breaks_for_everybody_while_sending_stops_before_all_are_in_doubt(shop, server):
    shop.plan(*EVERYBODY)
    server.says["data"] = "drop"
    assert shop.outreach.deliver("w").stopped
    assert Counter(shop.states().values()) == {"unknown": 3, "queued": len(EVERYBODY) - 3}


def test_a_dead_address_is_remembered_once_it_was_refused_again(shop, server):
    server.says["rcpt", address(3)] = "550 5.1.1 no such user c3@example.org"
    for n, strategy in enumerate(("a", "b", "c", "d"), start=1):
        shop.plan(*EVERYBODY, strategy=strategy)
        delivery = shop.outreach.deliver("w")
        assert (delivery.sent, delivery.stopped) == (len(EVERYBODY) - 1, ())
        assert delivery.failed == (1 if n <= 2 else 0)
        assert delivery.held == ({} if n <= 2 else {"suppressed": 1})
    assert server.asked.count(address(3)) == 2
    reasons = {one.reason for one in shop.outreach.counts() if one.state == "failed"}
    assert reasons == {"unknown_address 550 5.1.1"}


@pytest.mark.parametrize("answer", ["552 5.2.2 full", "550 5.4.4 no route", "554 5.7.1 not you"])
def test_what_is_not_the_addresss_fault_is_not_remembered(shop, server, answer):
    server.says["rcpt", address(1)] = answer
    server.says["data", address(2)] = "554 5.7.1 spam"
    for strategy in ("a", "b", "c"):
        shop.plan(*EVERYBODY, strategy=strategy)
        assert shop.outreach.deliver("w").failed == 2
    assert server.asked.count(address(1)) == 3


def test_a_bare_refusal_is_the_recipients_own_once_others_are_taken(shop, server):
    dead = (1, 2, 3, 4)
    for n in dead:
        server.says["rcpt", address(n)] = "550 no"
    shop.plan(*range(1, 60))
    delivery = shop.outreach.deliver("w")
    states = shop.states()
    assert delivery.stopped == ()
    assert {states[n] for n in dead} <= {"failed", "queued"}  # the last in the row are tried again
    assert delivery.sent == 59 - len(dead)


def test_many_bare_refusals_in_a_row_are_the_senders_fault_also_after_others_were_taken(shop, server):
    shop.plan(*range(1, 31))
    shop.outreach.deliver("w", limit=2)
    server.says["rcpt"] = "550 no"
    assert shop.outreach.deliver("w").stopped
    assert Counter(shop.states().values()) == {"sent": 2, "queued": 28}
    assert len(server.asked) == 2 + 20


def test_a_full_mailbox_is_tried_again_later_and_nobody_else_waits(shop, server):
    server.says["rcpt", address(2)] = "452 4.2.2 over quota"
    shop.plan(*EVERYBODY)
    delivery = shop.outreach.deliver("w")
    assert (delivery.sent, delivery.requeued, delivery.stopped) == (len(EVERYBODY) - 1, 1, ())
    (waiting,) = (one for one in shop.outreach.counts() if one.state == "queued")
    assert waiting.reason == "mailbox_full 452 4.2.2"


def test_a_server_that_ends_each_connection_after_some_messages_is_served_to_the_end(shop, server):
    count = iter(range(1000))

    class Tired(dict):
        def get(self, key, default=None):
            return "421 4.7.0 enough for one connection" if key == "mail" and next(count) % 4 == 3 else default

    server.says = Tired()
    shop.plan(*range(1, 31))
    delivery = shop.outreach.deliver("w")
    assert (delivery.sent, delivery.stopped) == (30, ())
    assert len({mail["To"] for mail in server.mails}) == 30


def test_failed_messages_are_sent_again_and_those_that_may_have_arrived_never(shop, server):
    shop.plan(*EVERYBODY)
    server.says["data", address(1)] = "550 5.1.1 late"
    server.says["data", address(2)] = "drop"
    server.says["rcpt", address(3)] = "552 5.2.2 full"
    shop.outreach.deliver("w")
    before = Counter(shop.states().values())
    assert (before["failed"], before["unknown"]) == (2, 1)
    server.says.clear()
    assert shop.outreach.retry(dry_run=True) == 2
    assert shop.outreach.retry(strategy="another") == shop.outreach.retry(reason="mailbox") == 0
    assert shop.outreach.retry(reason="mailbox_full") == 1
    assert shop.outreach.deliver("w").sent == 1
    assert shop.outreach.retry() == 1
    assert shop.outreach.retry() == 0
    assert shop.outreach.deliver("w").sent == 1
    assert Counter(shop.states().values()) == {"sent": len(EVERYBODY) - 1, "unknown": 1}
    assert max(Counter(mail["To"] for mail in server.mails).values()) == 1


def test_one_channel_that_stopped_does_not_stop_the_others(shop, server):
    shop.outreach._settings = shop.settings.model_copy(update={"transports": {"email": "smtp", "post": "file"}})
    server.says["mail"] = "530 5.7.0 Authentication required"
    shop.plan(1, 2, 3)
    shop.plan(4, 5, channel="post", purpose="transactional")
    delivery = shop.outreach.deliver("w")
    assert (delivery.sent, len(delivery.stopped)) == (2, 1)


def test_a_remembered_address_carries_reason_and_instant(shop, server, operations):
    import sqlalchemy as sa

    from liuke.collect.consent import suppressions

    server.says["rcpt", address(1)] = "550 5.2.1 closed"
    for strategy in ("a", "b"):
        shop.plan(1, 2, strategy=strategy)
        shop.outreach.deliver("w")
    with operations.read() as connection:
        ((reason, since),) = connection.execute(sa.select(suppressions.c.reason, suppressions.c.since)).all()
    assert (reason, since) == ("hard_bounce", NOON)
