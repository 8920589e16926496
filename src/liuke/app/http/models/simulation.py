"""The last page of a simulated shop: measured beside true."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from liuke.app.http.models.common import Model


class SimulatedEffect(Model):
    """One metric of one strategy, as it was measured and as it is."""

    strategy: str
    zh: str
    en: str
    metric: str
    treated_n: int
    control_n: int
    difference: float | None
    low: float | None
    high: float | None
    level: float | None
    pending_n: int | None
    verdict: str | None
    true_effect: float | None = Field(description="Mean over the treated of what they did minus what they would have.")
    true_n: int = Field(description="Treated customers behind the true effect.")
    covered: bool | None = Field(description="Whether the interval holds the true effect.")


class Simulation(Model):
    """What a simulated shop knows and a real one can't."""

    as_of: date
    customers: int
    weeks: int
    seed: int
    contacts: int
    untranslated: int
    effects: list[SimulatedEffect]
