"""Senders are read strictly, unsubscribe addresses have to work, keys cannot be forged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.engage.outreach import MessageKeys, OutreachError, OutreachSettings, build_channels, reason_words
from liuke.engage.outreach.contracts import Held
from liuke.engage.outreach.keys import earlier_key
from liuke.engage.outreach.mailbox import is_address, parse_mailbox
from liuke.engage.outreach.reasons import Doubt, Failed
from liuke.engage.outreach.unsubscribing import check_unsubscribe, unsubscribe_at
from liuke.store.operations import FieldCipher

GOOD = {
    "hello@shop.example": ("", "hello@shop.example"),
    "Shop <hello@shop.example>": ("Shop", "hello@shop.example"),
    "小芽母婴 <hello@shop.example>": ("小芽母婴", "hello@shop.example"),
    "Baby Co. 🍼 <hello@shop.example>": ("Baby Co. 🍼", "hello@shop.example"),
    '"Baby, Co" <hello@shop.example>': ("Baby, Co", "hello@shop.example"),
    r'"A \"B\" C" <a+b.c@shop.example>': ('A "B" C', "a+b.c@shop.example"),
    "<hello@shop.example>": ("", "hello@shop.example"),
}
BAD = [
    *("", "小芽母婴", "Baby, Co <hello@shop.example>", "a@x.example, b@x.example", "a@x.example b@x.example"),
    *("Shop <hello@shop.example", "Shop hello@shop.example", "Shop <hello>", "Shop <>", "a@b@c.example", "@x.example"),
    *(
        "Shop <a@x.example> <b@x.example>",
        "a b@x.example",
        "a@x..example",
        "a@-x.example",
        "ü@x.example",
        "a@ü.example",
    ),
    *("Shop\n<hello@shop.example>", "Shop <hello@shop.example>\r\nBcc: all@x.example", '"Shop <hello@shop.example>'),
    *("a@x.example (comment)", "group: a@x.example;", "a" * 65 + "@x.example", "a@" + "x." * 130 + "example"),
]


@pytest.mark.parametrize("text", GOOD)
def test_one_mailbox_is_read(text):
    found = parse_mailbox(text)
    assert (found.name, found.address) == GOOD[text]


@pytest.mark.parametrize("text", BAD)
def test_whatever_is_not_one_mailbox_is_refused(text):
    with pytest.raises(ValueError, match=r"it holds|it is|what stands"):
        parse_mailbox(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text):
    try:
        found = parse_mailbox(text)
    except ValueError:
        return
    assert is_address(found.address)


def settings(unsubscribe="", **smtp) -> OutreachSettings:
    return OutreachSettings.model_validate({"unsubscribe": unsubscribe, "smtp": smtp})


@pytest.mark.parametrize(
    "smtp",
    [
        {},  # as `liuke init` leaves it
        {"sender": "shop@localhost"},
        {"sender": "a@shop.invalid"},
        {"sender": "Baby, Co <hello@shop.example>"},
        {"sender": "小芽母婴"},
        {"sender": "a@shop.example", "reply_to": "nobody"},
        {"sender": "a@shop.example", "reply_to": "a@b.example, c@d.example"},
        {"sender": "a@shop.example", "reply_to": "a@shop.invalid"},
        {"sender": "a@shop.example", "message_id_domain": "liuke.invalid"},
    ],
)
def test_a_channel_that_cannot_work_says_so_before_it_sends(smtp, tmp_path):
    with pytest.raises(OutreachError, match=r"outreach\.smtp") as caught:
        build_channels(settings(**smtp), tmp_path)["smtp"].check()
    assert caught.value.hint
    build_channels(settings(**smtp), tmp_path)["file"].check()


@pytest.mark.parametrize(
    "unsubscribe",
    [
        "https://shop.example/u?m={key}",
        "https://shop.example/u/{key}?lang=zh-CN&x=%E4%B8%AD",
        "mailto:off@shop.example?subject={key}",
        "mailto:off@shop.example",
        "",
    ],
)
def test_unsubscribe_addresses_that_work(unsubscribe):
    chosen = settings(unsubscribe, sender="Shop <hello@shop.example>")
    check_unsubscribe(chosen)
    assert "{" not in unsubscribe_at(chosen, "0f")


@pytest.mark.parametrize(
    "unsubscribe",
    [
        *(
            "http://shop.example/u?m={key}",
            "shop.example/u?m={key}",
            "javascript:alert({key})",
            "https://shop.example/u",
        ),
        *("https://shop.invalid/{key}", "https://localhost/{key}", "https:///u/{key}", "mailto:?subject={key}"),
        *("mailto:u@shop.invalid?subject={key}", "mailto:a@x.example,b@x.example", "https://shop.example/u m={key}"),
        *(
            "https://shop.example/{kye}{key}",
            "https://shop.example/>,<{key}",
            "https://商店.example/{key}",
            "tel:1{key}",
        ),
        *("https://shop.example/{key}\r\nBcc: all@x.example", "https://[shop/{key}"),
        "https://shop.example/" + "u" * 900 + "{key}",
    ],
)
def test_unsubscribe_addresses_that_cannot_work(unsubscribe):
    with pytest.raises(OutreachError, match="unsubscribe"):
        check_unsubscribe(settings(unsubscribe, sender="hello@shop.example"))


def test_without_a_setting_recipients_write_to_the_shop():
    chosen = settings(sender="Shop <hello@shop.example>")
    assert unsubscribe_at(chosen, "0f") == "mailto:hello@shop.example?subject=unsubscribe%200f"
    answered = settings(sender="Shop <hello@shop.example>", reply_to="care@shop.example")
    assert unsubscribe_at(answered, "0f").startswith("mailto:care@shop.example?")


ids = st.integers(0, 2**63 - 1)


@given(message=ids, other=ids)
def test_a_key_leads_back_and_a_computed_one_does_not(message, other):
    ours, theirs = (MessageKeys(FieldCipher(bytes([n]) * 32)) for n in (1, 2))
    key = ours.key(message)
    assert (ours.key(message), ours.message_id(key)) == (key, message)
    assert theirs.message_id(key) is None
    for forged in (earlier_key(message), theirs.key(message), key[:-1], key + "0", key.upper() + "0", "", "键" * 40):
        assert ours.message_id(forged) is None
    if other != message:
        assert ours.message_id(earlier_key(other) + key[16:]) is None


def test_every_reason_has_words_in_both_languages():
    reasons = [*Held, *Failed, *Doubt]
    assert len(reasons) > 15
    for reason in reasons:
        zh, en = reason_words(reason)
        assert en.isascii()
        assert not zh.isascii()
    assert reason_words("refused 554 5.7.1")[1].endswith("(554 5.7.1)")
