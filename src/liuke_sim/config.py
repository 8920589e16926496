"""What can be chosen about a generated shop: its size, its calendar, and how its customers behave.

Each number of a typical shop lies in the bracket that mother-and-baby retailers report (``README.md`` lists them); a
variant is a whole configuration under a fixed name, so that two people who say ``tiny`` mean the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise

WEEK_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class VisitConfig:
    """How often customers come, and how long they stay."""

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
        return round(self.customers * 0.011 * self.weeks)

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
VARIANTS = {variant.name: variant for variant in (PLAIN, TINY)}
"""Configurations fixed by name."""
