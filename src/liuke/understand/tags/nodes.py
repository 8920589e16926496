"""The words in which a tag is defined: a small set of typed, frozen nodes that together form a tree.

Leaves read one source (`count`, `sum`, `recency` ...) or the customer's profile (`attribute` ...); the others combine
values that are already one per customer. Windows are whole shop-local days, half-open: `days: 30` is the thirty days
before `as_of`, `days: 30, ago: 30` the thirty before those.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from liuke.understand.tags.predicates import Predicate, Scalar
from liuke.understand.tags.sources import SourceName


class Node(BaseModel):
    """Base of all nodes: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Aggregate(Node):
    """Base of the nodes that read rows of one source.

    `where` keeps rows; `days` is the length of the window in days (absent: all history); `ago` says how many days
    before `as_of` the window ends.
    """

    source: SourceName
    where: Predicate | None = None
    days: int | None = Field(None, gt=0, le=36_600)
    ago: int = Field(0, ge=0, le=36_600)


class Count(Aggregate):
    """Number of rows, or of rows where `column` is known. Nothing counted is 0."""

    node: Literal["count"] = "count"
    column: str | None = None


class Sum(Aggregate):
    """Sum of a numeric column; exact for money. Of nothing: 0; of rows none of which has a value: missing."""

    node: Literal["sum"] = "sum"
    column: str


class Mean(Aggregate):
    """Mean of a numeric column; of nothing: missing."""

    node: Literal["mean"] = "mean"
    column: str


class Min(Aggregate):
    """Smallest value of a numeric or date column; of nothing: missing."""

    node: Literal["min"] = "min"
    column: str


class Max(Aggregate):
    """Largest value of a numeric or date column; of nothing: missing."""

    node: Literal["max"] = "max"
    column: str


class DistinctCount(Aggregate):
    """Number of different known values of a column."""

    node: Literal["distinct_count"] = "distinct_count"
    column: str


class DistinctDays(Aggregate):
    """Number of different days with a row."""

    node: Literal["distinct_days"] = "distinct_days"


class First(Aggregate):
    """Known value of a column in the earliest row; equal times: the source's keys, then the smallest value."""

    node: Literal["first"] = "first"
    column: str


class Last(Aggregate):
    """Known value of a column in the latest row; equal times: the source's keys, then the largest value."""

    node: Literal["last"] = "last"
    column: str


class Recency(Aggregate):
    """Days from the latest row's day to `as_of`; yesterday is 1. No row: missing."""

    node: Literal["recency"] = "recency"


class Age(Aggregate):
    """Days from the earliest row's day to `as_of`; yesterday is 1. No row: missing."""

    node: Literal["age"] = "age"


class GapStats(Aggregate):
    """A statistic of the days between successive days with a row; fewer than two days: missing.

    `count` is the number of gaps (0 where there is none); `stddev` is the sample deviation and needs two gaps.
    """

    node: Literal["gap_stats"] = "gap_stats"
    stat: Literal["mean", "median", "min", "max", "last", "stddev", "count"]


class Top(Aggregate):
    """The value of `column` with the largest `by`; ties: the more recent day, then the smaller value.

    `by` is `rows`, `days` (different days) or a numeric column to sum.
    """

    node: Literal["top"] = "top"
    column: str
    by: str = "rows"


class Step(Node):
    """The second half of a sequence: rows of `source` (absent: the sequence's own) for which `where` holds."""

    source: SourceName | None = None
    where: Predicate | None = None


class Sequence(Aggregate):
    """Rows that are followed by another (`then`), or are not (`then_not`), `within` so many days.

    A row follows if it stands later, or at the same instant without being the same row; `within: 0` is the same day,
    without `within` any time before `as_of` will do. The window bounds the first rows only. With `then_not` a row
    counts once its days are over: what may still happen has not failed to happen. `stat`: `holds` (is there one),
    `count` of such first rows, `last_on` (day of the latest).
    """

    node: Literal["sequence"] = "sequence"
    then: Step | None = None
    then_not: Step | None = None
    within: int | None = Field(None, ge=0, le=3_660)
    stat: Literal["holds", "count", "last_on"] = "holds"

    @model_validator(mode="after")
    def _one_second_half(self) -> Sequence:
        if (self.then is None) == (self.then_not is None):
            raise ValueError("a sequence has either `then` or `then_not`")
        return self


class Decayed(Aggregate):
    """Sum of a column (absent: number of rows), each row weighing half as much for every `half_life` days of age.

    Age is in whole days, yesterday is 1. Weights are multiples of 10⁻¹² written into the plan, so that engines agree.
    Of nothing: 0.
    """

    node: Literal["decayed"] = "decayed"
    column: str | None = None
    half_life: int = Field(gt=0, le=730)


class Model(Node):
    """A score of the newest publication before `as_of`, if it is at most `max_age_days` old; else missing.

    Features of models may not read it, directly or through other tags.
    """

    node: Literal["model"] = "model"
    model: str
    column: str
    max_age_days: int = Field(31, gt=0, le=3_660)


class Attribute(Node):
    """A column of the customer's profile, or inside `per_child` of the child's record."""

    node: Literal["attribute"] = "attribute"
    column: str


class DaysSince(Node):
    """Days from a date column of the profile (or child) to `as_of`; negative before it."""

    node: Literal["days_since"] = "days_since"
    column: str


class MonthsSince(Node):
    """Calendar months from the month of a date column to the month of `as_of`; negative before it."""

    node: Literal["months_since"] = "months_since"
    column: str


class Tag(Node):
    """The value of another tag. In YAML its key alone will do."""

    node: Literal["tag"] = "tag"
    key: str


class Constant(Node):
    """A fixed value. In YAML a number alone will do."""

    node: Literal["constant"] = "constant"
    value: bool | int | float | str


class Ratio(Node):
    """Numerator ÷ denominator; missing if either is missing or the denominator is 0."""

    node: Literal["ratio"] = "ratio"
    numerator: Expression
    denominator: Expression


class Combine(Node):
    """Arithmetic on two or more numbers; missing if any is (`least` and `greatest` too)."""

    node: Literal["combine"] = "combine"
    op: Literal["add", "subtract", "multiply", "least", "greatest"]
    of: tuple[Expression, ...] = Field(min_length=2)


class Default(Node):
    """The value, or `value` where it is missing."""

    node: Literal["default"] = "default"
    of: Expression
    value: bool | int | float | str


class Trend(Node):
    """(recent − previous) ÷ (recent + previous) of an amount over its window and the window before it.

    Between −1 (all before) and 1 (all recent) for amounts that are never negative; missing if both are 0.
    """

    node: Literal["trend"] = "trend"
    of: Annotated[Count | Sum | DistinctCount | DistinctDays, Field(discriminator="node")]

    @model_validator(mode="after")
    def _has_window(self) -> Trend:
        if self.of.days is None:
            raise ValueError("a trend compares two windows, so the amount under `of` needs `days`")
        return self


class Bucket(Node):
    """A label by size: below `edges[0]` the first label, from `edges[i-1]` up to and without `edges[i]` the i-th.

    With `by` (a category), `edges` is a mapping of its values to their own edges; other values take those of `else`, or
    give no label.
    """

    node: Literal["bucket"] = "bucket"
    of: Expression
    by: Expression | None = None
    edges: Edges | dict[str, Edges] = Field(min_length=1)
    otherwise: Edges | None = Field(None, alias="else")
    labels: tuple[str, ...] | tuple[int, ...]

    @model_validator(mode="after")
    def _fits(self) -> Bucket:
        if isinstance(self.edges, dict) != (self.by is not None):
            raise ValueError("`by` and a mapping of `edges` go together")
        if self.otherwise is not None and self.by is None:
            raise ValueError("`else` goes with `by`")
        cases = [*self.edges.values()] if isinstance(self.edges, dict) else [self.edges]
        for edges in cases + ([self.otherwise] if self.otherwise is not None else []):
            if list(edges) != sorted(set(edges)):
                raise ValueError("edges must rise")
            if len(self.labels) != len(edges) + 1:
                raise ValueError(
                    f"{len(edges)} edges make {len(edges) + 1} buckets, but {len(self.labels)} labels stand here"
                )
        return self


class Branch(Node):
    """One line of a `case`: if the condition holds, then this value."""

    condition: Predicate = Field(alias="if")
    then: Choice


class Case(Node):
    """The value of the first branch whose condition holds, else `else`, else missing.

    Conditions read other tags by key, and the names that `let` gives to expressions.
    """

    node: Literal["case"] = "case"
    let: dict[str, Expression] = Field(default_factory=dict)
    when: tuple[Branch, ...] = Field(min_length=1)
    otherwise: Choice | None = Field(None, alias="else")


class Holds(Node):
    """True if the condition on tags (and on the names in `let`) holds, else false; never missing."""

    node: Literal["holds"] = "holds"
    let: dict[str, Expression] = Field(default_factory=dict)
    condition: Predicate = Field(alias="if")


class PercentRank(Node):
    """Share of the population with a smaller value of the tag `of`, rounded down to thousandths.

    `descending` ranks small values high (recency). `among` is a condition on tags that bounds the population; customers
    outside it, or without a value, have no rank. Equal values have equal ranks. The top 1 % are those from 0.99.
    """

    node: Literal["percent_rank"] = "percent_rank"
    of: str
    among: Predicate | None = None
    descending: bool = False


class PerChild(Node):
    """The different known values of an expression over the customer's children, sorted; none: an empty list.

    `where` is a condition on the child's record. Inside the node, `attribute`, `days_since` and `months_since` read
    that record.
    """

    node: Literal["per_child"] = "per_child"
    where: Predicate | None = None
    of: Expression


def _short(raw: Any) -> Any:
    """A bare word names a tag, a bare number is a constant."""
    if isinstance(raw, str):
        return {"node": "tag", "key": raw}
    if isinstance(raw, bool | int | float):
        return {"node": "constant", "value": raw}
    return raw


def _short_choice(raw: Any) -> Any:
    """In `then` and `else` a bare word is the value itself."""
    return {"node": "constant", "value": raw} if isinstance(raw, bool | int | float | str) else raw


AnyNode: TypeAlias = (
    Count | Sum | Mean | Min | Max | DistinctCount | DistinctDays | First | Last | Recency | Age | GapStats | Top
    | Sequence | Decayed | Model | Attribute | DaysSince | MonthsSince | Tag | Constant
    | Ratio | Combine | Default | Trend | Bucket | Case | Holds | PercentRank | PerChild
)  # fmt: skip
Edges = Annotated[tuple[float, ...], Field(min_length=1)]
_Tagged = Annotated[AnyNode, Field(discriminator="node")]
Expression = Annotated[_Tagged, BeforeValidator(_short)]
Choice = Annotated[_Tagged, BeforeValidator(_short_choice)]

for _model in (Ratio, Combine, Default, Bucket, Branch, Case, Holds, PerChild):
    _model.model_rebuild()

__all__ = [
    "Age", "Aggregate", "AnyNode", "Attribute", "Branch", "Bucket", "Case", "Choice", "Combine", "Constant", "Count",
    "DaysSince", "Decayed", "Default", "DistinctCount", "DistinctDays", "Expression", "First", "GapStats", "Holds",
    "Last", "Max", "Mean", "Min", "Model", "MonthsSince", "Node", "PerChild", "PercentRank", "Ratio", "Recency",
    "Scalar", "Sequence", "Step", "Sum", "Tag", "Top", "Trend",
]  # fmt: skip
