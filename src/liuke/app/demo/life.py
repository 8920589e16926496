"""The simulated shop on its way: what it received, what it delivers next, told the same from its seed each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from liuke.app.bootstrap import Application
from liuke.app.demo.answers import sent_contacts
from liuke.app.demo.offers import STRATEGY_OFFERS
from liuke.app.demo.translation import Translation
from liuke_sim import Shop, ShopConfig, WrittenFile

WEEK = timedelta(weeks=1)
DAY = timedelta(days=1)


class Life:
    """A simulated shop that moves from delivery to delivery.

    Parameters
    ----------
    app : Application
        Its outbox says what was sent.
    config : ShopConfig
    seed : int

    Attributes
    ----------
    received : Counter of str
        Messages that customers received, by strategy.
    untranslated : int
        Messages to customers whom no profile of the shop names.
    """

    def __init__(self, app: Application, config: ShopConfig, seed: int) -> None:
        self._app = app
        self.shop = Shop.generate(config, seed)
        self.received: Counter[str] = Counter()
        self.untranslated = 0
        self._translation: Translation | None = None
        self._n_translated = -1

    @property
    def translation(self) -> Translation:
        """Who is who among those who have registered until today; made anew when somebody has joined."""
        members = self.shop.members()
        if self._translation is None or members.num_rows != self._n_translated:
            self._translation = Translation(members, self._app.cipher.pepper)
            self._n_translated = members.num_rows
        return self._translation

    def receive(self, first: date, until: date) -> None:
        """Tell the customers what was sent on some days, half-open; they answer in the days to come."""
        days = (first, until)
        sent = sent_contacts(self._app.operations, self.translation, STRATEGY_OFFERS, days, self._app.shop.zone)
        self.shop.receive(sent.contacts)
        self.received.update(sent.contacts["campaign"].to_pylist())
        self.untranslated += sent.untranslated

    def write(self, directory: Path, until: date) -> list[WrittenFile]:
        """Live until a day of the timetable and write the files."""
        config = self.shop.config
        if until == config.weekly_from:
            return self.shop.write_history(directory, until)
        if until <= config.end:
            return self.shop.write_week(directory, self.shop.today, until)
        return self.shop.write_day(directory)


def timetable(config: ShopConfig, until: date) -> Iterator[tuple[date, date]]:
    """Yield the deliveries until a day, as (first day, day after the last): the history, weeks, then single days."""
    day = config.weekly_from
    yield config.start, day
    while day < until:
        step = WEEK if day < config.end else DAY
        yield day, day + step
        day += step
