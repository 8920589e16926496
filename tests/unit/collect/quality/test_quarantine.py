"""Quarantined rows: counted without values, opened with them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from liuke.collect.quality import Quarantine, QuarantineCount, QuarantinedRow, Selection
from liuke.store.operations import FieldCipher, Operations


@pytest.fixture
def operations(tmp_path: Path) -> Operations:
    made = Operations(f"sqlite:///{tmp_path / 'operations.db'}")
    made.create_all()
    return made


def row(number: int, reason: str = "price is not an amount", source: str = "orders") -> QuarantinedRow:
    return QuarantinedRow(7, number, source, "d1.csv", reason, "price", {"price": "a lot", "phone": None})


def test_rows_come_back_as_they_were(operations: Operations) -> None:
    quarantine = Quarantine(FieldCipher(b"k" * 32))
    with operations.begin() as connection:
        assert quarantine.record(connection, [row(2), row(1), row(3, "x", "other")]) == 3
        found = quarantine.rows(connection, Selection(source="orders"))
        assert found == [row(1), row(2)]
        assert found[0].message == "price: 'a lot' is not an amount"
        assert quarantine.counts(connection)[0] == QuarantineCount("orders", "d1.csv", "price is not an amount", 2)


def test_released_and_superseded_rows_are_closed(operations: Operations) -> None:
    quarantine = Quarantine(FieldCipher(b"k" * 32))
    with operations.begin() as connection:
        quarantine.record(connection, [row(1), row(2), row(3)])
        quarantine.release(connection, 7, [1], released_by=9)
        quarantine.restate(connection, 7, {2: ("is still wrong", None)})
        assert [(one.row_number, one.reason) for one in quarantine.rows(connection)] == [
            (2, "is still wrong"),
            (3, "price is not an amount"),
        ]
        quarantine.supersede(connection, [7], datetime(2026, 1, 1))
        assert quarantine.rows(connection) == []
        assert quarantine.counts(connection) == []
