"""From local time to UTC, without the time-zone database where one offset holds for a whole file.

China has had one offset since 1991, and a day's file of any zone nearly always has one: subtracting a constant costs a
tenth of a look-up per row.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MAX_DAYS = 40_000  # of a range that is searched for changes, about 110 years
_MARGIN = timedelta(days=2)  # local and UTC days differ by one at most


def constant_offset(zone: str, low: datetime, high: datetime) -> int | None:
    """Return the offset in seconds east of UTC that holds from ``low`` to ``high``, None if it changes between.

    Parameters
    ----------
    zone : str
        IANA name.
    low, high : datetime
        Naive, local to the zone.

    Notes
    -----
    No zone has changed its offset twice within twelve hours, so two looks a day find every change.

    Examples
    --------
    >>> constant_offset("Asia/Shanghai", datetime(2000, 1, 1), datetime(2026, 1, 1))
    28800
    >>> constant_offset("Europe/London", datetime(2026, 3, 1), datetime(2026, 4, 1)) is None
    True
    """
    if not datetime.min + _MARGIN < low <= high < datetime.max - _MARGIN or (high - low).days > MAX_DAYS:
        return None
    place = ZoneInfo(zone)
    moment, end = (low - _MARGIN).replace(tzinfo=UTC), (high + _MARGIN).replace(tzinfo=UTC)
    offset = moment.astimezone(place).utcoffset()
    while moment < end:
        moment += timedelta(hours=12)
        if moment.astimezone(place).utcoffset() != offset:
            return None
    assert offset is not None
    return int(offset.total_seconds())


def to_utc_sql(local: str, zone: str, offset: int | None) -> str:
    """Return the DuckDB expression that turns a timestamp local to a zone into UTC."""
    if zone == "UTC" or offset == 0:
        return local
    if offset is not None:
        return f"({local} - INTERVAL '{offset}' SECOND)"
    return f"timezone('UTC', timezone('{zone}', {local}))"
