"""Ids of many rows with few different keys: each key is hashed once, not once per row.

MD5 costs 0.5 µs a row and core, a look-up of a key met before a tenth of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from liuke.collect.sources.sql import identifier, literal
from liuke.kernel import stable_id_sql

SAMPLE_ROWS = 50_000  # the first rows tell whether keys repeat: orders' lines and customers' orders lie close together
MAX_DISTINCT_SHARE = 0.7  # above it hashing each row costs less than finding the distinct keys


@dataclass(frozen=True)
class Lookup:
    """Where the id of a key stands: a temp table with the key in ``v``."""

    table: str
    column: str


class IdBook:
    """Looks ids up where that pays.

    Parameters
    ----------
    lookups : mapping of (namespace, SQL of the key) to Lookup
    """

    def __init__(self, lookups: Mapping[tuple[str, str], Lookup]) -> None:
        self._lookups = lookups

    def id_sql(self, namespace: str, key_sql: str, value: str, joins: dict[str, str]) -> str:
        """Return the SQL of an id.

        Parameters
        ----------
        namespace : str
        key_sql : str
            How the key is made of the file's columns.
        value : str
            The column that holds the key where the id is wanted.
        joins : dict of alias to SQL
            Gets the join that the id needs, if any.
        """
        lookup = self._lookups.get((namespace, key_sql))
        if lookup is None:
            return stable_id_sql(literal(namespace), value)
        alias = f"{lookup.table}_{value.strip(chr(34)).replace(' ', '_')}"
        joins[alias] = f"LEFT JOIN {lookup.table} AS {identifier(alias)} ON {identifier(alias)}.v = {value}"
        return f"{identifier(alias)}.{lookup.column}"


def make_lookups(
    connection: duckdb.DuckDBPyConnection, relation: str, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Lookup]:
    """Hash the distinct keys of a file, where they repeat enough.

    Parameters
    ----------
    connection : DuckDBPyConnection
    relation : str
        The rows to be loaded.
    wanted : iterable of (namespace, SQL of the key)
    """
    by_key: dict[str, list[str]] = {}
    for namespace, key_sql in wanted:
        namespaces = by_key.setdefault(key_sql, [])
        if namespace not in namespaces:
            namespaces.append(namespace)
    found: dict[tuple[str, str], Lookup] = {}
    for key_sql, namespaces in by_key.items():
        rows, distinct = connection.execute(
            "SELECT count(*), approx_count_distinct(v) "
            f"FROM (SELECT {key_sql} AS v FROM {relation} LIMIT {SAMPLE_ROWS})"
        ).fetchall()[0]
        if distinct > rows * MAX_DISTINCT_SHARE:
            continue
        table = f"ids_{len(found)}"
        hashes = [f"{stable_id_sql(literal(name), 'v')} AS id_{number}" for number, name in enumerate(namespaces)]
        connection.execute(
            f"CREATE TEMP TABLE {table} AS SELECT v, {', '.join(hashes)} "
            f"FROM (SELECT DISTINCT {key_sql} AS v FROM {relation}) WHERE v IS NOT NULL"
        )
        found |= {(name, key_sql): Lookup(table, f"id_{number}") for number, name in enumerate(namespaces)}
    return found
