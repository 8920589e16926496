"""Who is in which dynamic segment on which day, and who came and went since it was last evaluated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from liuke.understand.segments.contracts import DayOfSegment

_MEMBERSHIP = pa.schema([("as_of", pa.date32()), ("segment", pa.string()), ("version", pa.string()),
                         ("customer_id", pa.int64())])  # fmt: skip
_CHANGES = pa.schema([*_MEMBERSHIP, ("change", pa.string()), ("because", pa.string())])
_SIZES = pa.schema([("as_of", pa.date32()), ("segment", pa.string()), ("version", pa.string()),
                    ("customers", pa.int64()), ("entered", pa.int64()), ("left", pa.int64()),
                    ("because", pa.string())])  # fmt: skip


def membership_table(flags: pa.Table, versions: Mapping[str, str], as_of: dt.date) -> pa.Table:
    """Return the rows of `segment_membership` for one day.

    Parameters
    ----------
    flags : pa.Table
        `customer_id` and a boolean column per segment, as `SegmentDesk.flags` gives it.
    versions : mapping of segment to version
    """
    parts = [
        _rows(as_of, key, versions[key], flags.column("customer_id").filter(flags.column(key)))
        for key in flags.column_names
        if key != "customer_id"
    ]
    return pa.concat_tables(parts) if parts else _MEMBERSHIP.empty_table()


def changes_table(
    today: pa.Table, before: pa.Table, previous: Mapping[str, str], versions: Mapping[str, str], as_of: dt.date
) -> pa.Table:
    """Return the rows of `segment_changes`: who entered and who left since each segment was last evaluated.

    Parameters
    ----------
    today : pa.Table
        Rows of `segment_membership` of the day.
    before : pa.Table
        The same of the latest earlier evaluation of each segment.
    previous : mapping of segment to version
        Which segments were evaluated earlier, and in which version; a segment that is not here is new.
    versions : mapping of segment to version
        The segments of today; one that is gone has no changes.
    """
    parts = []
    for key, version in versions.items():
        now, then = _members(today, key), _members(before, key)
        because = "first" if key not in previous else "data" if previous[key] == version else "definition"
        for change, some, others in (("entered", now, then), ("left", then, now)):
            rows = _rows(as_of, key, version, some.filter(pc.invert(pc.is_in(some, value_set=others))))
            words = [pa.array([word] * rows.num_rows, pa.string()) for word in (change, because)]
            parts.append(pa.table([*rows.columns, *words], schema=_CHANGES))
    return pa.concat_tables(parts) if parts else _CHANGES.empty_table()


def days_of_segments(
    membership: pa.Table, changes: pa.Table, previous: Mapping[str, str], versions: Mapping[str, str], as_of: dt.date
) -> list[DayOfSegment]:
    """Return each segment's size of the day, and how many came and went."""
    sizes, moves = _counted(membership, "segment"), _counted(changes, "segment", "change")
    days = []
    for key, version in versions.items():
        because = "first" if key not in previous else "data" if previous[key] == version else "definition"
        entered, left = moves.get((key, "entered"), 0), moves.get((key, "left"), 0)
        days.append(DayOfSegment(key, version, as_of, sizes.get((key,), 0), entered, left, because))
    return days


def sizes_table(days: Sequence[DayOfSegment]) -> pa.Table:
    """Return the rows of `segment_sizes`."""
    rows = [
        {"as_of": one.as_of, "segment": one.segment, "version": one.version, "customers": one.customers,
         "entered": one.entered, "left": one.left, "because": one.because}
        for one in days
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=_SIZES)


def _rows(as_of: dt.date, key: str, version: str, ids: pa.Array | pa.ChunkedArray) -> pa.Table:
    n = len(ids)
    day, segment, of_version = ([as_of] * n, [key] * n, [version] * n)
    heads = [pa.array(day, pa.date32()), pa.array(segment, pa.string()), pa.array(of_version, pa.string())]
    return pa.table([*heads, ids.cast(pa.int64())], schema=_MEMBERSHIP)


def _members(table: pa.Table, key: str) -> pa.Array:
    kept = table.filter(pc.equal(table.column("segment"), key)).column("customer_id").combine_chunks()
    return kept.combine_chunks() if isinstance(kept, pa.ChunkedArray) else kept


def _counted(table: pa.Table, *by: str) -> dict[tuple[str, ...], int]:
    grouped = table.group_by(list(by)).aggregate([([], "count_all")]).to_pylist()
    return {tuple(row[name] for name in by): int(row["count_all"]) for row in grouped}
