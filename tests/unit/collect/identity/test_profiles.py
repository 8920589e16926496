"""Personal values: sealed, found exactly, masked."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from liuke.collect.identity import Profile, ProfileBook, ProfileRecord, profiles
from liuke.store.operations import FieldCipher, Operations

NOW = datetime(2026, 3, 1)


@pytest.fixture
def operations(tmp_path: Path) -> Operations:
    made = Operations(f"sqlite:///{tmp_path / 'operations.db'}")
    made.create_all()
    return made


@pytest.fixture
def book() -> ProfileBook:
    return ProfileBook(FieldCipher(b"k" * 32))


def test_the_latest_value_of_any_identity_counts(operations: Operations, book: ProfileBook) -> None:
    rows = [
        ProfileRecord(1, 1, 10, NOW, name="王小明", phone="13800138000", email="old@example.com"),
        ProfileRecord(2, 1, 11, NOW + timedelta(days=1), email="new@example.com"),
        ProfileRecord(2, 2, 20, NOW, name="李"),
    ]
    with operations.begin() as connection:
        assert book.record(connection, rows) == 3
        found = book.look_up(connection, {10: [10, 11], 20: [20], 30: [30]}, unmasked=True)
    assert found == {
        10: Profile(name="王小明", phone="13800138000", email="new@example.com"),
        20: Profile(name="李"),
    }


@pytest.mark.parametrize(
    "value",
    [
        "13800138000",
        "+86 138-0013-8000",
        "１３８００１３８０００",
        "A@Example.com ",
        "Ａ＠example.com",
        "M7",
        "王小明",
        "王　小明",
    ],
)
def test_exact_values_are_found_in_any_spelling(operations: Operations, book: ProfileBook, value: str) -> None:
    row = ProfileRecord(1, 1, 10, NOW, name="王小明", phone="138 0013 8000", email="a@example.com", member_no="M7")
    with operations.begin() as connection:
        book.record(connection, [row])
        assert book.find(connection, value) == [10]
        assert book.find(connection, "13800138001") == []


def test_superseded_rows_are_gone(operations: Operations, book: ProfileBook) -> None:
    with operations.begin() as connection:
        book.record(connection, [ProfileRecord(1, 1, 10, NOW, phone="13800138000")])
        book.supersede(connection, [1], NOW)
        assert book.find(connection, "13800138000") == []
        assert book.look_up(connection, {10: [10]}) == {}


def test_nothing_personal_is_legible_in_the_database(operations: Operations, book: ProfileBook, tmp_path: Path) -> None:
    with operations.begin() as connection:
        book.record(connection, [ProfileRecord(1, 1, 10, NOW, name="Zhang San", phone="13800138000")])
    content = b"".join(path.read_bytes() for path in tmp_path.glob("operations.db*"))
    assert b"Zhang" not in content
    assert b"13800138000" not in content


@pytest.mark.parametrize(
    "text", ["abc", "红色", "张艺涵", "a@b.com", "???", "", "-", "none", "138****0001", "0", "1.38E+10"]
)
def test_what_is_no_key_finds_nobody_and_is_found_by_nobody(
    operations: Operations, book: ProfileBook, text: str
) -> None:
    strangers = [
        "",
        "-",
        "none",
        "N/A",
        "无",
        "138****0001",
        "0",
        "00000000000",
        "1.38E+10",
        "w***@example.com",
        "？？？",
    ]
    rows = [
        ProfileRecord(1, n, n, NOW, name=said or "李", phone=said, email=said, member_no=said)
        for n, said in enumerate(strangers)
    ]
    with operations.begin() as connection:
        assert book.record(connection, rows) == len(strangers)
        assert book.find(connection, text) == []
        assert set(book.holders(connection, "email", [text])) <= {"a@b.com"}


def test_an_inbox_is_held_by_every_record_that_ever_had_it_and_by_itself(
    operations: Operations, book: ProfileBook
) -> None:
    rows = [ProfileRecord(n, 1, n, NOW, email=said) for n, said in enumerate(("A@x.cn", "a@X.cn ", "b@x.cn"))]
    with operations.begin() as connection:
        book.record(connection, rows)
        book.supersede(connection, [1], NOW)
        holders = book.holders(connection, "email", ["ａ@x.cn", "b@x.cn"])
    assert {address: ids & {0, 1, 2} for address, ids in holders.items()} == {"ａ@x.cn": {0, 1}, "b@x.cn": {2}}
    assert all(len(ids - {0, 1, 2}) == 1 for ids in holders.values())


def test_rows_of_an_earlier_version_are_indexed_by_what_is_a_key_today(
    operations: Operations, book: ProfileBook
) -> None:
    with operations.begin() as connection:
        book.record(
            connection,
            [ProfileRecord(1, 1, 10, NOW, name="王小明", phone="１３８００１３８０００"), ProfileRecord(1, 2, 11, NOW)],
        )
        connection.execute(sa.update(profiles).values(name_index=None, phone_index="as it was"))
        assert book.index_missing(connection) == 2
        assert book.index_missing(connection) == 0
        assert book.find(connection, "13800138000") == book.find(connection, "王小明") == [10]
