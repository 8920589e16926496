"""From rules to one query: a row per customer, a condition per segment, the facts of events joined once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from liuke.kernel.ids import stable_id_sql
from liuke.understand.segments.book import SegmentBook
from liuke.understand.segments.comparisons import Compare
from liuke.understand.segments.conditions import comparison_sql
from liuke.understand.segments.contracts import Frame
from liuke.understand.segments.errors import unknown
from liuke.understand.segments.expressions import compile_expression
from liuke.understand.segments.facts import Facts
from liuke.understand.segments.possible import (
    refuse_contradiction,
    refuse_impossible_count,
    refuse_impossible_wait,
)
from liuke.understand.segments.rules import (
    All,
    Any_,
    AnyRule,
    EventCondition,
    ExpressionCondition,
    Not,
    ProfileCondition,
    RandomShare,
    SegmentCondition,
    SequenceCondition,
    TagCondition,
)
from liuke.understand.tags import DuckDB, Value

_AT_LEAST_ONE, _NONE = Compare(op="gte", value=1), Compare(op="eq", value=0)
_FACTS = "facts"


@dataclass(frozen=True)
class SegmentPlan:
    """What an engine runs to answer questions about some segments.

    Attributes
    ----------
    conditions : mapping of segment key to SQL
        True for members; false or NULL for all others.
    source : str
        What stands after FROM; `c` is the row of a customer.
    prologue : str
        The WITH clause, empty where no fact is needed.
    """

    conditions: Mapping[str, str]
    source: str
    prologue: str

    def count(self, key: str) -> str:
        """Return the query for the number of members."""
        return f"{self.prologue}SELECT count(*) FROM {self.source} WHERE {self.conditions[key]}"

    def members(self, key: str) -> str:
        """Return the query for the members' `customer_id`, in order."""
        where = f"WHERE {self.conditions[key]} ORDER BY c.customer_id"
        return f"{self.prologue}SELECT c.customer_id FROM {self.source} {where}"

    def sample(self, key: str, size: int) -> str:
        """Return the query for a sample drawn by hash: the same one each time, and no page of the lowest ids."""
        order = stable_id_sql("'segment_sample'", "CAST(c.customer_id AS VARCHAR)")
        return (
            f"{self.prologue}SELECT c.customer_id FROM {self.source} WHERE {self.conditions[key]} "
            f"ORDER BY {order}, c.customer_id LIMIT {size:d}"
        )

    def flags(self) -> str:
        """Return the query with `customer_id` and a boolean column per segment, for members of at least one."""
        shown = ", ".join(f"coalesce({sql}, false) AS {DuckDB.identifier(key)}" for key, sql in self.conditions.items())
        any_ = " OR ".join(DuckDB.identifier(key) for key in self.conditions)
        inner = f"SELECT c.customer_id, {shown} FROM {self.source}"
        return f"{self.prologue}SELECT * FROM ({inner}) AS flags WHERE {any_} ORDER BY customer_id"

    def matrix(self) -> str:
        """Return the query for the sizes of all pairs: a row (left, right, customers) per pair, a segment with itself.

        One pass over the customers, whatever the number of segments.
        """
        keys = list(self.conditions)
        marks = ", ".join(f"coalesce({self.conditions[key]}, false) AS m{n}" for n, key in enumerate(keys))
        pairs = [(a, b) for a in range(len(keys)) for b in range(a, len(keys))]
        counts = ", ".join(f"count(*) FILTER (WHERE m{a} AND m{b}) AS n{a}_{b}" for a, b in pairs)
        return f"{self.prologue}SELECT {counts} FROM (SELECT {marks} FROM {self.source}) AS marks"


def compile_segments(keys: Iterable[str], book: SegmentBook, frame: Frame) -> SegmentPlan:
    """Compile some segments of a book into one plan.

    Raises
    ------
    SegmentError
        If a rule names an unknown tag, field or column, or compares what cannot be compared.
    NeedsNightlyRunError
        If a condition reads further back than the frame reaches.
    """
    facts = Facts(frame.happenings, frame.events)
    conditions = {key: _Compiler(key, book, frame, facts).sql(book[key].rule) for key in keys}
    if not facts.nodes:
        return SegmentPlan(conditions, f"{frame.relation} AS c", "")
    joined = f"{frame.relation} AS c LEFT JOIN {frame.facts or _FACTS} AS f ON f.customer_id = c.customer_id"
    prologue = "" if frame.facts else f"WITH {_FACTS} AS (\n{facts.sql(frame.as_of)}\n)\n"
    return SegmentPlan(conditions, joined, prologue)


def facts_of(keys: Iterable[str], book: SegmentBook, frame: Frame) -> str | None:
    """Return one query with every fact that some segments need, None if they need none."""
    facts = Facts(frame.happenings, frame.events)
    for key in keys:
        _Compiler(key, book, frame, facts).sql(book[key].rule)
    return facts.sql(frame.as_of) if facts.nodes else None


class _Compiler:
    """Writes the condition of one segment; those that it names are written out in it."""

    def __init__(self, key: str, book: SegmentBook, frame: Frame, facts: Facts) -> None:
        self._key = key  # salts the random share
        self._book = book
        self._frame = frame
        self._facts = facts
        self._lists = frozenset(key for key, value in frame.tags.items() if value.kind == "list")

    def sql(self, rule: AnyRule) -> str:
        match rule:
            case All():
                refuse_contradiction(rule, self._lists)
                return "(" + " AND ".join(self.sql(part) for part in rule.of) + ")"
            case Any_():
                return "(" + " OR ".join(self.sql(part) for part in rule.of) + ")"
            case Not():
                return f"(NOT coalesce({self.sql(rule.of)}, false))"
            case TagCondition():
                return comparison_sql(rule.test, self._tag(rule.tag), rule.tag, self._frame.as_of)
            case ProfileCondition():
                return comparison_sql(rule.test, self._profile(rule.field), rule.field, self._frame.as_of)
            case EventCondition():
                return self._event(rule)
            case SequenceCondition():
                refuse_impossible_wait(rule)
                return f"f.{self._facts.sequence(rule)}"
            case SegmentCondition():
                inner = self._book[rule.segment]
                return _Compiler(inner.key, self._book, self._frame, self._facts).sql(inner.rule)
            case RandomShare():
                return random_share_sql(self._key, rule)
            case ExpressionCondition():
                return f"({compile_expression(rule.text, self._resolve)})"
        raise AssertionError(rule)

    def _event(self, rule: EventCondition) -> str:
        refuse_impossible_count(rule)
        test = rule.test or (_AT_LEAST_ONE if rule.how == "did" else _NONE)
        value = Value(f"f.{self._facts.event(rule)}", "double")
        return comparison_sql(test, value, f"{rule.how} of {rule.source}", self._frame.as_of)

    def _resolve(self, space: str, name: str) -> Value:
        return self._profile(name) if space == "profile" else self._tag(name)

    def _tag(self, key: str) -> Value:
        if key not in self._frame.tags:
            raise unknown("tag", key, self._frame.tags)
        return self._frame.tags[key]

    def _profile(self, name: str) -> Value:
        if name not in self._frame.profile:
            raise unknown("profile field", name, self._frame.profile)
        return self._frame.profile[name]


def random_share_sql(key: str, rule: RandomShare) -> str:
    """Return whether a customer is in a random share: a hash below a threshold, so that it is the same every day."""
    salted = f"{DuckDB.literal(f'{key}:{rule.salt}:')} || CAST(c.customer_id AS VARCHAR)"
    return f"({stable_id_sql(DuckDB.literal('segment_share'), salted)} < {share_threshold(rule.share):d})"


def share_threshold(share: float) -> int:
    """Return the number below which a customer's hash, which lies in [0, 2**63), counts as drawn."""
    return int(share * 2**63)
