"""How people and programs write a medium, a purpose, a yes and a no: the one place where spellings become values.

Refusals are read generously, grants strictly. A no on a medium that can't be recognised speaks for every medium, a yes
on one speaks for none. Words are compared without capitals, full-width forms, spaces, hyphens and underscores, by the
same tables in Python and in SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from liuke.collect.consent.contracts import ANY_CHANNEL, Purpose
from liuke.kernel.widths import narrowed, narrowed_sql

_BETWEEN = r"[-_ .:()（）\t\r\n]+"

CHANNELS: Mapping[str, tuple[str, ...]] = {
    ANY_CHANNEL: (
        "*",
        "all",
        "any",
        "every",
        "global",
        "allchannels",
        "全部",
        "所有",
        "全渠道",
        "全部渠道",
        "所有渠道",
    ),
    "email": ("email", "emails", "mail", "edm", "邮件", "邮箱", "电邮", "电子邮件", "电子邮箱"),
    "sms": ("sms", "text", "textmessage", "mms", "短信", "手机短信", "短消息"),
    "wechat": ("wechat", "weixin", "微信", "公众号", "微信公众号", "服务号"),
    "wecom": ("wecom", "workwechat", "企业微信", "企微"),
    "push": ("push", "apppush", "pushnotification", "推送", "app推送"),
    "inbox": ("inbox", "inapp", "站内信", "站内消息"),
    "phone": ("call", "phonecall", "telephone", "电话", "外呼"),
    "post": ("post", "postal", "letter", "directmail", "信件", "邮寄"),
    "webhook": ("webhook",),
}
PURPOSES: Mapping[str, tuple[str, ...]] = {
    Purpose.MARKETING: (
        "marketing",
        "promotion",
        "promotions",
        "promo",
        "ads",
        "newsletter",
        "营销",
        "推广",
        "促销",
        "广告",
    ),
    Purpose.TRANSACTIONAL: ("transactional", "transaction", "order", "orders", "service", "交易", "订单", "服务"),
    Purpose.SAFETY: ("safety", "recall", "安全", "召回"),
}
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "true": ("true", "t", "1", "yes", "y", "on", "granted", "optin", "optedin", "subscribed", "agree", "agreed", "是",
             "同意", "已同意", "允许", "接受", "愿意", "订阅", "已订阅"),
    "false": ("false", "f", "0", "no", "n", "off", "refused", "denied", "withdrawn", "revoked", "optout", "optedout",
              "unsubscribe", "unsubscribed", "disagree", "否", "不", "不同意", "拒绝", "已拒绝", "不允许", "不接受",
              "不愿意", "撤回", "已撤回", "退订", "已退订", "取消", "取消订阅"),
}  # fmt: skip

_UNSUBSCRIBED = (
    "unsub|opte?d?out|blacklist|blocklist|donot(contact|mail|email|call|disturb)|退订|黑名单|取消订阅|"
    "^(td|stop|quit)$|^(reply|replied|回复?|回覆)(td|t|n|stop|quit)$"
)
_HARD_BOUNCE = (
    "hardbounce|bouncedhard|permanent(bounce|failure)|invalid(address|email|number|recipient)|硬退|地址无效|空号"
)
_SPAM = "spam|abuse|(mail|message|sms)(complain|bounce)|^bounced?$|垃圾邮件|垃圾短信"
NO_EVENTS = "|".join((_UNSUBSCRIBED, _HARD_BOUNCE, _SPAM))
"""Pattern of event names that mean: don't write to me again. A complaint about an order is none."""

NO_STATUSES = "|".join(("complain", "^(blocked|invalid|suppressed)$", "投诉|举报|退信|拒收|拒绝", NO_EVENTS))
"""Pattern of what another tool says became of its message, if that means: don't write again."""


def word(text: str) -> str:
    """Return a text as spellings are compared."""
    return re.sub(_BETWEEN, "", narrowed(text, lower=True))


def word_sql(value_sql: str) -> str:
    """Return the DuckDB expression that gives ``word``."""
    return f"regexp_replace({narrowed_sql(value_sql, lower=True)}, '{_BETWEEN}', '', 'g')"


def channel_of(text: str) -> str | None:
    """Return the medium that a text names, ``ANY_CHANNEL`` for all of them; None if it is none.

    Examples
    --------
    >>> channel_of("E-MAIL"), channel_of("邮件"), channel_of("All"), channel_of("elsewhere")
    ('email', 'email', '*', None)
    """
    return _meaning(CHANNELS, text)


def purpose_of(text: str) -> str | None:
    """Return the purpose that a text names; None if it is none."""
    return _meaning(PURPOSES, text)


def refused(purpose: str | None, channel: str | None) -> tuple[str, str]:
    """Return purpose and medium that a refusal speaks for: marketing and every medium, unless it says less clearly.

    Examples
    --------
    >>> refused("Marketing", "短信"), refused(None, "app")
    (('marketing', 'sms'), ('marketing', '*'))
    """
    return purpose_of(purpose or "") or Purpose.MARKETING.value, channel_of(channel or "") or ANY_CHANNEL


def channel_sql(value_sql: str) -> str:
    """Return the DuckDB expression that gives ``channel_of``."""
    return _meaning_sql(CHANNELS, value_sql)


def purpose_sql(value_sql: str) -> str:
    """Return the DuckDB expression that gives ``purpose_of``."""
    return _meaning_sql(PURPOSES, value_sql)


def answer_sql(value_sql: str) -> str:
    """Return the DuckDB expression of the yes or no that a value says; NULL if it says neither."""
    return f"CAST({_meaning_sql(ANSWERS, f'CAST({value_sql} AS VARCHAR)')} AS BOOLEAN)"


def says_no(name: str) -> bool:
    """Tell whether an event of this name means: don't write to me again.

    Examples
    --------
    >>> says_no("unsubscribed"), says_no("Hard Bounce"), says_no("complaint_opened")
    (True, True, False)
    """
    return re.search(NO_EVENTS, word(name)) is not None


def no_sql(value_sql: str, pattern: str) -> str:
    """Return the DuckDB condition that an event's name or a message's fate is a no, by one of the patterns above."""
    return f"coalesce(regexp_matches({word_sql(value_sql)}, '{pattern}'), false)"


def _meaning(table: Mapping[str, tuple[str, ...]], text: str) -> str | None:
    said = word(text)
    return next((str(meaning) for meaning, words in table.items() if said in words), None)


def _meaning_sql(table: Mapping[str, tuple[str, ...]], value_sql: str) -> str:
    cases = (f"WHEN '{one}' THEN '{meaning}'" for meaning, words in table.items() for one in words)
    return f"CASE {word_sql(value_sql)} {' '.join(cases)} END"
