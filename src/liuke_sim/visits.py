"""When customers come, and what they do while they are there."""

from __future__ import annotations

import numpy as np

from liuke_sim.assortment import BRANDS, CATEGORIES, CONSUMABLES, PRODUCT_CATEGORY, product_of
from liuke_sim.columns import SECONDS_A_DAY, Bools, Column, Columns, Floats, Ints
from liuke_sim.config import VisitConfig
from liuke_sim.customers import APP, DOUYIN, MINI_PROGRAM, NEVER, STORE, Customers, State
from liuke_sim.events import ABOUT_ADVICE, ABOUT_BARGAINS, ABOUT_CAUSE, ABOUT_ORDER, EventSink
from liuke_sim.leaving import GUIDANCE, OTHER_CHANNEL, PRICE
from liuke_sim.needs import Needs, occasional_line
from liuke_sim.season import HOUR_WEIGHTS, Week
from liuke_sim.streams import Chance

MOST_VISITS_A_WEEK = 9


MOST_PAGES = 8
_FIRST_VISIT, _NEXT_DAY, _CLICKED = 100, 101, 200
"""Ordinals of the visits that follow registration and messages; the usual ones count from 0 in each week."""


def weekly_rate(
    chance: Chance, customers: Customers, state: State, rows: Ints, needs: Needs, week: Week, config: VisitConfig
) -> Floats:
    """Return the expected visits of `rows` in the week, shape ``(m,)``."""
    age_weeks = (week.first_day - customers.first_visit_day[rows]) / 7
    novelty = 1 + config.novelty * 0.5 ** (np.maximum(age_weeks, 0) / 3)
    has_need = (needs.line >= 0).any(axis=1) | (needs.occasional.sum(axis=1) > 0.02)
    interest = np.where(has_need, 1.0, 0.15)
    here = np.where(state.left_day[rows] < NEVER, 0.03, state.attachment[rows] ** config.link)
    store = np.where(customers.channel[rows] == STORE, 0.35, 1.0)
    mood = np.exp(config.noise * chance.normal("mood", customers.number[rows]) - config.noise**2 / 2)
    season = week.lift.mean() ** 0.7 * config.trend ** (week.number / 52)
    drawn = 1 + config.drawn_by_contact * state.push[rows]
    return np.asarray(customers.visit_rate[rows] * novelty * interest * here * store * mood * season * drawn)


def draw_visits(
    chance: Chance,
    customers: Customers,
    state: State,
    rows: Ints,
    needs: Needs,
    week: Week,
    config: VisitConfig,
    clicks: Columns,
) -> Columns:
    """Draw the week's visits.

    Parameters
    ----------
    clicks : Columns
        Messages that were clicked: `row` (position in `rows`), `at`. Each brings a visit at once.

    Returns
    -------
    Columns
        `row` (position in `rows`), `ordinal` (unique per customer and week), `at` (seconds), `channel`, `length`
        (pages).
    """
    who = customers.number[rows]
    rate = weekly_rate(chance, customers, state, rows, needs, week, config)
    count = chance.poisson("visits", who, rate, MOST_VISITS_A_WEEK)
    row = np.repeat(np.arange(len(rows)), count)
    ordinal = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    day = week.first_day + chance.choose("visit day", who[row], week.day_weights, ordinal)
    first_row, first_ordinal, first_day = _first_visits(chance, customers, rows, week, config)
    row, ordinal = np.concatenate([row, first_row]), np.concatenate([ordinal, first_ordinal])
    day = np.concatenate([day, first_day])
    begun = day >= customers.first_visit_day[rows][row]
    row, ordinal, day = row[begun], ordinal[begun], day[begun]
    at = day * SECONDS_A_DAY + chance.choose("visit hour", who[row], HOUR_WEIGHTS, ordinal) * 3600
    at = np.maximum(at + chance.between("visit second", who[row], 0, 3600, ordinal), customers.registered_at[rows][row])
    if clicks:
        row = np.concatenate([row, clicks["row"]])
        ordinal = np.concatenate([ordinal, _CLICKED + np.arange(len(clicks["row"])) % _CLICKED])
        at = np.concatenate([at, clicks["at"]])
    own = customers.channel[rows][row]
    faithful = chance.uniform("visit channel", who[row], ordinal) < 0.9
    stay = 0.1 + 1.2 * state.attachment[rows][row] ** config.link
    return {
        "row": row,
        "ordinal": ordinal,
        "at": np.maximum(at, customers.registered_at[rows][row] + 30),
        "channel": np.where(own == STORE, MINI_PROGRAM, np.where(faithful, own, MINI_PROGRAM)),
        "length": 1 + chance.poisson("pages", who[row], stay, MOST_PAGES - 1, ordinal),
    }


def browse(
    chance: Chance,
    customers: Customers,
    state: State,
    rows: Ints,
    needs: Needs,
    visits: Columns,
    sink: EventSink,
) -> None:
    """Turn visits into events: what is looked at follows need; complaints about price or advice leave traces."""
    row, ordinal, at, channel = (visits[name] for name in ("row", "ordinal", "at", "channel"))
    who = rows[row]
    number = customers.number[who]
    session = sink.new_sessions(number, at)
    base: dict[str, Column] = {"customer": number, "channel": channel, "session": session}
    cause = np.where(state.drift_day[who] * SECONDS_A_DAY <= at, state.cause[who], -1)
    sensitivity = customers.price_sensitivity[who]
    advice = np.where((needs.youngest[row] < 8) | needs.has_future[row], 0.22, 0.05) + 0.25 * (cause == GUIDANCE)

    def some(event: str, share: Floats | float, after: int, **more: Column) -> None:
        sink.add(event, at + after, mask=chance.uniform(event, number, ordinal) < share, **base, **more)

    category = chance.choose("shelf", number, np.ones(len(CATEGORIES)), ordinal)
    some("app_open", np.where(channel == APP, 1.0, 0.0), 0)
    some("page_view", np.where(channel == APP, 0.15, 1.0), 2)
    some("login", 0.12, 4)
    some("category_view", 0.38, 9, category=category)
    some("search", 0.16 + 0.1 * (cause == PRICE), 14, detail=np.where(cause == PRICE, ABOUT_BARGAINS, ABOUT_ADVICE))
    _views(chance, customers, who, needs, visits, base, sink)
    some("article_read", advice, 70)
    some("community_post", 0.006, 120)
    some("coupon_claimed", 0.02 + 0.06 * sensitivity + 0.08 * (cause == PRICE), 31)
    some("livestream_watched", np.where(channel == DOUYIN, 0.4, 0.02) + 0.10 * (cause == OTHER_CHANNEL), 150)
    some("benefit_used", np.where((state.member_day[who] < NEVER) & customers.uses_benefits[who], 0.04, 0.0), 95)
    some("points_redeemed", np.where((state.tier[who] > 0) & customers.uses_benefits[who], 0.015, 0.0), 99)
    chat = chance.uniform("service_chat", number, ordinal) < 0.018 + 0.09 * (cause >= 0)
    sink.add("service_chat", at + 110, mask=chat, **base, detail=np.where(cause >= 0, ABOUT_CAUSE + cause, ABOUT_ORDER))


def _first_visits(
    chance: Chance, customers: Customers, rows: Ints, week: Week, config: VisitConfig
) -> tuple[Ints, Ints, Ints]:
    """Return (row, ordinal, day) of the first visit of a life, and of the visit on the day after registering."""
    first = customers.first_visit_day[rows]
    comes = (first >= week.first_day) & (first < week.first_day + 7)
    back_day = customers.registered_day[rows] + 1
    back = (back_day >= week.first_day) & (back_day < week.first_day + 7) & (first < back_day)
    back &= chance.uniform("next day", customers.number[rows]) < config.next_day_share / config.first_day_share
    row = np.concatenate([np.flatnonzero(comes), np.flatnonzero(back)])
    ordinal = np.repeat(np.array([_FIRST_VISIT, _NEXT_DAY]), [int(comes.sum()), int(back.sum())])
    return row, ordinal, np.concatenate([first[comes], back_day[back]])


def _views(
    chance: Chance,
    customers: Customers,
    who: Ints,
    needs: Needs,
    visits: Columns,
    base: dict[str, Column],
    sink: EventSink,
) -> None:
    """Add the product pages of each visit, with what follows from them: favourites, shares, carts."""
    pages = visits["length"]
    visit = np.repeat(np.arange(len(pages)), pages)
    if not len(visit):
        return
    step = np.arange(len(visit)) - np.repeat(np.cumsum(pages) - pages, pages)
    ordinal = visits["ordinal"][visit] * MOST_PAGES + step
    product = _interesting(chance, customers, who[visit], ordinal, needs, visits["row"][visit])
    shared: dict[str, Column] = {name: values[visit] for name, values in base.items()}
    seen_at = visits["at"][visit] + 20 + 25 * step

    def some(event: str, mask: Bools, after: int) -> None:
        sink.add(event, seen_at + after, mask=mask, **shared, product=product, category=product_category(product))

    def happens(purpose: str, share: float) -> Bools:
        return np.asarray(chance.uniform(purpose, shared["customer"], ordinal) < share)

    some("product_view", np.ones(len(visit), dtype=bool), 0)
    some("favourite", happens("favourite", 0.03), 6)
    some("share", happens("share", 0.012), 9)
    in_cart = happens("cart_add", 0.06)
    some("cart_add", in_cart, 11)
    some("cart_remove", in_cart & happens("cart_remove", 0.3), 19)


def _interesting(chance: Chance, customers: Customers, who: Ints, ordinal: Ints, needs: Needs, row: Ints) -> Ints:
    """Choose a product to look at: mostly from a shelf the family needs, mostly of its brand."""
    number = customers.number[who]
    weights = np.array([3, 3, 1, 1.5, 1, 1, 1, 2, 2, 1, 0.5, 0.4])
    category = chance.choose("page category", number, weights, ordinal)
    line = needs.line[row, np.minimum(category, len(CONSUMABLES) - 1)]
    for position in range(len(CONSUMABLES), len(CATEGORIES)):
        here = category == position
        line = np.where(here, occasional_line(CATEGORIES[position], needs.youngest[row]), line)
    fallback = occasional_line("toys", needs.youngest[row])
    line = np.where(line >= 0, line, fallback)
    other = chance.between("page brand", number, 0, BRANDS, ordinal)
    own = chance.uniform("page of own brand", number, ordinal) < 0.6
    return product_of(line, np.where(own, customers.brand[who, category], other))


def product_category(product: Ints) -> Ints:
    """Return the category of each product; -1 where there is no product."""
    return np.where(product >= 0, PRODUCT_CATEGORY[np.maximum(product, 0)], -1)
