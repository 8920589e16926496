"""How personal values look to those who may not read them."""

from __future__ import annotations

STAR = "*"


def masked(field: str, value: str) -> str:
    """Return a value with its telling part starred out.

    Examples
    --------
    >>> masked("phone", "13800138000"), masked("name", "王小明"), masked("email", "wang@example.com")
    ('138****8000', '王**', 'w***@example.com')
    >>> masked("address", "上海市浦东新区张江路1号"), masked("member_no", "M10042")
    ('上海市******', 'M***42')
    """
    if field == "phone":
        return _middle(value, 3, 4) if len(value) > 7 else STAR * len(value)
    if field == "email":
        local, at, domain = value.partition("@")
        return f"{local[:1]}{STAR * 3}{at}{domain}"
    if field == "address":
        return value[:3] + STAR * 6 if len(value) > 6 else STAR * len(value)
    if field == "member_no":
        return _middle(value, 1, 2) if len(value) > 3 else STAR * len(value)
    return value[:1] + STAR * 2


def _middle(value: str, head: int, tail: int) -> str:
    return value[:head] + STAR * (len(value) - head - tail) + value[-tail:]
