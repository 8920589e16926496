"""A trial as it is fixed before its start: what is drawn, what is measured, when it ends, how far it may grow.

YAML or JSON with ``language: 1``, checked in full, known by the hash of its meaning. Once started, a document never
changes: another rule, metric, horizon or stage is another trial.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from itertools import pairwise
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from liuke.kernel import hints, one_line, read_yaml
from liuke.learn.experiments.errors import ExperimentError
from liuke.learn.experiments.outcomes import OUTCOMES

SLUG = r"^[a-z][a-z0-9_]{0,63}$"  # safe as a key and a column value
CUSTOMER_BLOCK = 20  # seats per block: the smallest in which a 5 % stage is a whole seat
CLUSTER_BLOCK = 2  # regions are few: every second one is treated at a half share
_COLUMNS = {"region": "province", "household": "household_id"}


def _known_metric(name: str) -> str:
    if name not in OUTCOMES:
        zh, en = hints(name, OUTCOMES)
        raise ValueError(f"there is no metric {name!r}; {en} / 没有指标“{name}”，{zh}")
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Part):
    """A text in the two languages of the console."""

    zh: Annotated[str, AfterValidator(one_line)] = ""
    en: Annotated[str, AfterValidator(one_line)] = ""


class Unit(_Part):
    """What is drawn: one customer, or all of a household, a region or a stretch of days together."""

    by: Literal["customer", "household", "region", "time_block"] = Field(
        "customer", description="What chance puts into an arm."
    )
    column: str | None = Field(
        None,
        description="Column of the audience that names the household or region; `province` for regions, `household_id` "
        "for households.",
    )
    block_days: int = Field(7, ge=1, le=90, description="Length of a time block in days; whole weeks keep weekdays.")

    @property
    def named_by(self) -> str | None:
        """The column whose values are units; None where the unit is the customer or a stretch of days."""
        return self.column or _COLUMNS.get(self.by)


class Scope(_Part):
    """Only customers whose column has one of the values; others are in no arm and not contacted."""

    column: str
    values: list[str] = Field(min_length=1)


class Layer(_Part):
    """A stretch of a hash space shared with other trials: of one layer a customer is in one trial at most."""

    name: str = Field(pattern=SLUG)
    start: float = Field(0.0, ge=0, lt=1, description="Included.")
    end: float = Field(1.0, gt=0, le=1, description="Excluded.")

    @model_validator(mode="after")
    def _ordered(self) -> Layer:
        if self.end <= self.start:
            raise ValueError(f"the stretch ends at {self.end} before it starts at {self.start}")
        return self


class Guardrail(_Part):
    """An outcome that must not suffer: when a loss beyond `worse_by` is proven, the trial stops itself."""

    metric: str
    worse_by: float = Field(0.0, ge=0, description="Accepted loss: points of a share (0.01 = 1 point) or minor units.")

    @field_validator("metric")
    @classmethod
    def _known(cls, name: str) -> str:
        return _known_metric(name)


class Metrics(_Part):
    """What is measured: the outcome that decides, those looked at beside it, and those that must not suffer."""

    primary: str = "repurchase"
    secondary: list[str] = ["margin", "orders"]
    guardrails: list[Guardrail] = [
        Guardrail(metric="repurchase"),
        Guardrail(metric="margin"),
        Guardrail(metric="unsubscribed", worse_by=0.01),
    ]

    @field_validator("primary")
    @classmethod
    def _known(cls, name: str) -> str:
        return _known_metric(name)

    @field_validator("secondary")
    @classmethod
    def _all_known(cls, names: list[str]) -> list[str]:
        return [_known_metric(name) for name in names]

    @property
    def names(self) -> tuple[str, ...]:
        """Every metric once, the deciding one first."""
        every = [self.primary, *self.secondary, *(one.metric for one in self.guardrails)]
        return tuple(dict.fromkeys(every))


class Rule(_Part):
    """When a result is a result. Fixed before anybody looks at a number."""

    level: float = Field(0.95, gt=0.5, lt=1, description="Coverage of the intervals, over all looks together.")
    looks: Literal["daily"] = Field("daily", description="Intervals hold at every daily look together.")
    worthwhile: float = Field(
        0.01, ge=0, description="Smallest gain worth acting on, in the unit of the deciding metric."
    )
    min_units_per_arm: int = Field(100, ge=2, description="Customers with a complete window before any verdict.")
    min_buyers: int = Field(20, ge=1, description="Customers who bought, over both arms, before any verdict.")
    planned_units: int | None = Field(
        None,
        ge=4,
        description="Customers of both arms at which a trial without a gain ends as no effect; drawn at a small share "
        "they count for less.",
    )
    power: float = Field(0.8, gt=0.5, lt=1, description="Chance to find the worthwhile gain; for the planner.")


class Rollout(_Part):
    """How the treated share grows while nothing speaks against it."""

    stages: list[float] = Field(
        [1.0],
        min_length=1,
        max_length=12,
        description="Treated shares, rising; the last is reached only by a proven gain. `control_share` always stays "
        "without contact.",
    )
    min_days: int = Field(7, ge=1, description="Days that each stage lasts at least.")
    min_units: int = Field(
        100, ge=2, description="Customers with a complete window per arm before the first growth of the share."
    )
    proof_above: float = Field(
        0.2, ge=0, le=1, description="Shares above this one ask for proof that the deciding metric has not suffered."
    )

    @field_validator("stages")
    @classmethod
    def _rising(cls, stages: list[float]) -> list[float]:
        if any(not 0 < share <= 1 for share in stages):
            raise ValueError(f"a stage is a share above 0 and up to 1; found {stages}")
        if any(b <= a for a, b in pairwise(stages)):
            raise ValueError(f"stages rise; found {stages}")
        return stages


class Trial(_Part):
    """A whole trial document."""

    language: Literal[1]
    id: str = Field(pattern=SLUG)
    strategy: str = Field(pattern=SLUG, description="The strategy that is tried.")
    name: Words = Words()
    hypothesis: Words = Words()
    unit: Unit = Unit()
    strata: list[str] = Field(
        [], max_length=4, description="Columns of the audience within whose values the arms are balanced."
    )
    scope: Scope | None = None
    layer: Layer | None = None
    control_share: float = Field(0.10, gt=0, lt=1, description="Share that stays without contact at every stage.")
    horizon_days: int = Field(30, ge=1, le=365, description="Length of a customer's window.")
    covariate_days: int = Field(180, ge=7, le=730, description="Days before entry that sharpen the comparison (CUPED).")
    metrics: Metrics = Metrics()
    rule: Rule = Rule()
    rollout: Rollout = Rollout()

    @model_validator(mode="after")
    def _coherent(self) -> Trial:
        if self.unit.by == "time_block" and len(self.rollout.stages) > 1:
            raise ValueError("rollout.stages: time blocks switch as a whole; give one share, such as [0.5]")
        if self.unit.by != "customer" and self.strata and self.unit.by != "household":
            raise ValueError(f"strata: {self.unit.by}s are not drawn within strata; leave `strata` out")
        return self

    @property
    def version(self) -> str:
        """Sixteen hex digits of the SHA-256 of the normalised document."""
        return sha256(self.normalised().encode()).hexdigest()[:16]

    @property
    def experiment(self) -> str:
        """The name under which its arms are drawn and stored.

        A trial of single customers shares it with the strategy's other trials, so that who was control stays control;
        other units are drawn anew.
        """
        return self.strategy if self.unit.by == "customer" and not self.strata else self.id

    @property
    def seats(self) -> bool:
        """Whether arms are balanced by seats in blocks instead of by each unit's own hash."""
        return bool(self.strata) or self.unit.by in ("region", "time_block")

    @property
    def block_size(self) -> int:
        """Seats per block."""
        return CLUSTER_BLOCK if self.unit.by in ("region", "time_block") else CUSTOMER_BLOCK

    def treated_share(self, stage: int) -> float:
        """Return the treated share at a stage; the control share is never touched."""
        return min(self.rollout.stages[stage], 1 - self.control_share)

    @property
    def planned_share(self) -> float:
        """The treated share nearest to a half, which decides fastest: sizes are planned for it."""
        shares = [self.treated_share(stage) for stage in range(len(self.rollout.stages))]
        return min(shares, key=lambda share: abs(share - 0.5))

    def normalised(self) -> str:
        """Return the document as JSON with sorted keys and without what equals its default."""
        tree = self.model_dump(mode="json", exclude_defaults=True)
        tree["language"] = self.language
        return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def parse_trial(text: str, origin: str = "trial") -> Trial:
    """Read a trial document, YAML or JSON.

    Raises
    ------
    ExperimentError
        If it cannot be read, or has unknown, missing or wrong keys; the message names the place.
    """
    try:
        tree = read_yaml(text)
    except yaml.YAMLError as error:
        raise ExperimentError(f"{origin} is not valid YAML: {error}", hint="Check indentation and quotes.") from None
    if not isinstance(tree, Mapping):
        raise ExperimentError(f"{origin} holds no trial.", hint="It starts with `language: 1`, `id:` and `strategy:`.")
    return trial_from(tree, origin)


def trial_from(tree: Mapping[str, Any], origin: str = "trial") -> Trial:
    """Check a trial document that is a mapping already; errors as in ``parse_trial``."""
    try:
        return Trial.model_validate(dict(tree))
    except ValidationError as error:
        detail = error.errors()[0]
        place = ".".join(str(part) for part in detail["loc"]) or "document"
        raise ExperimentError(
            f"{origin}: {place}: {detail['msg'].removeprefix('Value error, ')}",
            hint="See docs/how-to/run-a-trial.md for the keys.",
        ) from None
