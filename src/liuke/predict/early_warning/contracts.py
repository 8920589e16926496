"""Levels, capacity, and what stands behind a level."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from liuke.predict.early_warning.config import WarningSettings


class Level(StrEnum):
    """From calm to urgent."""

    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


LEVEL_NAMES_ZH = {Level.BLUE: "蓝色", Level.YELLOW: "黄色", Level.ORANGE: "橙色", Level.RED: "红色"}


@dataclass(frozen=True)
class Capacity:
    """How many customers may stand at the two levels that ask for work."""

    red: int
    orange: int

    @classmethod
    def of(cls, settings: WarningSettings, n_scored: int) -> Capacity:
        """Return the capacity that the settings give for so many scored customers."""
        red = settings.red_capacity if settings.red_capacity is not None else round(settings.red_share * n_scored)
        orange = (
            settings.orange_capacity
            if settings.orange_capacity is not None
            else round(settings.orange_share * n_scored)
        )
        return cls(red, orange)


@dataclass(frozen=True)
class LevelTotal:
    """One level's customers and what they would take with them.

    Attributes
    ----------
    customers : int
    value_at_risk_minor : int
        Sum of P(churn) x expected margin in the horizon if they stay, minor units.
    """

    level: Level
    customers: int
    value_at_risk_minor: int


@dataclass(frozen=True)
class Graded:
    """What a day's grading gave.

    Attributes
    ----------
    warnings : pyarrow.Table
        Rows of ``warnings``.
    thresholds : pyarrow.Table
        Rows of ``warning_thresholds``: per lifecycle stage and level, from where a contact was worth it.
    """

    warnings: pa.Table
    thresholds: pa.Table
