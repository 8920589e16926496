"""Who came and who went, and why it counts as that."""

from __future__ import annotations

import datetime as dt
import os

import pyarrow as pa
import pytest

from liuke.store.operations import Operations
from liuke.understand.segments import (
    SegmentError,
    SegmentShelf,
    changes_table,
    days_of_segments,
    joined_book,
    membership_table,
    parse_definition,
    sizes_table,
)

DAY, BEFORE = dt.date(2026, 3, 2), dt.date(2026, 3, 1)
AT = dt.datetime(2026, 3, 2, 8)


def flags(**segments):
    everyone = sorted({one for members in segments.values() for one in members})
    columns = {key: [one in members for one in everyone] for key, members in segments.items()}
    return pa.table({"customer_id": pa.array(everyone, pa.int64()), **columns})


def test_changes_say_who_came_who_went_and_why():
    versions = {"same": "v1", "edited": "v2", "fresh": "v1", "empty": "v1"}
    today = membership_table(flags(same=[1, 2], edited=[5], fresh=[7], empty=[]), versions, DAY)
    earlier = {"same": "v1", "edited": "v1", "empty": "v1", "gone": "v1"}
    before = membership_table(flags(same=[2, 3], edited=[4, 5], empty=[9], gone=[1]), earlier, BEFORE)
    changes = changes_table(today, before, earlier, versions, DAY)
    told = {(r["segment"], r["customer_id"], r["change"], r["because"]) for r in changes.to_pylist()}
    assert told == {
        ("same", 1, "entered", "data"), ("same", 3, "left", "data"), ("edited", 4, "left", "definition"),
        ("fresh", 7, "entered", "first"), ("empty", 9, "left", "data"),
    }  # fmt: skip
    days = {one.segment: one for one in days_of_segments(today, changes, earlier, versions, DAY)}
    assert [(one.customers, one.entered, one.left) for one in days.values()] == [
        (2, 1, 1),
        (1, 0, 1),
        (1, 1, 0),
        (0, 0, 1),
    ]
    assert days["empty"].because == "data"
    assert sizes_table(list(days.values())).num_rows == 4


def test_nothing_changes_where_nothing_did():
    versions = {"a": "v1"}
    same = membership_table(flags(a=[1, 2, 3]), versions, DAY)
    assert changes_table(same, same, versions, versions, DAY).num_rows == 0
    assert membership_table(flags(), {}, DAY).num_rows == 0
    assert changes_table(same, same, {}, {}, DAY).num_rows == 0


def definition(key="s", value="x"):
    rule = {"kind": "tag", "tag": "stage", "test": {"op": "eq", "value": value}}
    return parse_definition({"language": 1, "key": key, "name": {"zh": "人群", "en": "set"}, "rule": rule})


@pytest.fixture
def shelf(tmp_path):
    url = os.environ.get("LIUKE_TEST_POSTGRES_URL", f"sqlite:///{tmp_path / 'o.db'}")
    operations = Operations(url)
    operations.create_all()
    return SegmentShelf(operations)


def save(shelf, one, **more):
    with shelf._operations.begin() as connection:
        shelf.save(connection, one, one.rule_hash, "ann", AT, **more)


def test_the_last_saved_document_stands_and_all_stay(shelf):
    save(shelf, definition(value="x"))
    save(shelf, definition(value="y"))
    save(shelf, definition("other"))
    assert shelf.definitions() == {"other": definition("other"), "s": definition(value="y")}
    assert [one.document for one in shelf.versions("s")] == [definition(value="y"), definition(value="x")]
    save(shelf, definition(value="y"), archived=True)
    assert list(shelf.definitions()) == ["other"]
    assert len(shelf.versions("s")) == 3


def test_a_file_stands_above_what_was_saved():
    book = joined_book({"s": definition(value="file")}, {"s": definition(value="saved"), "t": definition("t")})
    assert book["s"] == definition(value="file")
    assert set(book) == {"s", "t"}


def test_a_frozen_set_stays_and_appears_whole(shelf):
    members = list(range(1, 45_001))
    frozen = shelf.freeze(definition(), "v1", DAY, members, "ann", AT)
    assert (frozen.customers, frozen.as_of) == (45_000, DAY)
    assert shelf.members(frozen.snapshot) == members
    again = shelf.freeze(definition(), "v1", DAY, [1], "bob", AT)
    assert again == frozen
    assert shelf.snapshots("s") == [frozen]
    assert shelf.snapshots("other") == []
    with pytest.raises(SegmentError, match="no frozen set"):
        shelf.members("nothing")
