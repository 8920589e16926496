"""Which rows of a file are loaded, filtered or quarantined. Every row ends in exactly one of the three."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from liuke.collect.sources.errors import AccountingError
from liuke.collect.sources.plan import FILTERED, QUARANTINED, Plan
from liuke.collect.sources.readers import ROW, UNREADABLE, Staged
from liuke.collect.sources.sql import identifier, literal
from liuke.kernel import stable_id_sql

EXCEPTIONS = "exceptions"  # temp table: __row, code; rows that aren't loaded
KEYS = "row_keys_of_file"  # temp table: __row, key_id, content_hash
SEPARATOR = "chr(31)"


@dataclass(frozen=True)
class Reason:
    """Why a row isn't loaded; its place in the list is its code."""

    verdict: str
    text: str
    field: str | None = None


@dataclass
class Verdicts:
    """The verdict over a file's rows.

    Parameters
    ----------
    live : str
        Relation of the typed rows that are loaded.
    reasons : list of Reason
    loaded : int
    filtered, quarantined : mapping of reason to rows
    """

    live: str
    reasons: list[Reason]
    loaded: int = 0
    filtered: Mapping[str, int] = field(default_factory=dict)
    quarantined: Mapping[str, int] = field(default_factory=dict)


class Judge:
    """Judges the rows of one staged file.

    Parameters
    ----------
    connection : DuckDBPyConnection
        The one that staged the file.
    plan : Plan
    staged : Staged
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan, staged: Staged) -> None:
        self._connection = connection
        self._plan = plan
        self._staged = staged
        self._reasons = [Reason(rule.verdict, rule.reason, rule.field) for rule in plan.rules]
        self._connection.execute(f"CREATE TEMP TABLE {EXCEPTIONS} ({ROW} BIGINT, code INTEGER)")

    def judge(self, known: Mapping[int, str], known_keys: str | None, namespace: str) -> Verdicts:
        """Judge every row.

        Parameters
        ----------
        known : mapping of load id to file key
            Other visible loads of the source.
        known_keys : str or None
            Relation of their ``row_keys``; None if there are none.
        namespace : str
            Under which key ids are made.
        """
        self._by_rules()
        if self._plan.key:
            self._repeats()
            self._make_keys(namespace)
            if known and known_keys is not None:
                self._known_elsewhere(known, known_keys)
        return self._accounted()

    def _live(self) -> str:
        none = self._connection.execute(f"SELECT count(*) FROM {EXCEPTIONS}").fetchall()[0][0] == 0
        typed = self._plan.typed
        return typed if none else f"(SELECT t.* FROM {typed} AS t ANTI JOIN {EXCEPTIONS} AS e ON t.{ROW} = e.{ROW})"

    def _by_rules(self) -> None:
        if not self._plan.rules:
            return
        cases = " ".join(f"WHEN {rule.condition} THEN {code}" for code, rule in enumerate(self._plan.rules))
        self._connection.execute(
            f"INSERT INTO {EXCEPTIONS} SELECT * FROM (SELECT {ROW}, CASE {cases} END AS code FROM {self._plan.typed}) "
            "WHERE code IS NOT NULL"
        )

    def _repeats(self) -> None:
        """Quarantine the later rows of a key."""
        code = self._code(QUARANTINED, f"repeats the key ({', '.join(self._key_names())}) of an earlier row")
        keys = ", ".join(self._plan.key)
        self._connection.execute(
            f"CREATE TEMP TABLE repeated AS SELECT {keys}, min({ROW}) AS first_row FROM {self._live()} "
            f"GROUP BY {keys} HAVING count(*) > 1"
        )
        if self._connection.execute("SELECT count(*) FROM repeated").fetchall()[0][0]:
            self._connection.execute(
                f"INSERT INTO {EXCEPTIONS} SELECT l.{ROW}, {code} FROM {self._live()} AS l "
                f"JOIN repeated USING ({keys}) WHERE l.{ROW} > first_row"
            )

    def _make_keys(self, namespace: str) -> None:
        parts = ", ".join(f"CAST({key} AS VARCHAR)" for key in self._plan.key)
        content = ", ".join(f"CAST({identifier(name)} AS VARCHAR)" for name in sorted(self._plan.columns))
        key_id = stable_id_sql(literal(namespace), f"concat_ws({SEPARATOR}, {parts})")
        self._connection.execute(
            f"CREATE TEMP TABLE {KEYS} AS SELECT {ROW}, {key_id} AS key_id, "
            f"CAST(hash({content}) >> 1 AS BIGINT) AS content_hash FROM {self._live()}"
        )

    def _known_elsewhere(self, known: Mapping[int, str], known_keys: str) -> None:
        """Filter rows that another file brought already, quarantine those that contradict it."""
        found = self._connection.execute(
            f"CREATE TEMP TABLE elsewhere AS SELECT k.{ROW}, min(o.load_id) AS load_id, "
            f"bool_or(coalesce(o.content_hash = k.content_hash AND o.hashed_by = {literal(duckdb.__version__)}, false)) "
            f"AS same FROM {KEYS} AS k JOIN {known_keys} AS o USING (key_id) GROUP BY k.{ROW}"
        ).fetchall()
        del found
        pairs = self._connection.execute("SELECT DISTINCT load_id, same FROM elsewhere ORDER BY ALL").fetchall()
        for load_id, same in pairs:
            text = f"already loaded from {known[load_id]}" if same else f"conflicts with {known[load_id]}"
            code = self._code(FILTERED if same else QUARANTINED, text)
            self._connection.execute(
                f"INSERT INTO {EXCEPTIONS} SELECT {ROW}, {code} FROM elsewhere WHERE load_id = ? AND same = ?",
                [load_id, same],
            )

    def _code(self, verdict: str, text: str) -> int:
        self._reasons.append(Reason(verdict, text))
        return len(self._reasons) - 1

    def _key_names(self) -> list[str]:
        return [key.strip('"') for key in self._plan.key]

    def _accounted(self) -> Verdicts:
        """Count, and make sure that no row is missing or counted twice."""
        verdicts = Verdicts(self._live(), self._reasons)
        filtered: dict[str, int] = {}
        quarantined: dict[str, int] = dict(
            self._connection.execute(f"SELECT reason, count(*) FROM {UNREADABLE} GROUP BY 1 ORDER BY 1").fetchall()
        )
        counted = self._connection.execute(f"SELECT code, count(*) FROM {EXCEPTIONS} GROUP BY 1 ORDER BY 1").fetchall()
        for code, rows in counted:
            reason = self._reasons[code]
            book = filtered if reason.verdict == FILTERED else quarantined
            book[reason.text] = book.get(reason.text, 0) + rows
        verdicts.filtered, verdicts.quarantined = filtered, quarantined
        verdicts.loaded = self._connection.execute(f"SELECT count(*) FROM {verdicts.live}").fetchall()[0][0]
        accounted = verdicts.loaded + sum(filtered.values()) + sum(quarantined.values())
        if accounted != self._staged.rows:
            raise AccountingError(
                f"{self._staged.rows} rows in the file, but {verdicts.loaded} loaded, {sum(filtered.values())} filtered "
                f"and {sum(quarantined.values())} quarantined",
                "this is a bug of Liuke: nothing was loaded; please report it with the mapping",
            )
        return verdicts
