"""A rule as data: conditions in groups. The same JSON stands in files, in the API and behind the console's builder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from liuke.understand.segments.comparisons import AnyTest, Compare, FieldTest, NumberTest, Part
from liuke.understand.segments.config import MAX_DEPTH, MAX_EXPRESSION, MAX_NODES, MAX_RAW_PARTS

KEY = r"^[a-z][a-z0-9_]{0,62}$"
COLUMN = r"^(product\.)?[a-z][a-z0-9_]{0,62}$"
Happening: TypeAlias = Literal["events", "purchases", "purchase_items", "touches"]
How: TypeAlias = Literal["did", "did_not", "count", "days", "sum", "distinct"]


class All(Part):
    """Every part holds."""

    kind: Literal["all"] = "all"
    of: tuple[Rule, ...] = Field(min_length=1)


class Any_(Part):  # noqa: N801 - `Any` is taken
    """At least one part holds."""

    kind: Literal["any"] = "any"
    of: tuple[Rule, ...] = Field(min_length=1)


class Not(Part):
    """The part does not hold."""

    kind: Literal["not"] = "not"
    of: Rule


class TagCondition(Part):
    """A tag of the customer passes a test."""

    kind: Literal["tag"] = "tag"
    tag: str = Field(pattern=KEY)
    test: AnyTest


class ProfileCondition(Part):
    """A field of the customer's profile passes a test."""

    kind: Literal["profile"] = "profile"
    field: str = Field(pattern=KEY)
    test: AnyTest


class Where(Part):
    """One column of a happening passes a test."""

    column: str = Field(pattern=COLUMN)
    test: FieldTest


class EventCondition(Part):
    """What the customer did or did not do in a window of whole shop-local days.

    `days: 30` are the thirty days before `as_of`, `ago: 30` moves the end of the window back; without `days` the window
    has no beginning. `did` and `did_not` ask whether there is a row; `count` counts rows, `days` different days, `sum`
    adds up a column, `distinct` counts its different values.
    """

    kind: Literal["event"] = "event"
    source: Happening
    how: How = "did"
    where: tuple[Where, ...] = Field((), max_length=10)
    days: int | None = Field(None, ge=1, le=36_600)
    ago: int = Field(0, ge=0, le=36_600)
    column: str | None = Field(None, pattern=COLUMN)
    test: NumberTest | None = None

    @model_validator(mode="after")
    def _fits(self) -> EventCondition:
        if (self.how in ("sum", "distinct")) != (self.column is not None):
            raise ValueError("`column` is given with `how: sum` and `how: distinct`, and only with them")
        if (self.how in ("did", "did_not")) != (self.test is None):
            raise ValueError("`test` says how many or how much; `did` and `did_not` have none, all others need one")
        return self


class Step(Part):
    """One step of a sequence."""

    source: Literal["events", "purchases"]
    where: tuple[Where, ...] = Field((), max_length=10)


class SequenceCondition(Part):
    """First one thing, then another within some days, or then not.

    `then: did` holds if some first step in the window was followed, later and at most `within_days` days after, by the
    second. `then: did_not` holds if some first step in the window was not, and its days are over: a first step whose
    days still run says nothing yet.
    """

    kind: Literal["sequence"] = "sequence"
    first: Step
    then: Literal["did", "did_not"] = "did"
    second: Step
    within_days: int = Field(ge=1, le=366)
    days: int = Field(90, ge=1, le=3_660, description="The first step lies in the last so many days.")


class SegmentCondition(Part):
    """The customer is in another segment, as that one is defined now."""

    kind: Literal["segment"] = "segment"
    segment: str = Field(pattern=KEY)


class RandomShare(Part):
    """A share of all customers drawn by chance: always the same ones, and others for another segment or `salt`."""

    kind: Literal["random"] = "random"
    share: float = Field(gt=0, lt=1)
    salt: str = Field("", max_length=40, pattern=r"^[A-Za-z0-9_-]*$")


class ExpressionCondition(Part):
    """A typed expression over tags, such as `spend_90d / orders_90d > 5000 and not lifecycle = 'lost'`."""

    kind: Literal["expression"] = "expression"
    text: str = Field(min_length=1, max_length=MAX_EXPRESSION)


Condition: TypeAlias = (
    TagCondition | ProfileCondition | EventCondition | SequenceCondition | SegmentCondition | RandomShare
    | ExpressionCondition
)  # fmt: skip
AnyRule: TypeAlias = All | Any_ | Not | Condition
Rule = Annotated[
    All | Any_ | Not | TagCondition | ProfileCondition | EventCondition | SequenceCondition | SegmentCondition
    | RandomShare | ExpressionCondition,
    Field(discriminator="kind"),
]  # fmt: skip

for _model in (All, Any_, Not):
    _model.model_rebuild()


def bounded(raw: Any) -> Any:
    """Refuse a rule that is too deep or too large before anything recursive looks at it."""
    open_: list[tuple[Any, int]] = [(raw, 1)]
    seen = nodes = 0
    while open_:
        part, depth = open_.pop()
        seen += 1
        if isinstance(part, Part):
            part = dict(part)
        if isinstance(part, dict):
            is_node = "kind" in part
            nodes += is_node
            if is_node and depth > MAX_DEPTH:
                raise ValueError(f"the rule is nested deeper than {MAX_DEPTH} groups; split it into several segments")
            open_ += [(value, depth + is_node) for value in part.values()]
        elif isinstance(part, list | tuple):
            open_ += [(value, depth) for value in part]
        if nodes > MAX_NODES:
            raise ValueError(f"the rule has more than {MAX_NODES} conditions; split it into several segments")
        if seen > MAX_RAW_PARTS or depth > 4 * MAX_DEPTH:
            raise ValueError("the rule is too large to be read")
    return raw


BoundedRule = Annotated[Rule, BeforeValidator(bounded)]


def walk(rule: AnyRule) -> Iterator[AnyRule]:
    """Yield a rule and every rule below it, in reading order."""
    yield rule
    for part in parts_of(rule):
        yield from walk(part)


def parts_of(rule: AnyRule) -> tuple[AnyRule, ...]:
    """Return the rules directly below a group; a condition has none."""
    match rule:
        case All() | Any_():
            return rule.of
        case Not():
            return (rule.of,)
    return ()


def at_least_one() -> Compare:
    """Return the test that `did` stands for."""
    return Compare(op="gte", value=1)
