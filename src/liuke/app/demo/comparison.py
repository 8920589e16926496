"""Measured beside true: what the read-out says of each strategy, and what the simulated shop knows it changed.

The true effect of a strategy is the mean, over the customers it treated, of what they did minus what they would have
done without its contacts. Both speak of the same customers, windows and outcomes; only here the truth is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from liuke.app.demo.translation import Ints, Translation
from liuke.decide.strategies import Arm

Floats = NDArray[np.float64]

MEASURED = (
    *("strategy", "metric", "treated_n", "treated_mean", "control_n", "control_mean"),
    *("difference", "low", "high", "level", "pending_n", "verdict"),
)
"""What is taken over from a row of `effects`."""


@dataclass(frozen=True)
class Entered:
    """Customers of one strategy with a complete window, each with the first entry.

    Parameters
    ----------
    customers : array of int, shape (n,)
        Increasing.
    treated : array of bool, shape (n,)
        The others are its control arm.
    since : array of days, shape (n,)
        Day of entry.
    """

    customers: Ints
    treated: NDArray[np.bool_]
    since: NDArray[np.datetime64]


@dataclass(frozen=True)
class Outcomes:
    """What customers did in their windows; arrays of shape (n,)."""

    repurchase: Floats
    margin: Floats


@dataclass(frozen=True)
class TrueEffect:
    """What a strategy changed for the customers it treated.

    Parameters
    ----------
    value : float
        Share for ``repurchase``, minor units per customer for ``margin``.
    deviation : float
        Standard deviation of the single customers' effects; 0 for fewer than two.
    n : int
        Treated customers.
    """

    value: float
    deviation: float
    n: int


def entered(entries: pa.Table, joined: Mapping[int, int], horizon_days: int, as_of: date) -> Entered:
    """Return who counts in a strategy's read-out on a day.

    Parameters
    ----------
    entries : pyarrow.Table
        ``customer_id, entry, arm, entered_on`` of one strategy.
    joined : mapping of int to int
        Identity to customer, of the identities that the product joined.
    """
    firsts: dict[int, tuple[date, str, int, str]] = {}
    for row in entries.to_pylist():
        if row["arm"] not in (Arm.TREATED.value, Arm.CONTROL.value) or row["entered_on"] >= as_of:
            continue
        customer = joined.get(row["customer_id"], row["customer_id"])
        entry = (row["entered_on"], row["entry"], row["customer_id"], row["arm"])
        firsts[customer] = min(firsts.get(customer, entry), entry)
    complete = sorted(one for one, entry in firsts.items() if entry[0] + timedelta(days=horizon_days) <= as_of)
    return Entered(
        np.array(complete, dtype=np.int64),
        np.array([firsts[one][3] == Arm.TREATED.value for one in complete], dtype=np.bool_),
        np.array([firsts[one][0] for one in complete], dtype="datetime64[D]"),
    )


def outcomes(
    purchases: pa.Table, translation: Translation, joined: Mapping[int, int], who: Entered, horizon_days: int
) -> Outcomes:
    """Return what customers did, in one of the simulated shop's worlds, from the day of entry for as long as counts.

    Parameters
    ----------
    purchases : pyarrow.Table
        ``Shop.purchases(world)``.
    """
    bought, margin = np.zeros(len(who.customers)), np.zeros(len(who.customers))
    if purchases.num_rows and len(who.customers):
        buyers = translation.customers(purchases["customer"].to_numpy(), joined)
        place = np.minimum(np.searchsorted(who.customers, buyers), len(who.customers) - 1)
        age = (purchases["occurred_on"].to_numpy().astype("datetime64[D]") - who.since[place]).astype(np.int64)
        inside = (who.customers[place] == buyers) & (age >= 0) & (age < horizon_days)
        bought[place[inside]] = 1
        np.add.at(margin, place[inside], purchases["margin_minor"].to_numpy()[inside])
    return Outcomes(bought, margin)


def true_effects(who: Entered, actual: Outcomes, without: Outcomes) -> dict[str, TrueEffect]:
    """Return by metric what contacts changed for the treated; empty if nobody was."""
    if not who.treated.any():
        return {}
    found = {}
    for metric in ("repurchase", "margin"):
        change = (getattr(actual, metric) - getattr(without, metric))[who.treated]
        found[metric] = TrueEffect(
            float(change.mean()), float(change.std(ddof=1)) if len(change) > 1 else 0.0, len(change)
        )
    return found


def beside(effect: Mapping[str, Any], truth: TrueEffect | None) -> dict[str, Any]:
    """Put a measured effect beside the true one.

    Parameters
    ----------
    effect : mapping
        A row of the lake table ``effects``.
    truth : TrueEffect or None
        None while nobody has been treated for long enough.

    Returns
    -------
    dict
        The row's figures, and ``true_effect``, ``true_n``, ``covered`` (does the interval hold the true effect?); these
        are None where there is nothing to compare.
    """
    row = {name: effect[name] for name in MEASURED}
    if truth is None or row["low"] is None or row["high"] is None:
        return row | {"true_effect": truth.value if truth else None, "true_n": truth.n if truth else 0, "covered": None}
    return row | {"true_effect": truth.value, "true_n": truth.n, "covered": row["low"] <= truth.value <= row["high"]}
