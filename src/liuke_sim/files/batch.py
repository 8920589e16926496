"""One file period of one chunk, as the exporters see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from liuke_sim.columns import SECONDS_A_DAY, Columns, Ints
from liuke_sim.config import ShopConfig
from liuke_sim.life import Chunk
from liuke_sim.streams import stream

SeriesTables = dict[str, pa.Table]
"""Rows to append per series of files."""


@dataclass(frozen=True)
class Batch:
    """What reached the shop between two edges of the file grid; days count from the shop's start, half-open."""

    config: ShopConfig
    seed: int
    chunk: Chunk
    position: int
    first_day: int
    end_day: int
    events: Columns
    lines: Columns
    facts: Columns
    changes: Columns

    @property
    def ends_at(self) -> int:
        """Second at which the period ends."""
        return self.end_day * SECONDS_A_DAY

    @property
    def begins_at(self) -> int:
        """Second at which the period begins; the first period takes in all that was before."""
        return self.first_day * SECONDS_A_DAY if self.first_day else -(10**10)

    def chance(self, purpose: str) -> np.random.Generator:
        """Return the stream of this period for `purpose`."""
        return stream(self.seed, purpose, self.chunk.position, self.position)

    def moments(self, seconds: Ints) -> pa.Array:
        """Turn seconds from the shop's start into local date and time."""
        return pa.array(np.datetime64(self.config.start, "s") + seconds.astype("timedelta64[s]"))

    def moment_texts(self, seconds: Ints) -> list[str]:
        """Turn seconds from the shop's start into texts like ``2025-09-01 20:15:00``."""
        texts: list[str] = self.moments(seconds).cast(pa.string()).to_pylist()
        return texts

    def days(self, day: Ints) -> pa.Array:
        """Turn days from the shop's start into dates."""
        return pa.array(np.datetime64(self.config.start, "D") + day.astype("timedelta64[D]"))

    def months(self, day: Ints) -> list[str]:
        """Turn days from the shop's start into months like ``2025-09``."""
        days = np.datetime64(self.config.start, "D") + day.astype("timedelta64[D]")
        return [str(month) for month in days.astype("datetime64[M]")]

    def local(self, number: Ints) -> Ints:
        """Return positions in the chunk of customers by their running number."""
        return np.asarray(number - self.chunk.customers.number[0])


def yuan(minor: Ints) -> pa.Array:
    """Turn fen into yuan."""
    return pa.array(np.round(minor / 100, 2))


def texts(values: Sequence[str | None]) -> pa.Array:
    """Turn texts into a column, typed even when there are none."""
    return pa.array(values, pa.string())
