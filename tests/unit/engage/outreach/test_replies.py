"""Whose fault is a refusal? A table of what real servers answer, and rules that hold for every code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.engage.outreach import Failed
from liuke.engage.outreach.channels.replies import Blame, Reply, Stage, judge

SENDER, RECIPIENT, TEXT = Stage.SENDER, Stage.RECIPIENT, Stage.TEXT
CHANNEL, OWN, DOUBT = Blame.CHANNEL, Blame.RECIPIENT, Blame.DOUBTFUL

TABLE = [
    # stage, answer, whose fault, is the address dead
    (SENDER, "530 5.7.0 Authentication required", CHANNEL, False),
    (SENDER, "535 5.7.8 Bad credentials", CHANNEL, False),
    (SENDER, "550 5.1.8 Sender's domain does not exist", CHANNEL, False),
    (SENDER, "553 sender address rejected: not owned by user", CHANNEL, False),
    (SENDER, "451 4.7.1 try again later", CHANNEL, False),
    (SENDER, "452 4.3.1 insufficient system storage", CHANNEL, False),
    (SENDER, "550 5.1.1 says who", CHANNEL, False),  # no recipient has been named yet
    (RECIPIENT, "550 5.1.1 no such user", OWN, True),
    (RECIPIENT, "550 5.1.2 no such domain", OWN, True),
    (RECIPIENT, "501 5.1.3 bad syntax", OWN, True),
    (RECIPIENT, "551 5.1.6 moved", OWN, True),
    (RECIPIENT, "556 5.1.10 null MX", OWN, True),
    (RECIPIENT, "556 domain takes no mail", OWN, True),
    (RECIPIENT, "550 5.2.1 disabled", OWN, True),
    (RECIPIENT, "550 5.7.17 owner changed", OWN, True),
    (RECIPIENT, "552 5.2.2 full", OWN, False),
    (RECIPIENT, "452 4.2.2 full", OWN, False),
    (RECIPIENT, "450 4.2.1 too quickly", OWN, False),
    (RECIPIENT, "450 mailbox busy", OWN, False),
    (RECIPIENT, "451 4.4.1 no answer from host", OWN, False),
    (RECIPIENT, "550 5.4.4 no route", OWN, False),
    (RECIPIENT, "421 4.7.0 closing", CHANNEL, False),
    (RECIPIENT, "452 insufficient system storage", CHANNEL, False),
    (RECIPIENT, "452 4.5.3 too many recipients", CHANNEL, False),
    (RECIPIENT, "454 4.7.0 Throttling failure", CHANNEL, False),
    (RECIPIENT, "530 5.7.0 Must issue STARTTLS first", CHANNEL, False),
    (RECIPIENT, "553 5.1.8 sender's domain", CHANNEL, False),
    (RECIPIENT, "550 5.1.7 bad sender", CHANNEL, False),
    (RECIPIENT, "550 5.7.26 unauthenticated sender", CHANNEL, False),
    (RECIPIENT, "503 5.5.1 MAIL first", CHANNEL, False),
    (RECIPIENT, "554 5.7.1 Relay access denied", DOUBT, False),
    (RECIPIENT, "451 4.7.1 greylisted", DOUBT, False),
    (RECIPIENT, "451 local error", DOUBT, False),
    (RECIPIENT, "550 No such user here", DOUBT, True),
    (RECIPIENT, "550 4.1.1 contradicts itself", DOUBT, True),
    (RECIPIENT, "554 no", DOUBT, False),
    (TEXT, "550 5.1.1 found out late", OWN, True),
    (TEXT, "552 5.2.3 too long for this mailbox", OWN, False),
    (TEXT, "554 5.7.1 spam", DOUBT, False),
    (TEXT, "550 5.7.28 mail flood", CHANNEL, False),
    (TEXT, "554 5.6.0 bad content", DOUBT, False),
    (TEXT, "552 5.3.4 too big", DOUBT, False),
    (TEXT, "554 transaction failed", DOUBT, False),
    (TEXT, "451 4.3.2 not accepting", CHANNEL, False),
    (TEXT, "421 bye", CHANNEL, False),
]


@pytest.mark.parametrize(("stage", "answer", "blame", "is_dead"), TABLE)
def test_what_servers_answer(stage, answer, blame, is_dead):
    code, _, text = answer.partition(" ")
    verdict = judge(Reply(stage, int(code), text.encode()))
    assert (verdict.blame, verdict.is_dead) == (blame, is_dead)


codes = st.integers(400, 599)
texts = st.one_of(
    st.just(b""),
    st.builds("{}.{}.{} words".format, st.sampled_from([4, 5]), st.integers(0, 9), st.integers(0, 40)).map(str.encode),
)


@given(stage=st.sampled_from(list(Stage)), code=codes, text=texts)
def test_every_code_has_an_answer_and_nobody_is_remembered_lightly(stage, code, text):
    verdict = judge(Reply(stage, code, text))
    if stage is SENDER:
        assert verdict.blame is CHANNEL
    if verdict.is_dead:
        assert verdict.is_permanent
        assert 500 <= code <= 599
        assert verdict.reason in (Failed.UNKNOWN_ADDRESS, Failed.MAILBOX_CLOSED)
    if verdict.blame is DOUBT:
        assert verdict.most > 0
        assert verdict.left_over > 0
    if verdict.blame is not CHANNEL:
        assert verdict.is_permanent == (code >= 500)


def test_a_shown_answer_is_one_line_without_addresses():
    shown = Reply(RECIPIENT, 550, b"5.7.1 <wang@example.org>: rejected\nsee https://x.example").shown
    assert shown == "550 5.7.1 … rejected see https://x.example"
