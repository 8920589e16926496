"""The churn report as text."""

from __future__ import annotations

from liuke.app.cli.output import console, table
from liuke.predict.churn import CategoryHorizons, ChurnReport, GroupRhythm, PopulationReport


def print_report(report: ChurnReport) -> None:
    """Print scorecards, parts, reliability, timing and drift of each population."""
    console.print(f"[bold]Churn as of {report.as_of}[/]: {report.horizon.note_en}", soft_wrap=True)
    console.print(report.plan.note_en(), soft_wrap=True)
    if report.categories:
        _categories(report.categories)
    for population in report.populations:
        _scorecards(population)
    _details(report.active)
    console.print(report.verdict_en(), soft_wrap=True)
    console.print(report.goal_en(), soft_wrap=True)


def _categories(horizons: CategoryHorizons) -> None:
    rows = [
        (one.category, one.n_main, one.back.n_intervals, _days(one.back), one.back.against_shop, _days(one.again))
        for one in horizons.categories
    ]
    heads = ("main category", "customers", "intervals", "back within (95 %)", "than the shop's", "bought again within")
    table(f"horizon by category, in days; the shop's is {horizons.shop_days}", heads, rows)
    for said in (horizons, horizons.label):
        if said is not None:
            console.print(said.say_en(), soft_wrap=True)
            console.print(said.say_zh(), soft_wrap=True)


def _days(rhythm: GroupRhythm) -> str:
    one = rhythm.horizon
    return f"{one.value:.0f} ({one.low:.0f} to {one.high:.0f})" if one else "not enough data"


def _scorecards(population: PopulationReport) -> None:
    rows = [
        (
            card.model,
            f"{card.auroc.value:.3f} ({card.auroc.low:.3f} to {card.auroc.high:.3f})",
            f"{card.accuracy:.3f}",
            f"{card.balanced_accuracy:.3f}",
            f"{card.pr_auc.value:.3f}",
            f"{card.precision_at_recall.value:.3f}",
            f"{card.lift_at_10pct:.2f}",
            f"{card.log_loss:.4f}",
            f"{card.ece:.3f} ({card.ece_of_perfect:.3f})",
        )
        for card in population.scorecards
    ]
    heads = ("model", "AUROC (95 %)", "accuracy", "balanced", "PR-AUC", "hit rate", "lift", "log-loss", "ECE (band)")
    table(
        f"{population.population}: {population.n_final:,} customers on the untouched period, "
        f"{population.learner.base_rate:.1%} churned, majority {population.learner.majority_accuracy:.1%} right",
        heads,
        rows,
    )
    area, loss = population.auroc_gain, population.loss_gain
    console.print(
        f"against {population.best_baseline}: AUROC {area.value:+.4f} ({area.low:+.4f} to {area.high:+.4f}), log-loss "
        f"saved {loss.value:+.4f} ({loss.low:+.4f} to {loss.high:+.4f}); trees believed to {population.belief:.0%}",
        soft_wrap=True,
    )


def _details(population: PopulationReport) -> None:
    table(
        "parts of the active buyers",
        ("by", "part", "customers", "churned", "said", "band if true", "AUROC (95 %)", "hit rate"),
        [
            (
                one.kind,
                one.group,
                one.n,
                f"{one.churn_rate:.1%}",
                f"{one.predicted:.1%}",
                f"{one.churn_low:.1%} to {one.churn_high:.1%}",
                f"{one.auroc.value:.3f} ({one.auroc.low:.3f} to {one.auroc.high:.3f})",
                f"{one.precision_at_recall:.3f}",
            )
            for one in population.groups
        ],
    )
    table(
        "reliability",
        ("said", "came", "customers", "band of a perfect model", "inside"),
        [
            (f"{row.predicted:.1%}", f"{row.observed:.1%}", row.n, f"{row.low:.1%} to {row.high:.1%}", row.inside)
            for row in population.learner.reliability
        ],
    )
    timing = population.timing
    if timing:
        days = ", ".join(
            f"day {day}: {came:.1%} silent, {said:.1%} said"
            for day, came, said in zip(timing.days, timing.silent, timing.expected, strict=True)
        )
        console.print(
            f"when: {days}; Brier {timing.brier:.4f}, BG/NBD {timing.brier_bg_nbd:.4f}, one curve for all "
            f"{timing.brier_same:.4f}; concordance {timing.concordance:.3f}",
            soft_wrap=True,
        )
    moved = ", ".join(f"{one.name} {one.psi:.2f} ({one.level})" for one in population.drift)
    console.print(f"drift from calibration to final period (PSI): {moved}", soft_wrap=True)
    out = population.left_out
    console.print(
        f"left out over all origins: {out.treated:,} treated ({out.controls:,} controls stand for "
        f"{out.controls_stand_for:,.0f}), {out.graduated:,} graduated",
        soft_wrap=True,
    )
