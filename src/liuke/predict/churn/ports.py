"""What churn prediction asks of the rooms below it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

import duckdb
import pyarrow as pa

from liuke.predict.churn.treatment import Treated


class Moment(Protocol):
    """What the shop knew at a moment; ``liuke.collect.history.Moment`` is one."""

    @property
    def as_of(self) -> date:
        """The day at whose midnight history ends."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection with the views of the moment."""

    @property
    def inputs(self) -> Mapping[str, int | None]:
        """Snapshots of the lake tables that the views read."""

    def close(self) -> None:
        """Free what the moment holds."""


class Past(Protocol):
    """Opens moments; ``liuke.collect.history.History`` is one."""

    def at(self, as_of: date, known_at: datetime | None = None) -> Moment:
        """Open the moment of a day."""


class Treatments(Protocol):
    """Tells whom the shop's own strategies contacted; ``liuke.app`` reads it from the lake."""

    def __call__(self, as_of: date) -> Treated:
        """Return what was known before ``as_of``."""


class Strata(Protocol):
    """Says which part of the shop a customer belongs to; the tags ``lifecycle`` and ``value_tier`` do."""

    def __call__(self, moment: Moment) -> pa.Table:
        """Return ``customer_id``, ``lifecycle`` and ``value_tier``."""


class FeatureBuilder(Protocol):
    """Computes features at a moment; ``liuke.understand.tags`` with ``features.yaml`` is one."""

    @property
    def definition_hash(self) -> str:
        """Changes if any definition changes."""

    @property
    def hashes(self) -> Mapping[str, str]:
        """Hash of each feature's definition: a model can be used as long as those of its features stand."""

    @property
    def families(self) -> Mapping[str, str]:
        """Tag family of each feature."""

    @property
    def titles(self) -> Mapping[str, tuple[str, str]]:
        """Chinese and English name of each feature."""

    @property
    def money(self) -> frozenset[str]:
        """Features in minor currency units."""

    def __call__(self, moment: Moment) -> pa.Table:
        """Return one row per customer: ``customer_id`` and a numeric or boolean column per feature."""
