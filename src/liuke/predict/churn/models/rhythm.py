"""What the order of purchases alone says: two purchase models, ranks, and the plain quantities behind them.

Every shop has these, however little else it records, and with few customers nothing beats them. Trees start from here
(:mod:`liuke.predict.churn.models.start`) and only say where a shop's customers differ. Pareto/NBD was tried as a third
model: on three public shops it changed AUROC by less than 0.001 and took thirty times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from liuke.predict.churn.models import baselines
from liuke.predict.clv import BgNbd, MbgNbd, PurchaseModel, PurchaseSummary
from liuke.predict.evaluation import log_odds

FloatArray = npt.NDArray[np.float64]
AnyModel = TypeVar("AnyModel", bound=PurchaseModel)

# Four parameters are known well enough from so many customers; the fit's time grows with them.
FIT_CUSTOMERS = 20_000

# Names of the columns: log-odds of churn by each model, then logarithms of days, counts and money.
BASIS = ("bg_nbd", "mbg_nbd", "rfm", "recency", "frequency", "tenure", "margin", "lateness")


@dataclass(frozen=True)
class Rhythms:
    """The two purchase models, fitted on everyone of a cutoff."""

    bg_nbd: BgNbd
    mbg_nbd: MbgNbd

    @classmethod
    def fit(cls, summary: PurchaseSummary) -> Rhythms:
        """Fit both, in days; on every k-th customer where there are many.

        Ids are hashes, so every k-th by id is a random sample that is the same in every run.
        """
        return cls(_fitted(BgNbd(), summary), _fitted(MbgNbd(), summary))

    def silences(self, summary: PurchaseSummary, horizon_days: float) -> FloatArray:
        """Return each model's probability of no purchase within the horizon, shape (n_customers, 2)."""
        rows = np.column_stack([summary.frequency, summary.recency_days, summary.T_days])
        distinct, back = np.unique(rows, axis=0, return_inverse=True)  # a million customers share few histories
        x, t_x, T = distinct.T
        models: Sequence[PurchaseModel] = (self.bg_nbd, self.mbg_nbd)
        told = np.column_stack([model.probability_no_purchase(horizon_days, x, t_x, T) for model in models])
        silences: FloatArray = told[back.ravel()]
        return silences


def _fitted(model: AnyModel, summary: PurchaseSummary) -> AnyModel:
    step = max(len(summary) // FIT_CUSTOMERS, 1)
    return model.fit(summary.frequency[::step], summary.recency_days[::step], summary.T_days[::step])


def basis(summary: PurchaseSummary, silences: FloatArray) -> FloatArray:
    """Return the columns of ``BASIS``, shape (n_customers, 8); none is ever missing.

    Parameters
    ----------
    silences : array, shape (n_customers, 2)
        Of :meth:`Rhythms.silences`.
    """
    since = np.log1p(summary.since_last_days)
    gap = np.where(summary.frequency > 0, summary.recency_days / np.maximum(summary.frequency, 1), summary.T_days)
    margin = summary.mean_margin_minor
    return np.column_stack(
        [
            log_odds(silences),
            log_odds(baselines.rfm(summary)),
            since,
            np.log1p(summary.frequency),
            np.log1p(summary.T_days),
            np.sign(margin) * np.log1p(np.abs(margin)),
            since - np.log1p(gap),
        ]
    )
