"""The contract between the rooms says what the code declares: tables with columns and types, views of a moment."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from liuke.app.bootstrap import LAKE_TABLES
from liuke.collect.behaviours import load_catalogue
from liuke.collect.history import History
from liuke.kernel import ShopProfile
from liuke.store.lake import Lake
from liuke.store.operations import Operations, metadata
from liuke.understand.tags import customer_tags_spec, load_definitions

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
BROUGHT_BY_FILES = ("load_id", "row_number", "source", "recorded_at")
SPECS = {spec.name: spec for spec in LAKE_TABLES}


def section(number: int) -> str:
    return re.search(rf"^## {number}\. .*?(?=^## |\Z)", PAGE, flags=re.DOTALL | re.MULTILINE)[0]


def rows(text: str) -> dict[str, str]:
    """Return the last cell of each row of a table by the name that its first cell has in code type."""
    cells = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    return {re.match(r" `(\w+)`", row[0])[1]: row[-1] for row in cells}


def columns(cell: str) -> dict[str, str]:
    """Return the types (or nothing) of the columns that a cell names; notes stand in brackets or after a colon."""
    bare = re.sub(r"\([^()]*\)", "", cell).split(":")[0]
    words = [column.split() for column in bare.split(",")]
    return {word[0]: word[1] if len(word) > 1 else "" for word in words}


TABLES = rows(section(4))
VIEWS = rows(section(5))


def test_every_lake_table_stands_on_the_page_and_none_else() -> None:
    assert set(TABLES) == {*SPECS, "customer_tags"}


@pytest.mark.parametrize("name", sorted(TABLES.keys() & SPECS.keys()))
def test_a_table_has_the_columns_on_the_page(name: str) -> None:
    told = columns(TABLES[name])
    declared = {column.name: column.type for column in SPECS[name].columns}
    if set(BROUGHT_BY_FILES) <= declared.keys():
        declared = {column: type_ for column, type_ in declared.items() if column not in BROUGHT_BY_FILES}
    assert list(told) == list(declared)
    wrong = {column: type_ for column, type_ in told.items() if not declared[column].startswith(type_)}
    assert wrong == {}


def test_the_columns_of_every_loaded_row_are_where_the_page_says() -> None:
    told = re.search(r"Tables that files fill, `(\w+)` to `(\w+)`, carry (.*?) besides", section(4), flags=re.DOTALL)
    first, last = (list(TABLES).index(name) for name in told.group(1, 2))
    assert set(re.findall(r"\b[a-z_]+\b", told[3])) == set(BROUGHT_BY_FILES)
    assert {name for name, spec in SPECS.items() if set(BROUGHT_BY_FILES) <= set(spec.names)} == set(
        list(TABLES)[first : last + 1]
    )


def test_customer_tags_begin_as_the_page_says() -> None:
    assert customer_tags_spec(load_definitions(catalogue=load_catalogue(None))).names[:2] == ("as_of", "customer_id")
    assert TABLES["customer_tags"].strip() == "as_of, customer_id, one column per tag"


def test_the_operational_tables_are_those_on_the_page() -> None:
    told = section(4).split("Operational tables")[1]
    assert set(re.findall(r"`(\w+)`", told)) == set(metadata.tables)
    loads = re.search(r"Its row in `loads`: ([^.]*)\.", section(3))[1]
    assert re.split(r",\s+", loads) == [column.name for column in metadata.tables["loads"].columns]


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Columns of each view of a moment in a shop that has nothing yet."""
    folder = tmp_path_factory.mktemp("views")
    lake = Lake(folder / "lake")
    for spec in LAKE_TABLES:
        lake.ensure(spec)
    operations = Operations(f"sqlite:///{folder / 'operations.db'}")
    operations.create_all()
    with History(lake, operations, ShopProfile(), folder).at(date(2026, 1, 1)) as moment:
        sql = "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal"
        found = moment.connection.sql(sql).fetchall()
    return {name: [column for table, column in found if table == name] for name, _ in found}


def test_a_moment_has_the_views_on_the_page(views: dict[str, list[str]]) -> None:
    assert set(views) == set(VIEWS)


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_a_view_has_the_columns_on_the_page(views: dict[str, list[str]], name: str) -> None:
    assert set(views[name]) == set(columns(VIEWS[name]))
