"""What is said about churn prediction: reports, parts of the population, runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from liuke.kernel.results import Estimate, NotEnoughData
from liuke.predict.churn.category_report import CategoryHorizons
from liuke.predict.churn.horizon import HorizonProposal
from liuke.predict.churn.timing import TimingReport
from liuke.predict.evaluation import (
    LEAST_AUROC,
    STATED_PRECISION,
    STATED_RECALL,
    Drift,
    OriginPlan,
    Scorecard,
    jsonable,
    standing,
)

LEARNER = "lightgbm"


@dataclass(frozen=True)
class GroupResult:
    """The learner on a part of the final population.

    Attributes
    ----------
    kind : str
        ``lifecycle``, ``value_tier`` or ``history`` (bought on one day or on more).
    group : str
        A value of that tag; ``one-time buyers`` or ``repeat buyers``.
    predicted : float
        Mean probability; beside the churn rate it says whether the part is judged fairly.
    churn_low, churn_high : float
        95 % band of the churn rate if the probabilities were true.
    auroc : Estimate
        NaN with one outcome only; with few customers the interval says how little is known.
    """

    kind: str
    group: str
    n: int
    churn_rate: float
    predicted: float
    churn_low: float
    churn_high: float
    auroc: Estimate
    precision_at_recall: float


@dataclass(frozen=True)
class LeftOut:
    """Who doesn't count at the origins, and who counts for others.

    Attributes
    ----------
    treated : int
        Customers × origins that a strategy contacted around the cutoff.
    controls : int
        Members of control groups that stand for them.
    controls_stand_for : float
        The sum of their weights.
    graduated : int
        Left because every known child had outgrown the range: no loss.
    """

    treated: int
    controls: int
    controls_stand_for: float
    graduated: int


@dataclass(frozen=True)
class PopulationReport:
    """How well churn is told for one population, on a period that nothing was fitted on.

    Attributes
    ----------
    population : str
        ``active`` (bought within the window) or ``all`` (ever bought).
    scorecards : tuple of Scorecard
        The learner first, then majority, recency, RFM and BG/NBD, all calibrated alike.
    best_baseline : str
        The baseline with the highest AUROC.
    auroc_gain, loss_gain : Estimate
        Learner against best baseline, paired bootstrap: AUROC gained, log-loss saved.
    rounds : int
        Trees of the learner.
    belief : float
        Share of what the trees learnt that is believed, 0 to 1, chosen on the calibration period.
    timing : TimingReport or None
    drift : tuple of Drift
        Between calibration and final period: the score first, then the features that moved most.
    margin_ratio : float
        Expected margin if staying ÷ margin that those who stayed brought; 1 is right. NaN if nobody stayed.
    family_weights : mapping of str to float
        Share of each tag family in the learner's explanations (mean absolute log-odds), adds up to 1.
    """

    population: str
    n_train: int
    n_calibration: int
    n_final: int
    churn_rates: Mapping[str, float]
    scorecards: tuple[Scorecard, ...]
    best_baseline: str
    auroc_gain: Estimate
    loss_gain: Estimate
    groups: tuple[GroupResult, ...]
    left_out: LeftOut
    rounds: int
    belief: float
    calibration: str
    timing: TimingReport | None
    drift: tuple[Drift, ...]
    margin_ratio: float
    family_weights: Mapping[str, float]

    @property
    def learner(self) -> Scorecard:
        """The learner's scorecard."""
        return self.scorecards[0]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        plain: dict[str, Any] = jsonable(asdict(self))
        plain["scorecards"] = [card.to_dict() for card in self.scorecards]
        for one, told in zip(self.drift, plain["drift"], strict=True):
            told["level"] = one.level
        return plain


@dataclass(frozen=True)
class ChurnReport:
    """All that is known about the quality of churn prediction at a day.

    Attributes
    ----------
    categories : CategoryHorizons or None
        Whether the horizon fits what customers mainly buy; only by ``evaluate``, and only where lines name categories.
    """

    as_of: date
    horizon: HorizonProposal
    window_days: int
    plan: OriginPlan
    populations: tuple[PopulationReport, ...]
    model_version: str
    definition_hash: str
    n_features: int
    currency: str
    categories: CategoryHorizons | None = None

    @property
    def active(self) -> PopulationReport:
        """The population that is scored every day."""
        return self.populations[0]

    def verdict_en(self) -> str:
        """Say in a sentence what the model is worth."""
        card, gain = self.active.learner, self.active.auroc_gain
        better = {"better": "better than", "worse": "worse than", "same": "as good as"}[standing(gain, LEAST_AUROC)]
        return (
            f"{card.n:,} active buyers, {card.base_rate:.1%} churned; AUROC {card.auroc.value:.3f} "
            f"({card.auroc.low:.3f} to {card.auroc.high:.3f}), {better} {self.active.best_baseline} "
            f"({gain.value:+.3f}); accuracy {card.accuracy:.1%} where always naming the commoner class gives "
            f"{card.majority_accuracy:.1%}"
        )

    def verdict_zh(self) -> str:
        """Say the same in Chinese."""
        card, gain = self.active.learner, self.active.auroc_gain
        beside = {"better": "优于 {}", "worse": "不如 {}", "same": "与 {} 不相上下"}[standing(gain, LEAST_AUROC)]
        return (
            f"活跃买家 {card.n:,} 人，流失 {card.base_rate:.1%}；AUROC {card.auroc.value:.3f}"
            f"（{card.auroc.low:.3f} 至 {card.auroc.high:.3f}），{beside.format(self.active.best_baseline)}"
            f"（{gain.value:+.3f}）；准确率 {card.accuracy:.1%}，全猜多数类为 {card.majority_accuracy:.1%}"
        )

    def goal_en(self) -> str:
        """Say how far the goal for the hit rate of warnings is."""
        card = self.active.learner
        hit, reached = card.precision_at_recall, card.recall_at_precision
        return (
            f"hit rate of warnings at {STATED_RECALL:.0%} recall: {hit.value:.1%} ({hit.low:.1%} to {hit.high:.1%}) of "
            f"{card.n_flagged:,} flagged, base rate {card.base_rate:.1%}; goal {STATED_PRECISION:.0%} "
            + ("reached" if hit.value >= STATED_PRECISION else f"missed, it holds up to {reached:.0%} recall")
        )

    def goal_zh(self) -> str:
        """Say the same in Chinese."""
        card = self.active.learner
        hit, reached = card.precision_at_recall, card.recall_at_precision
        return (
            f"召回 {STATED_RECALL:.0%} 时的预警命中率：{hit.value:.1%}（{hit.low:.1%} 至 {hit.high:.1%}），预警 "
            f"{card.n_flagged:,} 人，基准流失率 {card.base_rate:.1%}；目标 {STATED_PRECISION:.0%}"
            + ("已达到" if hit.value >= STATED_PRECISION else f"未达到，仅在召回不超过 {reached:.0%} 时成立")
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "as_of": self.as_of.isoformat(),
            "horizon_days": self.horizon.horizon_days,
            "horizon_bound": self.horizon.bound,
            "horizon_zh": self.horizon.note_zh,
            "horizon_en": self.horizon.note_en,
            "window_days": self.window_days,
            "horizon_by_category": self.categories.to_dict() if self.categories else None,
            "origins": {
                "train": [day.isoformat() for day in self.plan.train],
                "calibration": self.plan.calibration.isoformat(),
                "final": self.plan.final.isoformat(),
                "count": len(self.plan.cutoffs),
                "possible": self.plan.possible,
                "zh": self.plan.note_zh(),
                "en": self.plan.note_en(),
            },
            "stated_recall": STATED_RECALL,
            "stated_precision": STATED_PRECISION,
            "populations": [population.to_dict() for population in self.populations],
            "model_version": self.model_version,
            "definition_hash": self.definition_hash,
            "n_features": self.n_features,
            "currency": self.currency,
            "verdict_zh": self.verdict_zh(),
            "verdict_en": self.verdict_en(),
            "goal_zh": self.goal_zh(),
            "goal_en": self.goal_en(),
        }


@dataclass(frozen=True)
class ChurnRun:
    """What a day's prediction gave.

    Attributes
    ----------
    scores : pyarrow.Table
        Rows of ``churn_scores``; none if there is not enough data and no earlier model either.
    outcome : ChurnReport, NotEnoughData or None
        None: an earlier model was used again. Not enough data with scores: no new model, the one in use went on.
    model_version : str or None
    """

    scores: pa.Table
    outcome: ChurnReport | NotEnoughData | None
    model_version: str | None
