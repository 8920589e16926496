"""Every node and every example on Spark: the golden set beside DuckDB, the tables beside what they say.

A query costs seconds on a cluster, so many cases stand side by side in one shop and are answered by one plan.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from golden_set import (
    GOLDEN_AS_OF,
    SCORES,
    SHOP,
    golden_history,
    golden_rows,
    golden_scores,
    golden_tags,
    write_golden_shop,
)
from small_moment import moment_from
from spark_agreement import compared, told
from spark_moment import on_spark, write_view
from tag_examples import ExampleShop, apart, reads_a_rank, together
from tag_facts import FLAGS, read_facts

from liuke.collect.behaviours import load_catalogue
from liuke.collect.history import ClusterHistory
from liuke.understand.tags import TagSet, build_tags, build_tags_on_spark, load_definitions

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.filterwarnings(
        "ignore::pytest.PytestUnraisableExceptionWarning"
    ),  # py4j leaves a socket to the collector
]
SHIPPED = load_definitions(catalogue=load_catalogue(None))
NODE_TABLES = Path(__file__).parents[1] / "spec" / "tags" / "nodes.yaml"
CASES: list[dict[str, Any]] = yaml.safe_load(NODE_TABLES.read_text("utf-8"))
AS_OF = dt.date(2024, 3, 1)  # of nodes.yaml
STRIDE = 1_000


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_left(session: Any) -> Any:
    yield
    assert not session.catalog.listTables()


def test_the_golden_set(session: Any, tmp_path: Path, say: Any) -> None:
    """5,000 customers with every nasty case; the shipped tags, and random definitions of every node, in one plan."""
    lake, operations = write_golden_shop(tmp_path)
    tags, scores = golden_tags(per_node=1), golden_scores()
    with golden_history(tmp_path, lake, operations).at(GOLDEN_AS_OF) as moment:
        moment.connection.register(SCORES, scores)
        file = write_view(moment.connection, SCORES, tmp_path)
        duckdb = build_tags(moment, tags, scores={"churn": SCORES})
    history = ClusterHistory(lake, operations, SHOP, session, tmp_path / "scratch")
    with history.at(GOLDEN_AS_OF) as moment:
        moment.show(SCORES, [file])
        spark = build_tags_on_spark(moment, tags, tmp_path / "scratch", scores={"churn": SCORES})
    operations.engine.dispose()
    columns = compared(duckdb, spark)
    told("golden set: shipped tags and random definitions of every node", columns, say)
    assert duckdb.num_rows >= 5_000
    assert not [one for one in columns if one.differing]


def test_the_golden_set_holds_every_nasty_case(say: Any) -> None:
    met = read_facts(golden_rows(300)).met  # the first sixty of a thousand little shops
    counts = {flag: sum(1 for flags in met.values() if flag in flags) for flag in FLAGS}
    say("\nnasty cases among 300 customers of the golden set, customer × source: "
        + ", ".join(f"{flag} {count}" for flag, count in counts.items()))  # fmt: skip
    assert all(counts.values())


def test_every_example_of_a_shipped_tag(session: Any, tmp_path: Path, say: Any) -> None:
    ranked = [shop for shop in apart() if any(reads_a_rank(SHIPPED, tag) for tag in shop.expect)]
    shops = [together(SHIPPED), *ranked]
    for number, shop in enumerate(shops):
        _check(shop, session, tmp_path / str(number))
    shown = set().union(*(shop.expect for shop in shops))
    values = sum(len(customers) for shop in shops for customers in shop.expect.values())
    say(f"\nexamples of shipped tags: {values} values of {len(shown)} tags, all as written")
    assert shown == set(SHIPPED)


def test_every_node_table(session: Any, tmp_path: Path, say: Any) -> None:
    """The newest publication of scores is one for a whole shop, so cases with scores stand alone."""
    scored = [case for case in CASES if "scores_churn" in case["rows"]]
    batches = [[case for case in CASES if case not in scored], *([case] for case in scored)]
    for number, cases in enumerate(batches):
        tags = TagSet([one for k, case in enumerate(cases) for one in _definitions(case, f"answer_{k}")])
        rows: dict[str, list[dict[str, Any]]] = {}
        for k, case in enumerate(cases):
            for view, written in case["rows"].items():
                rows.setdefault(view, []).extend(_own(case, row, k * STRIDE) for row in written)
        given = {"churn": "scores_churn"}
        with on_spark(moment_from(rows, AS_OF), session, tmp_path / str(number)) as moment:
            table = build_tags_on_spark(moment, tags, tmp_path / "scratch", scores=given)
        for k, case in enumerate(cases):
            answers = dict(zip(table["customer_id"].to_pylist(), table[f"answer_{k}"].to_pylist(), strict=True))
            mine = {c - k * STRIDE: value for c, value in answers.items() if 0 < c - k * STRIDE < STRIDE}
            assert mine == case["expect"], case["case"]
    say(f"\ntables of nodes: {len(CASES)} cases, all as written")


def _check(shop: ExampleShop, session: Any, folder: Path) -> None:
    with on_spark(moment_from(shop.relations, shop.as_of), session, folder) as moment:
        table = build_tags_on_spark(moment, SHIPPED, folder, list(shop.expect))
    found = {row["customer_id"]: row for row in table.to_pylist()}
    wrong = {
        (tag, customer): (found[customer][tag], value)
        for tag, values in shop.expect.items()
        for customer, value in values.items()
        if found[customer][tag] != value
    }
    assert not wrong, f"{shop.place}: found, expected"


def _definitions(case: dict[str, Any], key: str) -> Any:
    from liuke.collect.behaviours import load_catalogue
    from liuke.understand.tags.loading import parse_document

    tag = {"key": key, "name": {"zh": "答", "en": "Answer"}, "type": case["type"], "value": case["value"]}
    document = {"language": 1, "family": "value", "tags": [tag]}
    return parse_document(document, "nodes.yaml", load_catalogue(None).active_names)


def _own(case: dict[str, Any], row: dict[str, Any], offset: int) -> dict[str, Any]:
    """Give a case's customers and orders ids of their own, and its products where it brings some."""
    keys = ("customer_id", "order_id", *(["product_id"] if "products" in case["rows"] else []))
    return row | {key: row[key] + offset for key in keys if row.get(key) is not None}
