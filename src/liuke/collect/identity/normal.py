"""One spelling per phone number and e-mail address, the same in Python and in SQL."""

from __future__ import annotations

import re

CHINA = "86"
MOBILE_DIGITS = 11


def normal_phone(value: str) -> str:
    """Return the digits of a phone number, without China's country code.

    Examples
    --------
    >>> normal_phone("+86 138-0013-8000"), normal_phone("0086 13800138000")
    ('13800138000', '13800138000')
    """
    digits = re.sub("[^0-9]", "", value)
    return re.sub(f"^(00)?{CHINA}(1[0-9]{{{MOBILE_DIGITS - 1}}})$", r"\2", digits)


def normal_email(value: str) -> str:
    """Return an e-mail address in lower case, without spaces around it."""
    return value.strip().lower()


def normal_value(namespace: str, value: str) -> str:
    """Return the spelling under which an identifier of this kind is looked up."""
    if namespace == "phone":
        return normal_phone(value)
    return normal_email(value) if namespace == "email" else value.strip()


def normal_sql(namespace: str, value_sql: str) -> str:
    """Return the DuckDB expression that gives ``normal_value``; an empty result is NULL."""
    if namespace == "phone":
        digits = f"regexp_replace({value_sql}, '[^0-9]', '', 'g')"
        plain = f"regexp_replace({digits}, '^(00)?{CHINA}(1[0-9]{{{MOBILE_DIGITS - 1}}})$', '\\2')"
    elif namespace == "email":
        plain = f"lower(trim({value_sql}))"
    else:
        plain = f"trim({value_sql})"
    return f"nullif({plain}, '')"
