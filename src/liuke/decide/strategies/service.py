"""Let customers enter a strategy: select, draw arms, write entries, plan messages, in one transaction.

Run twice for the same day it changes nothing: entries are unique on (strategy, customer, entry), arms are remembered,
and the planner takes each message once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

from liuke.decide.strategies.audience import compile_audience
from liuke.decide.strategies.contracts import Allocation, Arm, EntryReport, MessageBatch
from liuke.decide.strategies.document import Strategy
from liuke.decide.strategies.errors import StrategyError
from liuke.decide.strategies.ports import Allocator, Kin, MessagePlanner, NoKin
from liuke.decide.strategies.tables import entries, strategy_versions
from liuke.store.operations import Operations

IDS_PER_QUERY = 5_000  # SQLite allows 32,766 variables in a statement, PostgreSQL 65,535


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Customers who may enter and the names of their entries; both of shape (n,)."""

    customer_ids: NDArray[np.int64]
    entries: NDArray[np.str_]

    def where(self, keep: NDArray[np.bool_]) -> _Candidates:
        return _Candidates(self.customer_ids[keep], self.entries[keep])


class StrategyDesk:
    """Runs strategies for one shop.

    Parameters
    ----------
    operations
        Where versions and entries are kept.
    allocator, planner
        See ``ports``.
    kin
        Former ids of merged customers, so that a merge lets nobody in twice; by default nobody was merged.
    """

    def __init__(
        self, operations: Operations, allocator: Allocator, planner: MessagePlanner, kin: Kin | None = None
    ) -> None:
        self._operations = operations
        self._allocator = allocator
        self._planner = planner
        self._kin = kin or NoKin()

    def enter(
        self,
        strategy: Strategy,
        as_of: date,
        connection: duckdb.DuckDBPyConnection,
        audience: str,
        *,
        rehearse: bool = False,
    ) -> EntryReport:
        """Let the customers whom the rule selects enter, and plan messages for the treated.

        Parameters
        ----------
        as_of
            The day on which they enter.
        connection
            DuckDB with the table or view ``audience``.
        audience
            Relation with ``customer_id BIGINT``, one row per customer, tag and profile columns, and ``level`` where
            the early warning has run.
        rehearse
            True when ``as_of`` lies in the past: on a medium that reaches people nothing is written, neither entries
            nor messages, and the report says what would have happened.

        Raises
        ------
        StrategyError
            If the rule names an unknown column; nothing is written.
        """
        selected = _select(strategy, as_of, connection, audience)
        dry = rehearse and self._planner.is_real(strategy.message.channel)
        with self._operations.read() if dry else self._operations.begin() as transaction:
            fresh = _new(strategy, as_of, transaction, selected, self._kin)
            if strategy.limits.entries_per_day is not None:  # who is elsewhere takes nobody's place
                looked = self._draw(strategy, transaction, fresh, as_of, connection, audience, store=False)
                fresh = _limited(strategy, as_of, transaction, fresh.where(looked.arms != Arm.ELSEWHERE.value))
            arms = self._draw(strategy, transaction, fresh, as_of, connection, audience, store=not dry)
            here = arms.arms != Arm.ELSEWHERE.value
            elsewhere = int((~here).sum())
            fresh, arms = fresh.where(here), Allocation(arms.arms[here], arms.probabilities[here])
            if not dry:
                _remember(transaction, strategy, as_of)
                _write(transaction, strategy, as_of, fresh, arms)
            treated = fresh.where(arms.arms == Arm.TREATED.value)
            batch = MessageBatch(
                strategy.id, strategy.version, strategy.planned_message, treated.customer_ids, treated.entries, as_of
            )
            planned = self._planner.plan(transaction, batch, rehearse=dry)
        counts = Counter(arms.arms.tolist())
        return EntryReport(
            strategy=strategy.id,
            version=strategy.version,
            as_of=as_of,
            audience=len(selected.customer_ids),
            entered={arm.value: counts[arm.value] for arm in Arm if arm is not Arm.ELSEWHERE},
            planned=planned,
            rehearsed=dry,
            elsewhere=elsewhere,
        )

    def _draw(
        self,
        strategy: Strategy,
        transaction: sa.Connection,
        candidates: _Candidates,
        as_of: date,
        connection: duckdb.DuckDBPyConnection,
        audience: str,
        *,
        store: bool,
    ) -> Allocation:
        """Ask the allocator, who may ask back for columns of the audience."""
        traits = partial(_traits, strategy, connection, audience, candidates.customer_ids)
        ids, share = candidates.customer_ids, strategy.control_share
        return self._allocator.allocate(transaction, strategy.id, ids, share, as_of, store=store, traits=traits)


def entries_of(connection: sa.Connection, strategy: str) -> pa.Table:
    """Return a strategy's entries in the order of their day.

    Returns
    -------
    pyarrow.Table
        ``customer_id, entry, version, arm, probability, entered_on``.
    """
    names = ("customer_id", "entry", "version", "arm", "probability", "entered_on")
    columns = [entries.c[name] for name in names]
    order = (entries.c.entered_on, entries.c.customer_id, entries.c.entry)
    rows = connection.execute(sa.select(*columns).where(entries.c.strategy == strategy).order_by(*order)).all()
    kinds = (pa.int64(), pa.string(), pa.string(), pa.string(), pa.float64(), pa.date32())
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    values = list(zip(*rows, strict=True)) or [()] * len(names)
    return pa.table([pa.array(column, kind) for column, kind in zip(values, kinds, strict=True)], schema=schema)


def entered_before(
    connection: sa.Connection, strategy: str, customer_ids: Sequence[int], days: tuple[date, date]
) -> dict[int, list[tuple[date, str, float]]]:
    """Return when and in which arm customers entered a strategy from one day until before another."""
    found: dict[int, list[tuple[date, str, float]]] = {}
    table = entries.c
    for start in range(0, len(customer_ids), IDS_PER_QUERY):
        query = (
            sa.select(table.customer_id, table.entered_on, table.arm, table.probability)
            .where(table.strategy == strategy, table.customer_id.in_(customer_ids[start : start + IDS_PER_QUERY]))
            .where(table.entered_on >= days[0], table.entered_on < days[1])
        )
        for customer, day, arm, probability in connection.execute(query):
            found.setdefault(customer, []).append((day, arm, probability))
    return found


def _select(strategy: Strategy, as_of: date, connection: duckdb.DuckDBPyConnection, audience: str) -> _Candidates:
    relation = '"' + audience.replace('"', '""') + '"'
    described = connection.execute(f"DESCRIBE {relation}").fetchall()
    columns = {row[0]: row[1] for row in described}
    rule = compile_audience(strategy.audience, columns)
    key = strategy.entry.key
    if key is not None and key not in columns:
        raise StrategyError(f"{strategy.id}: there is no column {key!r} to name entries by.", hint="See `entry.key`.")
    entry = f'"{key}"::VARCHAR' if key else f"'{as_of.isoformat()}'"
    guard = f'AND "{key}" IS NOT NULL' if key else ""
    query = f"SELECT customer_id, {entry} AS entry FROM {relation} WHERE {rule.sql} {guard} ORDER BY customer_id"
    table: Any = connection.sql(query, params=rule.parameters).to_arrow_table()
    names = np.array(table.column("entry").to_pylist(), dtype=np.str_)
    return _Candidates(table.column("customer_id").to_numpy().astype(np.int64), names)


def _traits(
    strategy: Strategy,
    connection: duckdb.DuckDBPyConnection,
    audience: str,
    customer_ids: NDArray[np.int64],
    columns: Sequence[str],
) -> Mapping[str, NDArray[Any]]:
    """Return columns of the audience for some customers, in their order; a missing value is None."""
    relation = '"' + audience.replace('"', '""') + '"'
    known = {row[0] for row in connection.execute(f"DESCRIBE {relation}").fetchall()}
    unknown = sorted(set(columns) - known)
    if unknown:
        raise StrategyError(
            f"{strategy.id}: its trial draws by {unknown[0]!r}, which the audience does not have.",
            hint=f"Columns there are: {', '.join(sorted(known))}.",
        )
    wanted = pa.table({"customer_id": pa.array(customer_ids), "place": pa.array(range(len(customer_ids)), pa.int64())})
    connection.register("strategies_wanted", wanted)
    try:
        listed = ", ".join(f'a."{column}"' for column in columns)
        query = f"SELECT {listed} FROM strategies_wanted w JOIN {relation} a USING (customer_id) ORDER BY w.place"
        table: Any = connection.sql(query).to_arrow_table()
    finally:
        connection.unregister("strategies_wanted")
    return {column: np.array(table.column(column).to_pylist(), dtype=object) for column in columns}


def _new(strategy: Strategy, as_of: date, connection: sa.Connection, selected: _Candidates, kin: Kin) -> _Candidates:
    """Leave out those who are inside already, or were too recently, under whatever id."""
    table, again = entries.c, strategy.entry.again_after_days
    query = sa.select(table.customer_id, table.entry).where(table.strategy == strategy.id)
    if again is not None:
        query = query.where(table.entered_on > as_of - timedelta(days=again))
    by_key = strategy.entry.key is not None
    inside = {(row.customer_id, row.entry if by_key else "") for row in connection.execute(query)}
    ids = kin.of(selected.customer_ids.tolist())
    pairs = zip(selected.customer_ids.tolist(), selected.entries.tolist(), strict=True)
    keep = [not any((i, entry if by_key else "") in inside for i in ids[customer]) for customer, entry in pairs]
    return selected.where(np.array(keep, dtype=np.bool_))


def _limited(strategy: Strategy, as_of: date, connection: sa.Connection, fresh: _Candidates) -> _Candidates:
    """Keep as many as the day still allows, chosen by a hash so that no kind of customer is favoured."""
    limit = strategy.limits.entries_per_day
    if limit is None:
        return fresh
    today = sa.select(sa.func.count()).where(entries.c.strategy == strategy.id, entries.c.entered_on == as_of)
    room = max(0, limit - int(connection.scalar(today) or 0))
    # multiplicative hashing (Knuth 1997, §6.4): the day shifts it, so that the same customers are not always first
    mixed = (fresh.customer_ids.astype(np.uint64) + np.uint64(as_of.toordinal())) * np.uint64(0x9E3779B97F4A7C15)
    keep = np.zeros(len(mixed), dtype=np.bool_)
    keep[np.lexsort((fresh.customer_ids, mixed))[:room]] = True
    return fresh.where(keep)


def _remember(connection: sa.Connection, strategy: Strategy, as_of: date) -> None:
    row = {
        "strategy": strategy.id,
        "version": strategy.version,
        "document": strategy.normalised(),
        "first_used_on": as_of,
    }
    connection.execute(_insert(connection, strategy_versions), row)


def _write(connection: sa.Connection, strategy: Strategy, as_of: date, fresh: _Candidates, arms: Allocation) -> None:
    columns = (fresh.customer_ids, fresh.entries, arms.arms, arms.probabilities)
    shared = {"strategy": strategy.id, "version": strategy.version, "entered_on": as_of}
    rows = [
        {**shared, "customer_id": customer_id, "entry": entry, "arm": arm, "probability": chance}
        for customer_id, entry, arm, chance in zip(*(column.tolist() for column in columns), strict=True)
    ]
    if rows:
        connection.execute(_insert(connection, entries), rows)


def _insert(connection: sa.Connection, table: sa.Table) -> SqliteInsert | PostgresInsert:
    """Return an insert that leaves rows alone that are there already."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()
