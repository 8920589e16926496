"""Which arm is a customer in? A pure function of the experiment's name and the customer's id.

A salted hash puts each unit at a fixed point of [0, 1); arms are consecutive stretches of it. The same names give the
same arms on every machine, nothing has to be stored to repeat a draw, and two experiments are independent because
their salts differ. The probability of the arm is known exactly and written beside it, so that every later estimate can
be honest about how the data came to be.

References
----------
Kohavi, R., Tang, D., Xu, Y. (2020), Trustworthy Online Controlled Experiments, chapter 14 (hash-based assignment).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from liuke.learn.experiments.errors import ExperimentError

SEPARATOR = b"\x1f"  # the ASCII unit separator: a salt ending in digits cannot run into an id
MANTISSA_BITS = 53  # a float64 holds every multiple of 2**-53 in [0, 1) exactly, so 1.0 is never reached


@dataclass(frozen=True, slots=True)
class Draw:
    """Arms of units and the probability with which each unit came into its own.

    Parameters
    ----------
    arms : array of str, shape (n_units,)
    probabilities : array of float, shape (n_units,)
        In (0, 1].
    """

    arms: NDArray[np.str_]
    probabilities: NDArray[np.float64]


def unit_interval(salt: str, unit_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each unit's point in [0, 1).

    Parameters
    ----------
    salt
        Names the draw; another salt gives independent points.
    unit_ids : shape (n_units,)

    Returns
    -------
    array of float, shape (n_units,)
        The leading 53 bits of SHA-256(salt + U+001F + decimal id), divided by 2**53.

    Examples
    --------
    >>> unit_interval("spring", np.array([1, 2])).round(4).tolist()
    [0.2517, 0.6764]
    """
    head = sha256(salt.encode() + SEPARATOR)
    points = np.empty(len(unit_ids), dtype=np.float64)
    for place, unit_id in enumerate(unit_ids.tolist()):
        digest = head.copy()
        digest.update(b"%d" % unit_id)
        points[place] = int.from_bytes(digest.digest()[:8], "big") >> (64 - MANTISSA_BITS)
    return points / 2.0**MANTISSA_BITS


def draw_arms(salt: str, unit_ids: NDArray[np.int64], shares: Mapping[str, float]) -> Draw:
    """Put each unit into one of several arms.

    Parameters
    ----------
    salt
        Names the experiment.
    unit_ids : shape (n_units,)
    shares
        Arm to its share; they add up to 1. Their order is the order of the stretches: a share that grows at the end of
        the list takes units only from its neighbour.

    Raises
    ------
    ExperimentError
        If a share is negative or they do not add up to 1.
    """
    names = list(shares)
    widths = np.array([shares[name] for name in names], dtype=np.float64)
    if len(names) == 0 or (widths < 0).any() or abs(widths.sum() - 1) > 1e-9:  # 1e-9: sums of decimal shares
        raise ExperimentError(
            f"The arms of {salt!r} have the shares {dict(shares)}.", hint="Shares are not negative and add up to 1."
        )
    ends = np.cumsum(widths)
    ends[-1] = 1.0
    places = np.searchsorted(ends, unit_interval(salt, unit_ids), side="right")
    return Draw(np.array(names, dtype=np.str_)[places], widths[places])


def seat_points(salt: str, strata: Sequence[str], seats: NDArray[np.int64], block_size: int) -> NDArray[np.float64]:
    """Return the point in [0, 1) of each seat: permuted blocks within strata.

    Units take the seats of their stratum in the order of their coming. Each block of seats spreads evenly over [0, 1)
    in an order that a hash shuffles, so that after every full block each stratum has its shares to the unit; a seat
    once taken keeps its point whoever comes later.

    Parameters
    ----------
    salt
        Names the draw.
    strata : shape (n_units,)
    seats : shape (n_units,)
        Number of each unit within its stratum, from 0.
    block_size
        Seats per block.

    Returns
    -------
    array of float, shape (n_units,)
        Each alone uniform: place in the shuffled block, plus a hashed remainder, divided by the size.

    References
    ----------
    Rosenberger, W. F., Lachin, J. M. (2015), Randomization in Clinical Trials, section 3.5 (permuted blocks).

    Examples
    --------
    >>> (seat_points("spring", ["a"] * 4, np.arange(4), 4) < 0.5).sum()
    np.int64(2)
    """
    places: dict[tuple[str, int], NDArray[np.int64]] = {}
    points = np.empty(len(seats), dtype=np.float64)
    for i, (stratum, seat) in enumerate(zip(strata, seats.tolist(), strict=True)):
        block = (stratum, seat // block_size)
        if block not in places:
            order = unit_interval(f"{salt}/block/{stratum}/{block[1]}", np.arange(block_size))
            places[block] = np.argsort(np.argsort(order))
        rest = float(unit_interval(f"{salt}/seat/{stratum}", np.array([seat]))[0])
        points[i] = (places[block][seat % block_size] + rest) / block_size
    return np.minimum(points, 1 - 2.0**-MANTISSA_BITS)  # the sum may round up to 1


def arms_at(points: NDArray[np.float64], treated_share: float) -> Draw:
    """Return the arms of points under a treated share: control below, treated from ``1 - treated_share`` up.

    The thresholds of growing shares are nested: who is treated at 5 % is treated at 20 %, and who is control at 50 %
    was control before.

    Raises
    ------
    ExperimentError
        If the share is not between 0 and 1.
    """
    if not 0 <= treated_share <= 1:
        raise ExperimentError(f"A treated share of {treated_share} is impossible.", hint="Shares lie between 0 and 1.")
    treated = points >= 1 - treated_share
    return Draw(
        np.where(treated, "treated", "control").astype(np.str_), np.where(treated, treated_share, 1 - treated_share)
    )


def in_stretch(seed: str, layer: str, unit_ids: NDArray[np.int64], start: float, end: float) -> NDArray[np.bool_]:
    """Tell which units lie in a stretch of a layer; disjoint stretches share nobody.

    Parameters
    ----------
    seed
        The shop's own.
    layer
        Names the hash space.
    start, end
        Half-open: ``start`` is included.
    """
    points = unit_interval(f"{seed}/layer/{layer}", unit_ids)
    return (points >= start) & (points < end)


def time_block(on: date, started_on: date, block_days: int) -> int:
    """Return the number of the block of days that a day lies in, from 0 at the start of the trial."""
    return (on - started_on).days // block_days
