"""The shop's aggregates lie where retailers report theirs, and its latent states do what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from liuke_sim import CAUSES, EVENTS, VARIANTS, LeavingConfig, Shop

from .conftest import LivedShop

SETTLED = "registered_at >= '2024-10-01' and registered_at < '2025-08-01'"
REGISTERED = f"""(select distinct member_no::bigint as member_no, try_cast(registered_at as timestamp)::date as day
                  from profiles where {SETTLED} and try_cast(registered_at as timestamp) is not null
                  and channel in ('app', 'mini_program'))"""


@pytest.mark.parametrize(("after", "low", "high"), [(1, 0.09, 0.16), (7, 0.05, 0.11), (30, 0.03, 0.08)])
def test_day_n_retention(lived: LivedShop, after: int, low: float, high: float) -> None:
    share = lived.value(
        f"select avg((a.day is not null)::int) from {REGISTERED} r left join activity a "
        f"on a.member_no = r.member_no and a.day = r.day + {after}"
    )
    assert low <= share <= high


def test_more_than_half_of_the_registered_never_visit(lived: LivedShop) -> None:
    share = lived.value(
        f"select 1 - avg((r.member_no in (select a.member_no from activity a join {REGISTERED} x using (member_no) "
        f"where a.day > x.day))::int) from {REGISTERED} r"
    )
    assert 0.50 <= share <= 0.70


def test_a_third_of_first_buyers_do_not_buy_again_within_ninety_days(lived: LivedShop) -> None:
    share = lived.value(
        "with firsts as (select member_no, min(day) as day from bought group by all) select 1 - avg((exists (from "
        "bought b where b.member_no = f.member_no and b.day > f.day and b.day <= f.day + 90))::int) "
        "from firsts f where f.day between '2024-12-01' and '2025-06-01'"
    )
    assert 0.28 <= share <= 0.45


def test_monthly_churn_and_repurchase(lived: LivedShop) -> None:
    churn = lived.value(
        "with active as (select distinct member_no from bought where day >= '2025-03-01' and day < '2025-04-01') "
        "select 1 - avg((member_no in (select member_no from bought where day >= '2025-04-01' and day < "
        "'2025-05-01'))::int) from active"
    )
    repurchase = lived.value(
        "select avg((n >= 2)::int) from (select member_no, count(*) as n from bought where day >= '2025-03-01' and "
        "day < '2025-04-01' group by all)"
    )
    assert 0.25 <= churn <= 0.48
    assert 0.20 <= repurchase <= 0.48


def test_stickiness_and_baskets(lived: LivedShop) -> None:
    daily, monthly = lived.rows(
        "select count(*) / 30, count(distinct member_no) from activity where day >= '2025-04-01' and day < '2025-05-01'"
    )[0]
    basket = lived.value(
        "select avg(net) from (select sum(paid_amount::double) as net from order_lines group by order_no)"
    )
    assert 0.06 <= daily / monthly <= 0.15
    assert 200 <= basket <= 600


def test_every_behaviour_of_the_catalogue_happens(lived: LivedShop) -> None:
    assert {event for (event,) in lived.rows("select distinct event from behaviour")} == set(EVENTS)


def test_about_a_fifth_of_complaints_are_about_delivery(lived: LivedShop) -> None:
    share = lived.value("select avg((category = 'delivery')::int) from complaints where status = 'opened'")
    assert 0.12 <= share <= 0.38


def test_dirt_comes_at_its_rates(lived: LivedShop) -> None:
    latest = "(select *, row_number() over (partition by member_no order by updated_at desc) as r from profiles)"
    address, phone = lived.rows(
        f"select avg((address = '不详' or province is null or city is null or province like '%市' and city like '%省' "
        f"or 1 = 0)::int), avg((phone is null)::int) from {latest} where r = 1"
    )[0]
    reachable = lived.value("select avg(is_reachable::int) from truth")
    bad_dates = lived.value("select avg((try_cast(ordered_at as timestamp) is null)::int) from order_lines")
    slips = lived.value("select avg((quantity::int <= 0)::int) from order_lines")
    unknown = lived.value("select avg((product_key not in (select product_key from products))::int) from order_lines")
    double = lived.value("select 1 - count(distinct (order_no, line_no)) / count(*) from order_lines")
    late = lived.value("select avg((recorded_at > occurred_at + interval 12 hour)::int) from behaviour")
    assert 0.08 <= address <= 0.18
    assert 0.05 <= phone <= 0.10
    assert 0.72 <= reachable <= 0.78
    for share in (bad_dates, slips, unknown, double):
        assert 0.0005 <= share <= 0.006
    assert 0.010 <= late <= 0.020


def test_files_hold_only_what_had_reached_the_shop(lived: LivedShop) -> None:
    behaviour = [file for file in lived.files if file.series == "behaviour"]
    for file in behaviour:
        last_day = file.path.stem.split("_")[-1]
        late = lived.value(
            f"select count(*) from read_parquet('{file.path}') "
            f"where recorded_at >= strptime('{last_day}', '%Y%m%d') + interval 1 day or recorded_at < occurred_at"
        )
        assert late == 0
    assert len(behaviour) > 1


def test_nobody_buys_after_having_left_or_outgrown_the_shop(lived: LivedShop) -> None:
    assert (
        lived.value(
            "select count(*) from bought join truth using (member_no) where day > coalesce(left_on, graduated_on) + 7"
        )
        == 0
    )
    assert lived.value("select count(*) from truth where left_on is not null and orders > 0") > 200


def test_every_departure_has_a_cause_and_a_date_before_it(lived: LivedShop) -> None:
    left = "from drifts where outcome = 'left'"
    assert lived.value(f"select count(*) {left} and drift_started_on >= ended_on") == 0
    assert {cause for (cause,) in lived.rows(f"select distinct cause {left}")} == set(CAUSES)
    assert lived.value("select count(*) from truth where left_on is not null and cause is null") == 0


def test_graduation_is_no_departure(lived: LivedShop) -> None:
    graduates = "from truth where graduated_on is not null and left_on is null and is_visitor"
    assert lived.value(f"select count(*) {graduates}") > 50
    assert lived.value(f"select count(*) {graduates} and attachment < 0.15 and cause is null") == 0
    assert lived.value("select count(*) from truth where graduated_on is not null and family = 'gift_giver'") == 0


def test_visits_and_sessions_decline_before_purchases_stop(lived: LivedShop) -> None:
    """The drift can be seen: the four weeks before leaving have fewer and shorter visits than a quarter earlier."""
    sessions = (
        "(select member_no, session_id, min(occurred_at)::date as day, count(*) as pages from behaviour "
        "where session_id is not null group by all)"
    )
    visits, pages, earlier_visits, earlier_pages = lived.rows(
        f"select count(*) filter (left_on - day between 0 and 28), avg(pages) filter (left_on - day between 0 and 28), "
        f"count(*) filter (left_on - day between 84 and 112), avg(pages) filter (left_on - day between 84 and 112) "
        f"from {sessions} join truth using (member_no) where left_on > '2025-02-01' and orders >= 4"
    )[0]
    assert visits < 0.6 * earlier_visits
    assert pages < 0.97 * earlier_pages


def test_a_shop_that_nobody_leaves_has_no_drift(tmp_path: Path) -> None:
    config = replace(VARIANTS["tiny"], leaving=replace(LeavingConfig(), scale=0.0))
    shop = Shop.generate(config, 3)
    shop.write_history(tmp_path / "shop")
    import pyarrow.parquet

    truth = pyarrow.parquet.read_table(str(shop.write_truth(tmp_path / "truth")[0]))
    assert truth["left_on"].null_count == truth.num_rows
    assert np.allclose(truth["attachment"].to_numpy(), 1.0)
    assert max(truth["orders"].to_pylist()) > 3


def test_families_buy_more_before_promotions(lived: LivedShop) -> None:
    in_618, usual = lived.rows(
        "select count(*) filter (day between '2025-06-10' and '2025-06-20') / 11, "
        "count(*) filter (day between '2025-05-01' and '2025-05-25') / 25 from bought"
    )[0]
    assert in_618 > 1.4 * usual


def test_nappies_grow_with_the_child(lived: LivedShop) -> None:
    ages = lived.rows(
        "select p.stage, median(date_diff('month', (c.birth_month || '-01')::date, l.ordered_at::date)) "
        "from order_lines l join (select member_no, max(birth_month) as birth_month from children "
        "group by all having count(distinct child_no) = 1) c using (member_no) "
        "join products p using (product_key) where p.category = 'nappies' and "
        "c.birth_month is not null and try_cast(l.ordered_at as timestamp) is not null group by all"
    )
    by_size = dict(ages)
    medians = [by_size[size] for size in ("NB", "S", "M", "L", "XL") if size in by_size]
    assert medians == sorted(medians)
    assert len(medians) == 5


def test_subscribers_skip_and_cancel_when_they_drift(lived: LivedShop) -> None:
    """A skipped delivery is a signal: before it comes, drifting customers are rarer than after it."""
    started, skipped, cancelled = lived.rows(
        "select count(*) filter (event = 'subscription_started'), count(*) filter (event = 'subscription_skipped'), "
        "count(*) filter (event = 'subscription_cancelled') from behaviour"
    )[0]
    assert started > 100
    assert 0 < cancelled < started
    drifting, all_started = lived.rows(
        "select avg((c.event is not null)::int) filter (t.left_on is not null), avg((c.event is not null)::int) "
        "from behaviour s join truth t using (member_no) left join behaviour c on c.member_no = s.member_no "
        "and c.event = 'subscription_skipped' where s.event = 'subscription_started'"
    )[0]
    assert drifting > 1.2 * all_started
    assert skipped > 20
