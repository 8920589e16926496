"""What customers say about a week: which reviews turn out bad, and who answers a survey.

Runs over a week's finished events. It notes beside each event the cause its customer was drifting away for at that
moment (`cause`, never exported: only `texts.py` and the truth read it), says what a review is about, and adds survey
answers.
"""

from __future__ import annotations

import numpy as np

from liuke_sim.assortment import PRODUCT_CATEGORY
from liuke_sim.columns import SECONDS_A_DAY, Bools, Columns, Floats, Ints, length, stack
from liuke_sim.customers import NEVER, Customers, State
from liuke_sim.events import ABOUT_CAUSE, CODE, NONE
from liuke_sim.leaving import DELIVERY, MISMATCH
from liuke_sim.membership import MESSAGES
from liuke_sim.purchases import Orders
from liuke_sim.season import Week
from liuke_sim.streams import chance_of

SURVEY_SHARE = 0.2
"""Share of a week's buyers who are asked, ten days later, whether they would recommend the shop."""
SURVEY_AFTER_DAYS = 10
ANSWERS = 0.16
"""Share of the asked who answer, when attached; those who drift answer half as often."""
LEFT_ASKED_AFTER_DAYS = 42
LEFT_ANSWERS = 0.05
"""Share of those who left that answer the survey sent when they have been gone for six weeks."""
SOURED = 0.5
"""Share of reviews by drifting customers that lose two stars."""
_CONTENT = np.array([0.5, 0.3, 0.4, 0.6, 1.2, 3, 5, 12, 20, 23, 34])
_UNHAPPY = np.array([5, 3, 5, 7, 8, 16, 15, 16, 14, 6, 5], dtype=np.float64)
"""How likely each score, 0 to 10, is; relative."""


def give_voice(events: Columns, orders: Orders, customers: Customers, state: State, week: Week, seed: int) -> Columns:
    """Return a week's events with `cause`, reviews made specific, and survey answers added.

    Parameters
    ----------
    events : Columns
        The week's events, as `events.EventSink` returns them.
    orders : Orders
        The week's orders, at most one per customer; a text is about its first line.
    customers, state
        Of the chunk.
    week : Week
    seed : int
    """
    if not length(events):
        return events
    row = events["customer"] - customers.number[0]
    late, returned, complained = (
        _met(events, row, name, len(customers)) for name in ("delivery_late", "return", "complaint_opened")
    )
    head = orders.head
    bought = np.full(len(head["customer"]), NONE, dtype=np.int64)
    bought[orders.lines["order"][::-1]] = orders.lines["product"][::-1]
    product = np.full(len(customers), NONE, dtype=np.int64)
    product[head["customer"] - customers.number[0]] = bought
    cause = np.where(state.drift_day[row] * SECONDS_A_DAY <= events["at"], state.cause[row], NONE)
    told = events | {"cause": cause}
    review = events["event"] == CODE["review"]
    about = review | (events["event"] == CODE["complaint_opened"])
    told["product"] = np.where(about, product[row], events["product"])
    told["category"] = np.where(
        about & (product[row] >= 0), PRODUCT_CATEGORY[np.maximum(product[row], 0)], events["category"]
    )
    lived = np.where(late[row], ABOUT_CAUSE + DELIVERY, np.where(returned[row], ABOUT_CAUSE + MISMATCH, NONE))
    told["detail"] = np.where(review, np.where(events["value"] <= 3, lived, NONE), events["detail"])
    sour = review & (cause >= 0) & (chance_of(events["customer"] * 10**9 + events["at"], seed, "sour review") < SOURED)
    told["value"] = np.where(sour, np.maximum(events["value"] - 2, 1), events["value"])
    return stack([told, _answers(head, product, customers, state, late | returned | complained, week, seed)])


def _met(events: Columns, row: Ints, name: str, n: int) -> Bools:
    """Return who met an event this week, shape ``(n,)``."""
    met = np.zeros(n, dtype=bool)
    met[row[events["event"] == CODE[name]]] = True
    return met


def _answers(
    head: Columns, product_of: Ints, customers: Customers, state: State, unlucky: Bools, week: Week, seed: int
) -> Columns:
    """Return survey answers of this week's buyers, and of those who left six weeks ago."""
    first = customers.number[0]
    buyers = head["customer"] - first
    gone = np.flatnonzero((state.left_day == week.first_day - LEFT_ASKED_AFTER_DAYS) & state.takes_messages)
    row = np.concatenate([buyers, gone])
    began = np.concatenate([head["at"], np.full(len(gone), week.first_day * SECONDS_A_DAY + 10 * 3600, dtype=np.int64)])
    key = customers.number[row] * 10**5 + week.number

    def chance(purpose: str) -> Floats:
        return chance_of(key, seed, "survey " + purpose)

    left = state.left_day[row] < NEVER
    willing = np.where(left, LEFT_ANSWERS, SURVEY_SHARE * ANSWERS * (0.5 + 0.5 * state.attachment[row]))
    answers = state.takes_messages[row] & (chance("answer") < willing)
    row, began, key = row[answers], began[answers], key[answers]
    at = began + SURVEY_AFTER_DAYS * SECONDS_A_DAY + (chance("delay") * 2 * SECONDS_A_DAY).astype(np.int64)
    at = np.minimum(at, (at // SECONDS_A_DAY) * SECONDS_A_DAY + 22 * 3600)
    cause = np.where(state.drift_day[row] * SECONDS_A_DAY <= at, state.cause[row], NONE)
    unhappy = (cause >= 0) | (unlucky[row] & (chance("forgives") < 0.6))
    score = np.where(unhappy, _score(chance("score"), _UNHAPPY), _score(chance("score"), _CONTENT))
    n, product = len(row), product_of[row]
    return {
        "customer": customers.number[row],
        "event": np.full(n, CODE["survey_answered"], dtype=np.int64),
        "at": at,
        "channel": np.full(n, MESSAGES, dtype=np.int64),
        "session": np.full(n, NONE, dtype=np.int64),
        "product": product,
        "category": np.where(product >= 0, PRODUCT_CATEGORY[np.maximum(product, 0)], NONE),
        "value": score.astype(np.float64),
        "detail": np.full(n, NONE, dtype=np.int64),
        "cause": cause,
    }


def _score(u: Floats, weights: Floats) -> Ints:
    edges = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(edges, u, side="right"), 10).astype(np.int64)
