"""What leaves, byte by byte: generated subjects, names and URLs come out of a reader's parser as they went in."""

import re
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.engage.outreach import Outgoing
from liuke.engage.outreach.channels.mail import mail_bytes
from liuke.engage.outreach.mailbox import Mailbox

AT = datetime(2026, 10, 5, 1, 2, 3)
BREAKS = ("Cc", "Cs", "Zl", "Zp")
chinese = st.text(st.sampled_from("（AD）王，您好！上一次下单是几个星期前的事了👨‍👩‍👧🍼ü"), min_size=1, max_size=120)
anything = st.text(st.characters(exclude_categories=BREAKS), min_size=1, max_size=150)
texts = st.one_of(chinese, anything, st.text("abc ,;\"'\\()<>=?_ ", min_size=1, max_size=150))
urls = st.text("abcXYZ019-._~:/?#[]@!$&'()*+,;=%", max_size=600).map(lambda tail: "https://shop.example/" + tail)


def made(subject="您好", name="", unsubscribe="", text="文字\n", html="<p>文字</p>", address="c@x.example") -> bytes:
    message = Outgoing(1, "0f" * 20, address, subject, text, html, unsubscribe)
    return mail_bytes(
        message, Mailbox(name, "hello@shop.example"), Mailbox(name, "re@shop.example"), "shop.example", AT
    )


def head(mail: bytes) -> dict[str, bytes]:
    """Headers as they stand, unfolded, by name."""
    lines = mail.split(b"\r\n\r\n", 1)[0].replace(b"\r\n ", b" ").split(b"\r\n")
    return {name.decode(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}


def words(raw: bytes) -> str:
    """A text for people as a mail program shows it (RFC 2047 §6.2: white space between encoded words is not shown)."""
    return str(make_header(decode_header(raw.decode())))


def named(raw: bytes) -> str:
    """The name before an address, which may stand in quotes; in a subject quotes are only characters."""
    text = raw.decode()
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else words(raw)


@given(subject=texts, name=texts, url=urls)
def test_everything_comes_back_as_it_went_in(subject, name, url):
    subject, name = subject.strip() or "x", name.strip()
    mail = made(subject, name, url)
    raw = head(mail)
    assert raw["List-Unsubscribe"] == f"<{url}>".encode()
    assert raw["Message-ID"] == f"<{'0f' * 20}@shop.example>".encode()
    assert words(raw["Subject"]) == subject
    for header, address in (("From", "hello@shop.example"), ("Reply-To", "re@shop.example")):
        shown, _, angled = raw[header].rpartition(b"<")
        assert (named(shown.strip()), angled.decode().rstrip(">")) == (name, address)
    body = message_from_bytes(mail, policy=policy.default).get_body(("plain",))
    assert body.get_content() == "文字\r\n"


@given(subject=texts, name=texts, url=urls, text=texts)
def test_every_line_is_ascii_and_short_enough(subject, name, url, text):
    mail = made(subject.strip() or "x", name, url, text)
    lines = mail.split(b"\r\n")
    assert mail.isascii()
    assert len(lines) > 10
    assert all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in lines)
    assert all(len(line) <= 76 for line in lines if b"=?utf-8?b?" in line)


BROKEN = st.tuples(texts, st.sampled_from(["\r\n", "\n", "\r", "\x00", "\x0b", "\x0c", "\x85", "\u2028"]), texts)


@given(parts=BROKEN, where=st.sampled_from(["subject", "name", "unsubscribe", "address"]))
def test_a_line_break_anywhere_is_refused(parts, where):
    before, line_break, after = parts
    with pytest.raises(ValueError):  # noqa: PT011 - whichever of its kinds: the channel catches all
        made(**{where: f"{before}{line_break} {after}"})


def test_a_url_that_is_no_ascii_or_too_long_is_refused():
    for url in ("https://商店.example/u", "https://shop.example/" + "u" * 1000):
        with pytest.raises(ValueError):  # noqa: PT011
            made(unsubscribe=url)


def test_one_click_is_offered_only_where_it_works():
    assert head(made(unsubscribe="https://shop.example/u"))["List-Unsubscribe-Post"] == b"List-Unsubscribe=One-Click"
    assert "List-Unsubscribe-Post" not in head(made(unsubscribe="mailto:u@shop.example"))
    assert "List-Unsubscribe" not in head(made())
