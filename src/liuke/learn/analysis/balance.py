"""Was a covariate known before the start? What the treatment itself moved differs between the arms and is left out.

A covariate takes noise away because the draw made it equal in all arms. One that was measured after the start, or that
the treatment changed, carries part of the effect; adjusting by it takes the effect away.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from liuke.learn.analysis.contracts import Text
from liuke.learn.analysis.estimates import Question
from liuke.learn.analysis.sums import Sums
from liuke.learn.analysis.wording import p_text, plain
from liuke.learn.inference import ArmMean, MultiMoments, arm_mean, compare_means, ratio_mean

# Below this p, corrected for all covariates and arms asked, it was no chance. Ten times as strict as the alarm of the
# split: tables are read often, and what chance made unequal is just what adjusting is there to mend.
ALARM_P = 0.0001


def balanced(question: Question, sums: Sums, control: str) -> tuple[Question, Sums, tuple[Text, ...]]:
    """Return the question and its sums without covariates whose means differ between arms, and a note on each.

    Notes
    -----
    Welch's test of each covariate and arm against control (of clusters where these were drawn), Bonferroni.
    """
    names = question.metric.covariates
    if not names:
        return question, sums, ()
    cells, others = sums.whole, [arm for arm in sums.units if arm != control]
    notes: list[Text] = []
    kept: list[int] = []
    for i, name in enumerate(names):
        means = {arm: _mean(cells[arm][question.metric.name], question, i) for arm in sums.units}
        found = {arm: compare_means(means[arm], means[control]).p_value for arm in others}
        worst = min(found, key=lambda arm: found[arm], default="")
        p = min(1.0, found.get(worst, inf) * len(names) * len(others))
        if p >= ALARM_P:
            kept.append(i)
            continue
        notes.append(_note(question, name, (worst, means[worst].mean), (control, means[control].mean), p))
    if len(kept) == len(names):
        return question, sums, ()
    metric = question.metric.model_copy(update={"covariates": tuple(names[i] for i in kept)})
    first, step = _columns(question)
    columns = (*range(first), *(first + step * i + j for i in kept for j in range(step)))
    return replace(question, metric=metric), sums.picked(question.metric.name, columns), tuple(notes)


def _columns(question: Question) -> tuple[int, int]:
    """Return how many columns the metric has, and how many each covariate."""
    return 2 if question.is_ratio else 1, 2 if question.clustered else 1


def _mean(sums: MultiMoments, question: Question, index: int) -> ArmMean:
    first, step = _columns(question)
    at = first + step * index
    if step == 1:
        return arm_mean(sums.column(at))
    return ratio_mean(sums.pair(at, at + 1))


def _note(question: Question, name: str, arm: tuple[str, float], control: tuple[str, float], p: float) -> Text:
    label = question.metric
    return Text(
        f"协变量 {name} 没有用于 {label.label_zh or label.name}：两组均值不同（{arm[0]} {plain(arm[1])}，"
        f"{control[0]} {plain(control[1])}，{p_text(p)}），可能是开始之后才测量，或被干预本身改变；"
        "用它校正会抹去一部分效果",
        f"covariate {name} was not used for {label.label_en or label.name}: its means differ between arms "
        f"({arm[0]} {plain(arm[1])}, {control[0]} {plain(control[1])}, {p_text(p)}); it was perhaps measured after the "
        "start or changed by the treatment, and adjusting by it would take part of the effect away",
    )
