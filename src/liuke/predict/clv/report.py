"""What is said about value models: which ones, on which customers, how far off, better than what."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from liuke.kernel.results import Estimate
from liuke.predict.evaluation import AmountScore, jsonable

NOBODY, RATE, BASELINE = "nobody buys", "past rate goes on", "bg_nbd"
COVARIATES = "bg_nbd + covariates"


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
    covariate_gain : Estimate or None
        RMSE of margin by BG/NBD minus that with covariates, paired bootstrap; above 0: covariates are better. None
        where they could not be learnt.
    covariate_note : str
        What they learnt from, or why they could not.
    """

    as_of: date
    cutoff: date
    horizon_days: int
    n_customers: int
    n_repeat: int
    currency: str
    purchases: tuple[AmountScore, ...]
    margin: tuple[AmountScore, ...]
    covariate_gain: Estimate | None
    covariate_note: str

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        plain: dict[str, Any] = jsonable(asdict(self))
        return plain

    def best(self, scores: tuple[AmountScore, ...]) -> AmountScore:
        """Return the score with the smallest RMSE."""
        return min(scores, key=lambda score: score.rmse.value)

    def verdict_en(self) -> str:
        """Say in a sentence what to believe."""
        purchases, margin = self.best(self.purchases), self.best(self.margin)
        naive = next(score for score in self.margin if score.model == RATE)
        text = (
            f"Smallest error: {purchases.model} for purchases, {margin.model} for margin "
            f"(RMSE {margin.rmse.value / naive.rmse.value:.2f} of “{RATE}”)."
        )
        if self.covariate_gain is None:
            return f"{text} {self.covariate_note}"
        if self.covariate_gain.low > 0:
            return f"{text} Covariates are better than BG/NBD alone beyond chance."
        return f"{text} Covariates are not better than BG/NBD alone beyond chance."
