"""The lives that were not lived: customers who received a contact, in a world without it.

A branch leaves the world that happens in the week of a customer's first contact: their state is copied, and from then
on they live twice, with the same chances (`streams.Chance`), once with and once without the contacts that the branch
leaves out. Only touched customers are lived again; for all others both worlds are one.
"""

from __future__ import annotations

import numpy as np

from liuke_sim.columns import Columns, Ints, length, stack, take
from liuke_sim.config import ShopConfig
from liuke_sim.life import Chunk, WeekRows, live_week
from liuke_sim.worlds import counted_purchases


class Lives:
    """Everything that one chunk of customers lives through: what happens, and the branches beside it."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._purchases: list[Columns] = []
        self.branches: dict[int | None, Branch] = {}
        """By the campaign that is left out; None for the world without any contact."""
        self.answers: list[Columns] = []

    def live(self, contacts: Columns, config: ShopConfig, seed: int, week: int) -> WeekRows:
        """Move the chunk and all its branches through `week`; return what the world that happens left behind."""
        if length(contacts):
            for without in (None, *np.unique(contacts["campaign"]).tolist()):
                self.branches.setdefault(without, Branch(without))
        for branch in self.branches.values():
            branch.live(self._chunk, contacts, config, seed, week)
        left = live_week(self._chunk, config, seed, week, contacts)
        if length(left.answers):
            self.answers.append(left.answers)
        bought = counted_purchases(left.lines, left.facts)
        if length(bought):
            self._purchases.append(bought | {"week": np.full(length(bought), week, dtype=np.int64)})
        return left

    def actual(self) -> Columns:
        """Return the purchases that happened, as `worlds.counted_purchases` with the column `week`."""
        return stack(self._purchases)

    @property
    def chunk(self) -> Chunk:
        """The customers in the world that happens."""
        return self._chunk

    def without(self, campaign: int | None) -> Columns:
        """Return the purchases of the world without a campaign, or without any contact."""
        branch = self.branches.get(campaign)
        return branch.world(self.actual()) if branch else self.actual()


class Branch:
    """The touched customers of one chunk in a world without some contacts.

    Parameters
    ----------
    without : int or None
        The campaign (by its place in the book) that this world lacks; None lacks every contact.
    """

    def __init__(self, without: int | None) -> None:
        self._without = without
        self.lives: Chunk | None = None
        self.joined_week: Ints = np.zeros(0, dtype=np.int64)
        """Per customer in `lives`, the week from which they live apart."""
        self._purchases: list[Columns] = []

    def live(self, actual: Chunk, contacts: Columns, config: ShopConfig, seed: int, week: int) -> None:
        """Move the branch through `week`; `actual` still stands before it.

        Parameters
        ----------
        contacts : Columns
            The week's contacts to the chunk, all of them.
        """
        self._join(actual, contacts, week)
        if self.lives is None:
            return
        left = live_week(self.lives, config, seed, week, self._kept(contacts), told=False)
        bought = counted_purchases(left.lines, left.facts)
        if length(bought):
            self._purchases.append(bought | {"week": np.full(length(bought), week, dtype=np.int64)})

    def world(self, actual: Columns) -> Columns:
        """Return the purchases of this world, given those that happened (with the column `week`)."""
        if self.lives is None or not length(actual):
            return stack([actual, *self._purchases])
        number = self.lives.customers.number
        place = np.minimum(np.searchsorted(number, actual["customer"]), len(number) - 1)
        replaced = (number[place] == actual["customer"]) & (actual["week"] >= self.joined_week[place])
        return stack([take(actual, ~replaced), *self._purchases])

    def _join(self, actual: Chunk, contacts: Columns, week: int) -> None:
        """Take in the customers who are touched for the first time."""
        if not length(contacts):
            return
        touching = contacts["campaign"] == self._without if self._without is not None else slice(None)
        number = np.unique(contacts["customer"][touching])
        if self.lives is not None:
            number = np.setdiff1d(number, self.lives.customers.number)
        if not len(number):
            return
        newcomers = actual.take(np.searchsorted(actual.customers.number, number))
        joined_week = np.full(len(number), week, dtype=np.int64)
        if self.lives is None:
            self.lives, self.joined_week = newcomers, joined_week
            return
        together = np.concatenate([self.lives.customers.number, number])
        order = np.argsort(together)
        place = np.searchsorted(actual.customers.number, together[order])
        state = self.lives.state.joined(newcomers.state, order)
        self.lives = Chunk(actual.position, actual.customers.take(place), state, self.lives.drifts)
        self.joined_week = np.concatenate([self.joined_week, joined_week])[order]

    def _kept(self, contacts: Columns) -> Columns:
        """Return the contacts that reach this world's customers."""
        if not length(contacts) or self._without is None or self.lives is None:
            return {}
        here = np.isin(contacts["customer"], self.lives.customers.number)
        kept = take(contacts, here & (contacts["campaign"] != self._without))
        return kept if length(kept) else {}
