"""A workspace with one mapping of orders, and the files of a day."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from liuke.collect.sources import Ingestor, IngestReport, hidden_loads
from liuke.kernel import Progress, ShopProfile
from liuke.store.lake import Lake, connect
from liuke.store.operations import FieldCipher, Operations
from liuke.store.workspace import Workspace

NOW = datetime(2026, 3, 1, 12)
ORDERS = """
    language: 1
    source: orders
    files: files/orders/*.csv
    format: csv
    columns:
      paid_at: {type: timestamp, required: true}
      quantity: {type: integer, required: true}
      price: decimal
    filters:
      - {reason: test order, when: "order_no like 'TEST%'"}
    checks:
      - {reason: quantity out of range, unless: quantity between 1 and 99}
    key: [order_no, line_no]
    occurred: paid_at
    recorded: {lag: 1 hour}
    identity: {namespace: member, key: member_no, links: [{namespace: phone, key: phone}]}
    emit:
      - table: orders
        group_by: order_no
        fields: {order_key: order_no, channel: {const: app}}
      - table: order_facts
        group_by: order_no
        fields: {order_key: order_no, fact: {const: paid}, amount: sum(quantity * price)}
      - table: order_items
        fields: {order_key: order_no, product_key: sku, quantity: quantity, unit_price: price, net: quantity * price}
"""


@dataclass
class Shop:
    """One workspace as ingestion sees it."""

    path: Path
    zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        settings = self.path / "shop" / "liuke.toml"
        self.workspace = (
            Workspace.open(self.path / "shop") if settings.exists() else Workspace.create(self.path / "shop", "")
        )
        self.lake = Lake(self.workspace.lake_dir)
        self.operations = Operations(self.workspace.operations_url)
        self.operations.create_all()
        self.cipher = FieldCipher(b"k" * 32)
        profile = ShopProfile(zone=self.zone)
        self.ingestor = Ingestor(self.workspace, self.lake, self.operations, self.cipher, profile, memory_mb=256)

    def mapping(self, text: str, name: str = "orders.yaml") -> None:
        (self.workspace.sources_dir / name).write_text(textwrap.dedent(text), "utf-8")

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.workspace.path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def ingest(self, now: datetime = NOW, progress: Progress | None = None) -> IngestReport:
        return self.ingestor.ingest(now, progress)

    def rows(self, table: str, columns: str = "*", known_at: datetime = datetime.max) -> list[Any]:
        """Return the visible rows of a lake table, sorted."""
        with self.operations.read() as connection:
            hidden = ", ".join(map(str, hidden_loads(connection, known_at))) or "-1"
        engine = connect(self.workspace.scratch_dir, 256)
        query = f"SELECT {columns} FROM {self.lake.scan_sql(table)} WHERE load_id NOT IN ({hidden}) ORDER BY ALL"
        found = engine.execute(query).fetchall()
        engine.close()
        return found

    def content(self) -> dict[str, list[Any]]:
        """Return all that is visible, run metadata aside."""
        return {info.name: self.rows(info.name) for info in self.lake.tables()}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    made.mapping(ORDERS)
    return made


@pytest.fixture
def make_shop(tmp_path: Path) -> Callable[[str], Shop]:
    return lambda name: Shop(tmp_path / name)
