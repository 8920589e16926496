"""Why a message was not delivered, as a key that is stored and as words for people.

A stored reason is a key, perhaps followed by the codes of the mail server's answer: ``unknown_address 550 5.1.1``. It
never holds a personal value.
"""

from __future__ import annotations

from enum import StrEnum

from liuke.engage.outreach.contracts import Held


class Failed(StrEnum):
    """Why a message failed; ``DEAD`` are those that say that the address itself is at fault."""

    UNKNOWN_ADDRESS = "unknown_address"
    MAILBOX_CLOSED = "mailbox_closed"
    BAD_ADDRESS = "bad_address"
    MAILBOX_FULL = "mailbox_full"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    NOT_NOW = "not_now"
    LINE_BROKE = "line_broke"
    BAD_HEADERS = "bad_headers"
    BAD_TEMPLATE = "bad_template"


DEAD = (Failed.UNKNOWN_ADDRESS, Failed.MAILBOX_CLOSED)


class Doubt(StrEnum):
    """Why nobody knows whether the provider has a message."""

    LINE_BROKE = "line_broke_while_sending"
    STOPPED = "stopped_while_sending"


_WORDS: dict[str, tuple[str, str]] = {
    Held.CONTROL: ("对照组", "in a control group"),
    Held.NO_CONSENT: ("没有授权", "no consent"),
    Held.SUPPRESSED: ("禁止联系", "suppressed"),
    Held.NO_ADDRESS: ("没有地址", "no address"),
    Held.CAPPED: ("超出频次", "above the frequency cap"),
    Held.QUIET_HOURS: ("免打扰时段", "quiet hours"),
    Held.EXPIRED: ("已过期", "expired"),
    Failed.UNKNOWN_ADDRESS: ("地址不存在", "no such address"),
    Failed.MAILBOX_CLOSED: ("邮箱已停用", "the mailbox is closed"),
    Failed.BAD_ADDRESS: ("不是有效的邮箱地址", "not a plain e-mail address"),
    Failed.MAILBOX_FULL: ("邮箱已满", "the mailbox is full"),
    Failed.UNREACHABLE: ("对方的邮件服务器联系不上", "the recipient's mail server cannot be reached"),
    Failed.REFUSED: ("邮件服务器拒收这一封", "the mail server refused this message"),
    Failed.NOT_NOW: ("邮件服务器暂时不收这一封", "the mail server did not take this message for now"),
    Failed.LINE_BROKE: ("发出之前连接中断", "the connection broke before the message was sent"),
    Failed.BAD_HEADERS: ("标题无法写入邮件头", "its headers are not valid"),
    Failed.BAD_TEMPLATE: ("模板无法为这位客户生成内容", "the template cannot be rendered for this customer"),
    Doubt.LINE_BROKE: ("发送途中连接中断，是否送达未知", "the connection broke while it was sent"),
    Doubt.STOPPED: ("发送途中程序中止，是否送达未知", "the program stopped while it was sent"),
}


def reason_words(reason: str) -> tuple[str, str]:
    """Return a stored reason in Chinese and in English, with the server's answer behind it; one of old as it stands.

    Examples
    --------
    >>> reason_words("mailbox_full 452 4.2.2")
    ('邮箱已满（452 4.2.2）', 'the mailbox is full (452 4.2.2)')
    """
    key, _, answer = reason.partition(" ")
    if key not in _WORDS:
        return reason, reason
    zh, en = _WORDS[key]
    return (f"{zh}（{answer}）", f"{en} ({answer})") if answer else (zh, en)
