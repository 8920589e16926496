"""Chance by address: every part of the shop draws from a generator of its own.

The stream for (seed, chunk, week, purpose) does not depend on what was drawn elsewhere; so a week comes out the same
whichever weeks were asked for together, and a new kind of draw in one module leaves the others' numbers alone.
"""

from __future__ import annotations

import zlib

import numpy as np

from liuke_sim.columns import Floats, Ints


def stream(seed: int, purpose: str, *address: int) -> np.random.Generator:
    """Return the generator that belongs to `purpose` at `address` (chunk, week, ...)."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), *address]))


def chance_of(number: Ints, seed: int, purpose: str) -> Floats:
    """Return a fixed number in [0, 1) per customer: the same however often, and wherever, it is asked for.

    For what clings to a person (how they typed their phone) rather than to a moment. The bits are mixed by splitmix64.

    References
    ----------
    Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators", figure 17.
    """
    salt = np.uint64((zlib.crc32(purpose.encode()) << 32) ^ (seed & 0xFFFFFFFF))
    with np.errstate(over="ignore"):
        z = (number.astype(np.uint64) + salt) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((z ^ (z >> np.uint64(31))).astype(np.float64) / 2.0**64)
