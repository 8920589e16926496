"""One chunk of customers: what they are (`Customers`, drawn once) and where they stand (`State`, moved week by week).

Customers are numbered over the whole shop in order of registration. A chunk holds a run of numbers and draws from
streams of its own, so that a million customers need the memory of one chunk's rows.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta

import numpy as np

from liuke_sim.assortment import BRANDS, CONSUMABLES
from liuke_sim.columns import SECONDS_A_DAY, Bools, Floats, Ints, pick
from liuke_sim.config import WEEK_DAYS, ShopConfig
from liuke_sim.families import GRANDPARENT, Families, draw_families
from liuke_sim.regions import HAS_STORE, WEIGHTS
from liuke_sim.season import HOUR_WEIGHTS, promotion_on
from liuke_sim.streams import stream

CHANNELS = ("app", "mini_program", "douyin", "store")
APP, MINI_PROGRAM, DOUYIN, STORE = range(len(CHANNELS))
_CHANNEL_WEIGHTS = np.array([0.46, 0.29, 0.13, 0.12])

NEVER = 10**7
"""A day that does not come."""
STOCK_DAYS = 540
"""How long before the shop's first day its oldest customers registered."""
FATIGUE_WEEKS = 4
"""How long a message counts against the next one."""
TIERS = ("normal", "silver", "gold", "diamond")
GOOD_PHONE, MISSING_PHONE, MALFORMED_PHONE, DEAD_PHONE = range(4)


@dataclass(frozen=True)
class Customers:
    """What does not change; arrays of shape ``(n,)``."""

    number: Ints
    registered_at: Ints
    """Seconds from the shop's start; negative for customers it already had."""
    families: Families
    region: Ints
    channel: Ints
    is_woman: Bools
    birth_day: Ints
    """The customer's own, days from the shop's start."""
    is_visitor: Bools
    """Whether they ever come, once registered."""
    first_visit_day: Ints
    visit_rate: Floats
    price_sensitivity: Floats
    """0 (does not look at prices) to 1."""
    wallet: Floats
    """Share of needs covered here while attached, 0 to 1."""
    brand: Ints
    """``(n, 12)``: the favourite brand per category."""
    phone_kind: Ints
    has_email: Bools
    email_consent: Bools
    sms_consent: Bools
    uses_benefits: Bools
    has_second_profile: Bools
    shares_phone: Bools
    """Whether the phone is the one of the customer registered just before (two people of one household)."""

    def __len__(self) -> int:
        return len(self.number)

    def take(self, index: Ints) -> Customers:
        """Return some of the customers."""
        families = Families(**{one.name: getattr(self.families, one.name)[index] for one in fields(Families)})
        own = {one.name: getattr(self, one.name)[index] for one in fields(self) if one.name != "families"}
        return Customers(families=families, **own)

    @property
    def registered_day(self) -> Ints:
        """Day of registration, counted from the shop's start."""
        return self.registered_at // SECONDS_A_DAY


@dataclass
class State:
    """Where the customers of a chunk stand; arrays of shape ``(n,)``."""

    supply: Floats
    """``(n, 5)``: days that each consumable still lasts."""
    orders: Ints
    spend_minor: Floats
    """Recent spending: halves every twenty weeks."""
    tier: Ints
    member_day: Ints
    graduated_day: Ints
    attachment: Floats
    """1 (at home here) down to 0; the latent state that drifts before purchases stop."""
    cause: Ints
    """What they are drifting away for or have left for, a position in `leaving.CAUSES`; -1 for nothing."""
    drift_day: Ints
    half_life_weeks: Floats
    left_day: Ints
    has_app: Bools
    takes_messages: Bools
    unsubscribed_day: Ints
    formula_line: Ints
    """The formula shelf of last week: a change is the moment at which brands are switched."""
    subscription: Ints
    """The category that is delivered regularly, a position in `CONSUMABLES`; -1 for none."""
    delivery_week: Ints
    """Week of the next delivery."""
    contacts: Ints
    """``(n, 4)``: messages received this week and in the three before it."""
    push: Floats
    """What contacts that helped add to the chance of buying; fades week by week."""
    coupon_minor: Ints
    """A coupon that was sent, fen; 0 for none."""
    coupon_from: Ints
    coupon_until: Ints
    """Seconds from the shop's start between which it is valid."""
    met_first_order: Bools
    """The last four: what was lived through last week."""
    met_late_parcel: Bools
    met_complaint: Bools
    met_return: Bools

    @classmethod
    def fresh(cls, customers: Customers, rng: np.random.Generator) -> State:
        """Return the state in which a chunk begins: cupboards half full, nobody drifting."""
        n = len(customers)
        return cls(
            supply=rng.uniform(0, 26, (n, len(CONSUMABLES))),
            orders=np.zeros(n, dtype=np.int64),
            spend_minor=np.zeros(n),
            tier=np.zeros(n, dtype=np.int64),
            member_day=np.full(n, NEVER, dtype=np.int64),
            graduated_day=np.full(n, NEVER, dtype=np.int64),
            attachment=np.ones(n),
            cause=np.full(n, -1, dtype=np.int64),
            drift_day=np.full(n, NEVER, dtype=np.int64),
            half_life_weeks=np.ones(n),
            left_day=np.full(n, NEVER, dtype=np.int64),
            has_app=(customers.channel == APP) & customers.is_visitor,
            takes_messages=customers.sms_consent & (customers.phone_kind == GOOD_PHONE),
            unsubscribed_day=np.full(n, NEVER, dtype=np.int64),
            formula_line=np.full(n, -1, dtype=np.int64),
            subscription=np.full(n, -1, dtype=np.int64),
            delivery_week=np.full(n, -1, dtype=np.int64),
            contacts=np.zeros((n, FATIGUE_WEEKS), dtype=np.int64),
            push=np.zeros(n),
            coupon_minor=np.zeros(n, dtype=np.int64),
            coupon_from=np.zeros(n, dtype=np.int64),
            coupon_until=np.zeros(n, dtype=np.int64),
            met_first_order=np.zeros(n, dtype=bool),
            met_late_parcel=np.zeros(n, dtype=bool),
            met_complaint=np.zeros(n, dtype=bool),
            met_return=np.zeros(n, dtype=bool),
        )

    def take(self, index: Ints) -> State:
        """Return where some of the customers stand, as a copy."""
        return State(**{one.name: getattr(self, one.name)[index] for one in fields(self)})

    def joined(self, other: State, order: Ints) -> State:
        """Return the customers of both states, put in `order`."""
        both = {one.name: np.concatenate([getattr(self, one.name), getattr(other, one.name)]) for one in fields(self)}
        return State(**{name: column[order] for name, column in both.items()})


def chunk_ranges(config: ShopConfig) -> list[tuple[int, int]]:
    """Return the half-open runs of customer numbers that form the chunks."""
    total = config.customers + config.late_customers
    return [(first, min(first + config.chunk, total)) for first in range(0, total, config.chunk)]


def draw_customers(
    config: ShopConfig, seed: int, chunk: int, first: int, last: int, registers_from: int | None = None
) -> Customers:
    """Draw the customers numbered `first` … `last` - 1.

    Parameters
    ----------
    registers_from : int, optional
        First day of the week in which all of them register; default: as the configuration spreads them over its time.
    """
    rng = stream(seed, "customers", chunk)
    number = np.arange(first, last, dtype=np.int64)
    n = len(number)
    if registers_from is None:
        day = _registration_days(config, number, rng)
    else:
        day = registers_from + np.sort(rng.integers(0, WEEK_DAYS, n))
    families = draw_families(rng, day)
    region = pick(rng, WEIGHTS, n)
    channel = pick(rng, _CHANNEL_WEIGHTS, n)
    channel = np.where((channel == STORE) & ~HAS_STORE[region], MINI_PROGRAM, channel)
    visits, dirt = config.visits, config.dirt
    is_visitor = (rng.random(n) >= visits.never_share) | (channel == STORE)
    delay = np.where(rng.random(n) < visits.first_day_share, 0, 1 + rng.geometric(0.22, n))
    phone_kind = pick(rng, np.array([1 - dirt.unreachable, *(dirt.unreachable * np.array([0.3, 0.3, 0.4]))]), n)
    has_email = rng.random(n) < 0.72
    steady = config.purchases.wallet_steadiness
    return Customers(
        number=number,
        registered_at=day * SECONDS_A_DAY + pick(rng, HOUR_WEIGHTS, n) * 3600 + rng.integers(0, 3600, n),
        families=families,
        region=region,
        channel=channel,
        is_woman=rng.random(n) < np.where(families.kind == GRANDPARENT, 0.66, 0.86),
        birth_day=_birth_days(rng, families.kind),
        is_visitor=is_visitor,
        first_visit_day=np.where(is_visitor, day + delay, NEVER),
        visit_rate=visits.weekly_rate * rng.gamma(visits.rate_shape, 1 / visits.rate_shape, n),
        price_sensitivity=rng.beta(2.0, 2.6, n),
        wallet=rng.beta(4.0 * steady, 2.2 * steady, n),
        brand=pick(rng, np.array([0.24, 0.38, 0.26, 0.12]), n * 12).reshape(n, 12) % BRANDS,
        phone_kind=phone_kind,
        has_email=has_email,
        email_consent=has_email & (rng.random(n) < 0.66),
        sms_consent=rng.random(n) < 0.74,
        uses_benefits=rng.random(n) < 0.34,
        has_second_profile=rng.random(n) < dirt.second_profiles,
        shares_phone=(rng.random(n) < 0.005) & (number > first),
    )


def _birth_days(rng: np.random.Generator, kind: Ints) -> Ints:
    """Return the customers' own birth days: parents about 30 years old, grandparents 52 to 70."""
    n = len(kind)
    parent, grandparent = np.clip(rng.normal(30, 4.2, n), 20, 46), rng.uniform(52, 70, n)
    return -np.floor(np.where(kind == GRANDPARENT, grandparent, parent) * 365.25).astype(np.int64)


def _registration_days(config: ShopConfig, number: Ints, rng: np.random.Generator) -> Ints:
    """Return the registration day per number, increasing: the stock, growth with campaigns, the last weeks."""
    history = (config.weekly_from - config.start).days
    weights = np.empty(STOCK_DAYS + history)
    weights[:STOCK_DAYS] = config.stock_share / STOCK_DAYS
    growth = np.linspace(0.85, 1.15, history)
    campaign = np.array([1.6 if promotion_on(config.start + timedelta(days=i)) else 1.0 for i in range(history)])
    weights[STOCK_DAYS:] = (1 - config.stock_share) * growth * campaign / (growth * campaign).sum()
    edges = np.cumsum(weights)
    early = np.searchsorted(edges, (number + rng.random(len(number))) / config.customers * edges[-1], side="right")
    late_share = (number - config.customers + rng.random(len(number))) / max(config.late_customers, 1)
    late = history + late_share * 7 * config.weeks
    return np.where(number < config.customers, np.minimum(early, len(edges) - 1) - STOCK_DAYS, np.floor(late)).astype(
        np.int64
    )
