"""The same moment on Spark: the views of :class:`~liuke.collect.history.Moment` over the same files.

Spark reads the Parquet files of the lake's snapshots directly, from a place that all its workers can read. The
identities are joined on the driver, by the same code as everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet

from liuke.collect.history import views
from liuke.collect.history.syntax import SPARK
from liuke.collect.identity import IDENTITIES, component_map
from liuke.collect.sources import CANONICAL, hidden_loads
from liuke.kernel import ShopProfile, midnight_utc, minor_exponent
from liuke.store.lake import Lake
from liuke.store.operations import Operations

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LINKS = "identity_links"


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
        for name in names:
            files = self._session.read.option("mergeSchema", "true").parquet(*self._lake.scan_files(name))
            files.createOrReplaceTempView(_raw(name))
        self._map_identities(cut)
        self._create_views(cut)
        return ClusterMoment(as_of, known_at, self._session, inputs)

    def _map_identities(self, cut: views.Cut) -> None:
        rows = self._session.sql(
            "SELECT identity_id, linked_identity_id, namespace, min(recorded_at) AS seen_at "
            f"FROM {_raw(IDENTITIES.name)} WHERE {cut.recorded} GROUP BY ALL ORDER BY ALL"
        ).collect()
        kinds = {"identity_id": pa.int64(), "linked_identity_id": pa.int64(), "namespace": pa.string()}
        links = pa.table(
            {
                name: pa.array([row[name] for row in rows], kind)
                for name, kind in {**kinds, "seen_at": pa.timestamp("us")}.items()
            }
        )
        folder = self._scratch_dir / "spark"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{_LINKS}-{cut.as_of}.parquet"
        pyarrow.parquet.write_table(component_map(links), path)
        self._session.read.parquet(str(path)).createOrReplaceTempView("identity_map")

    def _create_views(self, cut: views.Cut) -> None:
        rate = self._shop.margin_rate
        for name, sql, cached in (
            ("products", views.products(_raw("products"), cut), True),
            ("children", views.children(_raw("children"), cut), False),
            ("order_facts", views.order_facts(_raw("order_facts"), cut), False),
            ("order_lines", views.order_lines(_raw("order_items"), cut, self._minor_per_major), False),
            ("events", views.events(_raw("events"), cut), False),
            ("touches", views.touches(_raw("touches"), cut), False),
            # read by nearly every tag, and a join of four tables: computed once
            ("purchases", views.purchases(_raw("orders"), cut, rate), True),
            ("customers", views.customers(_raw, cut), True),
            ("purchase_items", views.purchase_items(rate), False),
            ("credits", views.credits(), False),
        ):
            self._session.sql(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {sql}")
            if cached:
                self._session.catalog.cacheTable(name)

    @property
    def _minor_per_major(self) -> int:
        return int(10 ** minor_exponent(self._shop.currency))


def _raw(name: str) -> str:
    """Name the view of a table's files."""
    return f"lake_{name}"
