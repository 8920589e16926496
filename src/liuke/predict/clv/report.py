"""What is said about value models: which ones, on which customers, how far off, better than what."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from liuke.kernel.results import Estimate
from liuke.predict.clv.contracts import ModelChoice
from liuke.predict.evaluation import LEAST_ERROR_SHARE, AmountScore, Standing, jsonable, standing

NOBODY, RATE, RFM, BASELINE = "nobody buys", "past rate goes on", "RFM cell means", "bg_nbd"
COVARIATES = "bg_nbd + covariates"
NAIVE = (NOBODY, RATE, RFM)


@dataclass(frozen=True)
class IntervalCheck:
    """Do intervals hold what came? Shares are of those inside; all at the same nominal level.

    Attributes
    ----------
    level : float
        What the shares should be.
    customers : float
        Of single customers: their margin in their interval.
    groups, n_groups : float, int
        Of groups of ``group_size`` customers drawn by chance: their total margin in its interval.
    kept : float
        The same for the margin of those who stay, the visible part of the sum behind value at risk.
    left : float
        The same for those who left, at the margin that was expected of them.
    total, actual : Estimate, float
        Of all customers, minor units.
    """

    level: float
    customers: float
    groups: float
    kept: float
    left: float
    n_groups: int
    group_size: int
    total: Estimate
    actual: float


@dataclass(frozen=True)
class ValueReport:
    """Value models judged by a period that nothing was fitted on.

    Attributes
    ----------
    as_of, cutoff : date
        Models know days before ``cutoff``; they are judged by the days up to ``as_of``.
    horizon_days : int
    n_customers, n_repeat : int
        Who had bought by the cutoff; who of them on two days or more.
    purchases, margin : tuple of AmountScore
        One per model: purchase days, and margin in minor units.
    choice : ModelChoice
        Which model the shop would have used from the cutoff on, chosen without a look at the period.
    gains : dict of str to Estimate
        RMSE of margin by each other model minus the chosen one's, paired bootstrap; above 0: the chosen is better.
        In words only beyond chance, and from 1 % of the other's error on.
    covariate_gain : Estimate or None
        RMSE of margin by BG/NBD minus that with covariates; None where they could not be learnt.
    covariate_note : str
        What they learnt from, or why they could not.
    intervals : IntervalCheck
    """

    as_of: date
    cutoff: date
    horizon_days: int
    n_customers: int
    n_repeat: int
    currency: str
    margin_rate: float
    purchases: tuple[AmountScore, ...]
    margin: tuple[AmountScore, ...]
    choice: ModelChoice
    gains: dict[str, Estimate]
    covariate_gain: Estimate | None
    covariate_note: str
    intervals: IntervalCheck

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        plain: dict[str, Any] = jsonable(asdict(self))
        return plain | {"verdict_zh": self.verdict_zh(), "verdict_en": self.verdict_en()}

    def best(self, scores: tuple[AmountScore, ...]) -> AmountScore:
        """Return the score with the smallest RMSE."""
        return min(scores, key=lambda score: score.rmse.value)

    def verdict_en(self) -> str:
        """Say in a sentence or two what to believe."""
        better, worse, same = self._against()
        text = f"Used for this shop: {self.choice.model}. "
        text += f"Better beyond chance than {', '.join(better)}. " if better else ""
        text += f"As good as {', '.join(same)}. " if same else ""
        text += f"WORSE beyond chance than {', '.join(worse)}. " if worse else ""
        return f"{text}{self.choice.reason_en}"

    def verdict_zh(self) -> str:
        """Say the same in Chinese."""
        better, worse, same = self._against()
        text = f"本店采用：{self.choice.model}。"
        text += f"超出偶然地优于 {'、'.join(better)}。" if better else ""
        text += f"与 {'、'.join(same)} 不相上下。" if same else ""
        text += f"超出偶然地差于 {'、'.join(worse)}。" if worse else ""
        return f"{text}{self.choice.reason_zh}"

    def _against(self) -> tuple[list[str], list[str], list[str]]:
        """Return the other models by how the used one stands to them."""
        errors = {score.model: score.rmse.value for score in self.margin}
        found: dict[Standing, list[str]] = {"better": [], "worse": [], "same": []}
        for name, gain in self.gains.items():
            found[standing(gain, LEAST_ERROR_SHARE * errors[name])].append(name)
        return found["better"], found["worse"], found["same"]
