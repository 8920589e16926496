"""What a reader has to know of the data, and how the numbers were made: in sentences, in both languages."""

from __future__ import annotations

from liuke.learn.analysis.contracts import MetricResult, Text
from liuke.learn.analysis.plan import TrialPlan
from liuke.learn.analysis.rows import Rows
from liuke.learn.analysis.sums import Sums
from liuke.learn.analysis.wording import plain

FEW_CLUSTERS = 10  # per arm; below it intervals of clusters rest on little

_METHODS = {
    "newcombe": Text(
        "比例：Newcombe 区间（两个 Wilson 区间合成），合并方差 z 检验",
        "shares: Newcombe's interval (two Wilson intervals joined), pooled z-test",
    ),
    "welch": Text("均值与计数：Welch t 检验，不要求两组方差相等", "means and counts: Welch's t, variances may differ"),
    "ratio-delta": Text(
        "比值（或整群）：delta 法，单位之间独立", "ratios (or clusters): delta method, independent units"
    ),
    "cuped": Text("CUPED：用实验前已知的协变量减小方差", "CUPED: covariates known before the start take variance away"),
    "cuped-ratio": Text("比值的 CUPED（delta 法）", "CUPED of a ratio (delta method)"),
    "post-stratified": Text(
        "事后分层：层内比较，按层大小加权", "post-stratification: compared within strata, weighted by their size"
    ),
    "exact-sequential": Text(
        "某组几乎没有人（或几乎人人）发生时：精确的任意时点区间（二项混合鞅），不依赖方差估计",
        "where hardly anybody (or nearly all) in an arm did it: exact bounds at every look (binomial mixture)",
    ),
    "cluster-robust": Text(
        "整群：CR2 稳健方差，另附随机化推断", "clusters: CR2 robust variance, with randomisation inference beside it"
    ),
}


def methods_of(plan: TrialPlan, results: tuple[MetricResult, ...]) -> tuple[Text, ...]:
    """Return how the numbers were made and what they assume."""
    compared = [comparison for result in results for comparison in result.comparisons]
    used = dict.fromkeys(one.method for comparison in compared for one in (comparison.fixed, comparison.sequential))
    found = [_METHODS[name] for name in used if name in _METHODS]
    if plan.looks == "sequential":
        found.append(
            Text(
                "结论依据任意时点有效的区间（渐近置信序列）：每天看也不会增加误判",
                "the verdict rests on intervals that hold at every look (asymptotic confidence sequences)",
            )
        )
    else:
        found.append(
            Text(
                "结论依据固定样本区间：只在预先定好的样本量或日期看一次才成立",
                "the verdict rests on fixed-horizon intervals: valid for one look at a size or day fixed before",
            )
        )
    names = {"holm": "Holm", "bh": "Benjamini-Hochberg", "none": ""}
    correction = names[plan.correction]
    if correction:
        found.append(
            Text(
                f"多个主要指标和实验组的 p 值用 {correction} 方法一起校正",
                f"p-values of primary metrics and arms are corrected together by {correction}",
            )
        )
    found.append(
        Text(
            "按分组比较（意向性分析）：不论是否真的触达；单位之间互不影响",
            "compared as assigned (intention to treat), whoever was in fact reached; units do not affect each other",
        )
    )
    return tuple(found)


def notes_of(rows: Rows, sums: Sums) -> tuple[Text, ...]:
    """Return what was done to the data, and what is thin in them."""
    found = []
    plan = rows.layout.plan
    if rows.table_rows != sum(sums.units.values()):
        n = sum(sums.units.values())
        found.append(Text(f"{rows.table_rows:,} 行合并为 {n:,} 个单位", f"{rows.table_rows:,} rows make {n:,} units"))
    for name, cap in rows.caps.items():
        found.append(
            Text(f"{name}：大于 {plain(cap)} 的值按 {plain(cap)} 计", f"{name}: values above {plain(cap)} count as it")
        )
    for column, n in rows.filled:
        found.append(
            Text(
                f"协变量 {column}：{n:,} 个空值用均值填补",
                f"covariate {column}: {n:,} empty cells were filled by the mean",
            )
        )
    if plan.missing != "refuse":
        for column, use in zip(rows.layout.numbers, rows.layout.uses, strict=True):
            empty = rows.profile.numbers(rows.layout.numbers.index(column)).empty
            if empty and not use.startswith("covariate"):
                zh = f"{column}：{empty:,} 个单位没有值，未计入该指标；若两组缺失不同，比较会有偏"
                en = f"{column}: {empty:,} units have no value and are left out; if arms differ in that, it misleads"
                found.append(Text(zh, en))
    if sums.clusters and min(sums.clusters.values()) < FEW_CLUSTERS:
        n = min(sums.clusters.values())
        found.append(
            Text(
                f"较小的一组只有 {n} 个群组：以随机化推断为准",
                f"the smaller arm has {n} clusters: trust the randomisation p-value",
            )
        )
    if not plan.shares and len(sums.units) > 1:
        found.append(
            Text(
                "没有给出分组比例，按各组相等检查",
                "no shares were given: the split is checked against equal arms",
            )
        )
    return tuple(found)
