"""Names, phone numbers and addresses. Everything is invented; e-mail goes to domains reserved for examples.

Phone numbers follow the Chinese format and are unique per customer; some may exist, so a demo sends nothing to them.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from liuke_sim.columns import Bools, Ints
from liuke_sim.customers import DOUYIN, GOOD_PHONE, MINI_PROGRAM, Customers
from liuke_sim.regions import DISTRICTS, STREETS
from liuke_sim.streams import chance_of

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = (
    "静怡", "雨桐", "欣然", "梓涵", "思琪", "佳怡", "婷婷", "晓燕", "丽娜", "文静",
    "雪梅", "玉兰", "海燕", "小红", "志强", "伟", "磊", "洋", "勇", "军",
    "杰", "浩然", "子轩", "宇航", "明辉", "建国", "秀英", "桂芳", "淑珍", "慧敏",
    "若曦", "诗涵", "可欣", "晨曦", "嘉怡", "梦瑶", "紫萱", "语嫣", "艺涵", "俊杰",
)  # fmt: skip
_PHONE_PREFIXES = (
    133,
    135,
    136,
    137,
    138,
    139,
    150,
    151,
    152,
    157,
    158,
    159,
    166,
    176,
    177,
    182,
    183,
    186,
    187,
    188,
    189,
    199,
)
_EMAIL_DOMAINS = ("example.com", "example.net", "example.org")
_SPREAD = 48_271
"""Coprime with 10^8: multiplying by it shuffles eight digits without a collision."""
_BROKEN_EMAILS = 0.04
"""Share of e-mail addresses typed wrongly."""
_SECOND_MEMBER_OFFSET = 500_000_000
_FIRST_MEMBER = 100_000_000


def member_numbers(number: Ints) -> Ints:
    """Return the member numbers (nine digits) of customers by their running number."""
    return number + _FIRST_MEMBER


def second_member_numbers(number: Ints) -> Ints:
    """Return the member numbers of second profiles."""
    return number + _FIRST_MEMBER + _SECOND_MEMBER_OFFSET


def phone_digits(customers: Customers, seed: int) -> Ints:
    """Return the eleven digits of each customer's phone, shape ``(n,)``; households may share one."""
    number = customers.number - customers.shares_phone
    prefix = np.array(_PHONE_PREFIXES, dtype=np.int64)[(number * 7 + seed) % len(_PHONE_PREFIXES)]
    return np.asarray(prefix * 10**8 + (number * _SPREAD + seed * 97) % 10**8)


def names(number: Ints) -> list[str]:
    """Return full names."""
    return [_SURNAMES[(n * 31) % len(_SURNAMES)] + _GIVEN[(n * 17 + n // 40) % len(_GIVEN)] for n in number.tolist()]


def emails(number: Ints) -> list[str]:
    """Return addresses in reserved domains."""
    return [f"mama{n * _SPREAD % 10**8:08d}@{_EMAIL_DOMAINS[n % 3]}" for n in number.tolist()]


def streets(number: Ints) -> list[str]:
    """Return district, street and door, without province and city."""
    return [
        f"{DISTRICTS[n % len(DISTRICTS)]}{STREETS[n // 7 % len(STREETS)]}{n % 300 + 1}号"
        f"{n % 28 + 1}栋{n % 30 + 1}0{n % 4 + 1}室"
        for n in number.tolist()
    ]


def wechat_ids(number: Ints) -> list[str]:
    """Return mini-program open ids."""
    return [f"oLk{n * 2_654_435_761 % 2**40:010x}" for n in number.tolist()]


def douyin_ids(number: Ints) -> list[str]:
    """Return Douyin shop buyer ids."""
    return [f"dy{n * 40_503 % 10**10 + 10**10}" for n in number.tolist()]


def email_is_broken(number: Ints, seed: int) -> Bools:
    """Return whose e-mail address was typed wrongly, so that nothing arrives there."""
    return chance_of(number, seed, "email") < _BROKEN_EMAILS


def member_table(customers: Customers, seed: int) -> pa.Table:
    """Return by which keys the files know each customer: `number` is the shop's own and stands in no file.

    A key that is missing, or cannot be used as it stands in the files (a malformed phone, a broken address), is null.
    """
    number = customers.number
    has_email = customers.has_email & ~email_is_broken(number, seed)
    return pa.table(
        {
            "number": number,
            "member_no": member_numbers(number),
            "second_member_no": pa.array(second_member_numbers(number), mask=~customers.has_second_profile),
            "phone": pa.array(phone_digits(customers, seed), mask=customers.phone_kind != GOOD_PHONE).cast(pa.string()),
            "email": pa.array(emails(number), pa.string(), mask=~has_email),
            "wechat_openid": pa.array(wechat_ids(number), pa.string(), mask=customers.channel != MINI_PROGRAM),
            "douyin_id": pa.array(douyin_ids(number), pa.string(), mask=customers.channel != DOUYIN),
        }
    )
