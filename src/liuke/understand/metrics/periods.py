"""Calendar periods of the shop: complete ones only, so that a figure never compares half a month with a whole one."""

from __future__ import annotations

import datetime as dt

from liuke.kernel.days import Period


def months_before(day: dt.date, months: int) -> dt.date:
    """Return the first day of the month that lies `months` months before the month of `day` (negative: after).

    Examples
    --------
    >>> months_before(dt.date(2024, 3, 15), 14)
    datetime.date(2023, 1, 1)
    """
    number = day.year * 12 + day.month - 1 - months
    return dt.date(number // 12, number % 12 + 1, 1)


def complete_periods(as_of: dt.date, months: int, months_kept: int) -> tuple[Period, ...]:
    """Return the periods of `months` calendar months that end by `as_of`, oldest first.

    They lie end to end, back from the last complete month, so that the period before and the one a year ago are among
    them whenever twelve is a multiple of `months`.
    """
    count = max(1, months_kept // months)
    ends = [months_before(as_of, months * n) for n in range(count)]
    return tuple(Period(months_before(end, months), end) for end in reversed(ends))


def a_year_before(period: Period) -> Period:
    """Return the same calendar months of the year before."""
    return Period(months_before(period.start, 12), months_before(period.end, 12))
