"""Turn scores into probabilities that hold, learnt on a period of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, logit

from liuke.predict.evaluation.ranking import checked

FloatArray = npt.NDArray[np.float64]

# Isotonic regression needs about this many of the rarer class before it beats a two-parameter curve
# (Niculescu-Mizil & Caruana 2005, "Predicting Good Probabilities With Supervised Learning", section 5).
ISOTONIC_MIN_CLASS = 500

# No finite history proves that somebody surely stays or surely leaves.
FLOOR = 1e-3

# Steps of the isotonic curve with fewer customers than this are merged: an edge step of three customers says "100 %".
MIN_STEP = 50

# Share of Platt's curve mixed into the steps: without it customers whom the score tells apart become one, and the order
# among them, which calibration is not to change, is lost.
SMOOTH_SHARE = 0.1


@dataclass(frozen=True)
class Calibrator:
    """A monotone map from score to probability.

    Attributes
    ----------
    kind : str
        ``isotonic``, ``platt`` or ``constant``.
    x, y : tuple of float
        Isotonic: knots, interpolated linearly. Platt: ``x`` is empty, ``y`` is (slope, intercept) on the log-odds.
        Constant: ``y`` is (probability,).
    """

    kind: str
    x: tuple[float, ...]
    y: tuple[float, ...]

    def __call__(self, score: npt.ArrayLike) -> FloatArray:
        """Return probabilities, same shape as ``score`` (which are raw probabilities, 0 to 1)."""
        raw = np.asarray(score, dtype=np.float64)
        if self.kind == "isotonic":
            probability = np.interp(raw, self.x, self.y)
        elif self.kind == "platt":
            probability = expit(self.y[0] * log_odds(raw) + self.y[1])
        else:
            probability = np.full(raw.shape, self.y[0])
        clipped: FloatArray = np.clip(probability, FLOOR, 1 - FLOOR)
        return clipped

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` reads."""
        return {"kind": self.kind, "x": list(self.x), "y": list(self.y)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Calibrator:
        """Restore a calibrator."""
        return cls(str(values["kind"]), tuple(map(float, values["x"])), tuple(map(float, values["y"])))


def fit_calibrator(y: npt.ArrayLike, score: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Calibrator:
    """Learn a calibrator: isotonic with enough of both classes, else Platt's curve, else the smoothed base rate.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcomes of the calibration period, which no model was fitted on.
    score : array_like, shape (n,)
        Raw probabilities.
    weight : array_like, shape (n,), optional
        For how many customers each one stands.
    """
    outcome, raw = checked(y, score)
    w = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    rarer = min(outcome.sum(), (1 - outcome).sum()) if outcome.size else 0.0
    if rarer == 0 or np.ptp(raw) == 0:
        # Laplace's rule of succession: "all of 40 left" is 41/42, not certainty
        return Calibrator("constant", (), (float((outcome @ w + 1) / (w.sum() + 2)),))
    if rarer >= ISOTONIC_MIN_CLASS:
        return _isotonic(outcome, raw, w)
    return fit_platt(outcome, raw, w)


def _isotonic(outcome: FloatArray, raw: FloatArray, weight: FloatArray) -> Calibrator:
    order = np.argsort(raw, kind="stable")
    x, y, w = raw[order], outcome[order], weight[order]
    # bins of MIN_STEP first: steps can't then be smaller
    edges = np.arange(0, x.size, MIN_STEP)
    sizes = np.add.reduceat(w, edges)
    means_x = np.add.reduceat(x * w, edges) / sizes
    means_y = np.add.reduceat(y * w, edges) / sizes
    fitted = isotonic_regression(means_y, weights=sizes).x
    knots, first = np.unique(means_x, return_index=True)
    steps = np.interp([0.0, *knots, 1.0], knots, fitted[first])
    ends = np.array([0.0, *knots, 1.0])
    smooth = fit_platt(outcome, raw, weight)(ends)
    mixed = (1 - SMOOTH_SHARE) * steps + SMOOTH_SHARE * smooth
    return Calibrator("isotonic", tuple(map(float, ends)), tuple(map(float, mixed)))


def fit_platt(y: npt.ArrayLike, score: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Calibrator:
    """Fit slope ≥ 0 and intercept on the log-odds, with Platt's smoothed targets (Platt 1999, section 2.2).

    Needs both outcomes; see :func:`fit_calibrator` otherwise.
    """
    outcome, raw = checked(y, score)
    w = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    n_pos, n_neg = outcome @ w, (1 - outcome) @ w
    target = np.where(outcome == 1, (n_pos + 1) / (n_pos + 2), 1 / (n_neg + 2))
    z = log_odds(raw)

    def loss(theta: FloatArray) -> tuple[float, FloatArray]:
        eta = theta[0] * z + theta[1]
        residual = w * (expit(eta) - target)
        value = float(w @ (np.logaddexp(0, eta) - target * eta))
        return value, np.array([residual @ z, residual.sum()])

    fit = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.0, 20.0), (-20.0, 20.0)])
    return Calibrator("platt", (), (float(fit.x[0]), float(fit.x[1])))


def log_odds(raw: FloatArray) -> FloatArray:
    """Return ``log(p / (1 - p))``, kept finite: probabilities are moved 1e-6 away from 0 and 1."""
    odds: FloatArray = logit(np.clip(raw, 1e-6, 1 - 1e-6))
    return odds
