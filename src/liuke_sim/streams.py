"""Chance by address: every draw belongs to a customer, a week and a purpose, and to nothing else.

Once a shop lives, all that decides about a customer comes from `Chance`: a draw is a hash of (seed, purpose, week, the
customer's number, an ordinal). What one customer does therefore never moves another's luck, and a customer who lives
the same weeks again, alone and without some contact, meets the same chances: the two lives are potential outcomes.

`stream` gives whole generators, for what is drawn once per chunk and for the dirt laid over finished files.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liuke_sim.columns import Floats, Ints

_GOLDEN = 0x9E3779B97F4A7C15
_ORDINAL = 0xD1B54A32D192ED03
"""Odd, and unrelated to `_GOLDEN`: spreads the ordinals of one customer."""
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_BITS = 0xFFFFFFFFFFFFFFFF


def stream(seed: int, purpose: str, *address: int) -> np.random.Generator:
    """Return the generator that belongs to `purpose` at `address` (chunk, week, ...)."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), *address]))


@dataclass(frozen=True)
class Chance:
    """The draws of one week.

    Distributions are reached from uniforms by their inverse, so that a customer with a slightly higher rate meets the
    same luck: raising a chance adds events, it never reshuffles them.

    References
    ----------
    Salmon, Moraes, Dror, Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3": generators without a state. The
    bits are mixed by splitmix64 as in `chance_of`.
    """

    seed: int
    week: int

    def uniform(self, purpose: str, number: Ints, ordinal: Ints | int = 0) -> Floats:
        """Return numbers in [0, 1) per customer `number` and `ordinal`, which are broadcast."""
        key = _key(self.seed, zlib.crc32(purpose.encode()), self.week)
        if isinstance(ordinal, int):
            step: NDArray[np.uint64] = np.array([(ordinal * _ORDINAL + key) & _BITS], dtype=np.uint64)
        else:
            step = ordinal.astype(np.uint64) * np.uint64(_ORDINAL) + np.uint64(key)
        z = _mixed(number.astype(np.uint64) * np.uint64(_GOLDEN) + step)
        return np.asarray((z >> np.uint64(11)).astype(np.float64) * 2.0**-53)

    def uniforms(self, purpose: str, number: Ints, count: int) -> Floats:
        """Return `count` numbers per customer, shape ``(m, count)``."""
        return self.uniform(purpose, number[:, None], np.arange(count))

    def between(self, purpose: str, number: Ints, low: int, high: int, ordinal: Ints | int = 0) -> Ints:
        """Return whole numbers from `low` to below `high`."""
        return np.asarray(low + (self.uniform(purpose, number, ordinal) * (high - low)).astype(np.int64))

    def choose(self, purpose: str, number: Ints, weights: Floats, ordinal: Ints | int = 0) -> Ints:
        """Return positions with probability proportional to `weights`, shape ``(k,)``."""
        edges = np.cumsum(weights / weights.sum())
        draw = self.uniform(purpose, number, ordinal)
        return np.minimum(np.searchsorted(edges, draw, side="right"), len(weights) - 1).astype(np.int64)

    def normal(self, purpose: str, number: Ints, ordinal: Ints | int = 0) -> Floats:
        """Return standard normal numbers (Box and Muller, 1958)."""
        radius = np.sqrt(-2 * np.log1p(-self.uniform(purpose + ": radius", number, ordinal)))
        return np.asarray(radius * np.cos(2 * np.pi * self.uniform(purpose + ": angle", number, ordinal)))

    def erlang(self, purpose: str, number: Ints, shape: int, mean: float = 1.0) -> Floats:
        """Return gamma-distributed numbers with a whole `shape`: the sum of as many waits."""
        waits = np.log1p(-self.uniforms(purpose, number, shape))
        return np.asarray(-waits.sum(axis=1) * (mean / shape))

    def poisson(self, purpose: str, number: Ints, rate: Floats, most: int, ordinal: Ints | int = 0) -> Ints:
        """Return Poisson counts with `rate`, cut at `most`; grows with the rate, draw by draw."""
        draw = self.uniform(purpose, number, ordinal)
        count = np.zeros(draw.shape, dtype=np.int64)
        term = np.exp(-rate)
        reached = term.copy()
        for k in range(1, most + 1):
            above = draw >= reached
            if not above.any():
                break
            count += above
            term = term * rate / k
            reached += term
        return count


def chance_of(number: Ints, seed: int, purpose: str) -> Floats:
    """Return a fixed number in [0, 1) per customer: the same however often, and wherever, it is asked for.

    For what clings to a person (how they typed their phone) rather than to a moment. The bits are mixed by splitmix64.

    References
    ----------
    Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators", figure 17.
    """
    salt = np.uint64((zlib.crc32(purpose.encode()) << 32) ^ (seed & 0xFFFFFFFF))
    with np.errstate(over="ignore"):
        return np.asarray(_mixed((number.astype(np.uint64) + salt) * np.uint64(_GOLDEN)).astype(np.float64) / 2.0**64)


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits of `z`, which is overwritten."""
    z ^= z >> np.uint64(30)
    z *= np.uint64(_MIX_1)
    z ^= z >> np.uint64(27)
    z *= np.uint64(_MIX_2)
    z ^= z >> np.uint64(31)
    return z


def _key(*parts: int) -> int:
    """Return 64 bits that stand for all `parts`."""
    key = 0
    for part in parts:
        key = (key ^ part) * _GOLDEN & _BITS
        key = (key ^ key >> 30) * _MIX_1 & _BITS
        key = (key ^ key >> 27) * _MIX_2 & _BITS
        key ^= key >> 31
    return key
