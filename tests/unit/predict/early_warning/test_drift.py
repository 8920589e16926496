from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from small_moment import moment_from

from liuke.predict.early_warning import Behaviour, WarningSettings, detect

DAY = date(2026, 3, 1)
SETTINGS = WarningSettings()
START = DAY - timedelta(days=28 * 4)


def visits(customer: int, per_window: list[int], actions: int = 4) -> list[dict]:
    """Write sessions, oldest window first, spread over its days."""
    rows = []
    for window, n in enumerate(per_window):
        for k in range(n):
            day = START + timedelta(days=28 * window + ((k * 28) // max(n, 1) + customer) % 28)
            for action in range(actions):
                at = datetime(day.year, day.month, day.day, 9 + k % 12, action)
                row = {"customer_id": customer, "event": "product_view", "occurred_at": at, "category": "nappies"}
                rows.append(row | {"session_id": k + 100 * window})
    return rows


def baskets(customer: int, amounts: list[int]) -> list[dict]:
    days = [DAY - timedelta(days=1 + (28 * 4 - 2) * i // max(len(amounts) - 1, 1)) for i in range(len(amounts))]
    return [
        {"customer_id": customer, "order_id": customer * 100 + i, "occurred_on": day, "net_minor": amount}
        for i, (day, amount) in enumerate(zip(reversed(days), amounts, strict=True))
    ]


def seen(tables: dict, ids: list[int], settings: WarningSettings = SETTINGS) -> dict:
    known = [{"customer_id": one, "first_seen_on": date(2025, 1, 1)} for one in ids]
    moment = moment_from({"customers": known} | tables, DAY)
    return detect(moment, np.array(ids, dtype=np.int64), ["product_view"], settings)


def crowd(per_window: list[int], n: int = 40) -> list[dict]:
    return [row for customer in range(100, 100 + n) for row in visits(customer, per_window)]


@pytest.mark.parametrize(("shop", "fades"), [([8, 8, 8, 8], True), ([8, 8, 8, 1], False)])
def test_own_past_counts_and_a_quiet_season_is_nobodys_drift(shop, fades):
    # the same customer: eight visits in each past window, one in the recent one
    found = seen({"events": [*crowd(shop), *visits(1, [8, 8, 8, 1])]}, [1, *range(100, 140)])
    watched = found[Behaviour.VISITS]
    assert watched.enough.all() == fades  # one visit expected in a dead season tells nothing
    assert bool(watched.drifting[0]) == fades
    assert not watched.drifting[1:].any()


def test_missing_behaviour_is_not_enough_data_never_a_zero():
    events = crowd([8, 8, 8, 8])
    never_seen = seen({"events": events}, [1, *range(100, 140)])  # customer 1 only buys in a store
    assert not never_seen[Behaviour.VISITS].enough[0]
    assert np.isnan(never_seen[Behaviour.VISITS].recent[0])
    stopped = [row for row in events if row["occurred_at"].date() < DAY - timedelta(days=14)]
    feed = seen({"events": stopped}, list(range(100, 140)))  # the feed broke two weeks ago
    assert not feed[Behaviour.VISITS].enough.any()
    assert not feed[Behaviour.VISIT_LENGTH].enough.any()


def test_who_was_not_known_through_all_windows_is_not_judged():
    new = {"customer_id": 1, "first_seen_on": DAY - timedelta(days=60)}
    known = [{"customer_id": one, "first_seen_on": date(2025, 1, 1)} for one in range(100, 140)]
    tables = {"customers": [new, *known], "events": [*crowd([8, 8, 8, 8]), *visits(1, [0, 8, 8, 1])]}
    found = seen(tables, [1, *range(100, 140)])
    assert not found[Behaviour.VISITS].enough[0]


def test_shorter_visits_and_smaller_baskets_are_found():
    short = [row for row in visits(1, [8, 8, 8, 8]) if row["occurred_at"].date() < DAY - timedelta(days=28)]
    events = [*crowd([8, 8, 8, 8]), *short, *(row for row in visits(1, [0, 0, 0, 8], actions=1))]
    rng = np.random.default_rng(1)
    orders = [
        row
        for one in range(100, 140)
        for row in baskets(one, (9000 * np.exp(rng.normal(0, 0.2, 9))).astype(int).tolist())
    ]
    orders += baskets(1, [9000, 9500, 8700, 9100, 9000, 8800, 2000, 2100, 1900])
    found = seen({"events": events, "purchases": orders}, [1, *range(100, 140)])
    assert found[Behaviour.BASKET].drifting[0]
    assert found[Behaviour.BASKET].change[0] < -0.6
    assert found[Behaviour.BASKET].drifting[1:].sum() <= 3
    assert found[Behaviour.VISIT_LENGTH].drifting[0]


def test_too_few_customers_tell_no_season():
    found = seen({"events": crowd([8, 8, 8, 8], n=5)}, list(range(100, 105)))
    assert not any(one.enough.any() for one in found.values())
    assert seen({}, [])[Behaviour.VISITS].enough.size == 0
