"""Customers answer to contacts, and what would have happened without them is known exactly."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import pytest

from liuke_sim import CAUSES, CONTACTS, OFFERS, VARIANTS, ResponseConfig, Shop, deliveries
from liuke_sim.response import FIT

CONFIG = replace(VARIANTS["tiny"], customers=2_500, weekly_from=date(2024, 12, 30), weeks=5, batch_days=119)
FIRST = CONFIG.weekly_from


def contacts(
    campaign: str,
    customers: Sequence[int],
    offer: str = "coupon",
    channel: str = "sms",
    day: int = 0,
    value: int = 1_500,
) -> pa.Table:
    n = len(customers)
    sent_at = datetime.combine(FIRST + timedelta(days=day), time(10))
    ids = [f"{campaign}-{day}-{channel}-{customer}" for customer in customers]
    columns = [ids, customers, [channel] * n, [sent_at] * n, [campaign] * n, [offer] * n, [value] * n]
    return pa.table(
        [pa.array(column, kind) for column, kind in zip(columns, CONTACTS.types, strict=True)], CONTACTS.names
    )


@dataclass(frozen=True)
class Lived:
    shop: Shop
    folder: Path

    def truth(self, name: str) -> pa.Table:
        self.shop.write_truth(self.folder / "truth")
        return pyarrow.parquet.read_table(str(self.folder / "truth" / f"{name}.parquet"))


@cache
def history(response: ResponseConfig) -> Shop:
    """Return a shop with a history, never contacted: to be copied, not lived on."""
    shop = Shop.generate(replace(CONFIG, response=response), seed=8)
    with TemporaryDirectory() as folder:
        shop.write_history(Path(folder))
    return shop


def live(folder: Path, *received: pa.Table, response: ResponseConfig = CONFIG.response) -> Lived:
    shop = deepcopy(history(response))
    for table in received:
        shop.receive(table)
    for start, end in list(deliveries(shop)):
        shop.write_week(folder, start, end)
    return Lived(shop, folder)


def lived_through(table: pa.Table, customers: Sequence[int], *, among: bool) -> pa.Table:
    inside = pc.is_in(table["customer"], pa.array(customers))
    return table.filter(inside if among else pc.invert(inside))


@pytest.fixture(scope="module")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return live(tmp_path_factory.mktemp("nobody"))


@pytest.fixture(scope="module")
def buyers(nobody: Lived) -> list[int]:
    history = nobody.shop.purchases()
    bought = history.filter(pc.less(history["occurred_on"], FIRST))["customer"]
    return sorted(set(bought.to_pylist()))


@pytest.fixture(scope="module")
def first(buyers: list[int]) -> pa.Table:
    return contacts("first", buyers[::2], day=2)


@pytest.fixture(scope="module")
def second(buyers: list[int]) -> pa.Table:
    return contacts("second", buyers[::3], offer="reminder", day=9)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, first: pa.Table, second: pa.Table) -> Lived:
    return live(tmp_path_factory.mktemp("both"), first, second)


def test_nobody_else_lives_differently(nobody: Lived, both: Lived, first: pa.Table, second: pa.Table) -> None:
    touched = first["customer"].to_pylist() + second["customer"].to_pylist()
    mine, theirs = (lived_through(one.shop.purchases(), touched, among=False) for one in (both, nobody))
    assert mine.equals(theirs)
    assert mine.num_rows > 500
    assert not both.shop.purchases().equals(nobody.shop.purchases())


def test_the_untouched_world_is_a_shop_that_was_never_contacted(nobody: Lived, both: Lived) -> None:
    assert both.shop.purchases("untouched").equals(nobody.shop.purchases())


def test_the_world_without_one_campaign_is_a_shop_that_never_ran_it(
    tmp_path: Path, both: Lived, first: pa.Table, second: pa.Table
) -> None:
    for campaign, rest in (("first", second), ("second", first)):
        alone = live(tmp_path / campaign, rest)
        assert both.shop.purchases(("without", campaign)).equals(alone.shop.purchases())


def test_a_contact_changes_nothing_before_its_moment(tmp_path: Path, nobody: Lived, buyers: list[int]) -> None:
    """A shop that is easily moved, contacted late in a week: what was bought earlier in the week stays as it was."""
    moved = live(
        tmp_path / "moved", contacts("late", buyers, day=5), response=ResponseConfig(strength=3, push=0.6, most_push=1)
    )
    day = FIRST + timedelta(days=5)
    actual, untouched = moved.shop.purchases(), nobody.shop.purchases()
    assert actual.filter(pc.less(actual["occurred_on"], day)).equals(
        untouched.filter(pc.less(untouched["occurred_on"], day))
    )
    first_week = [pc.sum(pc.less(one["occurred_on"], FIRST + timedelta(days=7))).as_py() for one in (actual, untouched)]
    assert first_week[0] > first_week[1] + 5


def test_true_effects_are_the_mean_of_individual_differences(
    nobody: Lived, both: Lived, first: pa.Table, buyers: list[int]
) -> None:
    entered_on, n = FIRST + timedelta(days=2), len(buyers)
    treated = set(first["customer"].to_pylist())
    entries = pa.table(
        {
            "campaign": ["first"] * n,
            "customer": buyers,
            "arm": ["treated" if one in treated else "control" for one in buyers],
            "entered_on": [entered_on] * n,
        }
    )
    effects = {row["metric"]: row for row in both.shop.true_effects(entries, 14).to_pylist()}
    window = []
    for table in (both.shop.purchases(), both.shop.purchases(("without", "first"))):
        bought = lived_through(table, sorted(treated), among=True)
        late = pc.less(bought["occurred_on"], entered_on + timedelta(days=14))
        window.append(bought.filter(pc.and_(late, pc.greater_equal(bought["occurred_on"], entered_on))))
    share = [pc.count_distinct(table["customer"]).as_py() for table in window]
    margin = [pc.sum(table["margin_minor"]).as_py() for table in window]
    assert effects["repurchase"]["n"] == len(treated)
    assert effects["repurchase"]["effect"] == pytest.approx((share[0] - share[1]) / len(treated))
    assert effects["margin"]["effect"] == pytest.approx((margin[0] - margin[1]) / len(treated))
    assert 0 < effects["repurchase"]["effect"] < 0.08, "an average contact moves a few in a hundred, as in trials"
    assert effects["margin"]["deviation"] > 0


def test_windows_that_are_not_over_are_counted_apart(both: Lived, first: pa.Table) -> None:
    customers = first["customer"].to_pylist()
    n = len(customers)
    entries = pa.table(
        {
            "campaign": ["first"] * n,
            "customer": customers,
            "arm": ["treated"] * n,
            "entered_on": [FIRST + timedelta(days=2)] * n,
        }
    )
    row = both.shop.true_effects(entries, 90).to_pylist()[0]
    assert (row["n"], row["pending"], row["effect"]) == (0, n, None)


def test_where_no_contact_has_an_effect_the_true_effects_are_zero(tmp_path: Path, first: pa.Table) -> None:
    one = live(tmp_path / "one", first, response=VARIANTS["no_effect"].response)
    assert one.shop.purchases().equals(one.shop.purchases("untouched"))
    told = one.truth("truth_contacts")
    assert set(told["response"].to_pylist()) == {"unmoved"}
    assert pc.sum(told["is_seen"]).as_py() > 20


def test_the_answer_shows_in_the_files(both: Lived, first: pa.Table) -> None:
    told = both.truth("truth_contacts")
    events = f"read_parquet('{both.folder}/behaviour/behaviour_*.parquet')"
    delivered = duckdb.sql(
        f"select count(distinct member_no) from {events} where event = 'message_delivered' and channel = 'sms' "
        f"and occurred_at = timestamp '{FIRST + timedelta(days=2)} 10:00:00'"
    ).fetchall()[0][0]
    by_first = told.filter(pc.equal(told["campaign"], "first"))
    assert delivered == pc.sum(by_first["is_delivered"]).as_py()
    claimed = by_first.filter(by_first["takes_coupon"])["member_no"].to_pylist()
    used = duckdb.sql(
        f"select count(distinct member_no) from {events} where event = 'coupon_used' and member_no in {tuple(claimed)} "
        f"and occurred_at >= timestamp '{FIRST}'"
    ).fetchall()[0][0]
    assert len(claimed) > 50
    assert used > 10
    assert told.num_rows == first.num_rows + len(told.filter(pc.equal(told["campaign"], "second")))


def test_who_cannot_be_reached_is_not(both: Lived) -> None:
    members = both.shop.members()
    no_phone = set(members.filter(pc.is_null(members["phone"]))["number"].to_pylist())
    told = both.truth("truth_contacts").to_pylist()
    assert [row for row in told if row["customer"] in no_phone]
    assert not [row for row in told if row["customer"] in no_phone and row["is_delivered"]]


def test_fatigue_wears_the_help_off_and_annoys(tmp_path: Path, buyers: list[int]) -> None:
    mails = [contacts("daily", buyers, "none", "sms", day=day, value=0) for day in range(0, 21, 2)]
    tired = live(tmp_path / "tired", *mails)
    told = tired.truth("truth_contacts").to_pylist()
    half = datetime.combine(FIRST + timedelta(days=7), time())

    def share(response: str, *, late: bool) -> float:
        seen = [row for row in told if row["is_seen"] and (row["sent_at"] >= half) == late]
        return sum(row["response"] == response for row in seen) / len(seen)

    assert share("helped", late=True) < 0.7 * share("helped", late=False)
    assert share("annoyed", late=True) > 1.5 * share("annoyed", late=False)
    gone = [row["member_no"] for row in told if row["unsubscribes"]]
    assert len(gone) == len(set(gone)) > 10
    profiles = f"read_csv('{tired.folder}/crm/profiles_*.csv', all_varchar = true)"
    withdrawn = duckdb.sql(
        f"select count(distinct member_no) from {profiles} where sms_consent = 'N' and updated_at >= '{FIRST}' "
        f"and member_no in {tuple(str(one) for one in gone)}"
    ).fetchall()[0][0]
    assert withdrawn == len(gone), "every withdrawal reaches a later profile file"


def test_each_cause_has_an_offer_that_fits_it() -> None:
    best = {cause: OFFERS[int(FIT[i].argmax())] for i, cause in enumerate(CAUSES)}
    assert best == {
        "price": "coupon",
        "delivery": "apology",
        "service": "apology",
        "mismatch": "sample",
        "need_changed": "next_stage",
        "authenticity": "sample",
        "guidance": "advice",
        "other_channel": "coupon",
    }
    assert ((FIT >= 0) & (FIT < 0.7)).all()


def test_a_misspecified_shop_answers_up_to_an_optimum_and_is_harmed_beyond(tmp_path: Path, buyers: list[int]) -> None:
    known = [one for i, one in enumerate(buyers) if i % 2]
    much = [one for i, one in enumerate(buyers) if not i % 2]
    one = live(
        tmp_path / "one",
        contacts("usual", known, value=1_500),
        contacts("much", much, value=4_000),
        *(contacts(f"again {day}", known, "reminder", value=0, day=day) for day in (1, 2, 3, 4)),
        response=VARIANTS["misspecified"].response,
    )
    told = one.truth("truth_contacts").to_pylist()

    def helped(campaign: str) -> float:
        seen = [row for row in told if row["campaign"] == campaign and row["is_seen"]]
        return sum(row["response"] == "helped" for row in seen) / len(seen)

    assert helped("much") == 0 < helped("usual")
    assert helped("again 1") > 0.1
    assert helped("again 4") < 0.05


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("customer", 10**6, "customer 1000000 is unknown"),
        ("channel", "fax", "channel 'fax' is none of sms"),
        ("offer", "gold", "offer 'gold' is none of none, coupon"),
        ("value_minor", -1, "value_minor -1 is negative"),
        ("sent_at", datetime(2024, 12, 29), "days before 2024-12-30 have been lived"),
        ("campaign", None, "campaign is missing"),
    ],
)
def test_a_contact_that_cannot_be_is_refused_with_its_row(column: str, value: object, message: str) -> None:
    shop = deepcopy(history(CONFIG.response))
    table = contacts("x", [1, 2])
    place = table.column_names.index(column)
    broken = table.set_column(place, column, pa.array([table[column][0].as_py(), value], CONTACTS.types[place]))
    with pytest.raises(ValueError, match=rf"row 2 of the contacts \('x-0-sms-2'\): .*{message}"):
        shop.receive(broken)
    shop.receive(table)
    shop.receive(table)
    with pytest.raises(ValueError, match="no contact of campaign 'y'"):
        shop.purchases(("without", "y"))


def test_receiving_twice_is_receiving_once(tmp_path: Path, both: Lived, first: pa.Table, second: pa.Table) -> None:
    again = live(tmp_path / "again", second, first, second)
    assert again.shop.purchases().equals(both.shop.purchases())
    assert again.truth("truth_contacts").num_rows == both.truth("truth_contacts").num_rows
