"""What does everything else that is known of a customer add to the purchase model?

Two stages, P(buys) × margin given buying. Each stage starts from the purchase model's own answer and learns only the
correction, as trees on a log-odds and on a logarithmic scale. So corrections learnt on a short period can be used on a
long one: the purchase model carries the length of the period, the trees what it doesn't know (season, categories,
visits). It misleads where the future differs from the training periods, as every learner does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# Few leaves, slow learning, strong shrinkage: thousands of customers, not millions; the same reasons as for churn.
PARAMETERS: dict[str, Any] = {
    "learning_rate": 0.03,
    "num_leaves": 6,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 20.0,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
ROUNDS = 120
MIN_LEAF = 40
MIN_LEAF_SHARE = 0.02
MIN_BUYERS = 200

# Fewer rows are learnt from faster by one thread than by two that wait for each other.
ROWS_PER_THREAD = 50_000

# A wholesaler's order must not teach what families spend.
WINSOR = 0.99
TINY = 1e-9


@dataclass(frozen=True)
class PurchasePrior:
    """What the purchase model says of each customer for a period; arrays of shape (n_customers,).

    Attributes
    ----------
    buys : float64
        Probability of at least one purchase.
    margin_if_buys : float64
        Expected margin given at least one, minor units, above 0.
    """

    buys: FloatArray
    margin_if_buys: FloatArray

    @property
    def log_odds(self) -> FloatArray:
        """Of buying."""
        p = np.clip(self.buys, TINY, 1 - TINY)
        odds: FloatArray = np.log(p / (1 - p))
        return odds

    @property
    def log_margin(self) -> FloatArray:
        """Of the margin given buying; at least of one minor unit."""
        logarithm: FloatArray = np.log(np.maximum(self.margin_if_buys, 1.0))
        return logarithm


class CovariateValue:
    """P(buys) × margin given buying, corrected by covariates.

    Parameters
    ----------
    seed, num_threads : int

    Attributes
    ----------
    n_customers_, n_buyers_ : int
        What it learnt from.
    """

    def __init__(self, seed: int = 0, num_threads: int = 1) -> None:
        self.seed = seed
        self.num_threads = num_threads
        self.n_customers_ = 0
        self.n_buyers_ = 0
        self._buying: lgb.Booster | None = None
        self._margin: lgb.Booster | None = None

    @classmethod
    def of_texts(cls, buying: str, margin: str, num_threads: int = 1) -> CovariateValue:
        """Read corrections learnt before, from what :attr:`texts` gave."""
        read = cls(num_threads=num_threads)
        read._buying, read._margin = lgb.Booster(model_str=buying), lgb.Booster(model_str=margin)
        return read

    @property
    def texts(self) -> tuple[str, str]:
        """The two corrections as LightGBM's text."""
        assert self._buying is not None, "fit first"
        assert self._margin is not None, "fit first"
        return self._buying.model_to_string(), self._margin.model_to_string()

    def fit(self, features: FloatArray, prior: PurchasePrior, bought: FloatArray, margin: FloatArray) -> CovariateValue:
        """Learn the two corrections.

        Parameters
        ----------
        features : array, shape (n_customers, n_features)
        prior : PurchasePrior
            For the period of the outcome.
        bought, margin : array, shape (n_customers,)
            1 where there was a purchase; margin in minor units.

        Raises
        ------
        ValueError
            With fewer than ``MIN_BUYERS`` buyers; use the purchase model alone.
        """
        buys = (bought > 0) & (margin > 0)
        self.n_customers_, self.n_buyers_ = len(bought), int(buys.sum())
        if self.n_buyers_ < MIN_BUYERS:
            raise ValueError(f"{self.n_buyers_} buyers are too few to learn corrections from: {MIN_BUYERS} are needed")
        self._buying = self._train("binary", features, (bought > 0).astype(np.float64), prior.log_odds)
        top = float(np.quantile(margin[buys], WINSOR))
        self._margin = self._train("gamma", features[buys], np.minimum(margin[buys], top), prior.log_margin[buys])
        return self

    def predict(self, features: FloatArray, prior: PurchasePrior) -> FloatArray:
        """Return the expected margin, minor units, of the period that the prior is for."""
        assert self._buying is not None, "fit first"
        assert self._margin is not None, "fit first"
        odds = prior.log_odds + self._raw(self._buying, features)
        margin = np.exp(prior.log_margin + self._raw(self._margin, features))
        expected: FloatArray = margin / (1.0 + np.exp(-odds))
        return expected

    def _threads(self, n: int) -> int:
        return max(min(self.num_threads, n // ROWS_PER_THREAD), 1)

    def _raw(self, trees: lgb.Booster, features: FloatArray) -> FloatArray:
        return np.asarray(trees.predict(features, raw_score=True, num_threads=self._threads(len(features))))

    def _train(self, objective: str, features: FloatArray, target: FloatArray, start: FloatArray) -> lgb.Booster:
        parameters = PARAMETERS | {
            "objective": objective,
            "boost_from_average": False,
            "seed": self.seed,
            "num_threads": self._threads(len(target)),
            "min_data_in_leaf": max(MIN_LEAF, int(MIN_LEAF_SHARE * len(target))),
        }
        return lgb.train(parameters, lgb.Dataset(features, target, init_score=start), num_boost_round=ROUNDS)
