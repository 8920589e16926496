"""A model in plain words, for those who have to answer for it: what it says, of whom, how well, and where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Told = Mapping[str, Any]


def card(told: Told, language: str) -> str:
    """Return the model card as Markdown.

    Parameters
    ----------
    told : mapping
        Content of ``model.json``.
    language : str
        ``zh`` or ``en``.
    """
    return (_chinese if language == "zh" else _english)(told)


def _english(told: Told) -> str:
    active = told["report"]["populations"][0]
    best = active["scorecards"][0]
    hit = best["precision_at_recall"]
    inside = sum(row["inside"] for row in best["reliability"])
    out = active["left_out"]
    lines = [
        f"# Model card: churn {told['version']}",
        "",
        f"**What it says.** For each customer who bought in the {told['window_days']} days before: the probability of "
        f"no purchase in the next {told['horizon_days']} days. {told['report']['horizon_en']}.",
        "",
        f"**Made of.** A logistic regression on what two purchase models (BG/NBD, MBG/NBD), RFM ranks "
        f"and the order of purchases say, plus small boosted trees ({told['rounds']}) on {len(told['features'])} "
        f"facts about the customer, believed to {told['belief']:.0%}. Trained on what was known "
        f"before {told['as_of']}; {told['report']['origins']['en']}.",
        "",
        f"**How good it is.** {told['report']['verdict_en']}. {_capital(told['report']['goal_en'])}. "
        f"Calibration error {_n(best['ece'])}; a perfect model of this size stays below {_n(best['ece_of_perfect'])} "
        f"({inside} of {len(best['reliability'])} groups inside the band).",
        "",
        *_table(active, ("model", "AUROC (95 %)", "accuracy", "hit rate", "log-loss", "ECE")),
        "",
        f"**Whom it leaves out.** {out['treated']:,} customers whom strategies had contacted ({out['controls']:,} "
        f"members of control groups stand for {out['controls_stand_for']:,.0f}); {out['graduated']:,} whose children "
        "had outgrown the range. Who hasn't bought within the window is not scored.",
        "",
        "**What not to do with it.** It tells who may leave, not who can be kept: whom a contact changes is measured "
        "by trials. A reason is what the model leans on, no proof of a cause. Don't set prices by it, and don't decide "
        "by it about customers who refused automated decisions.",
        "",
        f"**Weak spots.** {_weak_en(active)} Hit rates hold for this shop and season; an interval speaks of other "
        f"customers, not of another year. Of 100 flagged, about {100 * (hit['value'] or 0):.0f} leave: the others "
        "would have stayed without a contact.",
        "",
        "**What it leans on.** " + ", ".join(f"{name} {share:.0%}" for name, share in active["family_weights"].items()),
        "",
        f"Definitions `{told['definition_hash'][:16]}`, settings `{told['settings_hash']}`, snapshots: "
        + ", ".join(f"{name} {number}" for name, number in sorted(told["inputs"].items())),
    ]
    return "\n".join(lines) + "\n"


def _chinese(told: Told) -> str:
    active = told["report"]["populations"][0]
    best = active["scorecards"][0]
    hit = best["precision_at_recall"]
    inside = sum(row["inside"] for row in best["reliability"])
    out = active["left_out"]
    lines = [
        f"# 模型卡：流失 {told['version']}",
        "",
        f"**它说什么。** 对此前 {told['window_days']} 天内买过的每位客户，给出未来 "
        f"{told['horizon_days']} 天内不再购买的概率。{told['report']['horizon_zh']}。",
        "",
        f"**由什么构成。** 先用逻辑回归综合两个购买模型（BG/NBD、MBG/NBD）、RFM 排名与购买先后的信息，再加 "
        f"{told['rounds']} 棵小决策树（读 {len(told['features'])} 项客户事实，采信 {told['belief']:.0%}）。只用 "
        f"{told['as_of']} 之前已知的数据训练；{told['report']['origins']['zh']}。",
        "",
        f"**有多准。** {told['report']['verdict_zh']}。{told['report']['goal_zh']}。校准误差 {_n(best['ece'])}，"
        f"同样规模的完美模型不超过 {_n(best['ece_of_perfect'])}（{len(best['reliability'])} 组中 {inside} 组在带内）。",
        "",
        *_table(active, ("模型", "AUROC(95 %)", "准确率", "命中率", "对数损失", "校准误差")),
        "",
        f"**不计入谁。** 策略触达过的客户 {out['treated']:,} 人次（由对照组 {out['controls']:,} 人次代表 "
        f"{out['controls_stand_for']:,.0f}）；孩子已超出适用年龄的毕业客户 {out['graduated']:,} 人次。"
        "窗口内没有购买的客户不打分。",
        "",
        "**不要用来做什么。** 它只说谁可能离开，不说谁能被挽回：触达能改变谁，要由试验来衡量。"
        "原因是模型所依据的信号，不是因果证明。不要据此定价；拒绝自动化决策的客户，不得据此作决定。",
        "",
        f"**薄弱之处。** {_weak_zh(active)}命中率只对本店本季成立；区间说的是换一批客户，不是换一年。"
        f"每 100 个被预警的人中约 {100 * (hit['value'] or 0):.0f} 人离开，其余的人不触达也会留下。",
        "",
        "**依据什么。** " + "、".join(f"{name} {share:.0%}" for name, share in active["family_weights"].items()),
        "",
        f"定义 `{told['definition_hash'][:16]}`，设置 `{told['settings_hash']}`，快照："
        + "、".join(f"{name} {number}" for name, number in sorted(told["inputs"].items())),
    ]
    return "\n".join(lines) + "\n"


def _table(active: Told, heads: tuple[str, ...]) -> list[str]:
    rows = [
        (
            one["model"],
            f"{_n(one['auroc']['value'])} ({_n(one['auroc']['low'])}–{_n(one['auroc']['high'])})",
            _n(one["accuracy"]),
            _n(one["precision_at_recall"]["value"]),
            _n(one["log_loss"]),
            _n(one["ece"]),
        )
        for one in active["scorecards"]
    ]
    return [_row(heads), _row(("---",) * len(heads)), *(_row(row) for row in rows)]


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"


def _weak(active: Told) -> list[Told]:
    """Return the parts whose churn rate lies outside the band of their probabilities."""
    return [one for one in active["groups"] if not one["churn_low"] <= one["churn_rate"] <= one["churn_high"]]


def _weak_en(active: Told) -> str:
    weak = [f"{one['group']} ({one['predicted']:.0%} said, {one['churn_rate']:.0%} came)" for one in _weak(active)]
    moved = [one["name"] for one in active["drift"] if one["level"] == "alarm"]
    said = f"Probabilities miss in these parts: {', '.join(weak)}." if weak else "No part is misjudged beyond chance."
    return said + (f" These have moved since calibration: {', '.join(moved)}." if moved else "")


def _weak_zh(active: Told) -> str:
    weak = [f"{one['group']}（预测 {one['predicted']:.0%}，实际 {one['churn_rate']:.0%}）" for one in _weak(active)]
    moved = [one["name"] for one in active["drift"] if one["level"] == "alarm"]
    said = f"以下部分的概率不准：{'、'.join(weak)}。" if weak else "没有哪一部分的偏差超出偶然。"
    return said + (f"校准以来明显变化的有：{'、'.join(moved)}。" if moved else "")


def _n(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
