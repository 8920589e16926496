"""What the trial was meant to find out, and by which rule it is judged: fixed, and hashed, before anybody looks.

A plan is a value: the same plan on the same table gives the same report. Columns that the plan only names get the
kind that their values show (see ``kinds``); everything else has a default that is stated here.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from liuke.kernel import read_yaml
from liuke.learn.analysis.errors import PlanError


class Kind(StrEnum):
    """What a metric's column holds."""

    PROPORTION = "proportion"  # 0 or 1 (or yes and no) per unit
    MEAN = "mean"  # any number per unit
    COUNT = "count"  # whole numbers from 0 per unit
    RATIO = "ratio"  # sum of one column over the sum of another


class Role(StrEnum):
    """What a metric is for."""

    PRIMARY = "primary"  # decides
    SECONDARY = "secondary"  # explains
    GUARDRAIL = "guardrail"  # must not get worse


class Metric(BaseModel):
    """One metric of a trial."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80, description="Its name in the report.")
    column: str = Field("", description="Its column; empty: the column of that name.")
    numerator: str = Field("", description="For a ratio: the column that is summed above the line.")
    denominator: str = Field("", description="For a ratio: the column that is summed below the line.")
    kind: Kind | None = Field(None, description="What the column holds; empty: as its values show.")
    direction: Literal["up", "down"] = Field("up", description="Which way is better.")
    role: Role | None = Field(None, description="Empty: the first metric decides, the others explain.")
    margin: float | None = Field(
        None, gt=0, description="Guard-rail: the loss that would be accepted, in the metric's unit."
    )
    margin_relative: float | None = Field(
        None, gt=0, lt=1, description="Guard-rail: the same as a share of control's value (0.02 = 2 %)."
    )
    winsorise: float | None = Field(
        None, gt=0.5, lt=1, description="Values above this quantile count as the quantile (0.99: the top 1 %)."
    )
    covariates: tuple[str, ...] = Field((), max_length=8, description="Columns known before the start (CUPED).")
    worthwhile: float = Field(0.0, ge=0, description="The smallest gain worth acting on, in the metric's unit.")
    money: str = Field("", max_length=16, description="Its unit if it is money, as shown: CNY, 元, cents.")
    label_zh: str = Field("", max_length=80, description="Its name in Chinese sentences; empty: its name.")
    label_en: str = Field("", max_length=80, description="Its name in English sentences; empty: its name.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        is_ratio = bool(self.numerator or self.denominator)
        if is_ratio and (not (self.numerator and self.denominator) or self.column):
            raise ValueError(f"metric {self.name}: a ratio names a numerator and a denominator, and no column")
        if is_ratio != (self.kind is Kind.RATIO) and self.kind is not None:
            raise ValueError(
                f"metric {self.name}: only the kind 'ratio' has a numerator and a denominator, and needs both"
            )
        if self.margin is not None and self.margin_relative is not None:
            raise ValueError(f"metric {self.name}: give the margin once, absolute or relative")
        if (self.margin or self.margin_relative) and self.role not in (None, Role.GUARDRAIL):
            raise ValueError(f"metric {self.name}: only a guard-rail has a margin")
        return self

    @property
    def is_ratio(self) -> bool:
        """Whether it is a ratio of two columns."""
        return bool(self.numerator)

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns it is made of, covariates not included: one, or numerator and denominator."""
        return (self.numerator, self.denominator) if self.is_ratio else (self.column or self.name,)


Share = Annotated[float, Field(gt=0)]


class TrialPlan(BaseModel):
    """Which column is what, and the rule of the verdict."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("", max_length=120, description="What the report is headed by.")
    unit: str = Field(description="Column that tells randomised units apart: customer, household, order.")
    arm: str = Field(description="Column that names the arm.")
    control: str = Field("", description="Name of the control arm; empty: found by its name (control, no, 0, 对照 …).")
    metrics: tuple[Metric, ...] = Field(min_length=1, max_length=50)
    shares: dict[str, Share] = Field(
        default_factory=dict, description="Intended share of each arm; empty: equal. Scaled to add up to 1."
    )
    cluster: str = Field("", description="Column of what was randomised, if it was not the unit: region, store, block.")
    strata: str = Field("", description="Column within which arms were drawn; estimates are post-stratified by it.")
    segments: tuple[str, ...] = Field((), max_length=30, description="Columns whose groups may respond differently.")
    day: str = Field("", description="Column with the day the unit entered: checks for wear-off and days of the week.")
    cost: str = Field("", description="Column with what was spent on the unit (contact, coupon).")
    cost_per_contact: float | None = Field(
        None, ge=0, description="What one treated unit cost, in the unit of the value metric; control costs nothing."
    )
    value: str = Field(
        "", description="Metric that says what a unit brought (margin, revenue); empty: the first primary."
    )
    value_per_success: float | None = Field(
        None, gt=0, description="What one success of the value metric is worth, if that metric is a share or a count."
    )
    level: float = Field(0.95, gt=0.5, lt=1, description="Coverage of the intervals.")
    looks: Literal["sequential", "fixed"] = Field(
        "sequential",
        description="Which interval decides: one that holds at every look, or one for a single look at a horizon "
        "fixed before.",
    )
    planned_units: int | None = Field(
        None, ge=2, description="Units planned over all arms: where the sequential interval is tightest, and progress."
    )
    correction: Literal["holm", "bh", "none"] = Field(
        "holm", description="How p-values of several primary metrics and arms are corrected together."
    )
    repeats: Literal["refuse", "sum"] = Field(
        "refuse", description="A unit in several rows of one arm: an error, or its rows are added up."
    )
    missing: Literal["refuse", "zero", "drop"] = Field(
        "refuse", description="An empty metric: an error, counted as 0, or the unit left out of that metric."
    )
    min_units_per_arm: int = Field(100, ge=2, description="Units (clusters: 2) each arm needs before a verdict.")
    min_successes: int = Field(
        20, ge=1, description="Successes over both arms before a verdict on a share: below it intervals mislead."
    )
    split_alarm_p: float = Field(
        0.001,
        gt=0,
        lt=0.1,
        description="Below this p the split is broken: no verdict. 0.001, since trials are read often.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [metric.name for metric in self.metrics]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"metric {sorted(twice)[0]} is named twice")
        if self.value and self.value not in names:
            raise ValueError(f"value: there is no metric {self.value}; metrics are {', '.join(names)}")
        if self.cost and self.cost_per_contact is not None:
            raise ValueError("give the cost once: a column, or an amount per contact")
        return self

    @property
    def has_cost(self) -> bool:
        """Whether costs are known."""
        return bool(self.cost) or self.cost_per_contact is not None

    @property
    def digest(self) -> str:
        """SHA-256 of the normalised plan: the same questions and rules, whatever they are called in sentences."""
        asked = self.model_dump(mode="json", exclude={"metrics": {"__all__": {"label_zh", "label_en"}}})
        tree = json.dumps(asked, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(tree.encode()).hexdigest()


def plan_from(tree: dict[str, Any], origin: str = "the plan") -> TrialPlan:
    """Return the plan that a YAML or JSON tree describes; a metric may be just a name.

    Raises
    ------
    PlanError
        Names the key and what is wrong with it.
    """
    tree = dict(tree)
    for key in ("metrics", "segments"):
        if isinstance(tree.get(key), str):
            tree[key] = [tree[key]]
    if isinstance(tree.get("metrics"), list | tuple):
        tree["metrics"] = [{"name": one} if isinstance(one, str) else one for one in tree["metrics"]]
    if isinstance(tree.get("control"), bool):  # YAML reads a bare no as false
        raise PlanError(
            f"{origin}: control: put the arm's name in quotes", hint='YAML reads No as a truth value; write "No"'
        )
    if isinstance(tree.get("control"), int | float):
        tree["control"] = str(tree["control"])
    try:
        return TrialPlan.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise PlanError(
            f"{origin}: {where + ': ' if where else ''}{message}", hint="docs/how-to/analyse-a-trial.md lists the keys"
        ) from None


def load_plan(path: Path) -> TrialPlan:
    """Read a plan from a YAML or JSON file.

    Raises
    ------
    PlanError
        If the file is not there, is no YAML, or says something that cannot be.
    """
    return plan_from(read_tree(path), path.name)


def read_tree(path: Path) -> dict[str, Any]:
    """Read a plan's file as it is written, before it is checked: the command line may still add to it."""
    try:
        tree = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(
            f"the plan {path} cannot be read: {error}", hint="give the path of a YAML or JSON file"
        ) from None
    except yaml.YAMLError as error:
        raise PlanError(
            f"{path.name} is no YAML: {error}", hint="indent with spaces, quote names with colons"
        ) from None
    if not isinstance(tree, dict):
        raise PlanError(f"{path.name}: a plan is a list of 'key: value' lines", hint="start with unit: and arm:")
    return tree
