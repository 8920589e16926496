"""Which identities become one customer."""

from __future__ import annotations

import itertools
from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.collect.identity import component_map, overshared_keys

PHONE = 9_000_000


def table(*pairs: tuple[int, int], **more: list[object]) -> pa.Table:
    records, keys = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    columns = {"identity_id": pa.array(records, pa.int64()), "linked_identity_id": pa.array(keys, pa.int64())}
    return pa.table({**columns, **more})


def resolved(links: pa.Table, limit: int = 4) -> dict[int, int]:
    return {row["identity_id"]: row["customer_id"] for row in component_map(links, limit).to_pylist()}


def test_no_links_no_merges() -> None:
    assert component_map(table()).to_pydict() == {"identity_id": [], "customer_id": []}


def test_chains_become_one_customer_named_by_the_smallest_record() -> None:
    assert resolved(table((30, PHONE), (20, PHONE), (20, PHONE + 1), (10, PHONE + 1))) == {
        20: 10,
        30: 10,
        PHONE: 10,
        PHONE + 1: 10,
    }


def test_the_record_seen_first_gives_the_name() -> None:
    seen = pa.array([datetime(2026, 1, 1), datetime(2025, 1, 1)])
    assert resolved(table((10, PHONE), (30, PHONE), seen_at=seen)) == {10: 30, PHONE: 30}


def test_a_later_link_does_not_rename_the_older_customer() -> None:
    before = table((30, PHONE), (20, PHONE), seen_at=pa.array([1, 2]))
    after = table((30, PHONE), (20, PHONE), (10, PHONE), seen_at=pa.array([1, 2, 3]))
    assert resolved(before)[20] == resolved(after)[20] == 30


def test_a_key_of_too_many_records_joins_nobody_and_is_flagged() -> None:
    links = table(*[(record, PHONE) for record in range(5)], (1, PHONE + 1), (2, PHONE + 1))
    assert resolved(links) == {2: 1, PHONE + 1: 1}
    assert overshared_keys(links).to_pylist() == [{"linked_identity_id": PHONE, "records": 5}]
    assert resolved(links, limit=5)[4] == 0


def test_the_same_link_in_many_rows_is_one_record() -> None:
    assert resolved(table(*[(1, PHONE)] * 9, (2, PHONE))) == {2: 1, PHONE: 1}


def test_only_keys_that_people_share_are_capped() -> None:
    members = [(record, PHONE) for record in range(6)]
    assert resolved(table(*members, namespace=["member"] * 6))[5] == 0
    assert resolved(table(*members, namespace=["phone"] * 6)) == {}


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(100, 106)), max_size=30), st.randoms())
def test_order_does_not_matter_and_customers_agree_with_reachability(
    pairs: list[tuple[int, int]], chance: object
) -> None:
    shuffled = list(pairs)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    found = resolved(table(*pairs), limit=99)
    assert found == resolved(table(*shuffled), limit=99)
    groups: list[set[int]] = []
    for pair in pairs:
        joined = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if group not in joined] + [set(pair).union(*joined)]
    for group in groups:
        names = {found.get(node, node) for node in group}
        assert names == {min(node for node in group if node < 100)}
    for one, other in itertools.combinations(groups, 2):
        assert {found.get(node, node) for node in one}.isdisjoint({found.get(node, node) for node in other})


@pytest.mark.parametrize("column", ["identity_id", "customer_id"])
def test_types(column: str) -> None:
    assert component_map(table((2, PHONE), (1, PHONE))).schema.field(column).type == pa.int64()
