"""Use cases: count, sample, overlap, reach; and the nightly evaluation over a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import pyarrow as pa

from liuke.understand.segments.book import SegmentBook
from liuke.understand.segments.compiler import compile_segments, facts_of
from liuke.understand.segments.config import SegmentSettings
from liuke.understand.segments.contracts import Frame, Overlap, Reachable
from liuke.understand.segments.engine import LockedEngine
from liuke.understand.segments.errors import SegmentError
from liuke.understand.segments.expressions import columns_of
from liuke.understand.segments.facts import COLUMNS
from liuke.understand.segments.ports import Reach, Snapshot
from liuke.understand.segments.rules import ExpressionCondition, ProfileCondition, SegmentCondition, TagCondition, walk
from liuke.understand.segments.unseen import Ask, Unseen, unseen
from liuke.understand.tags import (
    CUSTOMER_COLUMNS,
    CUSTOMER_NAMES,
    MODEL_NAMES,
    DuckDB,
    Kind,
    TagSet,
    Value,
    build_tags,
    compile_plan,
    value_names,
)

PROFILE: Mapping[str, Kind] = {**CUSTOMER_COLUMNS, "level": "text"}
"""Profile fields that rules may ask, and the warning level of the day."""

PROFILE_NAMES: Mapping[str, tuple[str, ...]] = {
    **CUSTOMER_NAMES, "level": MODEL_NAMES["early_warning", "level"],
}  # fmt: skip
"""The texts of fields that can only be one of a few."""

_KINDS: Mapping[str, Kind] = {
    "VARCHAR": "text", "BOOLEAN": "boolean", "DATE": "date", "DOUBLE": "double", "FLOAT": "double",
    "VARCHAR[]": "list", "BIGINT": "integer", "INTEGER": "integer", "UBIGINT": "integer", "HUGEINT": "integer",
}  # fmt: skip


class SegmentDesk:
    """Answers questions about segments over one frame, in one engine.

    Parameters
    ----------
    engine : LockedEngine
    frame : Frame
        Its relation stands in the engine.
    refused : mapping of key to SegmentError, optional
        Segments that were asked for and do not fit the shop's tags, with the reason.
    """

    def __init__(self, engine: LockedEngine, frame: Frame, refused: Mapping[str, SegmentError] | None = None) -> None:
        self.engine = engine
        self.frame = frame
        self.refused = dict(refused or {})

    def check(self, key: str, book: SegmentBook) -> None:
        """Raise what is wrong with a segment over this frame, without evaluating it."""
        compile_segments([key], book, self.frame)

    def unseen(self, key: str, book: SegmentBook, happenings: Ask | None = None) -> tuple[Unseen, ...]:
        """Return the values of a segment's own rule that occur nowhere; see `unseen`."""
        own = None if self.frame.facts else self.engine.rows
        return unseen(book[key].rule, self.frame, self.engine.rows, happenings or own)

    def count(self, key: str, book: SegmentBook) -> int:
        """Return how many customers are in a segment.

        Raises
        ------
        SegmentError
            If the rule does not fit the shop's tags, or cannot be evaluated here.
        SegmentStoppedError
            If it takes too long.
        """
        return int(self.engine.rows(compile_segments([key], book, self.frame).count(key))[0][0])

    def members(self, key: str, book: SegmentBook) -> list[int]:
        """Return the ids of a segment's customers, in order."""
        rows = self.engine.arrow(compile_segments([key], book, self.frame).members(key))
        return [int(one) for one in rows.column("customer_id").to_pylist()]

    def sample(self, key: str, book: SegmentBook, size: int) -> list[int]:
        """Return a few customers of a segment, drawn by hash: the same each time."""
        rows = self.engine.rows(compile_segments([key], book, self.frame).sample(key, size))
        return [int(row[0]) for row in rows]

    def overlap(self, left: str, right: str, book: SegmentBook) -> Overlap:
        """Return how many customers two segments share."""
        sizes = self.matrix([left, right], book)
        return Overlap(sizes[left, left], sizes[right, right], sizes[left, right])

    def matrix(self, keys: Sequence[str], book: SegmentBook) -> dict[tuple[str, str], int]:
        """Return the number of customers that each pair of segments shares; of a segment with itself its size."""
        chosen = list(dict.fromkeys(keys))
        row = self.engine.rows(compile_segments(chosen, book, self.frame).matrix())[0]
        pairs = [(a, b) for a in range(len(chosen)) for b in range(a, len(chosen))]
        sizes: dict[tuple[str, str], int] = {}
        for (a, b), n in zip(pairs, row, strict=True):
            sizes[chosen[a], chosen[b]] = sizes[chosen[b], chosen[a]] = int(n)
        return sizes

    def flags(self, keys: Sequence[str], book: SegmentBook) -> pa.Table:
        """Return `customer_id` and a boolean column per segment for the members of at least one."""
        return self.engine.arrow(compile_segments(keys, book, self.frame).flags())

    def reachable(self, key: str, book: SegmentBook, reach: Reach) -> list[Reachable]:
        """Return how many members may be contacted per channel, and have an address there."""
        members = self.members(key, book)
        return [Reachable(channel, len(set(reach.reachable(members, channel)))) for channel in reach.channels]


def frame_of(
    columns: Mapping[str, str],
    as_of: dt.date,
    tag_prefix: str = "",
    happenings: Mapping[str, int | None] | None = None,
    relation: str = "customers",
    facts: str | None = None,
    names: Mapping[str, tuple[str, ...]] | None = None,
    events: Collection[str] | None = None,
) -> Frame:
    """Return the frame over a relation whose columns are known by name and DuckDB type.

    Parameters
    ----------
    columns : mapping of column to DuckDB type
    tag_prefix : str
        What stands before a tag's key; a column without it is a profile field, if it is one. With an empty prefix a
        column that is no profile field is a tag.
    names : mapping of tag to tuple of str, optional
        The values of tags that have a closed set of them.
    events : collection of str, optional
        The events that there are.
    """
    tags: dict[str, Value] = {}
    profile: dict[str, Value] = {}
    for name, sql_type in columns.items():
        kind = _KINDS.get(sql_type, "double" if sql_type.startswith("DECIMAL") else None)
        value = Value(f"c.{DuckDB.identifier(name)}", kind) if kind else None
        if value is None or name == "customer_id":
            continue
        if name in PROFILE and value.kind == PROFILE[name]:
            profile[name] = replace(value, names=PROFILE_NAMES.get(name))
        elif name.startswith(tag_prefix):
            key = name.removeprefix(tag_prefix)
            tags[key] = replace(value, names=(names or {}).get(key))
    return Frame(as_of, relation, tags, profile, happenings or {}, facts, events)


def tags_read(keys: Iterable[str], book: SegmentBook) -> tuple[str, ...]:
    """Return the tags that some segments read, those that they name included."""
    found: dict[str, None] = {}
    for part in _all_parts(keys, book):
        if isinstance(part, TagCondition):
            found[part.tag] = None
        elif isinstance(part, ExpressionCondition):
            with suppress(SegmentError):  # whoever compiles it says what is wrong
                found.update({name: None for space, name in columns_of(part.text) if not space})
    return tuple(found)


def _all_parts(keys: Iterable[str], book: SegmentBook) -> Iterable[object]:
    open_, seen = list(keys), set[str]()
    while open_:
        key = open_.pop(0)
        if key in seen:
            continue
        seen.add(key)
        for part in walk(book[key].rule):
            if isinstance(part, SegmentCondition):
                open_.append(part.segment)
            elif isinstance(part, TagCondition | ProfileCondition | ExpressionCondition):
                yield part


def desk_at(
    moment: Snapshot,
    tagset: TagSet,
    keys: Sequence[str],
    book: SegmentBook,
    settings: SegmentSettings,
    tags: str | None = None,
    levels: str | None = None,
    events: Collection[str] | None = None,
) -> SegmentDesk:
    """Return a desk for some segments over a moment: all history, all sources.

    The moment's own engine computes what typed nodes ask (tags and facts); rules, with whatever users typed, run in a
    locked engine over the result.

    Parameters
    ----------
    moment : Moment
    tagset : TagSet
        Says what the tags are, and builds those that are needed if `tags` is None.
    settings : SegmentSettings
        Bounds of the locked engine.
    tags : str, optional
        Relation with the tags of the day, as the `tag` step wrote them (`customer_id` and a column per tag).
    levels : str, optional
        Relation with `customer_id` and the warning `level` of the day.
    events : collection of str, optional
        The events of the shop's catalogue; None: any may be asked for.

    Returns
    -------
    SegmentDesk
        Its `refused` names the segments that do not fit; the others can be asked about.
    """
    wanted = [key for key in tags_read(keys, book) if key in tagset]
    connection = moment.connection
    if tags is None:
        connection.register("segment_tags", build_tags(moment, tagset, wanted))
        tags = "segment_tags"
    shown = ", ".join([f"c.{name}" for name in CUSTOMER_COLUMNS] + [f"t.{DuckDB.identifier(key)}" for key in wanted])
    level = "w.level" if levels else "CAST(NULL AS VARCHAR) AS level"
    warned = f" LEFT JOIN {levels} AS w ON w.customer_id = c.customer_id" if levels else ""
    select = (
        f"SELECT c.customer_id, {shown}, {level} FROM customers AS c "
        f"LEFT JOIN {tags} AS t ON t.customer_id = c.customer_id{warned}"
    )
    types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {select}").fetchall()}
    people = connection.sql(select).to_arrow_table()
    reach: dict[str, int | None] = dict.fromkeys(COLUMNS)
    names = value_names(tagset, wanted)
    open_frame = frame_of(types, moment.as_of, happenings=reach, names=names, events=events)
    refused = _unfit(keys, book, open_frame)
    facts = facts_of([key for key in keys if key not in refused], book, open_frame)
    tables: dict[str, pa.Table] = {"customers": people}
    if facts is not None:
        tables["facts_of_moment"] = connection.sql(facts).to_arrow_table()
    if tags == "segment_tags":
        connection.unregister("segment_tags")
    frame = replace(open_frame, facts="facts_of_moment")
    return SegmentDesk(LockedEngine(tables, settings), frame, refused)


def names_refused(
    book: SegmentBook, tagset: TagSet, events: Collection[str], as_of: dt.date
) -> dict[str, SegmentError]:
    """Return the segments of a book that name what is not there, with the reason; no data are read."""
    columns = compile_plan(tagset, None, as_of).columns
    tags = {one.key: Value(f"c.{DuckDB.identifier(one.key)}", one.kind, one.names) for one in columns}
    profile = {name: Value(f"c.{name}", kind, PROFILE_NAMES.get(name)) for name, kind in PROFILE.items()}
    return _unfit(list(book), book, Frame(as_of, "customers", tags, profile, dict.fromkeys(COLUMNS), None, events))


def _unfit(keys: Sequence[str], book: SegmentBook, frame: Frame) -> dict[str, SegmentError]:
    found: dict[str, SegmentError] = {}
    for key in keys:
        try:
            compile_segments([key], book, frame)
        except SegmentError as error:
            found[key] = error
    return found
