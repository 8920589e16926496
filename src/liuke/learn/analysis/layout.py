"""Which column of the table is what: the plan's names resolved against a table, as one typed selection.

Every later question is asked of this selection, whose columns have fixed names: ``u`` (hash of the unit), ``arm``,
``cluster``, ``stratum``, ``d`` (day), ``s0 …`` (segments, text), ``x0 …`` (numbers).
"""

from __future__ import annotations

from dataclasses import dataclass

from liuke.learn.analysis.errors import PlanError
from liuke.learn.analysis.plan import Metric, TrialPlan
from liuke.learn.analysis.table import Table


@dataclass(frozen=True, slots=True)
class Layout:
    """A plan's columns in a table.

    Parameters
    ----------
    table, plan
    unit, arm, cluster, strata, day
        The table's own spelling of these columns; empty if the plan has none.
    segments
        The same of the segments.
    numbers
        Columns that hold numbers, each once: metrics, denominators, covariates, cost.
    uses
        What each of ``numbers`` is for, as errors call it.
    """

    table: Table
    plan: TrialPlan
    unit: str
    arm: str
    cluster: str
    strata: str
    day: str
    segments: tuple[str, ...]
    numbers: tuple[str, ...]
    uses: tuple[str, ...]

    @classmethod
    def of(cls, table: Table, plan: TrialPlan) -> Layout:
        """Find the plan's columns.

        Raises
        ------
        PlanError
            If one is missing, or one column is to be two things at once.
        """
        wanted = {"unit": plan.unit, "arm": plan.arm, "cluster": plan.cluster, "strata": plan.strata, "day": plan.day}
        found = {role: table.column(name, f"{role}:") if name else "" for role, name in wanted.items()}
        numbers: dict[str, str] = {}
        for metric in plan.metrics:
            for name in metric.columns:
                numbers.setdefault(table.column(name, f"metric {metric.name}"), f"metric {metric.name}")
        for metric in plan.metrics:
            for name in metric.covariates:
                column = table.column(name, f"covariate of {metric.name}")
                if column in [table.column(one, "") for one in metric.columns]:
                    raise PlanError(f"metric {metric.name} is its own covariate", hint="name a column known before")
                numbers.setdefault(column, f"covariate of {metric.name}")
        if plan.cost:
            numbers.setdefault(table.column(plan.cost, "cost:"), "cost")
        segments = tuple(table.column(name, "segments:") for name in plan.segments)
        for role in ("unit", "arm"):
            if found[role] in numbers:
                raise PlanError(
                    f"column '{found[role]}' is the {role} and also {numbers[found[role]]}", hint="name another column"
                )
        if found["unit"] == found["arm"]:
            raise PlanError(f"column '{found['unit']}' is both unit and arm", hint="name another column")
        return cls(
            table=table,
            plan=plan,
            unit=found["unit"],
            arm=found["arm"],
            cluster=found["cluster"],
            strata=found["strata"],
            day=found["day"],
            segments=segments,
            numbers=tuple(numbers),
            uses=tuple(numbers.values()),
        )

    def x(self, column: str) -> str:
        """Return the selection's name of a number, given the plan's name of its column."""
        return f"x{self.numbers.index(self.table.column(column, 'metrics'))}"

    def xs(self, metric: Metric) -> tuple[str, ...]:
        """Return the selection's names of a metric's columns, covariates not included."""
        return tuple(self.x(name) for name in metric.columns)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The selection's columns that rows may be grouped by besides the arm."""
        names = ["stratum"] if self.strata else []
        names += [f"s{i}" for i in range(len(self.segments))]
        return (*names, "d") if self.day else tuple(names)

    def selection(self) -> str:
        """Return SQL that selects the plan's columns under fixed names."""
        table = self.table
        parts = [f"{table.key(self.unit)} AS u", f"{table.words(self.arm)} AS arm"]
        parts.append(f"{table.words(self.unit)} IS NULL AS unit_empty")
        parts += [f"{table.words(self.cluster)} AS cluster"] if self.cluster else []
        parts += [f"{table.words(self.strata)} AS stratum"] if self.strata else []
        parts += [f"{table.day(self.day)} AS d"] if self.day else []
        parts += [f"{table.words(name)} AS s{i}" for i, name in enumerate(self.segments)]
        parts += [f"{table.number(name)} AS x{i}" for i, name in enumerate(self.numbers)]
        return f"SELECT {', '.join(parts)} FROM {table.relation}"
