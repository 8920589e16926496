"""What can be chosen about a generated shop: its size, its calendar, and how its customers behave.

Each number of a typical shop lies in the bracket that mother-and-baby retailers report (``make calibrate-sim``); a
variant is a whole configuration under a fixed name, so that two people who say ``tiny`` mean the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise

VERSION = "1"
"""Of the generator: the same configuration, seed and version give the same shop. A change of what customers do is a new
version, with a line in the changelog."""
WEEK_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class VisitConfig:
    """How often customers come, and how long they stay."""

    rate_shape: float = 2.2
    """Shape of the gamma distribution of visit rates between customers: the lower, the heavier the tail."""
    noise: float = 0.0
    """Standard deviation of a customer's mood from week to week, on the logarithm of the visit rate."""
    link: float = 1.0
    """How visits follow the attachment: visits go with attachment to this power, 0 would hide the drift."""
    drawn_by_contact: float = 1.5
    """Extra visits, as a multiple of the usual ones, at a push of 1 (see `ResponseConfig.push`)."""
    trend: float = 1.0
    """Factor by which visits change in a year of the calendar."""

    never_share: float = 0.57
    """Share of registrations that never come back after registering (imported leads, QR codes, coupons)."""
    first_day_share: float = 0.50
    """Among the others, the share whose first visit falls on the day they register."""
    next_day_share: float = 0.22
    """Among the others, the share that visits on the day after registering (drives day-1 retention)."""
    weekly_rate: float = 0.52
    """Mean visits per week of a customer who is attached and has a need."""
    novelty: float = 1.0
    """Extra visits, as a multiple of the usual ones, in the first week; halves every three weeks."""


@dataclass(frozen=True, kw_only=True)
class PurchaseConfig:
    """How needs turn into orders."""

    wallet_steadiness: float = 1.0
    """How alike customers are in the share of their needs that they cover here; below 1, all or nothing grows."""
    lapse: float = 0.0
    """Chance per week that a customer, for no reason, buys most of what is due elsewhere."""
    pull_forward_days: float = 12.0
    """Days by which a push of 1 brings purchases forward."""
    trend: float = 1.0
    """Factor by which the chance to buy here changes in a year of the calendar."""

    conversion: float = 0.62
    """Chance, relative to a buyer's, that somebody who has never bought here buys when a need falls due."""
    pantry_days: tuple[int, int] = (15, 34)
    """Days of supply that a family buys at a time, lowest and highest."""
    stockpile_days: tuple[int, int] = (50, 85)
    """The same before a promotion."""
    coupon_share: float = 0.18
    """Share of orders with a coupon, before price sensitivity."""
    cancelled_share: float = 0.035
    returned_share: float = 0.03
    refunded_share: float = 0.02


@dataclass(frozen=True, kw_only=True)
class LeavingConfig:
    """Why customers leave, and how fast."""

    first_purchase_share: float = 0.46
    """Chance that the first experience disappoints: the drift starts the day after the first order."""
    scale: float = 1.0
    """Multiplies every hazard of ``leaving.py``; 0 gives a shop that nobody leaves."""
    half_life_weeks: float = 2.6
    """Median weeks in which the attachment of a drifting customer halves."""
    left_below: float = 0.12
    """Attachment under which purchases stop for good."""
    recovery: float = 0.012
    """Chance per week that a drifting customer comes round by themselves."""
    range_months: int = 42
    """Age of the youngest child at which the family has outgrown the shop."""
    trend: float = 1.0
    """Factor by which the hazards change in a year of the calendar."""


@dataclass(frozen=True, kw_only=True)
class ResponseConfig:
    """How customers answer to contacts; ``response.py`` says what the numbers are held against."""

    strength: float = 1.0
    """Multiplies every chance of an answer that changes something; 0 gives a shop in which no contact does."""
    push: float = 0.42
    """Extra chance of buying what is due, in the first week after a contact that helped."""
    fade: float = 0.65
    """What is left of a push after each week: a tenth after a month and a half."""
    most_push: float = 0.6
    clear_share: float = 0.6
    """Share of the helped drifting customers whose cause is cleared; the others win back some attachment."""
    early_days: float = 28.0
    """Days since the drift began after which a contact helps half as much."""
    after_leaving: float = 0.2
    """Chance to be helped of somebody who has left, relative to one whose drift has just begun."""
    fatigue: float = 0.35
    """Every message of the last 28 days divides the chance to help: by 1 + `fatigue` × messages."""
    irritation: float = 0.6
    """And multiplies the chance to annoy: by 1 + `irritation` × messages."""
    annoyed_drift_share: float = 0.12
    """Share of the annoyed whose drift starts, with the cause "service"."""
    annoyed_unsubscribe_share: float = 0.30
    coupon_days: int = 14
    """Days for which a coupon is valid."""
    best_contacts: int | None = None
    """If set, messages help more up to this number in 28 days, and annoy above it."""
    best_value_minor: int | None = None
    """If set, coupons above this value (fen) help less and less, and raise doubts about the goods."""


@dataclass(frozen=True, kw_only=True)
class DirtConfig:
    """How broken the files are; shares of rows unless said otherwise."""

    address_errors: float = 0.18
    unreachable: float = 0.25
    """Share of customers who cannot be contacted: phone missing, malformed or dead."""
    untidy_phones: float = 0.15
    """Share of phones that are right but written with spaces, dashes, a country code or full-width digits."""
    second_profiles: float = 0.02
    """Share of customers who registered twice, with the same phone."""
    broken_identities: float = 0.01
    """Share of reviews, complaints, chats and survey answers by people who had not signed in: who spoke is unknown."""
    bad_dates: float = 0.002
    bad_quantities: float = 0.002
    unknown_products: float = 0.002
    duplicates: float = 0.003
    late: float = 0.015
    """Share of behaviour that reaches the shop up to nine days late (phones that were offline)."""


@dataclass(frozen=True, kw_only=True)
class ShopConfig:
    """A whole shop.

    The files lie on a fixed grid: batches of `batch_days` from `start` to `weekly_from`, then one batch a week.
    """

    name: str = "plain"
    customers: int = 20_000
    """Registered before `weekly_from`; about 1.1 % more join in each week after it."""
    start: date = date(2024, 9, 2)
    weekly_from: date = date(2025, 9, 1)
    weeks: int = 8
    batch_days: int = 364
    """Days in a file of the history: the whole of its 52 weeks, as a shop exports them once."""
    chunk: int = 20_000
    """Customers simulated together: bounds the memory. Part of the definition: another value gives another shop."""
    stock_share: float = 0.28
    """Share of `customers` who registered in the 18 months before `start`."""
    visits: VisitConfig = field(default_factory=VisitConfig)
    purchases: PurchaseConfig = field(default_factory=PurchaseConfig)
    leaving: LeavingConfig = field(default_factory=LeavingConfig)
    response: ResponseConfig = field(default_factory=ResponseConfig)
    dirt: DirtConfig = field(default_factory=DirtConfig)

    def __post_init__(self) -> None:
        if self.customers < 1 or self.chunk < 1 or self.weeks < 0:
            raise ValueError("customers and chunk must be at least 1, weeks at least 0")
        history = (self.weekly_from - self.start).days
        if history <= 0 or history % WEEK_DAYS or self.batch_days % WEEK_DAYS or self.batch_days <= 0:
            raise ValueError("start, weekly_from and batch_days must lie whole weeks apart: the shop lives in weeks")

    @property
    def end(self) -> date:
        """The day after the last simulated one."""
        return self.weekly_from + timedelta(days=WEEK_DAYS * self.weeks)

    @property
    def days(self) -> int:
        """Length of the simulated time."""
        return (self.end - self.start).days

    @property
    def late_customers(self) -> int:
        """Customers who register after `weekly_from`."""
        return self.newcomers(self.weeks)

    def newcomers(self, weeks: int) -> int:
        """Return how many customers register in so many weeks."""
        return round(self.customers * 0.011 * weeks)

    @property
    def batches(self) -> tuple[tuple[date, date], ...]:
        """The fixed grid of file periods, each half-open ``[first day, day after the last)``."""
        edges = [self.start]
        while edges[-1] < self.weekly_from:
            edges.append(min(edges[-1] + timedelta(days=self.batch_days), self.weekly_from))
        while edges[-1] < self.end:
            edges.append(edges[-1] + timedelta(days=WEEK_DAYS))
        return tuple(pairwise(edges))


PLAIN = ShopConfig()
TINY = replace(PLAIN, name="tiny", customers=600, weekly_from=date(2025, 3, 3), weeks=4, batch_days=28)
NOISY = replace(
    PLAIN,
    name="noisy",
    visits=VisitConfig(noise=0.7, link=0.6),
    purchases=PurchaseConfig(lapse=0.15),
    leaving=LeavingConfig(half_life_weeks=1.3),
    dirt=DirtConfig(
        address_errors=0.30,
        unreachable=0.35,
        untidy_phones=0.30,
        second_profiles=0.04,
        bad_dates=0.006,
        bad_quantities=0.006,
        unknown_products=0.006,
        duplicates=0.01,
        late=0.04,
    ),
)
"""Weaker signals: moods and lapses without a reason, drifts half as long, more dirt."""
DRIFTING = replace(
    PLAIN,
    name="drifting",
    visits=VisitConfig(trend=0.65),
    purchases=PurchaseConfig(trend=0.9),
    leaving=LeavingConfig(trend=1.9),
)
"""What held last year no longer does: fewer visits for the same attachment, fewer purchases, more departures."""
MISSPECIFIED = replace(
    PLAIN,
    name="misspecified",
    visits=VisitConfig(rate_shape=0.6),
    purchases=PurchaseConfig(wallet_steadiness=0.4),
    response=ResponseConfig(best_contacts=2, best_value_minor=2_000),
)
"""Nothing is as models like it: heavy tails between customers, answers that rise with contacts and money, then fall."""
NO_EFFECT = replace(PLAIN, name="no_effect", response=ResponseConfig(strength=0.0))
"""Contacts are delivered and opened, and change nothing: every true effect is exactly zero."""
VARIANTS = {variant.name: variant for variant in (PLAIN, NOISY, DRIFTING, MISSPECIFIED, TINY, NO_EFFECT)}
"""Configurations fixed by name."""
