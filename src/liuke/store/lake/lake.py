"""Iceberg tables with keyed commits: the same write twice is one write.

A commit is atomic per table. What has to appear in several tables at once gets a visibility record in the
operational store (see ``collect/sources``). Files and metadata are written without fsync: a killed process loses
nothing, a power cut may lose the last commits, which the next run writes again.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, EqualTo
from pyiceberg.table import Table
from pyiceberg.table.update import AssertTableUUID, SetLocationUpdate

from liuke.kernel.errors import DataError, SettingsError, UsageError
from liuke.kernel.tables import TableSpec
from liuke.store.lake.contracts import Commit, Snapshot, TableInfo
from liuke.store.lake.locations import (
    NAMESPACE,
    ROOT,
    LakeFiles,
    location_of,
    path_of,
    recorded_folder,
    table_location,
)
from liuke.store.lake.schema import arrow_schema, iceberg_schema, iceberg_type

COMMIT_KEY = "liuke.commit-key"
_EQUAL: Any = EqualTo  # its declared fields hide its own constructor from the type checker
_RECORDS = IcebergTables.__table__.c
_TEMPLATE = "template.parquet"  # no rows, all columns: gives a scan its types when files lack some or none exist


class Lake:
    """The tables of one workspace.

    Parameters
    ----------
    root : Path
        Folder of the lake. Metadata name files relative to it (see ``locations``): a moved or copied folder is a lake
        of its own, and so is one made by a version that recorded absolute paths.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        io = {"py-io-impl": f"{LakeFiles.__module__}.{LakeFiles.__qualname__}", ROOT: str(self.root)}
        self._catalog = SqlCatalog("liuke", uri=f"sqlite:///{quote(str(self.root / 'catalogue.db'))}", **io)
        self._catalog.create_namespace_if_not_exists(NAMESPACE)
        # files of the snapshot last asked for, by table: a snapshot never changes, and planning takes longer each week
        self._planned: dict[str, tuple[int | None, list[str]]] = {}

    # ---- writing

    def ensure(self, spec: TableSpec) -> None:
        """Create the table, or add the columns that its declaration has gained.

        Raises
        ------
        SettingsError
            If a declared column has another type than the table's, or the table's files are not here.
        """
        try:
            table = self._load(spec.name)
        except NoSuchTableError:
            table = self._catalog.create_table(
                (NAMESPACE, spec.name),
                iceberg_schema(spec),
                location=table_location(spec.name),
                properties={"write.metadata.delete-after-commit.enabled": "true", "comment": spec.doc or spec.grain},
            )
        present = {field.name: str(field.field_type) for field in table.schema().fields}
        declared = {column.name: column for column in spec.columns}
        for name, column in declared.items():
            wanted = str(iceberg_type(column.type, 0))
            if name in present and present[name].split("<")[0] != wanted.split("<")[0]:
                raise SettingsError(
                    f"table {spec.name}: column {name} is {present[name]}, its declaration says {wanted}",
                    "give the column a new name, or move the lake folder away and ingest again",
                )
        gained = [column for name, column in declared.items() if name not in present]
        if gained:
            with table.update_schema() as update:
                for column in gained:
                    update.add_column(column.name, iceberg_type(column.type, 0), doc=column.doc)
        template = self.data_dir(spec.name) / _TEMPLATE
        if gained or not template.exists():
            template.parent.mkdir(parents=True, exist_ok=True)
            _write_atomically(arrow_schema(spec).empty_table(), template)

    def data_dir(self, name: str) -> Path:
        """Return the folder for a table's data files; write new files below it before ``add_files``."""
        return self.root / NAMESPACE / name / "data"

    def add_files(
        self, name: str, paths: Sequence[Path], commit_key: str, summary: Mapping[str, str] | None = None
    ) -> Commit:
        """Make finished Parquet files part of a table without rewriting them.

        Parameters
        ----------
        name : str
        paths : sequence of Path
            Files whose columns are the table's; they must not change afterwards.
        commit_key : str
            A snapshot that carries it already makes this call do nothing.
        summary : mapping of str to str, optional
            Kept with the snapshot.
        """
        table = self._own(name)
        done = self._commit_with_key(table, commit_key)
        if done is not None:
            return done
        rows = sum(pq.read_metadata(path).num_rows for path in paths)
        properties = {**(summary or {}), COMMIT_KEY: commit_key}
        # the key says that these files are new; looking for each among all others costs more than the commit
        locations = [location_of(path, self.root) for path in paths]
        table.add_files(locations, snapshot_properties=properties, check_duplicate_files=False)
        return Commit(name, _current_id(table), rows)

    def append(self, name: str, rows: pa.Table, commit_key: str, summary: Mapping[str, str] | None = None) -> Commit:
        """Append rows once per ``commit_key``."""
        table = self._own(name)
        done = self._commit_with_key(table, commit_key)
        if done is not None:
            return done
        table.append(self._fitted(table, rows), snapshot_properties={**(summary or {}), COMMIT_KEY: commit_key})
        return Commit(name, _current_id(table), rows.num_rows)

    def overwrite(
        self,
        name: str,
        rows: pa.Table,
        where: Mapping[str, date | str | int] | None,
        commit_key: str,
        summary: Mapping[str, str] | None = None,
    ) -> Commit:
        """Replace the rows that match ``where`` (all rows if None) by others, in one commit.

        Doing it twice leaves the table as doing it once.
        """
        table = self._own(name)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Delete operation did not match any records")
            table.overwrite(
                self._fitted(table, rows),
                overwrite_filter=_filter(where),
                snapshot_properties={**(summary or {}), COMMIT_KEY: commit_key},
            )
        return Commit(name, _current_id(table), rows.num_rows)

    # ---- reading

    def exists(self, name: str) -> bool:
        """Tell whether the table has been created."""
        return bool(self._catalog.table_exists((NAMESPACE, name)))

    def snapshot_id(self, name: str) -> int | None:
        """Return the current snapshot, None for a table that is absent or empty."""
        return _current_id(self._table(name)) if self.exists(name) else None

    def files(self, name: str, snapshot_id: int | None = None) -> list[str]:
        """Return the data files of a snapshot (default: the current one), in a fixed order.

        Raises
        ------
        DataError
            If the snapshot has delete files, which a plain file list would ignore.
        """
        table = self._table(name)
        wanted = _current_id(table) if snapshot_id is None else snapshot_id
        if self._planned.get(name, (None, []))[0] != wanted or wanted is None:
            self._planned[name] = (wanted, _data_files(table, wanted, self.root))
        return list(self._planned[name][1])

    def scan_sql(self, name: str, snapshot_id: int | None = None) -> str:
        """Return a DuckDB relation over a snapshot's files; columns that old files lack are NULL."""
        quoted = ", ".join("'" + path.replace("'", "''") + "'" for path in self.scan_files(name, snapshot_id))
        return f"read_parquet([{quoted}], union_by_name = true)"

    def scan_files(self, name: str, snapshot_id: int | None = None) -> list[str]:
        """Return the files that a scan reads: first one without rows that has all columns, then the snapshot's."""
        return [str(self.data_dir(name) / _TEMPLATE), *self.files(name, snapshot_id)]

    def arrow(self, name: str, where: Mapping[str, date | str | int] | None = None) -> pa.Table:
        """Read a table's rows into memory."""
        return self._table(name).scan(row_filter=_filter(where)).to_arrow()

    def tables(self) -> list[TableInfo]:
        """Return every table at a glance, by name."""
        return [self._info(identifier[-1]) for identifier in sorted(self._catalog.list_tables(NAMESPACE))]

    def history(self, name: str) -> list[Snapshot]:
        """Return the states of a table, the newest first."""
        found = []
        for snapshot in self._table(name).metadata.snapshots:
            summary = dict(snapshot.summary.additional_properties) if snapshot.summary else {}
            found.append(
                Snapshot(
                    snapshot_id=snapshot.snapshot_id,
                    committed_at=_instant(snapshot.timestamp_ms),
                    operation=snapshot.summary.operation.value if snapshot.summary else "",
                    rows=int(summary.get("total-records", 0)),
                    added_rows=int(summary.get("added-records", 0)),
                    summary=summary,
                )
            )
        return found[::-1]

    # ---- helpers

    def _table(self, name: str) -> Table:
        try:
            return self._load(name)
        except NoSuchTableError:
            raise UsageError(f"there is no table '{name}' in the lake", "`liuke lake tables` lists them") from None

    def _load(self, name: str) -> Table:
        try:
            return self._catalog.load_table((NAMESPACE, name))
        except FileNotFoundError:
            raise SettingsError(
                f"table {name}: the file with its newest state is missing in {self.root}", self._whereabouts(name)
            ) from None

    def _whereabouts(self, name: str) -> str:
        """Say where a table's missing metadata may lie: versions that recorded absolute paths wrote past copies."""
        with self._catalog.engine.connect() as connection:
            query = sa.select(_RECORDS.metadata_location).where(_RECORDS.table_name == name)
            elsewhere = recorded_folder(str(connection.execute(query).scalar_one()))
        if not elsewhere.startswith("/") or Path(elsewhere) == self.root:
            return "restore the folder whole from a copy"
        return (
            f"an earlier version of Liuke wrote it into {elsewhere}: "
            f"cp -rn '{elsewhere}/{NAMESPACE}/.' '{self.root / NAMESPACE}' brings it here"
        )

    def _own(self, name: str) -> Table:
        """Return a table to be written, after recording its place relative to the lake if it is not yet."""
        table = self._table(name)
        location = table_location(name)
        if table.location() != location:
            uuid = AssertTableUUID(uuid=table.metadata.table_uuid)
            self._catalog.commit_table(table, (uuid,), (SetLocationUpdate(location=location),))
            table = self._table(name)
        return table

    def _commit_with_key(self, table: Table, commit_key: str) -> Commit | None:
        for snapshot in table.metadata.snapshots:
            if snapshot.summary and snapshot.summary.additional_properties.get(COMMIT_KEY) == commit_key:
                rows = int(snapshot.summary.additional_properties.get("added-records", 0))
                return Commit(table.name()[-1], snapshot.snapshot_id, rows, repeated=True)
        return None

    def _fitted(self, table: Table, rows: pa.Table) -> pa.Table:
        """Give the rows the table's column order and types; columns they lack become NULL."""
        schema: pa.Schema = table.schema().as_arrow()
        unknown = set(rows.column_names) - set(schema.names)
        if unknown:
            raise DataError(f"table {table.name()[-1]} has no columns {sorted(unknown)}", "declare them in its spec")
        columns = []
        for field in schema:
            plain = pa.string() if pa.types.is_large_string(field.type) else field.type
            plain = pa.list_(pa.string()) if pa.types.is_large_list(plain) or pa.types.is_list(plain) else plain
            if field.name in rows.column_names:
                columns.append(rows.column(field.name).cast(plain))
            else:
                columns.append(pa.nulls(rows.num_rows, plain))
        return pa.table(columns, names=schema.names)

    def _info(self, name: str) -> TableInfo:
        table = self._table(name)
        snapshot = table.current_snapshot()
        summary = dict(snapshot.summary.additional_properties) if snapshot and snapshot.summary else {}
        return TableInfo(
            name=name,
            rows=int(summary.get("total-records", 0)),
            files=int(summary.get("total-data-files", 0)),
            bytes=int(summary.get("total-files-size", 0)),
            snapshots=len(table.metadata.snapshots),
            snapshot_id=snapshot.snapshot_id if snapshot else None,
            committed_at=_instant(snapshot.timestamp_ms) if snapshot else None,
        )


def _data_files(table: Table, snapshot_id: int | None, root: Path) -> list[str]:
    tasks = list(table.scan(snapshot_id=snapshot_id).plan_files())
    if any(task.delete_files for task in tasks):
        raise DataError(
            f"table {table.name()[-1]} has delete files, written by another engine",
            "rewrite its data files (Spark: CALL system.rewrite_data_files) before reading it here",
        )
    return sorted(str(path_of(task.file.file_path, root)) for task in tasks)


def _current_id(table: Table) -> int | None:
    snapshot = table.current_snapshot()
    return snapshot.snapshot_id if snapshot else None


def _instant(timestamp_ms: int) -> datetime:
    return datetime.fromtimestamp(timestamp_ms / 1000, tz=UTC).replace(tzinfo=None)


def _filter(where: Mapping[str, Any] | None) -> BooleanExpression:
    condition: BooleanExpression = AlwaysTrue()
    for column, value in (where or {}).items():
        literal = value.isoformat() if isinstance(value, date) else value
        condition = And(condition, _EQUAL(column, literal))
    return condition


def _write_atomically(rows: pa.Table, path: Path) -> None:
    partial = path.with_suffix(".partial")
    pq.write_table(rows, partial)
    partial.replace(path)
