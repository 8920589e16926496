"""Gradient-boosted trees on aggregates: small trees, slow learning, stopped early on a later period.

Learning starts from what the order of purchases says (``start.py``), so the trees only have to say where a shop's
customers differ from that. How much of what the trees learnt is believed (all, half, nothing) is chosen on the
calibration period: with little data the start remains, and the learner is never worse than its simple rules there.

The same data, settings and seed give the same model on any machine with the same LightGBM: sums are put in a fixed
order (``deterministic``, ``force_row_wise``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from scipy.special import expit

from liuke.predict.churn.models.start import Start, fit_start
from liuke.predict.evaluation import fit_platt, log_loss

FloatArray = npt.NDArray[np.float64]

MAX_ROUNDS = 400
PATIENCE_ROUNDS = 40

# A shop has thousands of customers, not millions: few leaves, many customers in each, strong shrinkage. On three public
# shops, three horizons and two days each this start and size gave a mean AUROC of 0.767, 15 leaves from nothing 0.763.
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "metric": "binary_logloss",
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
ROWS_PER_THREAD = 20_000  # with fewer rows threads wait for each other longer than they work
MIN_LEAF = 40
MIN_LEAF_SHARE = 0.02
BELIEFS = (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Sample:
    """Customers to learn from or to be told about.

    Attributes
    ----------
    features : array, shape (n_customers, n_features)
        Missing values are NaN.
    basis : array, shape (n_customers, n_columns)
        Columns of ``rhythm.BASIS``.
    churned, weight : array, shape (n_customers,)
    """

    features: FloatArray
    basis: FloatArray
    churned: FloatArray
    weight: FloatArray

    def __len__(self) -> int:
        return int(self.churned.size)


@dataclass(frozen=True)
class BoostedTrees:
    """A trained model; ``text`` is LightGBM's own format.

    Attributes
    ----------
    names : tuple of str
        Features in the order of the columns.
    rounds : int
        Trees kept.
    belief : float
        Share of the trees' log-odds that is added to the start, 0 to 1.
    start : Start
    start_at : int
        Column under whose name the start is explained.
    """

    text: str
    names: tuple[str, ...]
    rounds: int
    belief: float
    start: Start
    start_at: int

    def probability(self, features: FloatArray, basis: FloatArray) -> FloatArray:
        """Return raw probabilities, shape (n_customers,)."""
        if not len(features):
            return np.zeros(0)
        probability: FloatArray = expit(self.start.log_odds(basis) + self.belief * self._learnt(features))
        return probability

    def contributions(self, features: FloatArray, basis: FloatArray) -> FloatArray:
        """Return what each feature adds to the log-odds, shape (n_customers, n_features).

        Exact: tree SHAP values, and for the start its distance from the start of a customer in the centre.

        References
        ----------
        Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees".
        """
        if not len(features):
            return np.zeros((0, len(self.names)))
        shares = np.asarray(self._booster.predict(features, pred_contrib=True), dtype=np.float64)[:, :-1]
        shares *= self.belief
        shares[:, self.start_at] += self.start.log_odds(basis) - self.start.intercept
        return shares

    def _learnt(self, features: FloatArray) -> FloatArray:
        if self.belief == 0:
            return np.zeros(len(features))
        return np.asarray(self._booster.predict(features, raw_score=True), dtype=np.float64)

    @cached_property
    def _booster(self) -> Any:
        return lgb.Booster(model_str=self.text)


@dataclass(frozen=True)
class Growth:
    """How trees are grown: the same way for the judgement and for use.

    Attributes
    ----------
    names : tuple of str
    start_name : str
        Feature under whose name the start is explained.
    """

    names: tuple[str, ...]
    start_name: str
    seed: int
    num_threads: int

    def watched(self, train: Sample, watch: Sample) -> BoostedTrees:
        """Learn; stop where the log-loss on a later period stops falling, and believe as much as serves it best."""
        start = fit_start(train.basis, train.churned, train.weight)
        data = self._data(train, start)
        sets = [self._data(watch, start, data)]
        calls = [lgb.early_stopping(PATIENCE_ROUNDS, verbose=False)]
        booster = lgb.train(self._parameters(train), data, MAX_ROUNDS, valid_sets=sets, callbacks=calls)
        rounds = max(int(booster.best_iteration), 1)
        belief = _belief(watch, start.log_odds(watch.basis), booster.predict(watch.features, raw_score=True))
        return self._grown(booster, rounds, belief, start)

    def fixed(self, train: Sample, rounds: int, belief: float) -> BoostedTrees:
        """Learn in exactly so many rounds."""
        start = fit_start(train.basis, train.churned, train.weight)
        booster = lgb.train(self._parameters(train), self._data(train, start), rounds)
        return self._grown(booster, rounds, belief, start)

    def _grown(self, booster: Any, rounds: int, belief: float, start: Start) -> BoostedTrees:
        text = booster.model_to_string(num_iteration=rounds)
        return BoostedTrees(text, self.names, rounds, belief, start, self.names.index(self.start_name))

    def _data(self, sample: Sample, start: Start, reference: Any = None) -> Any:
        labels = [f"f{i}" for i in range(len(self.names))]  # LightGBM refuses some characters in names
        return lgb.Dataset(
            sample.features,
            sample.churned,
            weight=sample.weight,
            init_score=start.log_odds(sample.basis),
            feature_name=labels,
            reference=reference,
        )

    def _parameters(self, sample: Sample) -> dict[str, Any]:
        return PARAMETERS | {
            "seed": self.seed,
            "num_threads": min(self.num_threads, 1 + len(sample) // ROWS_PER_THREAD),
            "min_data_in_leaf": max(MIN_LEAF, int(MIN_LEAF_SHARE * len(sample))),
        }


def _belief(watch: Sample, start: FloatArray, learnt: FloatArray) -> float:
    """Return the share of the trees' log-odds with the lowest log-loss once calibrated; of equals the smallest."""

    def calibrated_loss(share: float) -> float:
        raw = expit(start + share * learnt)
        return log_loss(watch.churned, fit_platt(watch.churned, raw, watch.weight)(raw), watch.weight)

    return min(BELIEFS, key=calibrated_loss)
