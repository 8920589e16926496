"""A build appears whole or not at all, and a reader of it can do nothing else."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import console_shop
import duckdb
import pytest

from liuke.app.publish import NothingPublishedError, PublishedReader, current_build


def test_nothing_is_there_before_the_first_build(tmp_path):
    with pytest.raises(NothingPublishedError):
        PublishedReader(tmp_path).current()


def test_a_reader_keeps_its_build_while_a_new_one_appears(shop):
    reader = PublishedReader(shop.workspace.published_dir)
    old = reader.current()
    new_id = console_shop.publish_shop(shop, now=console_shop.NOW + timedelta(hours=1))
    assert old.rows("SELECT count(*) AS n FROM customers")[0]["n"] == console_shop.N_CUSTOMERS
    assert reader.current().build_id == new_id != old.build_id


def test_a_build_that_breaks_leaves_the_old_one_current(shop):
    before = current_build(shop.workspace.published_dir)
    with pytest.raises(duckdb.Error):
        console_shop.publish_shop(shop, relations={"warnings": "lake.no_such_table"})
    assert current_build(shop.workspace.published_dir) == before
    console_shop.publish_shop(shop)
    assert not list(shop.workspace.published_dir.glob(".building-*"))


def test_old_builds_are_removed_and_the_current_one_never(shop):
    for hour in range(1, 7):
        console_shop.publish_shop(shop, now=console_shop.NOW + timedelta(hours=hour))
    kept = [path for path in shop.workspace.published_dir.iterdir() if path.is_dir()]
    assert len(kept) == 3
    assert current_build(shop.workspace.published_dir) in kept


def test_the_same_inputs_give_the_same_build(shop):
    def content() -> list[bytes]:
        folder = current_build(shop.workspace.published_dir)
        assert folder is not None
        return [
            (folder / name).read_bytes()
            for name in ("overview.json", "tags.json", "customers.parquet", "timeline.parquet")
        ]

    first = content()
    console_shop.publish_shop(shop, now=console_shop.NOW + timedelta(hours=1))
    assert content() == first


@pytest.mark.parametrize("sql", [
    "SELECT * FROM read_text('/etc/hostname')",
    "COPY (SELECT 1) TO '/tmp/liuke-must-not-exist.csv'",
    "SET enable_external_access = true",
    "SET memory_limit = '100GB'",
    "ATTACH '/tmp/liuke-must-not-exist.duckdb'",
    "INSTALL httpfs",
])  # fmt: skip
def test_a_reader_can_only_read_its_build(shop, sql):
    with pytest.raises(duckdb.Error):
        PublishedReader(shop.workspace.published_dir).current().rows(sql)


def test_a_tag_that_is_no_longer_defined_is_not_published(shop):
    vocabulary = console_shop.Vocabulary(tags=console_shop.VOCABULARY.tags[:2])
    console_shop.publish_shop(shop, vocabulary=vocabulary)
    tags = PublishedReader(shop.workspace.published_dir).current().tags
    assert [tag["key"] for tag in tags] == ["value_rank", "monthly_spend_minor"]


def test_timeline_row_groups_are_small_and_sorted(shop):
    folder = current_build(shop.workspace.published_dir)
    groups = duckdb.sql(
        f"""SELECT row_group_id, any_value(row_group_num_rows) AS n, min(stats_min_value::BIGINT) AS low,
                   max(stats_max_value::BIGINT) AS high
            FROM parquet_metadata('{folder / "timeline.parquet"}') WHERE path_in_schema = 'customer_id'
            GROUP BY row_group_id ORDER BY row_group_id"""
    ).fetchall()
    assert len(groups) > 1
    assert all(n <= 10_240 for _, n, _, _ in groups)
    assert all(earlier[3] <= later[2] for earlier, later in pairwise(groups))


def test_an_order_without_an_amount_is_unknown_and_not_worth_nothing(shop, monkeypatch):
    reader = PublishedReader(shop.workspace.published_dir)
    [(all_, some)] = [
        tuple(row["customer_id"] for row in reader.current().rows(
            "SELECT customer_id FROM customers WHERE n_orders > 2 ORDER BY customer_id LIMIT 2"
        ))
    ]  # fmt: skip
    lost = f"""
        UPDATE purchases SET net_minor = NULL, margin_minor = NULL WHERE customer_id = {all_} OR order_id =
            (SELECT min(order_id) FROM purchases WHERE customer_id = {some})"""
    monkeypatch.setattr(console_shop, "FACTS", console_shop.FACTS + lost)
    console_shop.publish_shop(shop, now=console_shop.NOW + timedelta(hours=1))
    build = reader.current()
    found = {
        row["customer_id"]: row
        for row in build.rows("SELECT customer_id, n_orders, n_unpriced, net_minor, margin_minor FROM customers")
    }
    assert (found[all_]["net_minor"], found[all_]["margin_minor"]) == (None, None)
    assert found[all_]["n_unpriced"] == found[all_]["n_orders"]
    assert found[some]["n_unpriced"] == 1
    assert found[some]["net_minor"] > 0
    assert all(row["net_minor"] == 0 for row in found.values() if row["n_orders"] == 0)
    amounts = build.rows(f"SELECT amount_minor FROM timeline WHERE customer_id = {all_} AND name = 'order_paid'")
    assert {row["amount_minor"] for row in amounts} == {None}
