"""What every channel promises. A new one needs a line in the registry and a ``Bench`` here, and is tested in full."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mail_server import MailServer

from liuke.engage.outreach import CHANNELS, ChannelDown, Fate, MessageKeys, Outgoing, OutreachSettings, build_channels
from liuke.store.operations import FieldCipher


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


KEYS = MessageKeys(FieldCipher(bytes(32)))


def outgoing(n: int, address: str = "", **changes) -> Outgoing:
    fields = {
        "message_id": n,
        "key": KEYS.key(n),
        "address": address or f"c{n}@example.org",
        "subject": f"你好 {n}",
        "text": "文字\nline",
        "html": "<p>文字</p>",
        "unsubscribe": "https://shop.example/u",
    }
    return Outgoing(**{**fields, **changes})


class Diary:
    """A journal that remembers the order of words; it can refuse to hand messages out, or die at a given word."""

    def __init__(self, taken: frozenset[int] = frozenset(), die_before: int | None = None) -> None:
        self.words, self.taken, self.die_before = [], taken, die_before

    def sending(self, messages):
        ours = [m for m in messages if m.message_id not in self.taken]
        self.words += [("sending", m.message_id) for m in ours]
        return ours

    def sent(self, message):
        if message.message_id == self.die_before:
            raise KeyboardInterrupt
        self.words.append(("sent", message.message_id))

    def failed(self, message, reason, *, is_dead=False):
        self.words.append(("dead" if is_dead else "failed", message.message_id))
        assert message.address not in reason, "a reason is kept and must not hold an address"

    def refused(self, message, reason):
        self.words.append(("refused", message.message_id))
        assert message.address not in reason

    def returned(self, message):
        self.words.append(("returned", message.message_id))

    def lost(self, message, reason):
        self.words.append(("lost", message.message_id))

    def of(self, word: str) -> list[int]:
        return [n for said, n in self.words if said == word]


class FileBench:
    """The file channel and how to see what it delivered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "out"
        self.settings = OutreachSettings()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def delivered(self) -> list[str]:
        lines = (line for path in sorted(self.folder.glob("*")) for line in path.read_text("utf-8").splitlines())
        return [json.loads(line)["key"] for line in lines]


class SmtpBench:
    """The SMTP channel in front of a real server."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder / "unused", folder / "accepted.log"
        self.server = MailServer(self.log)

    def __enter__(self):
        self.server.__enter__()
        smtp = {"host": "127.0.0.1", "port": self.server.port, "security": "none", "settle_seconds": 0.2}
        smtp["sender"] = "小店一号 <hello@shop.example>"
        self.settings = OutreachSettings.model_validate({"smtp": {**smtp, "receipts": str(self.log)}})
        return self

    def __exit__(self, *_):
        self.server.__exit__()

    def delivered(self) -> list[str]:
        return [mail["Message-ID"].strip("<>").split("@")[0] for mail in self.server.mails]


BENCHES = {"file": FileBench, "smtp": SmtpBench}


@pytest.fixture(params=sorted(CHANNELS))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator:
    assert request.param in BENCHES, f"write a bench for the channel {request.param}"
    with BENCHES[request.param](tmp_path) as made:
        made.channel = build_channels(made.settings, made.folder)[request.param]
        yield made


def test_it_knows_its_name(bench):
    assert CHANNELS[bench.channel.name]
    assert isinstance(bench.channel.real, bool)


def test_every_message_arrives_once_in_order_after_sending_was_said(bench):
    diary, messages = Diary(), [outgoing(n) for n in range(1, 251)]
    bench.channel.send(messages, diary, now())
    assert bench.delivered() == [m.key for m in messages]
    assert diary.of("sent") == list(range(1, 251))
    for n in range(1, 251):
        assert diary.words.index(("sending", n)) < diary.words.index(("sent", n))


def test_a_message_that_another_worker_took_is_left_alone(bench):
    diary = Diary(taken=frozenset({2, 3}))
    bench.channel.send([outgoing(n) for n in range(1, 6)], diary, now())
    assert bench.delivered() == [outgoing(n).key for n in (1, 4, 5)]
    assert diary.of("sent") == [1, 4, 5]


def test_nothing_to_send(bench):
    bench.channel.send([], Diary(), now())
    assert bench.delivered() == []
    assert bench.channel.reconcile({}) == {}


def test_asked_afterwards_it_tells_accepted_from_never_arrived(bench):
    sent_at = now()
    bench.channel.send([outgoing(1), outgoing(2)], Diary(), sent_at)
    time.sleep(0.5)  # the mail server's log has to reach beyond the settling time
    fates = bench.channel.reconcile({outgoing(n).key: sent_at for n in (1, 2, 3)})
    assert fates == {
        outgoing(1).key: Fate.ACCEPTED,
        outgoing(2).key: Fate.ACCEPTED,
        outgoing(3).key: Fate.NEVER_ARRIVED,
    }


def test_after_dying_between_acceptance_and_its_record_the_answer_is_still_known(bench):
    sent_at, diary = now(), Diary(die_before=2)
    with pytest.raises(KeyboardInterrupt):
        bench.channel.send([outgoing(n) for n in range(1, 5)], diary, sent_at)
    time.sleep(0.5)
    fates = bench.channel.reconcile({outgoing(n).key: sent_at for n in diary.of("sending")})
    accepted = {key for key, fate in fates.items() if fate is Fate.ACCEPTED}
    assert outgoing(2).key in accepted
    assert accepted == set(bench.delivered())
    assert Fate.CANNOT_SAY not in fates.values()


def test_a_second_round_appends(bench):
    for n in (1, 2):
        bench.channel.send([outgoing(n)], Diary(), now())
    assert Counter(bench.delivered()) == {outgoing(1).key: 1, outgoing(2).key: 1}


def test_file_cuts_a_torn_line_and_says_that_it_never_arrived(tmp_path):
    channel, at = build_channels(OutreachSettings(), tmp_path)["file"], datetime(2026, 10, 5, 9)
    channel.send([outgoing(1), outgoing(2)], Diary(), at)
    (path,) = tmp_path.glob("*.jsonl")
    whole = path.read_bytes()
    for cut in (1, 20, len(whole) // 2):
        path.write_bytes(whole[:-cut] if cut == 1 else whole[: -min(cut, len(whole) // 2 - 1)])
        fates = channel.reconcile({outgoing(n).key: at for n in (1, 2)})
        assert fates == {outgoing(1).key: Fate.ACCEPTED, outgoing(2).key: Fate.NEVER_ARRIVED}
        channel.send([outgoing(2)], Diary(), at)
        assert [json.loads(line)["key"] for line in path.read_text().splitlines()] == [outgoing(1).key, outgoing(2).key]
    assert path.stat().st_mode & 0o077 == 0  # it holds addresses


def test_file_that_cannot_be_written_is_a_channel_that_is_down(tmp_path):
    (tmp_path / "out").write_text("a file where a folder should be")
    with pytest.raises(ChannelDown) as caught:
        build_channels(OutreachSettings(), tmp_path / "out")["file"].send([outgoing(1)], Diary(), now())
    assert caught.value.hint


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[SmtpBench]:
    with SmtpBench(tmp_path) as made:
        made.channel = build_channels(made.settings, made.folder)["smtp"]
        yield made


def test_smtp_one_bad_recipient_stops_nobody_else(smtp):
    addresses = {2: "refused@example.org", 3: "later@example.org", 4: "spam@example.org", 5: "no address", 6: "ü@x.org"}
    diary = Diary()
    smtp.channel.send([outgoing(n, addresses.get(n, "")) for n in range(1, 8)], diary, now())
    assert (diary.of("sent"), diary.of("dead"), diary.of("refused")) == ([1, 7], [2], [3])
    assert sorted(diary.of("failed")) == [4, 5, 6]  # the fourth is blamed only once the server took the seventh
    assert smtp.delivered() == [outgoing(1).key, outgoing(7).key]


def test_smtp_a_line_that_breaks_while_sending_is_a_doubt_and_the_rest_goes_on(smtp):
    diary = Diary()
    smtp.channel.send([outgoing(1), outgoing(2, "drop@example.org"), outgoing(3)], diary, now())
    assert (diary.of("sent"), diary.of("lost")) == ([1, 3], [2])


def test_smtp_headers_and_both_bodies(smtp):
    at = datetime(2026, 10, 5, 1, 2, 3)
    smtp.channel.send([outgoing(255)], Diary(), at)
    (mail,) = smtp.server.mails
    assert mail["Message-ID"] == f"<{KEYS.key(255)}@shop.example>"
    assert mail["List-Unsubscribe"] == "<https://shop.example/u>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Date"] == "Mon, 05 Oct 2026 01:02:03 +0000"
    text, html = mail.get_payload()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert "文字" in text.get_payload(decode=True).decode()


def test_smtp_a_header_with_a_line_break_fails_and_is_not_sent(smtp):
    diary = Diary()
    smtp.channel.send([outgoing(1, subject="Hi\r\nBcc: all@example.org"), outgoing(2)], diary, now())
    assert (diary.of("failed"), diary.of("sent")) == ([1], [2])
    assert all(mail["Bcc"] is None for mail in smtp.server.mails)


def test_smtp_without_a_server_is_down_and_says_nothing_about_messages():
    smtp = {"host": "127.0.0.1", "port": 1, "security": "none"}
    settings = OutreachSettings.model_validate({"smtp": smtp})
    diary = Diary()
    with pytest.raises(ChannelDown) as caught:
        build_channels(settings, Path())["smtp"].send([outgoing(1)], diary, now())
    assert caught.value.retryable
    assert diary.words == []


def test_smtp_log_answers_only_for_the_time_that_it_covers(tmp_path):
    log, sent_at, key = tmp_path / "mail.log", datetime(2026, 10, 5, 12), KEYS.key(255)
    receipts = {"smtp": {"receipts": str(log), "settle_seconds": 60}}
    channel = build_channels(OutreachSettings.model_validate(receipts), tmp_path)["smtp"]

    def fate(*lines: str, end: str = "\n") -> Fate:
        log.write_text("\n".join(lines) + end)
        return channel.reconcile({key: sent_at})[key]

    begin, mark = "2026-10-05T11:00:00 start", "2026-10-05T20:02:00+08:00 -- MARK --"
    seen = f"2026-10-05T12:00:01 accepted <{key}@shop.example>"
    assert fate(begin, mark) is Fate.NEVER_ARRIVED
    assert fate(begin, seen) is Fate.ACCEPTED
    assert fate(begin, seen, end="") is Fate.CANNOT_SAY  # the line is still being written
    assert fate(begin, "2026-10-05T12:00:59 -- MARK --") is Fate.CANNOT_SAY  # not settled yet
    assert fate(mark) is Fate.CANNOT_SAY  # the log began after the message was sent
    assert (
        fate(begin, seen.replace("shop.example", "earlier.example"), mark) is Fate.ACCEPTED
    )  # the key is proof enough
    assert fate(begin, seen.replace(key, key[:-1]), mark) is Fate.NEVER_ARRIVED
    assert fate(begin, seen.replace(key, "0" + key), mark) is Fate.NEVER_ARRIVED
    exim = ("2026-10-05 19:00:00 +0800 start", f"2026-10-05 20:01:30 +0800 1abc <= shop@x.org id={key}@shop.example")
    assert fate(*exim) is Fate.ACCEPTED
    assert fate("2026-10-05 19:00:00 +0800 start", "2026-10-05 20:01:30 +0800 end") is Fate.NEVER_ARRIVED
    assert fate("2026-10-05 a day alone is no instant", "2026-10-06 nor is this") is Fate.CANNOT_SAY
    assert fate("2026-02-31T00:00:00 no such day", mark) is Fate.CANNOT_SAY
    assert fate(f"no time at all <{key}@shop.example>") is Fate.CANNOT_SAY
    log.unlink()
    assert channel.reconcile({key: sent_at}) == {key: Fate.CANNOT_SAY}
    silent = build_channels(OutreachSettings(), tmp_path)["smtp"]
    assert silent.reconcile({key: sent_at - timedelta(days=9)}) == {key: Fate.CANNOT_SAY}
