"""Arms by the terms of a trial: stages are nested, strata balanced, regions whole, layers exclusive, merges stable."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from liuke.learn.experiments import (
    Act,
    EndReason,
    ExperimentError,
    ExperimentSettings,
    HashAllocator,
    TrialBook,
    export_assignments,
    trial_from,
)
from liuke.learn.experiments.tables import trial_units

DAY = date(2026, 10, 5)
IDS = np.arange(1, 4_001, dtype=np.int64)
NO_GLOBAL = ExperimentSettings(global_control_share=0.0)
STAGED = {"rollout": {"stages": [0.05, 0.2, 0.5, 1.0]}, "horizon_days": 30}


def act(day: date = DAY) -> Act:
    return Act("tester", datetime(day.year, day.month, day.day, 1), day)


def start(connection, strategy: str = "hello", trial: str | None = None, **keys):
    document = trial_from({"language": 1, "id": trial or strategy, "strategy": strategy, **keys})
    book = TrialBook("")
    book.draft(connection, document, act())
    return book, book.start(connection, document.id, act(), "v1")


def people(**columns):
    """Traits as the desk hands them over: columns by name in the order of IDS."""
    return lambda names: {name: columns[name] for name in names}


def draw(connection, day=DAY, ids=IDS, strategy="hello", allocator=None, **keys):
    return (allocator or HashAllocator(NO_GLOBAL)).allocate(connection, strategy, ids, 0.1, day, **keys)


def test_stages_treat_more_and_never_make_treated_of_control_inside_the_window(operations):
    with operations.begin() as connection:
        book, _ = start(connection, **STAGED)
        first = draw(connection, ids=IDS[:2_000])
        assert float((first.arms == "treated").mean()) == pytest.approx(0.05, abs=0.02)
        book.advance(connection, "hello", act(), "", "")
        soon = draw(connection, day=DAY + timedelta(days=29))
        assert (soon.arms[:2_000] == first.arms).all()  # nobody switches while the window is open
        assert set(soon.probabilities[:2_000][first.arms == "control"]) == {1.0}  # nothing was left to chance
        assert float((soon.arms[2_000:] == "treated").mean()) == pytest.approx(0.2, abs=0.03)
        late = draw(connection, day=DAY + timedelta(days=30), ids=IDS[:2_000])
        assert (late.arms[first.arms == "treated"] == "treated").all()
        reached = (late.arms == "treated") & (first.arms == "control")
        assert float(reached.mean()) == pytest.approx(0.15, abs=0.03)
        assert set(late.probabilities[reached].round(9)) == {round(0.15 / 0.95, 9)}  # given: control before
        assert set(late.probabilities[late.arms == "control"].round(9)) == {round(0.8 / 0.95, 9)}
        held = HashAllocator(NO_GLOBAL).held_out(connection, "hello", IDS[:2_000].tolist())
        assert set(held) == set(IDS[:2_000][late.arms == "control"].tolist())


def test_a_roll_back_stops_those_whom_only_the_larger_share_reached(operations):
    with operations.begin() as connection:
        book, _ = start(connection, **STAGED)
        book.advance(connection, "hello", act(), "", "")
        wide = draw(connection, ids=IDS[:2_000])
        book.roll_back(connection, "hello", act())
        narrow = draw(connection, day=DAY + timedelta(days=1), ids=IDS[:2_000])
        held = HashAllocator(NO_GLOBAL).held_out(connection, "hello", IDS[:2_000].tolist())
        left = wide.arms == "treated"
        assert set(narrow.arms[left]) == {"treated", "elsewhere"}
        assert float((narrow.arms[left] == "treated").mean()) == pytest.approx(0.25, abs=0.07)
        assert (narrow.arms[~left] == "control").all()
        assert {i for i, arm in held.items() if arm == "elsewhere"} == set(
            IDS[:2_000][narrow.arms == "elsewhere"].tolist()
        )
        record = book.roll_back(connection, "hello", act())  # from the first stage: nobody any more
        assert record.state == "paused"
        assert set(draw(connection, day=DAY + timedelta(days=2)).arms) == {"elsewhere"}
        assert len(HashAllocator(NO_GLOBAL).held_out(connection, "hello", [1, 2, 3])) == 3


@pytest.mark.parametrize(
    ("reason", "contacted"),
    [(EndReason.ROLLED_OUT, True), (EndReason.HARMFUL, False), (EndReason.NO_EFFECT, False)],
)
def test_after_the_end_a_strategy_goes_on_only_if_it_was_rolled_out(operations, reason, contacted):
    with operations.begin() as connection:
        book, _ = start(connection)
        before = draw(connection)
        assert float((before.arms == "treated").mean()) == pytest.approx(0.9, abs=0.02)
        book.end(connection, "hello", act(), reason)
        after = draw(connection, day=DAY + timedelta(days=1))
    assert (after.arms == before.arms).all() if contacted else set(after.arms) == {"elsewhere"}


def test_strata_are_balanced_to_the_seat_and_stay_so_when_customers_join(operations):
    rng = np.random.default_rng(3)
    stage = rng.choice(np.array(["new", "mature", None], dtype=object), 4_000)
    keys = {"strata": ["lifecycle"], "control_share": 0.5, "rollout": {"stages": [0.5]}}
    with operations.begin() as connection:
        start(connection, **keys)
        some = draw(connection, ids=IDS[:1_500], traits=people(lifecycle=stage[:1_500]))
        order = rng.permutation(4_000)
        both = draw(connection, ids=IDS[order], traits=people(lifecycle=stage[order]), day=DAY + timedelta(days=1))
        arms = np.empty(4_000, dtype=object)
        arms[order] = both.arms
    assert (arms[:1_500] == some.arms).all()
    for value in ("new", "mature", None):
        treated, n = int((arms[stage == value] == "treated").sum()), int((stage == value).sum())
        assert abs(treated - n / 2) <= 10  # at most half a block of twenty; by single hashes 18 (one sigma) are usual
    assert set(both.probabilities) == {0.5}


def test_the_order_of_the_list_does_not_matter_for_seats(operations):
    traits = people(lifecycle=np.array(["a"] * 500, dtype=object))
    with operations.begin() as connection:
        start(connection, strata=["lifecycle"])
        looked = draw(connection, ids=IDS[:500], traits=traits, store=False)
        again = draw(connection, ids=IDS[:500][::-1], traits=traits)
        assert connection.scalar(sa.select(sa.func.count()).select_from(trial_units)) == 500
    assert (again.arms[::-1] == looked.arms).all()


def test_a_region_has_one_arm_and_half_of_the_regions_are_treated(operations):
    regions = np.array([f"省{i % 12}" if i % 100 else None for i in range(4_000)], dtype=object)
    keys = {"unit": {"by": "region"}, "control_share": 0.5, "rollout": {"stages": [0.5]}}
    with operations.begin() as connection:
        start(connection, **keys)
        drawn = draw(connection, traits=people(province=regions))
        assert set(drawn.arms[regions == None]) == {"elsewhere"}  # noqa: E711 - element by element
        by_region = {r: set(drawn.arms[regions == r].tolist()) for r in set(regions) - {None}}
        assert all(len(arms) == 1 for arms in by_region.values())
        assert sum(arms == {"treated"} for arms in by_region.values()) == 6
        newcomer = draw(connection, ids=np.array([99_999]), traits=people(province=np.array(["省3"], dtype=object)))
        assert set(newcomer.arms) == by_region["省3"]


def test_households_stay_together(operations):
    homes = np.array([f"h{i // 2}" for i in range(4_000)], dtype=object)
    with operations.begin() as connection:
        start(connection, unit={"by": "household"}, control_share=0.3)
        arms = draw(connection, traits=people(household_id=homes)).arms
    assert (arms[::2] == arms[1::2]).all()
    assert float((arms == "control").mean()) == pytest.approx(0.3, abs=0.04)


def test_time_blocks_switch_as_a_whole_and_evenly(operations):
    keys = {"unit": {"by": "time_block", "block_days": 7}, "control_share": 0.5, "rollout": {"stages": [0.5]}}
    arms = []
    with operations.begin() as connection:
        start(connection, **keys)
        for week in range(8):
            some = IDS[week * 100 : week * 100 + 100]
            drawn = draw(connection, day=DAY + timedelta(weeks=week), ids=some)
            arms.append(set(drawn.arms.tolist()))
    assert all(len(one) == 1 for one in arms)
    assert sum(one == {"treated"} for one in arms) == 4


def test_scope_and_layer_leave_others_out_and_share_nobody(operations):
    province = np.array(["浙江省", "广东省"] * 2_000, dtype=object)
    with operations.begin() as connection:
        start(connection, "hello", layer={"name": "spring", "start": 0, "end": 0.5})
        start(connection, "other", layer={"name": "spring", "start": 0.5, "end": 1})
        start(connection, "third", scope={"column": "province", "values": ["浙江省"]})
        with pytest.raises(ExperimentError, match=r"0\.4 to 0\.6 of layer spring overlaps that of hello"):
            start(connection, "fourth", layer={"name": "spring", "start": 0.4, "end": 0.6})
        a, b = draw(connection), draw(connection, strategy="other")
        c = draw(connection, strategy="third", traits=people(province=province))
    assert ((a.arms == "elsewhere") ^ (b.arms == "elsewhere")).all()
    assert ((c.arms == "elsewhere") == (province == "广东省")).all()


class Merged:
    """Customer 1 000 000 used to be these."""

    def __init__(self, *former: int) -> None:
        self.former = former

    def of(self, customer_ids):
        return {n: (n, *self.former) if n == 1_000_000 else (n,) for n in customer_ids}


def test_of_two_merged_customers_the_trial_that_drew_first_keeps_the_person(operations):
    with operations.begin() as connection:
        start(connection, "hello", layer={"name": "spring", "start": 0, "end": 0.5})
        start(connection, "other", layer={"name": "spring", "start": 0.5, "end": 1})
        a = draw(connection)
        b = draw(connection, strategy="other", day=DAY + timedelta(days=1))
        first = int(IDS[a.arms != "elsewhere"][0])
        second = int(IDS[b.arms != "elsewhere"][0])
        merged = HashAllocator(NO_GLOBAL, Merged(first, second))
        person = np.array([1_000_000])
        stays = draw(connection, ids=person, allocator=merged, day=DAY + timedelta(days=2))
        leaves = draw(connection, ids=person, allocator=merged, strategy="other", day=DAY + timedelta(days=2))
    assert stays.arms[0] == a.arms[first == IDS][0]
    assert leaves.arms[0] == "elsewhere"


def test_a_merge_of_two_arms_is_flagged_and_exposure_is_the_first_real_message(operations):
    import pyarrow as pa

    with operations.begin() as connection:
        start(connection, control_share=0.5)
        drawn = draw(connection)
        treated, control = (int(IDS[drawn.arms == arm][0]) for arm in ("treated", "control"))
        merged = pa.table({"identity_id": [treated, control], "customer_id": [treated, treated]})
        sent = [datetime(2026, 10, 8, 3), datetime(2026, 10, 6, 3), None]
        contacts = pa.table(
            {
                "strategy": ["hello"] * 3,
                "customer_id": [treated] * 3,
                "state": ["sent", "sent", "held"],
                "sent_at": pa.array(sent, pa.timestamp("us")),
            }
        )
        log = export_assignments(connection, merged, contacts).to_pylist()
    own = {row["customer_id"]: row for row in log if row["experiment"] == "hello"}
    assert [own[treated]["conflict"], own[control]["conflict"]].count(True) == 1  # the younger; here by tie-break
    assert sum(row["conflict"] for row in log) == 1
    assert own[treated]["exposed_on"] == date(2026, 10, 6)
    assert sum(row["exposed_on"] is not None for row in log) == 1


def test_a_draw_that_needs_a_column_says_so(operations):
    with operations.begin() as connection:
        start(connection, strata=["lifecycle"])
        with pytest.raises(ExperimentError, match="draws by lifecycle"):
            draw(connection)
