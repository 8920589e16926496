from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, inspect, select

from liuke.kernel import LockedError, SettingsError
from liuke.store.operations import FieldCipher, Keyring, Operations
from liuke.store.workspace import Workspace

notes = Table("notes", MetaData(), Column("n", Integer))


@pytest.fixture
def operations(tmp_path: Path) -> Operations:
    operations = Operations(f"sqlite:///{tmp_path / 'operations.db'}")
    with operations.begin() as connection:
        notes.create(connection)
    return operations


def contents(operations: Operations) -> list[int]:
    with operations.read() as connection:
        return list(connection.execute(select(notes.c.n).order_by(notes.c.n)).scalars())


def test_a_failed_transaction_leaves_nothing(operations: Operations) -> None:
    with operations.begin() as connection:
        connection.execute(insert(notes), [{"n": 1}])

    def broken() -> None:
        with operations.begin() as connection:
            connection.execute(insert(notes), [{"n": 2}])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert contents(operations) == [1]


def test_a_reader_sees_one_state_while_a_writer_writes(operations: Operations) -> None:
    with operations.read() as reader:
        assert reader.execute(select(notes.c.n)).all() == []
        with operations.begin() as connection:
            connection.execute(insert(notes), [{"n": 1}])
        assert reader.execute(select(notes.c.n)).all() == []
    assert contents(operations) == [1]


def test_commits_survive_a_power_cut(operations: Operations) -> None:
    with operations.read() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_sealed_values_open_with_their_key_only() -> None:
    cipher, other = FieldCipher(b"a" * 32), FieldCipher(b"b" * 32)
    sealed = cipher.seal("王小明")
    assert cipher.open(sealed) == "王小明"
    assert "王小明".encode() not in sealed
    with pytest.raises(SettingsError, match="can't be read"):
        other.open(sealed)
    with pytest.raises(SettingsError, match="can't be read"):
        cipher.open(sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_the_blind_index_depends_on_the_key_and_the_namespace() -> None:
    cipher = FieldCipher(b"a" * 32)
    index = cipher.blind_index("phone", "13800138000")
    assert index == cipher.blind_index("phone", "13800138000")
    assert index != cipher.blind_index("email", "13800138000")
    assert index != FieldCipher(b"b" * 32).blind_index("phone", "13800138000")


def test_the_key_file_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIUKE_KEY", raising=False)
    keyring = Keyring(tmp_path / "secrets" / "key")
    with pytest.raises(SettingsError, match="no key"):
        keyring.load()
    keyring.create()
    assert stat.S_IMODE(keyring.path.stat().st_mode) == 0o600
    first = keyring.load().seal("x")
    keyring.create()
    assert keyring.load().open(first) == "x"
    os.chmod(keyring.path, 0o644)
    with pytest.raises(SettingsError, match="others can read"):
        keyring.load()


def test_one_writer_per_workspace(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "shop", "")
    with workspace.lock("ingest"):
        with pytest.raises(LockedError, match="ingest"), workspace.lock("run"):
            pass
    with workspace.lock("run"):
        pass


def test_a_folder_without_settings_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"liuke\.toml"):
        Workspace.open(tmp_path)
    Workspace.create(tmp_path / "shop", "")
    with pytest.raises(SettingsError, match="already"):
        Workspace.create(tmp_path / "shop", "")


def test_a_database_of_an_earlier_version_gains_the_columns_that_may_be_empty(tmp_path: Path) -> None:
    from liuke.collect.identity import profiles

    operations = Operations(f"sqlite:///{tmp_path / 'operations.db'}")
    operations.create_all()
    with operations.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_profiles_name_index")
        connection.exec_driver_sql("ALTER TABLE profiles DROP COLUMN name_index")
        connection.exec_driver_sql(
            "INSERT INTO profiles (load_id, row_number, identity_id, recorded_at) "
            "VALUES (1, 1, 7, '2026-01-01 00:00:00')"
        )
    Operations(operations.url).create_all()
    with operations.read() as connection:
        assert [(row.identity_id, row.name_index) for row in connection.execute(select(profiles))] == [(7, None)]
        assert "ix_profiles_name_index" in {one["name"] for one in inspect(connection).get_indexes("profiles")}
