"""A lake lies where its folder lies: moved, copied or restored, it is whole, and writes nowhere else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from liuke.kernel import ColumnSpec, SettingsError, TableSpec
from liuke.store.lake import Lake, connect
from liuke.store.lake.locations import location_of, path_of
from liuke.store.lake.schema import iceberg_schema

SCORES = TableSpec(
    "scores",
    "one customer",
    ("customer_id",),
    (ColumnSpec("customer_id", "BIGINT", "whose"), ColumnSpec("score", "DOUBLE", "how much")),
)
MANY = 12
"""Commits; more than once around, so that old metadata are deleted on the way."""


def rows(*customers: int) -> pa.Table:
    return pa.table({"customer_id": list(customers), "score": [0.5] * len(customers)})


def made(root: Path) -> Lake:
    lake = Lake(root)
    lake.ensure(SCORES)
    path = lake.data_dir("scores") / "load-1" / "one.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(rows(1), path)
    lake.add_files("scores", [path], "first")
    lake.append("scores", rows(2), "second")
    return lake


def made_by_an_earlier_version(root: Path) -> Lake:
    """As lakes were written when metadata held absolute paths."""
    root.mkdir(parents=True)
    catalog = SqlCatalog("liuke", uri=f"sqlite:///{root / 'catalogue.db'}", warehouse=root.as_uri())
    catalog.create_namespace("liuke")
    keep = {"write.metadata.delete-after-commit.enabled": "true"}
    table = catalog.create_table(("liuke", "scores"), iceberg_schema(SCORES), properties=keep)
    path = root / "liuke" / "scores" / "data" / "one.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows(1), path)
    table.add_files([str(path)], snapshot_properties={"liuke.commit-key": "first"})
    table.append(pa.table(rows(2).columns, names=["customer_id", "score"]), {"liuke.commit-key": "second"})
    catalog.engine.dispose()
    return Lake(root)


def read(lake: Lake) -> list[int]:
    lake.ensure(SCORES)
    with connect(lake.root / "scratch") as engine:
        found = engine.execute(f"SELECT customer_id FROM {lake.scan_sql('scores')} ORDER BY 1").fetchall()
    assert sorted(lake.arrow("scores")["customer_id"].to_pylist()) == [one for (one,) in found]
    return [one for (one,) in found]


def fingerprints(root: Path) -> dict[str, str]:
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and "scratch" not in path.parts]
    return {str(path.relative_to(root)): sha256(path.read_bytes()).hexdigest() for path in files}


def write_on(lake: Lake) -> None:
    """Everything that writes: appended rows, registered files, replaced rows, a repeated commit."""
    assert lake.append("scores", rows(2), "second").repeated
    for number in range(MANY):
        lake.append("scores", rows(10 + number), f"more-{number}")
    path = lake.data_dir("scores") / "new.parquet"
    pq.write_table(rows(99), path)
    lake.add_files("scores", [path], "file")
    lake.overwrite("scores", rows(100), {"customer_id": 1}, "replaced")


WRITTEN = [2, *range(10, 10 + MANY), 99, 100]


@pytest.mark.parametrize("make", [made, made_by_an_earlier_version])
@pytest.mark.parametrize(
    "name", ["lake", "with a space", "店铺 数据", "100%25 [a]", "a#b?c", "it's", "liuke/scores/data/lake"]
)
def test_a_copy_is_a_lake_of_its_own(tmp_path: Path, make: Callable[[Path], Lake], name: str) -> None:
    original = make(tmp_path / "original" / "lake")
    before = fingerprints(original.root)
    copy = Lake(Path(shutil.copytree(original.root, tmp_path / "copies" / name)))
    assert read(copy) == [1, 2]
    write_on(copy)
    assert read(copy) == WRITTEN
    after = fingerprints(original.root)
    assert {path: after.get(path) for path in before} == before
    assert set(after) - set(before) <= {"liuke/scores/data/template.parquet"}
    assert read(original) == [1, 2]
    made_here = {path.relative_to(tmp_path / "copies").as_posix() for path in (tmp_path / "copies").rglob("*.parquet")}
    assert len(made_here) >= MANY + 3
    assert all(path.startswith(name) for path in made_here)


@pytest.mark.parametrize("make", [made, made_by_an_earlier_version])
def test_a_moved_lake_is_whole(tmp_path: Path, make: Callable[[Path], Lake]) -> None:
    lake = make(tmp_path / "a" / "lake")
    for number, place in enumerate(("b", "c d")):
        moved = Path(shutil.move(lake.root.parent, tmp_path / place)) / "lake"
        lake = Lake(moved)
        lake.append("scores", rows(10 + number), f"in {place}")
    assert read(lake) == [1, 2, 10, 11]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c d"]


def test_through_a_link_it_is_the_same_lake(tmp_path: Path) -> None:
    lake = made(tmp_path / "lake")
    (tmp_path / "link").symlink_to(lake.root)
    Lake(tmp_path / "link").append("scores", rows(3), "through the link")
    assert read(Lake(lake.root)) == [1, 2, 3]


def test_what_an_earlier_version_wrote_past_a_copy_is_missed_and_fetched(tmp_path: Path) -> None:
    """There, a copy wrote into the original and recorded it in its own catalogue."""
    original = made_by_an_earlier_version(tmp_path / "original" / "lake").root
    copy = Path(shutil.copytree(original, tmp_path / "copy"))
    newer = made_by_an_earlier_version(tmp_path / "other" / "lake")  # another state than the copy's catalogue knows
    del newer
    shutil.copy(tmp_path / "other" / "lake" / "catalogue.db", copy / "catalogue.db")
    with pytest.raises(SettingsError, match="newest state is missing") as refused:
        Lake(copy).ensure(SCORES)
    assert f"cp -rn '{tmp_path}/other/lake/liuke/.'" in refused.value.hint
    shutil.copytree(tmp_path / "other" / "lake" / "liuke", copy / "liuke", dirs_exist_ok=True)
    assert read(Lake(copy)) == [1, 2]


@pytest.mark.parametrize(
    "location",
    ["s3://bucket/liuke/scores/data/x.parquet", "/etc/passwd", "lake:/liuke/scores/../../../etc/passwd",
     "lake:/other/scores/data/x.parquet", "file:///a/liuke/scores/data/../../../../x", "liuke/scores/data/x"],
)  # fmt: skip
def test_no_file_outside_the_lake_can_be_named(tmp_path: Path, location: str) -> None:
    with pytest.raises(SettingsError, match="not its own"):
        path_of(location, tmp_path)


def test_a_file_outside_is_not_registered(tmp_path: Path) -> None:
    lake = made(tmp_path / "lake")
    pq.write_table(rows(5), tmp_path / "elsewhere.parquet")
    with pytest.raises(SettingsError, match="outside the lake"):
        lake.add_files("scores", [tmp_path / "elsewhere.parquet"], "elsewhere")
    inside = lake.data_dir("scores") / "x.parquet"
    assert path_of(location_of(inside, lake.root), lake.root) == inside


def test_an_old_lake_records_its_place_anew_with_its_first_commit(tmp_path: Path) -> None:
    lake = made_by_an_earlier_version(tmp_path / "lake")
    reading = fingerprints(lake.root)
    assert lake.files("scores")
    assert fingerprints(lake.root) == reading, "reading changes nothing"
    lake.append("scores", rows(3), "third")
    newest = max((lake.root / "liuke" / "scores" / "metadata").glob("*.json"), key=lambda path: path.name)
    assert '"location":"lake:/liuke/scores"' in newest.read_text(encoding="utf-8")
