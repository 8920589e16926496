"""Which of four levels does a customer stand at?

The level says what is worth doing, so it follows from what a contact is expected to bring and from how much the shop
can do:

- *blue*: less likely to churn than is usual in their lifecycle stage, and no silent decline;
- *yellow*: at least as likely as usual, or visibly fading; watched, no more than that;
- *orange*, *red*: yellow, an offer (a call) is expected to bring more than it costs, and this profit is among the
  highest of the shop: as many as there is capacity, whatever stage they are in.

A stage's threshold is therefore nobody's opinion: it is the higher of what is usual in the stage, of the probability
from which contacting pays at the money at stake there, and of the profit at which capacity ran out. Who stood at a
level before is judged with a bonus (hysteresis), which keeps levels from flapping without ever exceeding capacity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

BLUE, YELLOW, ORANGE, RED = 0, 1, 2, 3


@dataclass(frozen=True)
class Contact:
    """One way of reaching out.

    Attributes
    ----------
    level : int
        ``RED`` (a call) or ``ORANGE`` (an offer).
    capacity : int
        How many per run.
    save_share : float
        Assumed share, 0 to 1, of leaving customers whom it keeps.
    cost_minor : float
        Of one contact, minor units.
    """

    level: int
    capacity: int
    save_share: float
    cost_minor: float

    def profit(self, at_risk: FloatArray) -> FloatArray:
        """Return what contacting is expected to bring, minor units: value at risk x save share - cost."""
        return np.asarray(at_risk * self.save_share - self.cost_minor, dtype=np.float64)


def value_at_risk(probability: FloatArray, expected_margin_minor: FloatArray) -> FloatArray:
    """Return P(churn) x expected margin in the horizon if they stay, minor units, at least 0."""
    return np.asarray(probability * np.maximum(expected_margin_minor, 0.0), dtype=np.float64)


def usual_in_stage(probability: FloatArray, stage: npt.NDArray[np.intp]) -> FloatArray:
    """Return the mean probability of each stage, shape (n_stages,)."""
    usual: FloatArray = np.bincount(stage, weights=probability) / np.maximum(np.bincount(stage), 1)
    return usual


def levels(
    probability: FloatArray,
    at_risk: FloatArray,
    stage: npt.NDArray[np.intp],
    previous: IntArray,
    contacts: tuple[Contact, ...],
    hysteresis: float,
    fading: BoolArray | None = None,
) -> IntArray:
    """Return the level, 0 (blue) to 3 (red), of each customer.

    Parameters
    ----------
    probability, at_risk : array, shape (n_customers,)
        Of churn, and value at risk in minor units. Ties keep the order of the rows.
    stage : int array, shape (n_customers,)
        Lifecycle stage as a code from 0.
    previous : int array, shape (n_customers,)
        Level of the run before, -1 if there was none.
    contacts : tuple of Contact
        The most urgent first.
    hysteresis : float
        0.25: a level is lost only 25 % below its threshold.
    fading : bool array, shape (n_customers,), optional
        In silent decline: at least yellow.
    """
    if not probability.size:
        return np.zeros(0, dtype=np.int64)
    usual = usual_in_stage(probability, stage)[stage]
    likely = probability * np.where(previous >= YELLOW, 1 + hysteresis, 1.0) >= usual
    if fading is not None:
        likely |= fading
    level = np.where(likely, YELLOW, BLUE).astype(np.int64)
    for contact in contacts:
        favoured = at_risk * np.where(previous >= contact.level, 1 + hysteresis, 1.0)
        profit = contact.profit(favoured)
        candidates = np.flatnonzero((level == YELLOW) & (profit > 0) & (at_risk > 0))
        first = candidates[np.argsort(-profit[candidates], kind="stable")]
        level[first[: contact.capacity]] = contact.level
    return level


@dataclass(frozen=True)
class StageThreshold:
    """What a contact needs in one lifecycle stage.

    Attributes
    ----------
    stage, level : int
        Codes.
    customers : int
        Who stands at the level in the stage.
    usual_probability : float
        Mean of the stage: below it nobody is contacted, unless fading.
    margin_minor : float
        Median margin at stake of the stage's customers, minor units.
    pays_from : float
        Probability from which the contact pays at that margin; above 1: it never does.
    profit_from_minor : float
        Lowest expected profit that still got a place in the shop; 0 if capacity didn't run out.
    lowest_probability : float
        The lowest among those at the level in the stage; NaN if there are none.
    full : bool
        Capacity ran out: customers for whom the contact pays got none.
    """

    stage: int
    level: int
    customers: int
    usual_probability: float
    margin_minor: float
    pays_from: float
    profit_from_minor: float
    lowest_probability: float
    full: bool


def stage_thresholds(
    probability: FloatArray,
    margin_minor: FloatArray,
    stage: npt.NDArray[np.intp],
    level: IntArray,
    contacts: tuple[Contact, ...],
) -> list[StageThreshold]:
    """Say per stage and kind of contact where its threshold lay, most urgent contact first."""
    if not probability.size:
        return []
    usual = usual_in_stage(probability, stage)
    at_risk = value_at_risk(probability, margin_minor)
    found = []
    for contact in contacts:
        profit = contact.profit(at_risk)
        given = level == contact.level
        without = (level >= YELLOW) & (level < contact.level) & (profit > 0)
        full = bool(given.sum() >= contact.capacity and without.any())
        bar = max(float(profit[given].min()), 0.0) if full and given.any() else 0.0
        for code in np.unique(stage):
            own = stage == code
            median = float(np.median(np.maximum(margin_minor[own], 0.0)))
            worth = median * contact.save_share
            here = own & given
            found.append(
                StageThreshold(
                    stage=int(code),
                    level=contact.level,
                    customers=int(here.sum()),
                    usual_probability=float(usual[code]),
                    margin_minor=median,
                    pays_from=contact.cost_minor / worth if worth > 0 else float("inf"),
                    profit_from_minor=bar,
                    lowest_probability=float(probability[here].min()) if here.any() else float("nan"),
                    full=full,
                )
            )
    return found
