"""Which groups respond differently? Each group against all others, corrected for having asked of every group."""

from __future__ import annotations

from functools import reduce

from liuke.learn.analysis.contracts import SegmentGroup, Segments
from liuke.learn.analysis.estimates import Question, interval
from liuke.learn.analysis.sums import Sums
from liuke.learn.inference import ArmMean, MultiMoments, adjust_p_values, segment_effects

LEAST_UNITS = 20  # units of a group in each arm: below it the normal approximation says nothing


def segments_of(
    question: Question, sums: Sums, control: str, columns: tuple[str, ...], correction: str
) -> Segments | None:
    """Compare every group's effect with that of all other units.

    Parameters
    ----------
    question
        The metric asked about.
    columns
        The plan's names of ``s0 …``.
    correction
        ``holm`` or ``bh``; the family is all groups of all columns and arms. A column of two groups asks one question.

    Returns
    -------
    Segments or None
        None without segments.

    Notes
    -----
    A group's effect and that of all others are independent estimates; their difference is tested by Cochran's Q with
    one degree of freedom. Effects are unadjusted: covariates are for the whole.
    """
    if not columns:
        return None
    found: list[tuple[SegmentGroup, int]] = []  # a group, and which question it answers
    left_out: list[str] = []
    asked: list[float] = []
    for arm in (name for name in sums.units if name != control):
        for i, column in enumerate(columns):
            made, small = _column(question, sums, (arm, control), i, column)
            left_out += small
            for j, group in enumerate(made):
                mirrored = len(made) == 2 and j == 1 and not small
                if not mirrored:
                    asked.append(group.p_differs)
                found.append((group, len(asked) - 1))
    adjusted = [float(p) for p in adjust_p_values(asked, correction)] if asked else []
    groups = [_with(group, adjusted[index]) for group, index in found]
    groups.sort(key=lambda group: (group.p_differs, group.arm, group.column, group.group))
    return Segments(question.metric.name, correction, tuple(groups), tuple(dict.fromkeys(left_out)))


def _column(
    question: Question, sums: Sums, arms: tuple[str, str], index: int, column: str
) -> tuple[list[SegmentGroup], list[str]]:
    name = question.metric.name
    cells = {level: cell for level, cell in sums.levels[f"s{index}"].items() if all(arm in cell for arm in arms)}
    usable = {
        str(level): (cell[arms[0]][name], cell[arms[1]][name])
        for level, cell in sorted(cells.items(), key=lambda item: str(item[0]))
        if min(cell[arm][name].n for arm in arms) >= (2 if question.clustered else LEAST_UNITS)
        and question.answers(*(cell[arm][name] for arm in arms))
    }
    small = sorted(f"{column}: {level}" for level in sums.levels[f"s{index}"] if str(level) not in usable)
    if len(usable) < 2:
        return [], small + [f"{column}: {level}" for level in usable]
    made = []
    for level, (treated, base) in usable.items():
        others = [pair for other, pair in usable.items() if other != level]
        rest = tuple(reduce(lambda a, b: a + b, (pair[k] for pair in others)) for k in (0, 1))
        p = _differs(question, (treated, base), (rest[0], rest[1]))
        effect = interval(question.plain(treated, base))
        values = (question.mean(treated).mean, question.mean(base).mean)
        made.append(
            SegmentGroup(column, level, arms[0], treated.n, base.n, float(values[0]), float(values[1]), effect, p, p)
        )
    return made, small


def _differs(
    question: Question, group: tuple[MultiMoments, MultiMoments], rest: tuple[MultiMoments, MultiMoments]
) -> float:
    arms: dict[str, tuple[ArmMean, ArmMean]] = {
        "group": (question.mean(group[0]), question.mean(group[1])),
        "rest": (question.mean(rest[0]), question.mean(rest[1])),
    }
    return float(segment_effects(arms, question.level).p_value)


def _with(group: SegmentGroup, adjusted: float) -> SegmentGroup:
    return SegmentGroup(
        group.column,
        group.group,
        group.arm,
        group.treated_n,
        group.control_n,
        group.treated_value,
        group.control_value,
        group.effect,
        group.p_differs,
        adjusted,
    )
