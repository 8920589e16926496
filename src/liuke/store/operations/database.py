"""One SQL database for the rows that change: SQLite by default, PostgreSQL for several hosts.

SQLite runs in WAL mode with ``synchronous=FULL``: what was committed survives a power cut, and readers never wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, MetaData, create_engine, event, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from liuke.kernel.errors import LockedError, ServiceError

metadata = MetaData()  # rooms add their tables to it when they are imported

BUSY_SECONDS = 30  # longer than any transaction here takes; past it another writer hangs


class Operations:
    """Short transactions on the operational database.

    Parameters
    ----------
    url : str
        A SQLAlchemy URL: ``sqlite:////path/operations.db`` or ``postgresql+psycopg://…``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS}} if self.is_sqlite else {}
        # a connection per transaction: threads and forks share nothing, and opening SQLite costs 0.1 ms
        self.engine = create_engine(url, poolclass=NullPool if self.is_sqlite else None, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    def create_all(self) -> None:
        """Create the tables, columns and indexes that are missing, of every room imported so far.

        A column that a table gained later is added where it may be empty, so that a database of an earlier version
        opens; what the empty ones mean says the room that owns the table.
        """
        with self.begin() as connection:
            metadata.create_all(connection)
            _add_columns(connection)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a write transaction, committed at the end of the block, rolled back on an error.

        Raises
        ------
        LockedError
            If another writer holds the database for longer than ``BUSY_SECONDS``.
        """
        try:
            with self.engine.connect().execution_options(liuke_writes=True) as connection, connection.begin():
                yield connection
        except OperationalError as error:
            raise self._explained(error) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads: one consistent state, without waiting for writers."""
        try:
            with self.engine.connect() as connection, connection.begin():
                yield connection
        except OperationalError as error:
            raise self._explained(error) from error

    def has_table(self, name: str) -> bool:
        """Tell whether a table exists."""
        with self.read() as connection:
            return inspect(connection).has_table(name)

    def _explained(self, error: OperationalError) -> Exception:
        if "locked" in str(error.orig):
            return LockedError(
                "another process has been writing to the operational database for too long",
                "wait until it ends (`liuke status` names it), then run the command again",
            )
        return ServiceError(
            f"the operational database answered: {error.orig}", "check the database's address and free disk space"
        )


def _add_columns(connection: Connection) -> None:
    inspector = inspect(connection)
    for table in metadata.sorted_tables:
        present = {column["name"] for column in inspector.get_columns(table.name)}
        missing = [column for column in table.columns if column.nullable and column.name not in present]
        for column in missing:
            kind = column.type.compile(connection.dialect)
            name = connection.dialect.identifier_preparer.quote(column.name)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {name} {kind}")
        for index in table.indexes if missing else ():
            index.create(connection, checkfirst=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is issued by _begin_sqlite, not guessed by the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("liuke_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
