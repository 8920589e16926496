"""How often will a customer buy again, if nobody says when they leave?

BG/NBD: while alive a customer buys at random with an own constant rate; after each repeat purchase they leave for good
with an own constant probability; both differ between customers (gamma, beta). It misleads for one-time buyers, whose
probability of being alive is one by construction: rank churn by :meth:`BgNbd.probability_no_purchase`, never by being
alive. It knows no season and no covariate.

Any unit of time may be used as long as it is the same everywhere (days here; the literature's fixtures use weeks).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeResult, minimize
from scipy.special import digamma, gammaln, hyp2f1

from liuke.predict.clv.errors import PurchaseSummaryError

FloatArray = npt.NDArray[np.float64]

# exp(+-12): far outside any published fit. A shop where nobody ever leaves drives b/a to infinity; the bound stops it.
LOG_PARAMETER_BOUND = 12.0

# The closed form divides by (a - 1) and (a + b + x - 1). This close to zero it loses more digits than the shift costs.
SINGULARITY_WIDTH = 1e-6

# Starting points as log(r, alpha, a, b) after time is scaled to a mean observation of one.
STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.0, -1.0, -1.0, 1.0))


class BgNbd:
    """BG/NBD model of repeat purchases.

    Attributes
    ----------
    r_, alpha_ : float
        Shape and rate (in the caller's unit of time) of the gamma distribution of purchase rates.
    a_, b_ : float
        Parameters of the beta distribution of the probability of leaving after a purchase.
    log_likelihood_ : float
        Sum over customers at the maximum.
    n_customers_ : int

    References
    ----------
    Fader, Hardie, Lee (2005), "Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model",
    Marketing Science 24(2), equations 6 (likelihood), 9 and 10 (expectations).

    Examples
    --------
    >>> import numpy as np
    >>> model = BgNbd().fit(np.array([0, 2, 1, 0, 4]), np.array([0, 20, 5, 0, 29]), np.array([30, 30, 30, 10, 30]))
    >>> bool(model.conditional_expected_purchases(30, 4, 29, 30) > model.conditional_expected_purchases(30, 0, 0, 30))
    True
    """

    r_: float
    alpha_: float
    a_: float
    b_: float
    log_likelihood_: float
    n_customers_: int

    def fit(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike) -> Self:
        """Learn the four parameters by maximum likelihood.

        Parameters
        ----------
        frequency : array_like, shape (n_customers,)
            Repeat purchases: days with a purchase minus one, ≥ 0.
        recency : array_like, shape (n_customers,)
            Time from first to last purchase, 0 where frequency is 0.
        T : array_like, shape (n_customers,)
            Time from first purchase to the end of observation, ≥ recency.

        Raises
        ------
        PurchaseSummaryError
            If the arrays are empty, differ in length or contradict each other.
        """
        x, t_x, T_obs = _checked(frequency, recency, T)
        rows, counts = np.unique(np.column_stack([x, t_x, T_obs]), axis=0, return_counts=True)
        # One unit of time = the mean observation: parameters near one, whatever unit the caller uses.
        scale = max(float(np.average(rows[:, 2], weights=counts)), 1e-12)
        groups = (rows[:, 0], rows[:, 1] / scale, rows[:, 2] / scale, counts.astype(np.float64))
        best = _minimise(STARTS[0], groups)
        if not best.success or np.abs(best.x).max() >= LOG_PARAMETER_BOUND:
            best = min(best, _minimise(STARTS[1], groups), key=lambda fit: float(fit.fun))
        self.r_, alpha, self.a_, self.b_ = (float(v) for v in np.exp(best.x))
        self.alpha_ = alpha * scale
        self.n_customers_ = int(counts.sum())
        self.log_likelihood_ = self.log_likelihood(x, t_x, T_obs)
        return self

    def log_likelihood(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike) -> float:
        """Sum the log-likelihood of customers under the learned parameters, unscaled as in the literature."""
        x, t_x, T_obs = _checked(frequency, recency, T)
        parameters = np.array([self.r_, self.alpha_, self.a_, self.b_])
        return float(_log_likelihood_terms(parameters, x, t_x, T_obs)[0].sum())

    def expected_purchases(self, t: npt.ArrayLike) -> FloatArray:
        """Expect this many repeat purchases of a fresh customer within ``t`` of the first purchase (eq. 9)."""
        return self.conditional_expected_purchases(t, 0.0, 0.0, 0.0)

    def conditional_expected_purchases(
        self, t: npt.ArrayLike, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike
    ) -> FloatArray:
        """Expect this many purchases in the next ``t``, given the customer's history (eq. 10).

        Notes
        -----
        Euler's transformation of 2F1 takes the large exponents r + x out of equation 10::

            E = P(alive) (a+b+x-1)/(a-1) [1 - (1-z)^(a-1) 2F1(a-1, a+b-1-r; a+b+x-1; z)],   z = t / (alpha + T + t)

        Given alive, the result is kept within [0, t (r+x)/(alpha+T)]: what a customer who can't leave would buy.
        """
        horizon, freq, last, observed = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (t, x, t_x, T)))
        a = self._away_from_singularities(freq)
        c = a + self.b_ + freq - 1.0
        z = horizon / (self.alpha_ + observed + horizon)
        with np.errstate(over="ignore", invalid="ignore"):  # extreme parameters are taken up below
            tail = np.exp((a - 1.0) * np.log1p(-z)) * hyp2f1(a - 1.0, a + self.b_ - 1.0 - self.r_, c, z)
            closed = c / (a - 1.0) * (1.0 - tail)
        # where the closed form overflows, beta(a, b + x) is so narrow that its mean stands for all of it
        leave = self.a_ / (self.a_ + self.b_ + freq)
        rate = horizon / (self.alpha_ + observed)
        at_mean = -np.expm1(-(self.r_ + freq) * np.log1p(leave * rate)) / leave
        ceiling = rate * (self.r_ + freq)
        while_alive = np.clip(np.where(np.isfinite(closed), closed, at_mean), 0.0, ceiling)
        expected: FloatArray = self.probability_alive(freq, last, observed) * while_alive
        return expected

    def probability_alive(self, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike) -> FloatArray:
        """Return the probability that the customer has not left yet; one for one-time buyers by construction."""
        freq, last, observed = (np.asarray(v, dtype=np.float64) for v in (x, t_x, T))
        repeat = freq > 0
        odds = (
            math.log(self.a_)
            - np.log(np.where(repeat, self.b_ + freq - 1.0, 1.0))
            + (self.r_ + freq) * (np.log(self.alpha_ + observed) - np.log(self.alpha_ + last))
        )
        alive: FloatArray = np.where(repeat, 1.0 / (1.0 + np.exp(np.minimum(odds, 700.0))), 1.0)
        return alive

    def probability_no_purchase(
        self, t: npt.ArrayLike, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike
    ) -> FloatArray:
        """Return the probability of no purchase in the next ``t``: the model's churn probability.

        Notes
        -----
        ``1 - P(alive) (1 - ((alpha+T)/(alpha+T+t))^(r+x))``: one leaves only at a purchase, so who is alive stays so
        until the next one.
        """
        horizon, freq, observed = (np.asarray(v, dtype=np.float64) for v in (t, x, T))
        silent = np.exp(-(self.r_ + freq) * np.log1p(horizon / (self.alpha_ + observed)))
        probability: FloatArray = 1.0 - self.probability_alive(x, t_x, T) * (1.0 - silent)
        return probability

    def _away_from_singularities(self, x: FloatArray) -> FloatArray:
        """Shift ``a`` off the removable singularities of the closed form."""
        a = np.full(x.shape, self.a_)
        a = np.where(np.abs(a - 1.0) < SINGULARITY_WIDTH, 1.0 + SINGULARITY_WIDTH, a)
        shifted: FloatArray = np.where(np.abs(a + self.b_ + x - 1.0) < SINGULARITY_WIDTH, a + 2 * SINGULARITY_WIDTH, a)
        return shifted


def _checked(
    frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    x, t_x, T_obs = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (frequency, recency, T))
    if not (x.ndim == 1 and x.size and x.shape == t_x.shape == T_obs.shape):
        raise PurchaseSummaryError(
            f"frequency, recency and T must be equally long and not empty; got {x.shape}, {t_x.shape}, {T_obs.shape}",
            hint="pass one value per customer in each of the three arrays",
        )
    wrong = ~((x >= 0) & (x == np.floor(x)) & (t_x >= 0) & (t_x <= T_obs) & ((x > 0) | (t_x == 0)))  # also catches NaN
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        raise PurchaseSummaryError(
            f"{int(wrong.sum())} customers contradict 0 <= recency <= T (recency 0 where frequency is 0);"
            f" the first: frequency {x[i]}, recency {t_x[i]}, T {T_obs[i]}",
            hint="count purchase days, not orders, and measure all three up to the same day",
        )
    return x, t_x, T_obs


def _of_count(function: Callable[[FloatArray], FloatArray], offset: float, x: FloatArray) -> FloatArray:
    """Return ``function(offset + x)``: counts are few and small, so each is computed once."""
    counts = x.astype(np.intp)
    table: FloatArray = function(offset + np.arange(counts.max(initial=0) + 1.0))
    return table[counts]


def _minimise(start: tuple[float, ...], groups: tuple[FloatArray, ...]) -> OptimizeResult:
    return minimize(
        _negative_mean_log_likelihood,
        np.array(start),
        args=groups,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-LOG_PARAMETER_BOUND, LOG_PARAMETER_BOUND)] * 4,
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
    )


def _log_likelihood_terms(
    parameters: FloatArray, x: FloatArray, t_x: FloatArray, T: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return each customer's log-likelihood (eq. 6) and the weight of having left at the last purchase."""
    r, alpha, a, b = parameters
    repeat = x > 0
    counted = (
        _of_count(gammaln, r, x)
        - gammaln(r)
        + r * np.log(alpha)
        + gammaln(a + b)
        + _of_count(gammaln, b, x)
        - gammaln(b)
        - _of_count(gammaln, a + b, x)
    )
    alive = -(r + x) * np.log(alpha + T)
    left = np.log(a) - np.log(np.where(repeat, b + x - 1.0, 1.0)) - (r + x) * np.log(alpha + t_x)
    both = np.where(repeat, np.logaddexp(alive, left), alive)
    return counted + both, np.exp(np.where(repeat, left - both, -np.inf))


def _negative_mean_log_likelihood(
    log_parameters: FloatArray, x: FloatArray, t_x: FloatArray, T: FloatArray, counts: FloatArray
) -> tuple[float, FloatArray]:
    """Return objective and gradient with respect to the logarithms of (r, alpha, a, b); rows weigh ``counts``."""
    parameters = np.exp(log_parameters)
    r, alpha, a, b = parameters
    terms, left = _log_likelihood_terms(parameters, x, t_x, T)
    alive = 1.0 - left
    gradient = np.stack(
        [
            _of_count(digamma, r, x)
            - digamma(r)
            + np.log(alpha)
            - alive * np.log(alpha + T)
            - left * np.log(alpha + t_x),
            r / alpha - (r + x) * (alive / (alpha + T) + left / (alpha + t_x)),
            digamma(a + b) - _of_count(digamma, a + b, x) + left / a,
            digamma(a + b)
            + _of_count(digamma, b, x)
            - digamma(b)
            - _of_count(digamma, a + b, x)
            - left / np.where(x > 0, b + x - 1.0, 1.0),
        ]
    )
    n = counts.sum()
    return -float(terms @ counts / n), -(gradient @ counts) * parameters / n
