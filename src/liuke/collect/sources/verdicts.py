"""Which rows of a file are loaded, filtered or quarantined. Every row ends in exactly one of the three.

The file is scanned once: rules and the hash of each row are computed on the way into a temp table, from which all later
passes read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from liuke.collect.quality import because
from liuke.collect.sources.errors import AccountingError
from liuke.collect.sources.ids import IdBook, make_lookups
from liuke.collect.sources.mapping import FormatSpec
from liuke.collect.sources.plan import CODE, CONTENT, FILTERED, LIVE, QUARANTINED, Plan, raw
from liuke.collect.sources.plausible import GroupRule
from liuke.collect.sources.readers import ROW, UNREADABLE, Source, collect_unreadable, explained
from liuke.collect.sources.sql import identifier, literal

ROWS = "rows_of_file"  # temp table: columns in use, __row if given, __code (NULL: no rule objects), __content
ALL = "all_of_file"  # temp view: the same with __row
EXCEPTIONS = "exceptions"  # temp table: __row, code; rows that aren't loaded
KEYS = "keys_of_file"  # temp table: __row, key_id, content_hash


@dataclass(frozen=True)
class Reason:
    """Why a row isn't loaded (``text`` as it is kept); its place in the list is its code."""

    verdict: str
    text: str
    field: str | None = None


@dataclass(frozen=True)
class Verdicts:
    """The verdict over a file's rows; those to be loaded are in the view ``live_of_file``.

    Parameters
    ----------
    reasons : tuple of Reason
    rows, loaded : int
        All rows of the file, and those that are loaded.
    filtered, quarantined : mapping of reason to rows
    book : IdBook
        Ids of the rows' keys.
    keys : str or None
        Relation of the loaded rows' key ids and content hashes; None if the source declares no key.
    numbering : str
        SQL that turns ``{}``, a value of ``__row``, into the row's number in the file.
    times : (datetime, datetime) or None
        Local times between which all rows happened, where that is known.
    """

    reasons: tuple[Reason, ...]
    rows: int
    loaded: int
    book: IdBook
    keys: str | None
    numbering: str
    times: tuple[datetime, datetime] | None
    filtered: Mapping[str, int] = field(default_factory=dict)
    quarantined: Mapping[str, int] = field(default_factory=dict)


def content_sql(plan: Plan) -> str:
    """Return the hash of a scanned row's columns as they stand in the file; comparable within an engine version."""
    return f"CAST(hash({', '.join(raw(name) for name in sorted(plan.names))}) >> 1 AS BIGINT)"


class Judge:
    """Judges the rows of one file.

    Parameters
    ----------
    connection : DuckDBPyConnection
        A fresh one: it gets the temp tables named above.
    plan : Plan
    source : Source
    namespace : str
        Under which key ids are made.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan, source: Source, namespace: str) -> None:
        self._connection = connection
        self._plan = plan
        self._source = source
        self._namespace = namespace
        self._reasons = [Reason(rule.verdict, rule.reason, rule.field) for rule in plan.rules]
        self._unreadable = 0
        self._late = False  # whether a row was refused after the rules

    def judge(
        self, spec: FormatSpec, known: Mapping[int, str], known_keys: str | None, wanted: list[tuple[str, str]]
    ) -> Verdicts:
        """Judge every row.

        Parameters
        ----------
        spec : FormatSpec
        known : mapping of load id to file key
            Other visible loads of the source.
        known_keys : str or None
            Relation of their ``row_keys``; None if there are none.
        wanted : list of (namespace, SQL of the key)
            Ids that the loaded rows will need.
        """
        with explained(self._source.name, spec.kind):
            self._scan()
        self._unreadable = collect_unreadable(self._connection, self._source)
        self._connection.execute(
            f"CREATE TEMP TABLE {EXCEPTIONS} AS SELECT {ROW}, {CODE} AS code FROM {ALL} WHERE {CODE} IS NOT NULL"
        )
        self._show_live()
        if self._plan.key:
            self._repeats()
        parts = self._parts(wanted)
        keys = None
        book = IdBook(make_lookups(self._connection, LIVE, [*wanted, *parts]))
        if self._plan.key:
            keys = self._keys(book, parts)
            if known and known_keys is not None:
                self._connection.execute(f"CREATE TEMP TABLE {KEYS} AS SELECT * FROM {keys}")
                self._known_elsewhere(known, known_keys)
                keys = f"(SELECT k.* FROM {KEYS} AS k SEMI JOIN {LIVE} AS l ON k.{ROW} = l.{ROW})"
        for rule in self._plan.group_rules:  # last: a sum is of the rows that are loaded
            self._refuse_groups(rule)
        return self._accounted(book, keys)

    def _scan(self) -> None:
        cases = " ".join(f"WHEN {rule.condition} THEN {code}" for code, rule in enumerate(self._plan.rules))
        code = f"CASE {cases} END" if cases else "CAST(NULL AS INTEGER)"
        columns = [identifier(name) for name in self._plan.used]
        columns += [f"{code} AS {CODE}", f"{content_sql(self._plan)} AS {CONTENT}"]
        if self._source.numbered:
            columns.append(ROW)
        self._connection.execute(f"CREATE TEMP TABLE {ROWS} AS SELECT {', '.join(columns)} FROM {self._plan.scan}")
        # the engine keeps the order of the file; counting rows while scanning would keep it to one core
        number = "" if self._source.numbered else f"rowid + 1 AS {ROW}, "
        self._connection.execute(f"CREATE TEMP VIEW {ALL} AS SELECT {number}* FROM {ROWS}")

    def _show_live(self) -> None:
        """Let the view show what is to be loaded by now; the join costs, so it stands only where it must."""
        rows = f"SELECT * FROM {ALL} WHERE {CODE} IS NULL"
        if self._late:
            rows = f"SELECT r.* FROM {ALL} AS r ANTI JOIN {EXCEPTIONS} AS e ON r.{ROW} = e.{ROW}"
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {LIVE} AS {rows}")

    def _refuse(self, code: int, rows: str) -> None:
        """Take rows out after the rules; ``rows`` selects their numbers."""
        self._connection.execute(f"INSERT INTO {EXCEPTIONS} SELECT {ROW}, {code} FROM ({rows})")
        self._late = True

    def _refuse_groups(self, rule: GroupRule) -> None:
        """Quarantine all rows of each group that a rule objects to."""
        names = [f"g{place}" for place in range(len(rule.groups))]
        columns = ", ".join(f"{group} AS {name}" for group, name in zip(rule.groups, names, strict=True))
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE bad_groups AS SELECT {columns} FROM {LIVE} WHERE {rule.when} "
            f"GROUP BY {', '.join(rule.groups)} HAVING {rule.condition}"
        )
        if self._count("bad_groups"):
            same = " AND ".join(f"l.{name} IS NOT DISTINCT FROM b.{name}" for name in names)
            rows = f"SELECT {ROW}, {columns} FROM {LIVE} WHERE {rule.when}"
            self._refuse(
                self._code(QUARANTINED, rule.reason), f"SELECT {ROW} FROM ({rows}) AS l JOIN bad_groups AS b ON {same}"
            )
            self._show_live()

    def _parts(self, wanted: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return (namespace, SQL) of the key's columns, each in a namespace of its own.

        The first may share the id that a table needs anyway, unless its column names a person: then the id is made
        under the pepper.
        """
        parts = []
        for place, key in enumerate(self._plan.key):
            text = f"nullif(CAST({key} AS VARCHAR), '')"
            shared = [namespace for namespace, sql in wanted if sql == text]
            own = f"{self._namespace}:{place}"
            parts.append((own if place or not shared or key in self._plan.personal else shared[0], text))
        return parts

    def _repeats(self) -> None:
        """Quarantine the later rows of a key."""
        keys = ", ".join(self._plan.key)
        names = keys.replace('"', "")
        self._connection.execute(
            f"CREATE TEMP TABLE repeated AS SELECT {keys}, min({ROW}) AS first_row FROM {LIVE} "
            f"GROUP BY {keys} HAVING count(*) > 1"
        )
        if self._count("repeated"):
            code = self._code(QUARANTINED, because("repeats_key", columns=names))
            rows = f"SELECT l.{ROW} FROM {LIVE} AS l JOIN repeated USING ({keys}) WHERE l.{ROW} > first_row"
            self._refuse(code, rows)
            self._show_live()

    def _keys(self, book: IdBook, parts: list[tuple[str, str]]) -> str:
        """Return the relation of each row's key id: the ids of its parts, combined by XOR."""
        joins: dict[str, str] = {}
        ids = [book.id_sql(namespace, text, f"part_{place}", joins) for place, (namespace, text) in enumerate(parts)]
        key_id = ids[0]
        for other in ids[1:]:
            key_id = f"xor({key_id}, {other})"
        texts = ", ".join(f"{text} AS part_{place}" for place, (_, text) in enumerate(parts))
        return (
            f"(SELECT {ROW}, {key_id} AS key_id, {CONTENT} AS content_hash "
            f"FROM (SELECT {ROW}, {CONTENT}, {texts} FROM {LIVE}) {' '.join(joins.values())})"
        )

    def _known_elsewhere(self, known: Mapping[int, str], known_keys: str) -> None:
        """Filter rows that another file brought already, quarantine those that contradict it."""
        same = f"o.content_hash = k.content_hash AND o.hashed_by = {literal(duckdb.__version__)}"
        self._connection.execute(
            f"CREATE TEMP TABLE elsewhere AS SELECT k.{ROW}, min(o.load_id) AS load_id, "
            f"bool_or(coalesce({same}, false)) AS same FROM {KEYS} AS k JOIN {known_keys} AS o USING (key_id) "
            f"GROUP BY k.{ROW}"
        )
        pairs = self._connection.execute("SELECT DISTINCT load_id, same FROM elsewhere ORDER BY ALL").fetchall()
        for load_id, equal in pairs:
            file_key = known[load_id]
            code = (
                self._code(FILTERED, because("already_loaded", file=file_key))
                if equal
                else self._code(QUARANTINED, because("conflicts", file=file_key))
            )
            self._refuse(code, f"SELECT {ROW} FROM elsewhere WHERE load_id = {load_id} AND same = {equal}")
        self._show_live()

    def _code(self, verdict: str, text: str) -> int:
        self._reasons.append(Reason(verdict, text))
        return len(self._reasons) - 1

    def _count(self, relation: str) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])

    def _accounted(self, book: IdBook, keys: str | None) -> Verdicts:
        """Count, and make sure that no row is missing or counted twice."""
        filtered: dict[str, int] = {}
        quarantined: dict[str, int] = dict(
            self._connection.execute(f"SELECT reason, count(*) FROM {UNREADABLE} GROUP BY 1 ORDER BY 1").fetchall()
        )
        counted = self._connection.execute(f"SELECT code, count(*) FROM {EXCEPTIONS} GROUP BY 1 ORDER BY 1").fetchall()
        for code, n_rows in counted:
            reason = self._reasons[code]
            by_reason = filtered if reason.verdict == FILTERED else quarantined
            by_reason[reason.text] = by_reason.get(reason.text, 0) + n_rows
        rows = self._count(ROWS) + self._unreadable
        loaded = self._count(LIVE)
        n_filtered, n_quarantined = sum(filtered.values()), sum(quarantined.values())
        if loaded + n_filtered + n_quarantined != rows:
            raise AccountingError(
                f"{rows} rows in {self._source.name}, but {loaded} loaded, {n_filtered} filtered, "
                f"{n_quarantined} quarantined",
                "this is a bug of Liuke: nothing was loaded; please report it with the mapping",
            )
        return Verdicts(
            reasons=tuple(self._reasons),
            rows=rows,
            loaded=loaded,
            book=book,
            keys=keys,
            numbering="file_row({})" if self._unreadable else "{}",
            times=self._times(),
            filtered=filtered,
            quarantined=quarantined,
        )

    def _times(self) -> tuple[datetime, datetime] | None:
        if not self._plan.times:
            return None
        ends = ", ".join(f"min({column})::TIMESTAMP, max({column})::TIMESTAMP" for column in self._plan.times)
        found = [end for end in self._connection.execute(f"SELECT {ends} FROM {LIVE}").fetchall()[0] if end]
        return (min(found), max(found)) if found else None
