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

from collections.abc import Mapping
from dataclasses import dataclass
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
