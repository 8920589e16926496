"""A trial's report on the terminal: verdict first, then one row per metric, then what stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rich.markup import escape

from liuke.app.cli.output import console, table
from liuke.learn.analysis import AnalysisReport, MetricResult, Money, Text, wording

Language = Literal["zh", "en"]
SHOWN_GROUPS = 8  # of the segments; the page and JSON have all

_COLOURS = {"works": "green", "does_not_pay": "red", "does_not_work": "red", "too_early": "yellow"}


def print_report(report: AnalysisReport, language: Language) -> None:
    """Print a report in one language."""

    def say(zh: str, en: str) -> str:
        return zh if language == "zh" else en

    verdict = report.verdict
    colour = _COLOURS[verdict.value]
    console.print(f"[bold {colour}]{verdict.zh if language == 'zh' else verdict.en}[/]  {_of(report.reason, language)}")
    if report.split.broken:
        p = wording.p_text(report.split.p_value)
        console.print(f"[bold red]{say('分组比例异常', 'the split is broken')}[/] ({p})", soft_wrap=True)
    if len(report.arm_verdicts) > 1:
        for one in report.arm_verdicts:
            word = one.verdict.zh if language == "zh" else one.verdict.en
            console.print(f"  {escape(one.arm)}: {word}  {_of(one.reason, language)}", soft_wrap=True)
    _arms(report, say("各组", "Arms"), language)
    _metrics(report, language)
    _segments(report, language)
    _timing(report, language)
    for one_money in report.money:
        _money(report, one_money, language)
    for note in report.notes:
        console.print(f"· {_of(note, language)}", soft_wrap=True)
    console.print(f"[dim]{escape('; '.join(text.zh if language == 'zh' else text.en for text in report.methods))}[/]")
    console.print(f"[dim]{say('方案', 'plan')} {report.plan_digest[:16]}[/]", soft_wrap=True)


def _of(text: Text, language: Language) -> str:
    return escape(text.zh if language == "zh" else text.en)


def _heads(language: Language, *pairs: tuple[str, str]) -> list[str]:
    return [zh if language == "zh" else en for zh, en in pairs]


def _arms(report: AnalysisReport, title: str, language: Language) -> None:
    columns = _heads(
        language, ("组", "arm"), ("单位数", "units"), ("群组数", "clusters"), ("占比", "share"), ("应占", "intended")
    )
    rows: list[Sequence[object]] = [
        (arm.arm, arm.units, arm.clusters, f"{arm.share:.2%}", f"{arm.intended_share:.2%}") for arm in report.arms
    ]
    if not any(arm.clusters for arm in report.arms):
        columns, rows = [columns[0], columns[1], *columns[3:]], [(row[0], row[1], row[3], row[4]) for row in rows]
    p = wording.p_text(report.split.p_value)
    fits = "比例检查" if language == "zh" else "split check"
    table(f"{title} · {fits} {p}", columns, rows)


def _metrics(report: AnalysisReport, language: Language) -> None:
    kinds = {"primary": ("主要", "primary"), "secondary": ("次要", "secondary"), "guardrail": ("护栏", "guard-rail")}
    heads = _heads(
        language,
        ("指标", "metric"),
        ("角色", "role"),
        ("组", "arm"),
        ("对照", "control"),
        ("实验", "treated"),
        ("差异（固定区间）", "difference (fixed)"),
        ("任意时点区间", "at every look"),
        ("相对提升", "lift"),
        ("p", "p"),
        ("校正 p", "adj. p"),
        ("胜率", "chance"),
    )
    rows = []
    for metric in report.metrics:
        values = {value.arm: value for value in metric.arms}
        for one in metric.comparisons:
            decides = one.deciding(report.looks)
            role = kinds[metric.role][0 if language == "zh" else 1]
            state = f" {one.guard.state}" if one.guard else ""
            rows.append(
                (
                    metric.name,
                    role + state,
                    one.arm,
                    _value(metric, values[report.control].value, values[report.control].total),
                    _value(metric, values[one.arm].value, values[one.arm].total),
                    _interval(metric, one.fixed.value, one.fixed.low, one.fixed.high, language),
                    _interval(metric, None, one.sequential.low, one.sequential.high, language),
                    wording.lift_text(one.lift),
                    wording.p_short(decides.p_value),
                    wording.p_short(one.p_adjusted),
                    "–" if one.chance_to_win is None else f"{one.chance_to_win:.1%}",
                )
            )
        if metric.problem:
            console.print(f"{escape(metric.name)}: {_of(metric.problem, language)}", soft_wrap=True)
    decides_by = "任意时点区间" if report.looks == "sequential" else "固定区间"
    decides_en = "the interval for every look" if report.looks == "sequential" else "the fixed interval"
    title = f"指标 · {report.level:.0%} 区间，以{decides_by}定结论"
    table(title if language == "zh" else f"Metrics · {report.level:.0%} intervals; {decides_en} decides", heads, rows)
    for metric in report.metrics:
        for one in metric.comparisons:
            if one.variance_kept is not None:
                less = f"{1 - one.variance_kept:.0%}"
                zh, en = f"CUPED 使方差减少 {less}", f"CUPED takes {less} of the variance away"
                console.print(f"· {escape(metric.name)} ({escape(one.arm)}): {zh if language == 'zh' else en}")
            if one.permutation is not None:
                name = "随机化推断" if language == "zh" else "randomisation inference"
                p = wording.p_text(one.permutation.p_value)
                console.print(f"· {escape(metric.name)} ({escape(one.arm)}): {name} {p} ({one.permutation.method})")


def _value(metric: MetricResult, value: float | None, total: float) -> str:
    if value is None:
        return "–"
    return f"{wording.value_text(metric, value)} ({wording.plain(total)})"


def _interval(
    metric: MetricResult, value: float | None, low: float | None, high: float | None, language: Language
) -> str:
    unit = wording.unit_text(metric)
    ends = f"{wording.ends(metric, low, low=True)}, {wording.ends(metric, high, low=False)}"
    if value is None:
        return f"({ends})"
    named = unit.zh if language == "zh" else unit.en
    return f"{wording.ends(metric, value, low=True)} {named}".rstrip() + f" ({ends})"


def _segments(report: AnalysisReport, language: Language) -> None:
    found = report.segments
    if found is None:
        return
    metric = next(one for one in report.metrics if one.name == found.metric)
    heads = _heads(
        language,
        ("列", "column"),
        ("群体", "group"),
        ("组", "arm"),
        ("实验人数", "treated"),
        ("对照人数", "control"),
        ("差异", "difference"),
        ("与其余不同 p", "differs p"),
        ("校正 p", "adj. p"),
    )
    rows = [
        (
            one.column,
            one.group,
            one.arm,
            one.treated_n,
            one.control_n,
            _interval(metric, one.effect.value, one.effect.low, one.effect.high, language),
            wording.p_short(one.p_differs),
            wording.p_short(one.p_differs_adjusted),
        )
        for one in found.groups[:SHOWN_GROUPS]
    ]
    zh = f"反应最不同的群体 · {found.metric}（共 {len(found.groups)} 组，{found.correction} 校正）"
    en = f"Most different segments · {found.metric} ({len(found.groups)} asked, corrected by {found.correction})"
    table(zh if language == "zh" else en, heads, rows)
    if found.left_out:
        name = "人数太少未比较" if language == "zh" else "too few units to compare"
        console.print(f"· {name}: {escape(', '.join(found.left_out))}", soft_wrap=True)


def _timing(report: AnalysisReport, language: Language) -> None:
    for one in report.timing:
        slope, weekday = wording.p_short(one.slope_p), wording.p_short(one.weekday_p)
        zh = f"{one.arm}：效果随进入日期变化 {slope}，随星期变化 {weekday}（p 值）"
        en = f"{one.arm}: p of a trend by day of entry {slope}, by weekday {weekday}"
        console.print(f"· {escape(zh if language == 'zh' else en)}", soft_wrap=True)


def _money(report: AnalysisReport, one: Money, language: Language) -> None:
    rows = [(zh if language == "zh" else en, text) for zh, en, text in wording.money_rows(one)]
    title = f"收益 · {one.arm}" if language == "zh" else f"Money · {one.arm}"
    table(title, _heads(language, ("项目", "item"), ("数值", "amount")), rows)
