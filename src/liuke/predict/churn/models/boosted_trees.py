"""Gradient-boosted trees on aggregates: small trees, slow learning, stopped early on a later period.

The same data, settings and seed give the same model on any machine with the same LightGBM: sums are put in a fixed
order (``deterministic``, ``force_row_wise``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

MAX_ROUNDS = 400
PATIENCE_ROUNDS = 40

# A shop has thousands of customers, not millions: 15 leaves of at least 1 % of the customers, strong shrinkage.
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "metric": "binary_logloss",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
ROWS_PER_THREAD = 20_000  # with fewer rows threads wait for each other longer than they work
MIN_LEAF = 20
MIN_LEAF_SHARE = 0.01


@dataclass(frozen=True)
class BoostedTrees:
    """A trained model; ``text`` is LightGBM's own format.

    Attributes
    ----------
    names : tuple of str
        Features in the order of the columns.
    rounds : int
        Trees kept.
    """

    text: str
    names: tuple[str, ...]
    rounds: int

    def probability(self, features: FloatArray) -> FloatArray:
        """Return raw probabilities, shape (n_customers,), of features of shape (n_customers, n_features)."""
        if not len(features):
            return np.zeros(0)
        return np.asarray(self._booster().predict(features), dtype=np.float64)

    def contributions(self, features: FloatArray) -> FloatArray:
        """Return what each feature adds to the log-odds, shape (n_customers, n_features): exact tree SHAP values.

        References
        ----------
        Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees".
        """
        if not len(features):
            return np.zeros((0, len(self.names)))
        return np.asarray(self._booster().predict(features, pred_contrib=True), dtype=np.float64)[:, :-1]

    def _booster(self) -> Any:
        return lgb.Booster(model_str=self.text)


def train(
    features: FloatArray,
    y: FloatArray,
    names: tuple[str, ...],
    seed: int,
    num_threads: int,
    watch: tuple[FloatArray, FloatArray] | None = None,
    rounds: int = MAX_ROUNDS,
) -> BoostedTrees:
    """Train trees.

    Parameters
    ----------
    features : array, shape (n_customers, n_features)
        Missing values are NaN.
    y : array, shape (n_customers,)
        1 = churned.
    seed, num_threads : int
    watch : tuple of features and y, optional
        A later period: training stops where its log-loss stops falling. None: exactly ``rounds`` trees.
    rounds : int
    """
    parameters = PARAMETERS | {
        "seed": seed,
        "num_threads": min(num_threads, 1 + len(y) // ROWS_PER_THREAD),
        "min_data_in_leaf": max(MIN_LEAF, int(MIN_LEAF_SHARE * len(y))),
    }
    labels = [f"f{i}" for i in range(len(names))]  # LightGBM refuses some characters in names
    data = lgb.Dataset(features, y, feature_name=labels, free_raw_data=False)
    if watch is None:
        booster = lgb.train(parameters, data, num_boost_round=rounds)
        return BoostedTrees(booster.model_to_string(), names, rounds)
    booster = lgb.train(
        parameters,
        data,
        num_boost_round=rounds,
        valid_sets=[lgb.Dataset(watch[0], watch[1], reference=data)],
        callbacks=[lgb.early_stopping(PATIENCE_ROUNDS, verbose=False)],
    )
    best = max(int(booster.best_iteration), 1)
    return BoostedTrees(booster.model_to_string(num_iteration=best), names, best)
