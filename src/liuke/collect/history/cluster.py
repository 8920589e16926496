"""The same moment on Spark: the views of :class:`~liuke.collect.history.Moment` over the same files.

Spark reads the Parquet files of the lake's snapshots directly, from a place that all its workers can read. The
identities are joined on the driver, by the same code as everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from liuke.collect.history import views
from liuke.collect.history.syntax import SPARK
from liuke.collect.identity import IDENTITIES, component_map
from liuke.collect.sources import CANONICAL, hidden_loads
from liuke.kernel import ShopProfile, midnight_utc, minor_exponent
from liuke.store.lake import Lake
from liuke.store.operations import Operations

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


_TYPES = {
    "int32": "INT", "int64": "BIGINT", "double": "DOUBLE", "string": "STRING", "bool": "BOOLEAN", "date32[day]": "DATE",
    "timestamp[us]": "TIMESTAMP_NTZ",
}  # fmt: skip


@dataclass(frozen=True)
class ClusterMoment:
    """What the shop knew at 00:00 of ``as_of``, as temporary views of a Spark session.

    Attributes
    ----------
    as_of : date
    known_at : datetime
        Naive UTC.
    session : SparkSession
        Holds the views of ``docs/explanation/architecture.md`` §5 under the same names.
    inputs : mapping of str to int or None
        The snapshot of each lake table that the views read.
    """

    as_of: date
    known_at: datetime
    session: SparkSession
    inputs: Mapping[str, int | None]
    _views: list[str] = field(default_factory=list, repr=False)

    def show(self, name: str, files: Sequence[str]) -> None:
        """Show Parquet files as a view; the first names all columns, those that others lack are NULL."""
        columns = ", ".join(f"`{column.name}` {_spark_type(column.type)}" for column in pq.read_schema(files[0]))
        self.session.read.schema(columns).parquet(*files).createOrReplaceTempView(name)
        self._views.append(name)

    def define(self, name: str, sql: str, *, keep: bool = False) -> None:
        """Make a view of a SELECT; with ``keep``, its rows are computed once."""
        self.session.sql(sql).createOrReplaceTempView(name)
        self._views.append(name)
        if keep:
            self.session.catalog.cacheTable(name)

    def close(self) -> None:
        """Drop the views, and what was kept of them."""
        while self._views:
            self.session.catalog.dropTempView(self._views.pop())

    def __enter__(self) -> ClusterMoment:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ClusterHistory:
    """The shop's past, openable at any day on Spark.

    Parameters
    ----------
    lake : Lake
        Its files have to be readable by every worker under the same paths.
    operations : Operations
    shop : ShopProfile
    session : SparkSession
        Its time zone has to be UTC.
    scratch_dir : Path
        Where the map of identities is handed over; readable by every worker.
    """

    def __init__(
        self, lake: Lake, operations: Operations, shop: ShopProfile, session: SparkSession, scratch_dir: Path
    ) -> None:
        self._lake = lake
        self._operations = operations
        self._shop = shop
        self._session = session
        self._scratch_dir = scratch_dir

    def at(self, as_of: date, known_at: datetime | None = None) -> ClusterMoment:
        """Open the moment of ``as_of``: replaces the views of an earlier moment in the same session."""
        known_at = known_at or midnight_utc(as_of, self._shop.zone)
        with self._operations.read() as connection:
            cut = views.Cut(as_of, known_at, tuple(hidden_loads(connection, known_at)), SPARK)
        names = [*(spec.name for spec in CANONICAL), IDENTITIES.name]
        inputs = {name: self._lake.snapshot_id(name) for name in sorted(names)}
        moment = ClusterMoment(as_of, known_at, self._session, inputs)
        for name in names:
            moment.show(_raw(name), self._lake.scan_files(name))
        self._map_identities(moment, cut)
        self._create_views(moment, cut)
        return moment

    def _map_identities(self, moment: ClusterMoment, cut: views.Cut) -> None:
        """Join the identities on the driver, by the same code as everywhere else."""
        rows = self._session.sql(
            "SELECT identity_id, linked_identity_id, namespace, min(recorded_at) AS seen_at "
            f"FROM {_raw(IDENTITIES.name)} WHERE {cut.recorded} GROUP BY ALL ORDER BY ALL"
        ).collect()
        kinds = {
            "identity_id": pa.int64(), "linked_identity_id": pa.int64(), "namespace": pa.string(),
            "seen_at": pa.timestamp("us"),
        }  # fmt: skip
        links = pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})
        self._scratch_dir.mkdir(parents=True, exist_ok=True)
        path = self._scratch_dir / f"identity_map-{uuid4().hex}.parquet"
        pq.write_table(component_map(links), path)
        moment.show("identity_map", [str(path)])

    def _create_views(self, moment: ClusterMoment, cut: views.Cut) -> None:
        rate = self._shop.margin_rate
        for name, sql, keep in (
            ("products", views.products(_raw("products"), cut), True),
            ("children", views.children(_raw("children"), cut), False),
            ("order_facts", views.order_facts(_raw("order_facts"), cut), False),
            ("order_lines", views.order_lines(_raw("order_items"), cut, self._minor_per_major), False),
            ("events", views.events(_raw("events"), cut), False),
            ("acts", views.acts(), False),
            ("touches", views.touches(_raw("touches"), cut), False),
            ("credits", views.credits(), False),
            # read by nearly every tag, and a join of four tables: computed once
            ("purchases", views.purchases(_raw("orders"), cut, rate), True),
            ("customers", views.customers(_raw, cut), True),
            ("purchase_items", views.purchase_items(rate), False),
        ):
            moment.define(name, sql, keep=keep)

    @property
    def _minor_per_major(self) -> int:
        return int(10 ** minor_exponent(self._shop.currency))


def _raw(name: str) -> str:
    """Name the view of a table's files."""
    return f"lake_{name}"


def _spark_type(kind: pa.DataType) -> str:
    """Return Spark's name of a column's type."""
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"ARRAY<{_spark_type(kind.value_type)}>"
    return _TYPES[str(kind).removeprefix("large_")]
