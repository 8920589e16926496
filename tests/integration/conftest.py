"""A fresh operational store per test: SQLite always, PostgreSQL too when ``LIUKE_TEST_POSTGRES`` names a server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from liuke.store.operations import Operations, metadata

POSTGRES = os.environ.get("LIUKE_TEST_POSTGRES")


@pytest.fixture(params=["sqlite", "postgresql"])
def operations(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Operations]:
    if request.param == "sqlite":
        store = Operations(f"sqlite:///{tmp_path / 'operations.db'}")
        store.create_all()
        yield store
        return
    if not POSTGRES:
        pytest.skip("optional: LIUKE_TEST_POSTGRES names no PostgreSQL server")
    schema = "t_" + os.urandom(6).hex()
    admin = sa.create_engine(POSTGRES)
    with admin.begin() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    store = Operations(POSTGRES + ("&" if "?" in POSTGRES else "?") + f"options=-csearch_path%3D{schema}")
    with store.begin() as connection:
        metadata.create_all(connection)
    yield store
    store.engine.dispose()
    with admin.begin() as connection:
        connection.execute(sa.schema.DropSchema(schema, cascade=True))
    admin.dispose()
