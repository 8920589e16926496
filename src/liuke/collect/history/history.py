"""Opens moments of a shop's past."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from liuke.collect.history import views
from liuke.collect.history.moment import Moment
from liuke.collect.history.record import record_days
from liuke.collect.identity import IDENTITIES, component_map
from liuke.collect.sources import CANONICAL, hidden_loads
from liuke.kernel import ShopProfile, midnight_utc, minor_exponent
from liuke.store.lake import Lake, connect
from liuke.store.operations import Operations


class History:
    """The shop's past, openable at any day.

    Parameters
    ----------
    lake : Lake
    operations : Operations
        Knows which loads are valid.
    shop : ShopProfile
        Its zone decides where a day begins, its margin rate stands in for unknown costs.
    scratch_dir : Path
        Where the engine may spill.
    memory_mb : int
        Memory limit of each moment's engine, in MiB.
    """

    def __init__(
        self, lake: Lake, operations: Operations, shop: ShopProfile, scratch_dir: Path, memory_mb: int = 1024
    ) -> None:
        self._lake = lake
        self._operations = operations
        self._shop = shop
        self._scratch_dir = scratch_dir
        self._memory_mb = memory_mb

    def at(self, as_of: date, known_at: datetime | None = None) -> Moment:
        """Open the moment of ``as_of``.

        Parameters
        ----------
        as_of : date
            Shop-local day; what happened on it or later is unseen.
        known_at : datetime, optional
            Naive UTC; what was recorded later is unseen. Default: 00:00 of ``as_of``. A later instant adds late
            arrivals, which is right for outcomes and wrong for features.
        """
        known_at = known_at or midnight_utc(as_of, self._shop.zone)
        with self._operations.read() as connection:
            cut = views.Cut(as_of, known_at, tuple(hidden_loads(connection, known_at)))
        names = [*(spec.name for spec in CANONICAL), IDENTITIES.name]
        inputs = {name: self._lake.snapshot_id(name) for name in sorted(names)}
        engine = connect(self._scratch_dir, self._memory_mb)
        self._register_identities(engine, cut)
        self._create_views(engine, cut)
        return Moment(as_of, known_at, engine, inputs)

    def days(self) -> tuple[date, date] | None:
        """Return the first and the last day of the record of paid orders, None if there is none."""
        with self._operations.read() as connection:
            hidden = tuple(hidden_loads(connection))
        cut = views.Cut(date.max, datetime.max, hidden)
        engine = connect(self._scratch_dir, self._memory_mb)
        try:
            scan = self._lake.scan_sql("order_facts")
            return record_days(engine, f"SELECT occurred_on AS day FROM {scan} WHERE fact = 'paid' AND {cut.visible}")
        finally:
            engine.close()

    def _register_identities(self, engine: duckdb.DuckDBPyConnection, cut: views.Cut) -> None:
        links: pa.Table = engine.sql(
            "SELECT identity_id, linked_identity_id, namespace, min(recorded_at) AS seen_at "
            f"FROM {self._lake.scan_sql(IDENTITIES.name)} WHERE {cut.recorded} GROUP BY ALL ORDER BY ALL"
        ).to_arrow_table()
        engine.register("identity_links", component_map(links))
        engine.execute("CREATE TEMP TABLE identity_map AS SELECT * FROM identity_links")
        engine.unregister("identity_links")

    def _create_views(self, engine: duckdb.DuckDBPyConnection, cut: views.Cut) -> None:
        scan = self._lake.scan_sql
        rate = self._shop.margin_rate
        minor_per_major = 10 ** minor_exponent(self._shop.currency)
        tables = {"products": views.products(scan("products"), cut)}
        engine.execute(f"CREATE TEMP TABLE products AS {tables['products']}")
        for name, sql in (
            ("children", views.children(scan("children"), cut)),
            ("order_facts", views.order_facts(scan("order_facts"), cut)),
            ("order_lines", views.order_lines(scan("order_items"), cut, minor_per_major)),
            ("events", views.events(scan("events"), cut)),
            ("acts", views.acts()),
            ("touches", views.touches(scan("touches"), cut)),
        ):
            engine.execute(f"CREATE TEMP VIEW {name} AS {sql}")
        engine.execute(f"CREATE TEMP VIEW credits AS {views.credits()}")
        # read by nearly every tag, and a join of four tables: computed once
        engine.execute(f"CREATE TEMP TABLE purchases AS {views.purchases(scan('orders'), cut, rate)}")
        engine.execute(f"CREATE TEMP TABLE customers AS {views.customers(scan, cut)}")
        engine.execute(f"CREATE TEMP VIEW purchase_items AS {views.purchase_items(rate)}")
