"""A proof that can fail: each of these mistakes, planted in the compiler or below it, is found by the same trials."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa
import pytest
from tag_agreement import disagreements

from liuke.collect.history import history, views
from liuke.understand.tags.dialect import DuckDB
from liuke.understand.tags.leaves import Leaves

TRIALS = range(10)
ENGINE = type(DuckDB)
Plant = Callable[[pytest.MonkeyPatch], None]


def text(pattern: str, instead: str | Callable[[re.Match[str]], str]) -> Plant:
    """A mistake in what the compiler writes."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        honest = ENGINE.cte

        def cte(self: object, name: str, body: str, references: int, *, large: bool = False) -> str:
            return honest(self, name, re.sub(pattern, instead, body), references, large=large)  # type: ignore[arg-type]

        patch.setattr(ENGINE, "cte", cte)

    return plant


def method(name: str, wrong: Callable[..., str]) -> Plant:
    """A mistake in one function of the dialect."""
    return lambda patch: patch.setattr(ENGINE, name, wrong)


def other_way(found: re.Match[str]) -> str:
    return " DESC" if found[1] == "ASC" else " ASC"


def ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Leaves, "restriction", lambda self: [])


def late_rows_seen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(views.Cut, "recorded", property(lambda self: self.visible))


def the_day_itself_seen(patch: pytest.MonkeyPatch) -> None:
    seen = property(lambda self: f"occurred_on <= DATE '{self.as_of}' AND {self.recorded}")
    patch.setattr(views.Cut, "happened", seen)
    text(r"r\.occurred_on < DATE", "r.occurred_on <= DATE")(patch)


def nobody_merged(patch: pytest.MonkeyPatch) -> None:
    none = pa.table({"identity_id": pa.array([], pa.int64()), "customer_id": pa.array([], pa.int64())})
    patch.setattr(history, "component_map", lambda links: none)


EDGES = ("top", "first", "last")
COUNTS = ("count", "sum", "distinct_days", "distinct_count", "recency")
MUTATIONS: dict[str, tuple[Plant, tuple[str, ...]]] = {
    "a window begins a day late": (text(r"(occurred_on|day) >= DATE", r"\1 > DATE"), COUNTS),
    "a window ends a day late": (text(r"((?<![.])occurred_on|day) < DATE", r"\1 <= DATE"), COUNTS),
    "ties are left to chance": (text(r"(ORDER BY [^,()]+),[^()]*\) AS place", r"\1) AS place"), EDGES),
    "ties go to the other side": (text(r" (ASC|DESC)(?=( NULLS LAST)?\) AS place)", other_way), EDGES),
    "nothing counted is missing instead of 0": (text(r"coalesce\(([\w.]+), 0\) AS", r"\1 AS"), COUNTS),
    "not of a missing value is missing": (text(r"NOT coalesce\((.*?), false\)", r"NOT (\1)"), COUNTS),
    "a missing value counts as known": (text(r"count\((\w+)\)", "count(*)"), ("count",)),
    "days without a mark are counted": (text(r"bool_or\(", "bool_and("), ("distinct_days", "gap_stats")),
    "late arrivals are seen": (late_rows_seen, COUNTS),
    "the day itself is seen": (the_day_itself_seen, COUNTS),
    "merged customers stay apart": (nobody_merged, COUNTS),
    "only= is ignored": (ignored, COUNTS),
    "equal values get ranks of their own": (text(r"rank\(\) OVER", "row_number() OVER"), ("percent_rank",)),
    "a row follows itself": (text(r"n_second >= 2", "n_second >= 1"), ("sequence",)),
    "the same instant does not follow": (text(r"n_second >= 1", "false"), ("sequence",)),
    "what may still happen has failed": (text(r"AND day < DATE '[-0-9]+'$", ""), ("sequence",)),
    "weights do not fade within a half-life": (method("modulo", lambda self, sql, divisor: "0"), ("decayed",)),
    "repeated rows are one": (text(r"count\(\*\)", "count(DISTINCT customer_id)"), ("count",)),
    "division by zero is infinite": (
        method("divide", lambda self, top, bottom: f"(CAST({top} AS DOUBLE) / CAST({bottom} AS DOUBLE))"), ("ratio",),
    ),
    "months are counted by the year": (
        method("months", lambda self, date: f"(year({date}) * 12 + 1)"), ("months_since", "per_child"),
    ),
    "the other cells are joined": (text(r"(FROM cells_\d+_cells WHERE )(.*)$", r"\1NOT (\2)"), COUNTS),
    "kinds nobody picks are picked": (method("one_of", lambda self, text, values: self.literal(values[0])), COUNTS),
    "values of other rows count": (text(r"measure\d+ > 0", "true"), ("distinct_count", "top")),
    "a score of the day itself is read": (text(r"as_of < DATE", "as_of <= DATE"), ("model",)),
    "a profile recorded later is seen": (late_rows_seen, ("attribute", "days_since")),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MUTATIONS)
def test_a_planted_mistake_is_found(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, kinds = MUTATIONS[mistake]
    plant(monkeypatch)
    assert any(disagreements(seed, kinds=kinds) for seed in TRIALS), f"nothing noticed that {mistake}"


@pytest.mark.parametrize("kinds", [EDGES, COUNTS, ("percent_rank", "sequence", "decayed")])
def test_without_a_mistake_the_same_trials_agree(kinds: tuple[str, ...]) -> None:
    assert not any(disagreements(seed, kinds=kinds) for seed in list(TRIALS)[:2])
