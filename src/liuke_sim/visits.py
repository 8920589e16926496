"""When customers come, and what they do while they are there."""

from __future__ import annotations

import numpy as np

from liuke_sim.assortment import BRANDS, CATEGORIES, CONSUMABLES, PRODUCT_CATEGORY, product_of
from liuke_sim.columns import SECONDS_A_DAY, Bools, Column, Columns, Floats, Ints, pick
from liuke_sim.config import VisitConfig
from liuke_sim.customers import APP, DOUYIN, MINI_PROGRAM, NEVER, STORE, Customers, State
from liuke_sim.events import ABOUT_ADVICE, ABOUT_BARGAINS, ABOUT_CAUSE, ABOUT_ORDER, EventSink
from liuke_sim.leaving import GUIDANCE, OTHER_CHANNEL, PRICE
from liuke_sim.needs import Needs, occasional_line
from liuke_sim.season import HOUR_WEIGHTS, Week

MOST_VISITS_A_WEEK = 9


def weekly_rate(
    customers: Customers, state: State, rows: Ints, needs: Needs, week: Week, config: VisitConfig
) -> Floats:
    """Return the expected visits of `rows` in the week, shape ``(m,)``."""
    age_weeks = (week.first_day - customers.first_visit_day[rows]) / 7
    novelty = 1 + config.novelty * 0.5 ** (np.maximum(age_weeks, 0) / 3)
    has_need = (needs.line >= 0).any(axis=1) | (needs.occasional.sum(axis=1) > 0.02)
    interest = np.where(has_need, 1.0, 0.15)
    here = np.where(state.left_day[rows] < NEVER, 0.03, state.attachment[rows])
    store = np.where(customers.channel[rows] == STORE, 0.35, 1.0)
    return np.asarray(customers.visit_rate[rows] * novelty * interest * here * store * week.lift.mean() ** 0.7)


def draw_visits(
    rng: np.random.Generator,
    customers: Customers,
    state: State,
    rows: Ints,
    needs: Needs,
    week: Week,
    config: VisitConfig,
) -> Columns:
    """Draw the week's visits: columns `row` (position in `rows`), `at` (seconds), `channel`, `length` (pages)."""
    count = np.minimum(rng.poisson(weekly_rate(customers, state, rows, needs, week, config)), MOST_VISITS_A_WEEK)
    row = np.repeat(np.arange(len(rows)), count)
    day = week.first_day + pick(rng, week.day_weights, len(row))
    first_row, first_day = _first_visits(rng, customers, rows, week, config)
    row, day = np.concatenate([row, first_row]), np.concatenate([day, first_day])
    begun = day >= customers.first_visit_day[rows][row]
    row, day = row[begun], day[begun]
    at = day * SECONDS_A_DAY + pick(rng, HOUR_WEIGHTS, len(row)) * 3600 + rng.integers(0, 3600, len(row))
    at = np.maximum(at, customers.registered_at[rows][row] + 30)
    own = customers.channel[rows][row]
    channel = np.where(own == STORE, MINI_PROGRAM, np.where(rng.random(len(row)) < 0.9, own, MINI_PROGRAM))
    stay = 0.1 + 1.2 * state.attachment[rows][row]
    return {"row": row, "at": at, "channel": channel, "length": 1 + np.minimum(rng.poisson(stay), 7)}


def browse(
    rng: np.random.Generator,
    customers: Customers,
    state: State,
    rows: Ints,
    needs: Needs,
    visits: Columns,
    sink: EventSink,
) -> None:
    """Turn visits into events: what is looked at follows need; complaints about price or advice leave traces."""
    row, at, channel, pages = (visits[name] for name in ("row", "at", "channel", "length"))
    who = rows[row]
    n = len(row)
    session = sink.new_sessions(customers.number[who], at)
    base: dict[str, Column] = {"customer": customers.number[who], "channel": channel, "session": session}
    cause = np.where(state.drift_day[who] * SECONDS_A_DAY <= at, state.cause[who], -1)
    sensitivity = customers.price_sensitivity[who]
    advice = np.where((needs.youngest[row] < 8) | needs.has_future[row], 0.22, 0.05) + 0.25 * (cause == GUIDANCE)

    def some(event: str, chance: Floats | float, after: int, **more: Column) -> None:
        sink.add(event, at + after, mask=rng.random(n) < chance, **base, **more)

    category = pick(rng, np.ones(len(CATEGORIES)), n)
    some("app_open", np.where(channel == APP, 1.0, 0.0), 0)
    some("page_view", np.where(channel == APP, 0.15, 1.0), 2)
    some("login", 0.12, 4)
    some("category_view", 0.38, 9, category=category)
    some("search", 0.16 + 0.1 * (cause == PRICE), 14, detail=np.where(cause == PRICE, ABOUT_BARGAINS, ABOUT_ADVICE))
    _views(rng, customers, who, needs, row, at, base, pages, sink)
    some("article_read", advice, 70)
    some("community_post", 0.006, 120)
    some("coupon_claimed", 0.02 + 0.06 * sensitivity + 0.08 * (cause == PRICE), 31)
    some("livestream_watched", np.where(channel == DOUYIN, 0.4, 0.02) + 0.10 * (cause == OTHER_CHANNEL), 150)
    some("benefit_used", np.where((state.member_day[who] < NEVER) & customers.uses_benefits[who], 0.04, 0.0), 95)
    some("points_redeemed", np.where((state.tier[who] > 0) & customers.uses_benefits[who], 0.015, 0.0), 99)
    chat = rng.random(n) < 0.018 + 0.09 * (cause >= 0)
    sink.add("service_chat", at + 110, mask=chat, **base, detail=np.where(cause >= 0, ABOUT_CAUSE + cause, ABOUT_ORDER))


def _first_visits(
    rng: np.random.Generator, customers: Customers, rows: Ints, week: Week, config: VisitConfig
) -> tuple[Ints, Ints]:
    """Return (row, day) of the first visit of a life, and of the visit on the day after registering."""
    first = customers.first_visit_day[rows]
    comes = (first >= week.first_day) & (first < week.first_day + 7)
    back_day = customers.registered_day[rows] + 1
    back = (back_day >= week.first_day) & (back_day < week.first_day + 7)
    back &= (first < back_day) & (rng.random(len(rows)) < config.next_day_share / config.first_day_share)
    row = np.concatenate([np.flatnonzero(comes), np.flatnonzero(back)])
    return row, np.concatenate([first[comes], back_day[back]])


def _views(
    rng: np.random.Generator,
    customers: Customers,
    who: Ints,
    needs: Needs,
    row: Ints,
    at: Ints,
    base: dict[str, Column],
    pages: Ints,
    sink: EventSink,
) -> None:
    """Add the product pages of each visit, with what follows from them: favourites, shares, carts."""
    visit = np.repeat(np.arange(len(row)), pages)
    if not len(visit):
        return
    step = np.arange(len(visit)) - np.repeat(np.cumsum(pages) - pages, pages)
    product = _interesting(rng, customers, who[visit], needs, row[visit])
    shared: dict[str, Column] = {name: values[visit] for name, values in base.items()}
    seen_at = at[visit] + 20 + 25 * step

    def some(event: str, mask: Bools, after: int) -> None:
        sink.add(event, seen_at + after, mask=mask, **shared, product=product, category=product_category(product))

    some("product_view", np.ones(len(visit), dtype=bool), 0)
    some("favourite", rng.random(len(visit)) < 0.03, 6)
    some("share", rng.random(len(visit)) < 0.012, 9)
    in_cart = rng.random(len(visit)) < 0.06
    some("cart_add", in_cart, 11)
    some("cart_remove", in_cart & (rng.random(len(visit)) < 0.3), 19)


def _interesting(rng: np.random.Generator, customers: Customers, who: Ints, needs: Needs, row: Ints) -> Ints:
    """Choose a product to look at: mostly from a shelf the family needs, mostly of its brand."""
    n = len(who)
    category = pick(rng, np.array([3, 3, 1, 1.5, 1, 1, 1, 2, 2, 1, 0.5, 0.4]), n)
    line = needs.line[row, np.minimum(category, len(CONSUMABLES) - 1)]
    for position in range(len(CONSUMABLES), len(CATEGORIES)):
        here = category == position
        line = np.where(here, occasional_line(CATEGORIES[position], needs.youngest[row]), line)
    fallback = occasional_line("toys", needs.youngest[row])
    line = np.where(line >= 0, line, fallback)
    brand = np.where(rng.random(n) < 0.6, customers.brand[who, category], rng.integers(0, BRANDS, n))
    return product_of(line, brand)


def product_category(product: Ints) -> Ints:
    """Return the category of each product; -1 where there is no product."""
    return np.where(product >= 0, PRODUCT_CATEGORY[np.maximum(product, 0)], -1)
