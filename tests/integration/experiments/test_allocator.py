"""The global control group is drawn first, each strategy's own from the rest, and the first assignment stands."""

from datetime import date

import numpy as np
import pytest
import sqlalchemy as sa

from liuke.learn.experiments import ExperimentSettings, HashAllocator, assignments, export_assignments

DAY = date(2026, 10, 5)
IDS = np.arange(1, 4_001, dtype=np.int64)


@pytest.fixture
def allocator() -> HashAllocator:
    return HashAllocator(ExperimentSettings())


def stored(operations) -> int:
    with operations.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(assignments))


def test_arms_have_their_shares_and_their_chances_beside_them(operations, allocator):
    with operations.begin() as connection:
        drawn = allocator.allocate(connection, "second_purchase", IDS, 0.10, DAY)
    share = {arm: float((drawn.arms == arm).mean()) for arm in ("global_control", "control", "treated")}
    assert share["global_control"] == pytest.approx(0.05, abs=0.012)
    assert share["control"] == pytest.approx(0.095, abs=0.015)
    chances = {arm: set(drawn.probabilities[drawn.arms == arm].tolist()) for arm in share}
    assert chances == {"global_control": {0.05}, "control": {0.1}, "treated": {0.9}}


def test_every_strategy_sees_the_same_global_control_group(operations, allocator):
    with operations.begin() as connection:
        a = allocator.allocate(connection, "second_purchase", IDS, 0.10, DAY)
        b = allocator.allocate(connection, "sleeping_customer", IDS, 0.50, DAY)
        table = export_assignments(connection)
    assert ((a.arms == "global_control") == (b.arms == "global_control")).all()
    held = int((a.arms == "global_control").sum())
    assert table.num_rows == 4_000 + 2 * (4_000 - held)  # the globally held out are in no strategy's draw


def test_the_first_assignment_stands_when_shares_and_seeds_change(operations, allocator):
    with operations.begin() as connection:
        first = allocator.allocate(connection, "s", IDS[:2_000], 0.10, DAY)
    changed = HashAllocator(ExperimentSettings(global_control_share=0.3, seed="other"))
    with operations.begin() as connection:
        again = changed.allocate(connection, "s", IDS, 0.50, date(2026, 11, 1))
    assert (again.arms[:2_000] == first.arms).all()
    assert (again.probabilities[:2_000] == first.probabilities).all()
    assert float((again.arms[2_000:] == "global_control").mean()) > 0.2


def test_looking_without_storing_leaves_no_trace_and_tells_the_truth(operations, allocator):
    with operations.read() as connection:
        looked = allocator.allocate(connection, "s", IDS, 0.10, DAY, store=False)
    assert stored(operations) == 0
    with operations.begin() as connection:
        assert (allocator.allocate(connection, "s", IDS, 0.10, DAY).arms == looked.arms).all()


def test_held_out_names_both_kinds_of_control(operations, allocator):
    with operations.begin() as connection:
        drawn = allocator.allocate(connection, "s", IDS, 0.10, DAY)
        held = allocator.held_out(connection, "s", IDS.tolist())
        elsewhere = allocator.held_out(connection, "another", IDS.tolist())
    assert held == {i: arm for i, arm in zip(IDS.tolist(), drawn.arms.tolist(), strict=True) if arm != "treated"}
    assert set(elsewhere.values()) == {"global_control"}


def test_nobody_to_allocate(operations, allocator):
    with operations.begin() as connection:
        assert len(allocator.allocate(connection, "s", IDS[:0], 0.10, DAY).arms) == 0


class Merged:
    """Customer 1 000 000 used to be customers 1 … 4 000, one at a time."""

    def __init__(self, *former: int) -> None:
        self.former = former

    def of(self, customer_ids):
        return {n: (n, *self.former) if n == 1_000_000 else (n,) for n in customer_ids}


def test_after_a_merge_the_older_assignment_stands(operations, allocator):
    with operations.begin() as connection:
        drawn = allocator.allocate(connection, "s", IDS, 0.10, DAY)
        later = allocator.allocate(connection, "s", np.array([1_000_000]), 0.10, date(2026, 11, 1))
    other = next(arm for arm in ("control", "treated") if arm != later.arms[0])
    former = int(IDS[drawn.arms == other][0])
    merged = HashAllocator(ExperimentSettings(), Merged(former))
    with operations.begin() as connection:
        stands = merged.allocate(connection, "s", np.array([1_000_000]), 0.10, date(2026, 11, 2))
        held = merged.held_out(connection, "s", [1_000_000])
    assert stands.arms.tolist() == [other]
    assert (1_000_000 in held) == (other == "control")
