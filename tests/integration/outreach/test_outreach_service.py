"""What may go goes once; what may not is held with its reason; nothing is lost."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from outreach_rig import DAY, NOON, Rig

from liuke.engage.outreach import (
    CONTACTS,
    ChannelDown,
    Fate,
    OutreachError,
    TemplateError,
    outbox,
)


@pytest.fixture
def rig(operations, tmp_path) -> Rig:
    return Rig(operations, tmp_path / "out")


def test_a_message_goes_once_however_often_it_is_planned_and_delivered(rig):
    rig.consent(1, 2, 3)
    assert [rig.plan(1, 2), rig.plan(1, 2, 3), rig.plan(1, 2, 3)] == [2, 1, 0]
    assert rig.outreach.deliver("w").sent == 3
    assert rig.outreach.deliver("w").sent == 0
    assert rig.plan(1, 2, 3) == 0
    assert Counter(line["to"] for line in rig.lines()) == {f"c{n}@example.org": 1 for n in (1, 2, 3)}


def test_another_entry_or_node_is_another_message(rig):
    rig.consent(1)
    assert rig.plan(1) + rig.plan(1, entry="2027-01-01") + rig.plan(1, node="second") == 3


def test_the_text_is_in_the_customers_language_and_values_are_escaped(rig):
    rig.consent(1, 2)
    rig.plan(1, 2)
    rig.outreach.deliver("w")
    zh, en = sorted(rig.lines(), key=lambda line: line["to"])
    assert "谢谢您第一次" in zh["text"]
    assert "Thank you for your first order at 小店" in en["text"]
    assert "<N2>" in en["text"]
    assert "&lt;N2&gt;" in en["html"]
    assert zh["key"] in zh["unsubscribe"]


def test_every_reason_to_hold(rig):
    with rig.operations.begin() as connection:
        drawn = rig.allocator.allocate(connection, "second_purchase", np.arange(1, 200), 0.10, DAY)
        rig.shop.suppression.add(connection, "email", ["c1001@example.org"], reason="unsubscribed", since=NOON)
    globally, held, free = (
        np.flatnonzero(drawn.arms == arm)[:2] + 1 for arm in ("global_control", "control", "treated")
    )
    rig.consent(*range(1, 200), 1001, 1002, 1003)
    rig.consent(1003, granted=False, at=NOON)  # withdrawn after planning would have seen the grant
    rig.shop.without_address = frozenset({1002})
    everybody = [*globally.tolist(), *held.tolist(), *free.tolist(), 1001, 1002, 1003, 1004]
    rig.plan(*everybody)
    delivery = rig.outreach.deliver("w")
    assert delivery.held == {"control": 4, "no_address": 1, "no_consent": 2, "suppressed": 1}
    states = rig.states()
    assert {states[n] for n in [*globally.tolist(), *held.tolist()]} == {"control"}
    assert {states[n] for n in free.tolist()} == {"sent"}
    assert (states[1001], states[1002], states[1003], states[1004]) == (
        "suppressed",
        "no_address",
        "no_consent",
        "no_consent",
    )


def test_a_withdrawal_between_planning_and_sending_counts(rig):
    rig.consent(1, 2)
    rig.plan(1, 2)
    rig.consent(1, granted=False, at=NOON - timedelta(seconds=1))
    rig.outreach.deliver("w")
    assert rig.states() == {1: "no_consent", 2: "sent"}


def test_transactional_and_safety_messages_need_no_marketing_consent(rig):
    with rig.operations.begin() as connection:
        rig.shop.suppression.add(connection, "email", [f"c{n}@example.org" for n in (2, 4)], reason="x", since=NOON)
    rig.plan(1, 2, purpose="transactional")
    rig.plan(3, 4, purpose="safety", strategy="recall")
    rig.outreach.deliver("w")
    assert rig.states() == {1: "sent", 2: "suppressed", 3: "sent", 4: "sent"}


def test_the_cap_counts_over_strategies_within_a_batch_and_over_days(operations, tmp_path):
    rig = Rig(operations, tmp_path / "out", cap_messages=2, cap_days=7)
    rig.consent(1)
    for strategy in ("a", "b", "c"):
        rig.plan(1, strategy=strategy)
    first = rig.outreach.deliver("w")
    assert (first.sent, first.held) == (2, {"capped": 1})
    rig.now += timedelta(days=7, seconds=-1)
    rig.plan(1, strategy="d", on=date(2026, 10, 12))
    assert rig.outreach.deliver("w").held == {"capped": 1}
    rig.now += timedelta(seconds=2)
    rig.plan(1, strategy="e", on=date(2026, 10, 12))
    assert rig.outreach.deliver("w").sent == 1


def test_quiet_hours_follow_the_customers_zone_and_end_by_themselves(rig):
    rig.shop.zones = {2: "America/New_York", 3: "Europe/London", 4: "No/Where"}
    rig.consent(1, 2, 3, 4)
    rig.plan(1, 2, 3, 4)
    rig.now = datetime(2026, 10, 5, 13, 30)  # 21:30 Shanghai, 9:30 New York, 14:30 London
    assert rig.outreach.deliver("w").sent == 3
    assert rig.states()[1] == "quiet_hours"
    rig.now = datetime(2026, 10, 5, 23, 59)
    assert rig.outreach.deliver("w").sent == 0
    rig.now = datetime(2026, 10, 6, 0, 0)
    assert rig.outreach.deliver("w").sent == 1


def test_an_old_marketing_message_expires_instead_of_surprising_somebody(rig):
    rig.consent(1, 2)
    rig.plan(1)
    rig.plan(2, purpose="transactional")
    rig.now = NOON + timedelta(days=8)
    rig.outreach.deliver("w")
    assert rig.states() == {1: "expired", 2: "sent"}


def test_a_rehearsal_counts_on_a_real_channel_and_writes_on_one_that_is_not(operations, tmp_path):
    real = Rig(operations, tmp_path / "out", transports={"email": "smtp"})
    assert real.outreach.is_real("email")
    assert real.plan(1, 2, 3, rehearse=True) == 3
    assert real.states() == {}
    files = Rig(operations, tmp_path / "out")
    assert files.plan(1, 2, 3, rehearse=True) == 3
    assert len(files.states()) == 3
    assert real.plan(1, 2, 3, 4, rehearse=True) == 1


def test_nothing_is_queued_for_a_missing_template_or_channel(rig):
    with pytest.raises(TemplateError, match="no_such"):
        rig.plan(1, template="no_such")
    with pytest.raises(OutreachError, match="sms"):
        rig.plan(1, channel="sms")
    assert rig.states() == {}


class Flaky:
    """A channel whose answers the test writes: message number to what happens."""

    name, real = "file", True

    def __init__(self, script: dict[int, str], fates: dict[str, Fate] | None = None) -> None:
        self.script, self.fates, self.accepted, self.asked = script, fates or {}, [], {}

    def check(self):
        """Nothing to set up."""

    def send(self, messages, journal, at):
        for message in messages:
            number = int(message.address[1:].split("@")[0])
            word = self.script.get(number, "sent")
            if word == "down":
                raise ChannelDown("gone", "wait")
            if word == "die":
                journal.sending([message])
                raise KeyboardInterrupt
            if word in ("sent", "lost"):
                if not journal.sending([message]):
                    continue
                self.accepted.append(number)
                journal.sent(message) if word == "sent" else journal.lost(message, "cut off")
            else:
                getattr(journal, word)(message, "because")

    def reconcile(self, sent_since):
        self.asked = dict(sent_since)
        return {key: self.fates.get(key, Fate.CANNOT_SAY) for key in sent_since}


def flaky(rig: Rig, script: dict[int, str], **fates) -> Flaky:
    channel = Flaky(script, fates)
    rig.channels["file"] = channel
    rig.outreach._channels = rig.channels
    return channel


def test_refused_is_tried_again_later_and_fails_after_the_last_try(operations, tmp_path):
    rig = Rig(operations, tmp_path, max_attempts=3, retry_minutes=10, cap_messages=9)
    rig.consent(1, 2)
    rig.plan(1, 2)
    channel = flaky(rig, {1: "refused"})
    assert rig.outreach.deliver("w").requeued == 1
    assert rig.outreach.deliver("w").requeued == 0  # not before its time
    rig.now += timedelta(minutes=10)
    assert rig.outreach.deliver("w").requeued == 1
    rig.now += timedelta(minutes=20)
    assert rig.outreach.deliver("w").failed == 1
    assert rig.states() == {1: "failed", 2: "sent"}
    assert channel.accepted == [2]


def test_a_channel_that_is_down_leaves_the_rest_queued(rig):
    rig.consent(*range(1, 10))
    rig.plan(*range(1, 10))
    flaky(rig, {5: "down"})
    (stop,) = rig.outreach.deliver("w").stopped
    assert (stop.channel, stop.message, stop.hint) == ("file", "gone", "wait")
    assert Counter(rig.states().values()).keys() <= {"queued", "sent"}
    channel = flaky(rig, {})
    rig.outreach.deliver("w")
    assert set(rig.states().values()) == {"sent"}
    assert 5 in channel.accepted


def test_a_doubt_stays_visible_until_the_provider_answers_and_is_never_sent_again_blindly(rig):
    rig.consent(1, 2)
    rig.plan(1, 2)
    channel = flaky(rig, {1: "lost"})
    assert rig.outreach.deliver("w").unknown == 1
    for _ in range(3):
        assert rig.outreach.recover().unknown == 1
        rig.outreach.deliver("w")
    assert sorted(channel.accepted) == [1, 2]
    assert {(c.state, c.messages) for c in rig.outreach.counts()} == {("unknown", 1), ("sent", 1)}
    key, _ = channel.asked  # as it is made now, and as it was before it carried a proof
    channel.fates = {key: Fate.ACCEPTED}
    assert rig.outreach.recover().sent == 1
    assert set(rig.states().values()) == {"sent"}


def test_what_never_arrived_is_sent_again(rig):
    rig.consent(1)
    rig.plan(1)
    channel = flaky(rig, {1: "die"})
    with pytest.raises(KeyboardInterrupt):
        rig.outreach.deliver("w")
    assert rig.states() == {1: "unknown"}
    rig.outreach.recover()
    key, earlier = channel.asked
    channel.fates, channel.script = {key: Fate.NEVER_ARRIVED, earlier: Fate.CANNOT_SAY}, {}
    assert rig.outreach.recover().requeued == 0
    channel.fates[earlier] = Fate.NEVER_ARRIVED
    assert rig.outreach.recover().requeued == 1
    assert rig.outreach.deliver("w").sent == 1


def test_a_living_worker_is_left_alone_until_its_lease_ends(operations, tmp_path):
    rig = Rig(operations, tmp_path, lease_seconds=60)
    rig.consent(1)
    rig.plan(1)
    rig.outreach._claim("slow", 10, None)
    assert rig.outreach.recover(alone=False).requeued == 0
    assert rig.states() == {1: "claimed"}
    rig.now += timedelta(seconds=61)
    assert rig.outreach.recover(alone=False).requeued == 1


def test_a_worker_that_lost_its_lease_does_not_send(rig):
    rig.consent(1)
    rig.plan(1)
    channel = flaky(rig, {})
    _, cleared = rig.outreach._claim("slow", 10, None)
    rig.outreach.recover()
    assert rig.outreach.deliver("fast").sent == 1
    assert rig.outreach._send("slow", cleared).sent == 0
    assert channel.accepted == [1]


def test_contacts_have_the_columns_of_the_lake_and_no_address(rig):
    rig.consent(1)
    rig.plan(1, 2)
    rig.plan(3, on=date(2026, 10, 6))
    rig.outreach.deliver("w")
    table = rig.outreach.contacts_as_of(DAY)
    assert tuple(table.column_names) == CONTACTS.names
    rows = {row["customer_id"]: row for row in table.to_pylist()}
    assert set(rows) == {1, 2}
    assert (rows[1]["state"], rows[1]["sent_at"]) == ("sent", NOON)
    assert (rows[2]["state"], rows[2]["reason"]) == ("held", "no_consent")
    assert "example.org" not in str(table.to_pydict())


def test_the_store_holds_no_address(rig):
    rig.consent(1)
    rig.plan(1)
    rig.outreach.deliver("w")
    with rig.operations.read() as connection:
        assert "example.org" not in str(connection.execute(sa.select(outbox)).all())


def test_many_batches_and_a_limit(operations, tmp_path):
    rig = Rig(operations, tmp_path / "out", batch_size=7)
    rig.consent(*range(1, 51))
    rig.plan(*range(1, 51))
    assert rig.outreach.deliver("w", limit=10).sent == 10
    assert rig.outreach.deliver("w").sent == 40
    assert len({line["key"] for line in rig.lines()}) == 50


def test_workers_at_the_same_time_share_the_work_and_the_cap(operations, tmp_path):
    rigs = [Rig(operations, tmp_path, batch_size=5, cap_messages=1) for _ in range(3)]
    rigs[0].consent(*range(1, 101))
    for strategy in ("a", "b"):
        rigs[0].plan(*range(1, 101), strategy=strategy)
    shared = flaky(rigs[0], {})
    for rig in rigs[1:]:
        rig.channels["file"] = rig.outreach._channels["file"] = shared
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda pair: pair[1].outreach.deliver(f"worker-{pair[0]}"), enumerate(rigs)))
    assert sum(delivery.sent for delivery in done) == 100
    assert sum(delivery.held.get("capped", 0) for delivery in done) == 100
    assert sorted(shared.accepted) == list(range(1, 101))
