"""What all purchase-count models have in common, so that one may stand in for another."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from liuke.predict.clv.models.history import FloatArray


class PurchaseModel(Protocol):
    """A model of repeat purchases; time in any unit, the same everywhere."""

    log_likelihood_: float
    n_customers_: int

    @property
    def parameters(self) -> tuple[float, float, float, float]:
        """Learned parameters, all above zero."""

    def fit(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike) -> Self:
        """Learn by maximum likelihood."""

    def set_parameters(self, first: float, second: float, third: float, fourth: float, /) -> Self:
        """Take parameters from elsewhere."""

    def log_likelihood(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike) -> float:
        """Sum over customers."""

    def log_likelihoods(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike) -> FloatArray:
        """One term per customer."""

    def conditional_expected_purchases(
        self, t: npt.ArrayLike, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike
    ) -> FloatArray:
        """Expected purchases in the next ``t``."""

    def probability_no_purchase(
        self, t: npt.ArrayLike, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike
    ) -> FloatArray:
        """Churn probability."""

    def simulate(
        self,
        rng: np.random.Generator,
        t: float,
        x: npt.ArrayLike,
        t_x: npt.ArrayLike,
        T: npt.ArrayLike,
        draws: int = 1,
    ) -> FloatArray:
        """One draw per customer, or several in rows."""
