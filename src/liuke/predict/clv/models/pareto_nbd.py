"""How often will a customer buy again, if they may leave at any time and nobody sees it?

Pareto/NBD: while alive a customer buys at random with an own constant rate, and leaves at random with an own constant
rate, at any moment, not only after purchases; both rates differ between customers (gamma, gamma). The oldest of the
family and often the most accurate; it knows no season and no covariate, and its fit takes longer than BG/NBD's.

Any unit of time may be used as long as it is the same everywhere (days here; the literature's fixtures use weeks).
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeResult, minimize
from scipy.special import gammaln, hyp2f1

from liuke.predict.clv.models.beta_geometric import SINGULARITY_WIDTH
from liuke.predict.clv.models.history import FloatArray, checked, distinct, of_count

# exp(+-6) in units of the mean observation: beyond it nobody leaves, or all customers are alike, as good as exactly,
# while the hypergeometric series takes a hundred times as long.
LOG_PARAMETER_BOUND = 6.0

# Leaving rates below it, in the caller's unit of time, are none.
TINY_RATE = 1e-250

# Starting points as log(r, alpha, s, beta) after time is scaled to a mean observation of one.
STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.0, -1.0, -1.0, 0.0))


class ParetoNbd:
    """Pareto/NBD model of repeat purchases.

    Attributes
    ----------
    r_, alpha_ : float
        Shape and rate (in the caller's unit of time) of the gamma distribution of purchase rates.
    s_, beta_ : float
        Shape and rate of the gamma distribution of leaving rates.
    log_likelihood_ : float
        Sum over customers at the maximum.
    n_customers_ : int

    References
    ----------
    Schmittlein, Morrison, Colombo (1987), "Counting Your Customers: Who Are They and What Will They Do Next?",
    Management Science 33(1). Fader, Hardie (2005), "A Note on Deriving the Pareto/NBD Model and Related Expressions",
    brucehardie.com/notes/009, equations 5 to 9 (likelihood), 17 (expectation), 20 (alive), 24 (conditional).

    Examples
    --------
    >>> model = ParetoNbd().set_parameters(r=0.553, alpha=10.578, s=0.606, beta=11.669)
    >>> round(float(model.expected_purchases(52)), 2)
    1.47
    """

    r_: float
    alpha_: float
    s_: float
    beta_: float
    log_likelihood_: float
    n_customers_: int

    def fit(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike) -> Self:
        """Learn the four parameters by maximum likelihood.

        Parameters
        ----------
        frequency, recency, T : array_like, shape (n_customers,)
            As for :meth:`BgNbd.fit`.

        Raises
        ------
        PurchaseSummaryError
            If the arrays are empty, differ in length or contradict each other.
        """
        x, t_x, T_obs, counts = distinct(*checked(frequency, recency, T))
        scale = max(float(np.average(T_obs, weights=counts)), 1e-12)
        groups = (x, t_x / scale, T_obs / scale, counts)
        best = _minimise(STARTS[0], groups)
        if not best.success:
            best = min(best, _minimise(STARTS[1], groups), key=lambda fit: float(fit.fun))
        r, alpha, s, beta = (float(v) for v in np.exp(best.x))
        self.set_parameters(r, alpha * scale, s, beta * scale)
        self.n_customers_ = int(counts.sum())
        self.log_likelihood_ = self.log_likelihood(frequency, recency, T)
        return self

    def set_parameters(self, r: float, alpha: float, s: float, beta: float) -> Self:
        """Take parameters from elsewhere, all above zero; the rates in the caller's unit of time."""
        self.r_, self.alpha_, self.s_, self.beta_ = r, alpha, s, beta
        return self

    @property
    def parameters(self) -> tuple[float, float, float, float]:
        """r, alpha, s, beta, in the order that :meth:`set_parameters` takes."""
        return self.r_, self.alpha_, self.s_, self.beta_

    def log_likelihood(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike) -> float:
        """Sum the log-likelihood of customers under the learned parameters, unscaled as in the literature."""
        return float(self.log_likelihoods(frequency, recency, T).sum())

    def log_likelihoods(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike) -> FloatArray:
        """Return each customer's log-likelihood, shape ``(n_customers,)``."""
        return _terms(np.array(self.parameters), *checked(frequency, recency, T))

    def expected_purchases(self, t: npt.ArrayLike) -> FloatArray:
        """Expect this many repeat purchases of a fresh customer within ``t`` of the first purchase (eq. 17)."""
        return self.conditional_expected_purchases(t, 0.0, 0.0, 0.0)

    def conditional_expected_purchases(
        self, t: npt.ArrayLike, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike
    ) -> FloatArray:
        """Expect this many purchases in the next ``t``, given the customer's history.

        Notes
        -----
        Equation 24: ``P(alive) (r+x)(beta+T) / ((alpha+T)(s-1)) [1 - ((beta+T)/(beta+T+t))^(s-1)]``.
        """
        horizon, freq, last, observed = (np.asarray(v, dtype=np.float64) for v in (t, x, t_x, T))
        s_less_1 = self.s_ - 1.0 if abs(self.s_ - 1.0) > SINGULARITY_WIDTH else SINGULARITY_WIDTH
        lifetime = -np.expm1(-s_less_1 * np.log1p(horizon / (self.beta_ + observed))) / s_less_1
        rate = (self.r_ + freq) / (self.alpha_ + observed)
        expected: FloatArray = self.probability_alive(freq, last, observed) * rate * (self.beta_ + observed) * lifetime
        return expected

    def probability_alive(self, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike) -> FloatArray:
        """Return the probability that the customer has not left yet (eq. 20)."""
        freq, last, observed = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (x, t_x, T)))
        gone = np.log(self.s_) + _log_integral(self.r_ + freq, self.s_, self.alpha_, self.beta_, last, observed)
        here = -(self.r_ + freq) * np.log(self.alpha_ + observed) - self.s_ * np.log(self.beta_ + observed)
        alive: FloatArray = 1.0 / (1.0 + np.exp(np.clip(gone - here, -700.0, 700.0)))
        return alive

    def probability_no_purchase(
        self, t: npt.ArrayLike, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike
    ) -> FloatArray:
        """Return the probability of no purchase in the next ``t``: the model's churn probability.

        Notes
        -----
        Who is alive stays silent by living through ``t`` without buying, or by leaving at some u < t before buying::

            (A/(A+t))^R (B/(B+t))^s + s A^R B^s ∫_0^t (A+u)^-R (B+u)^-(s+1) du,   R = r+x, A = alpha+T, B = beta+T
        """
        horizon, freq, last, observed = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (t, x, t_x, T)))
        R, A, B = self.r_ + freq, self.alpha_ + observed, self.beta_ + observed
        lives = -R * np.log1p(horizon / A) - self.s_ * np.log1p(horizon / B)
        leaves = (
            np.log(self.s_) + R * np.log(A) + self.s_ * np.log(B)
            + _log_integral(R, self.s_, A, B, np.zeros_like(horizon), horizon)
        )  # fmt: skip
        silent = np.clip(np.exp(lives) + np.exp(leaves), 0.0, 1.0)
        probability: FloatArray = 1.0 - self.probability_alive(freq, last, observed) * (1.0 - silent)
        return probability

    def simulate(
        self, rng: np.random.Generator, t: float, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike, draws: int = 1
    ) -> FloatArray:
        """Draw the number of purchases in the next ``t``, shape of the history, or (draws, n_customers) for several."""
        freq, last, observed = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (x, t_x, T)))
        shape = freq.shape if draws == 1 else (draws, *freq.shape)
        alive = rng.random(shape) < self.probability_alive(freq, last, observed)
        rate = rng.gamma(self.r_ + freq, size=shape) / (self.alpha_ + observed)
        leaving = rng.gamma(self.s_, size=shape) / (self.beta_ + observed)
        lifetime = rng.exponential(size=shape) / np.maximum(leaving, TINY_RATE)
        drawn: FloatArray = np.where(alive, rng.poisson(rate * np.minimum(lifetime, t)).astype(np.float64), 0.0)
        return drawn


def _log_integral(
    R: FloatArray, s: float, A: FloatArray | float, B: FloatArray | float, low: FloatArray, high: FloatArray
) -> FloatArray:
    """Return the logarithm of ``∫_low^high (A+u)^-R (B+u)^-(s+1) du``; −inf where low = high.

    Notes
    -----
    With M = max(A, B), m = min(A, B), z = (M-m)/(M+u) and e the exponent of the smaller base, the integral from u to
    infinity is ``(M+u)^-(R+s) / (R+s) 2F1(R+s, e; R+s+1; z)``. Euler's transformation
    ``2F1(R+s, e; R+s+1; z) = (1-z)^(1-e) 2F1(1, R+s+1-e; R+s+1; z)`` keeps large counts from overflowing.
    """
    A, B = np.asarray(A, dtype=np.float64), np.asarray(B, dtype=np.float64)
    e = np.where(A >= B, s + 1.0, R)
    big, small = np.maximum(A, B), np.minimum(A, B)

    def tail(u: FloatArray) -> FloatArray:
        z = (big - small) / (big + u)
        series = np.log(hyp2f1(1.0, R + s + 1.0 - e, R + s + 1.0, z)) + (1.0 - e) * np.log1p(-z)
        logarithm: FloatArray = series - (R + s) * np.log(big + u) - np.log(R + s)
        return logarithm

    upper, lower = tail(low), tail(high)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference: FloatArray = upper + np.log(-np.expm1(np.minimum(lower - upper, 0.0)))
    return np.where(high > low, difference, -np.inf)


def _terms(parameters: FloatArray, x: FloatArray, t_x: FloatArray, T: FloatArray) -> FloatArray:
    """Return each customer's log-likelihood (eq. 5: alive at T, or left between the last purchase and T)."""
    r, alpha, s, beta = parameters
    counted = of_count(gammaln, r, x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    alive = -(r + x) * np.log(alpha + T) - s * np.log(beta + T)
    left = np.log(s) + _log_integral(r + x, float(s), float(alpha), float(beta), t_x, T)
    with np.errstate(invalid="ignore"):  # both may overflow at parameters that the optimiser only passes through
        terms: FloatArray = counted + np.logaddexp(alive, left)
    return np.nan_to_num(terms, nan=-1e300, neginf=-1e300)


def _minimise(start: tuple[float, ...], groups: tuple[FloatArray, ...]) -> OptimizeResult:
    x, t_x, T, counts = groups

    def negative_mean(log_parameters: FloatArray) -> float:
        return -float(_terms(np.exp(log_parameters), x, t_x, T) @ counts / counts.sum())

    return minimize(
        negative_mean,
        np.array(start),
        method="L-BFGS-B",
        jac="3-point",
        bounds=[(-LOG_PARAMETER_BOUND, LOG_PARAMETER_BOUND)] * 4,
        options={"maxiter": 500, "ftol": 1e-11, "gtol": 1e-6},
    )
