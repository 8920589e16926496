"""Personal values: sealed, found exactly, masked."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from liuke.collect.identity import Profile, ProfileBook, ProfileRecord, normal_sql, normal_value
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


@pytest.mark.parametrize("value", ["13800138000", "+86 138-0013-8000", "A@Example.com ", "M7"])
def test_exact_values_are_found_in_any_spelling(operations: Operations, book: ProfileBook, value: str) -> None:
    row = ProfileRecord(1, 1, 10, NOW, phone="138 0013 8000", email="a@example.com", member_no="M7")
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


@pytest.mark.parametrize("namespace", ["phone", "email", "member"])
@pytest.mark.parametrize(
    "value", ["+86 138 0013 8000", "008613800138000", "8613800138000", "021-5555", "  X@Y.cn", "862155556666", "M 7 "]
)
def test_sql_and_python_normalise_alike(namespace: str, value: str) -> None:
    (found,) = duckdb.execute(f"SELECT {normal_sql(namespace, '?')}", [value]).fetchall()[0]
    assert (found or "") == normal_value(namespace, value)
