"""What BG/NBD and MBG/NBD share: buying at random while alive, leaving with a constant chance after a purchase.

The two differ in one thing only, whether a customer may already leave after the first purchase (MBG/NBD) or not
(BG/NBD). In formulas: MBG/NBD is BG/NBD with ``b + 1`` for ``b``, the chance ``b / (a + b)`` of staying after the first
purchase, and the possibility of having left at the last purchase also for one-time buyers.

Any unit of time may be used as long as it is the same everywhere (days here; the literature's fixtures use weeks).
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeResult, minimize
from scipy.special import digamma, gammaln, hyp2f1

from liuke.predict.clv.models.history import FloatArray, checked, distinct, of_count

# exp(+-12): far outside any published fit. A shop where nobody ever leaves drives b/a to infinity; the bound stops it.
LOG_PARAMETER_BOUND = 12.0

# The closed form divides by (a - 1) and (a + b + x - 1). This close to zero it loses more digits than the shift costs.
SINGULARITY_WIDTH = 1e-6

# Starting points as log(r, alpha, a, b) after time is scaled to a mean observation of one.
STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.0, -1.0, -1.0, 1.0))


class BetaGeometric:
    """Base of the two models; see :class:`BgNbd` and :class:`MbgNbd`.

    Attributes
    ----------
    r_, alpha_ : float
        Shape and rate (in the caller's unit of time) of the gamma distribution of purchase rates.
    a_, b_ : float
        Parameters of the beta distribution of the probability of leaving after a purchase.
    log_likelihood_ : float
        Sum over customers at the maximum.
    n_customers_ : int
    """

    leaves_at_first: ClassVar[bool]

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
        x, t_x, T_obs, counts = distinct(*checked(frequency, recency, T))
        # One unit of time = the mean observation: parameters near one, whatever unit the caller uses.
        scale = max(float(np.average(T_obs, weights=counts)), 1e-12)
        groups = (x, t_x / scale, T_obs / scale, counts)
        best = self._minimise(STARTS[0], groups)
        if not best.success or np.abs(best.x).max() >= LOG_PARAMETER_BOUND:
            best = min(best, self._minimise(STARTS[1], groups), key=lambda fit: float(fit.fun))
        r, alpha, a, b = (float(v) for v in np.exp(best.x))
        self.set_parameters(r, alpha * scale, a, b)
        self.n_customers_ = int(counts.sum())
        self.log_likelihood_ = self.log_likelihood(frequency, recency, T)
        return self

    def set_parameters(self, r: float, alpha: float, a: float, b: float) -> Self:
        """Take parameters from elsewhere, all above zero; ``alpha`` in the caller's unit of time."""
        self.r_, self.alpha_, self.a_, self.b_ = r, alpha, a, b
        return self

    @property
    def parameters(self) -> tuple[float, float, float, float]:
        """r, alpha, a, b, in the order that :meth:`set_parameters` takes."""
        return self.r_, self.alpha_, self.a_, self.b_

    def log_likelihood(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike) -> float:
        """Sum the log-likelihood of customers under the learned parameters, unscaled as in the literature."""
        return float(self.log_likelihoods(frequency, recency, T).sum())

    def log_likelihoods(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike) -> FloatArray:
        """Return each customer's log-likelihood, shape ``(n_customers,)``."""
        x, t_x, T_obs = checked(frequency, recency, T)
        return self._terms(np.array(self.parameters), x, t_x, T_obs)[0]

    def expected_purchases(self, t: npt.ArrayLike) -> FloatArray:
        """Expect this many repeat purchases of a fresh customer within ``t`` of the first purchase."""
        return self.conditional_expected_purchases(t, 0.0, 0.0, 0.0)

    def conditional_expected_purchases(
        self, t: npt.ArrayLike, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike
    ) -> FloatArray:
        """Expect this many purchases in the next ``t``, given the customer's history.

        Notes
        -----
        Euler's transformation of 2F1 takes the large exponents r + x out of the published equation::

            E = P(alive) (a+b+x-1)/(a-1) [1 - (1-z)^(a-1) 2F1(a-1, a+b-1-r; a+b+x-1; z)],   z = t / (alpha + T + t)

        with ``b + 1`` for ``b`` in MBG/NBD. Given alive, the result is kept within [0, t (r+x)/(alpha+T)]: what a
        customer who can't leave would buy.
        """
        horizon, freq, last, observed = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (t, x, t_x, T)))
        b = self._b
        a = self._away_from_singularities(freq)
        c = a + b + freq - 1.0
        z = horizon / (self.alpha_ + observed + horizon)
        with np.errstate(over="ignore", invalid="ignore"):  # extreme parameters are taken up below
            tail = np.exp((a - 1.0) * np.log1p(-z)) * hyp2f1(a - 1.0, a + b - 1.0 - self.r_, c, z)
            closed = c / (a - 1.0) * (1.0 - tail)
        # where the closed form overflows, beta(a, b + x) is so narrow that its mean stands for all of it
        leave = self.a_ / (self.a_ + b + freq)
        rate = horizon / (self.alpha_ + observed)
        at_mean = -np.expm1(-(self.r_ + freq) * np.log1p(leave * rate)) / leave
        ceiling = rate * (self.r_ + freq)
        while_alive = np.clip(np.where(np.isfinite(closed), closed, at_mean), 0.0, ceiling)
        expected: FloatArray = self.probability_alive(freq, last, observed) * while_alive
        return expected

    def probability_alive(self, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike) -> FloatArray:
        """Return the probability that the customer has not left yet."""
        freq, last, observed = (np.asarray(v, dtype=np.float64) for v in (x, t_x, T))
        may_leave = self._may_leave(freq)
        odds = (
            np.log(self.a_)
            - np.log(np.where(may_leave, self._b + freq - 1.0, 1.0))
            + (self.r_ + freq) * (np.log(self.alpha_ + observed) - np.log(self.alpha_ + last))
        )
        alive: FloatArray = np.where(may_leave, 1.0 / (1.0 + np.exp(np.minimum(odds, 700.0))), 1.0)
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

    def simulate(
        self, rng: np.random.Generator, t: float, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike, draws: int = 1
    ) -> FloatArray:
        """Draw the number of purchases in the next ``t``, shape of the history, or (draws, n_customers) for several.

        Notes
        -----
        Given alive, the rate is gamma(r+x, alpha+T) and the chance of leaving beta(a, b+x), independently. One leaves
        only at a purchase: the number is the smaller of a Poisson count and a geometric number of stays.
        """
        freq, last, observed = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (x, t_x, T)))
        shape = freq.shape if draws == 1 else (draws, *freq.shape)
        alive = rng.random(shape) < self.probability_alive(freq, last, observed)
        wanted = rng.poisson(rng.gamma(self.r_ + freq, size=shape) / (self.alpha_ + observed) * t)
        leave = np.clip(rng.beta(self.a_, self._b + freq, size=shape), 1e-12, 1.0)
        stays = np.ceil(np.log1p(-rng.random(shape)) / np.log1p(-np.minimum(leave, 1 - 1e-16)))
        drawn: FloatArray = np.where(alive, np.minimum(wanted, np.maximum(stays, 1.0)), 0.0)
        return drawn

    @property
    def _b(self) -> float:
        """``b`` of the beta distribution among those who stayed after the first purchase."""
        return self.b_ + 1.0 if self.leaves_at_first else self.b_

    def _may_leave(self, x: FloatArray) -> npt.NDArray[np.bool_]:
        """Tell whose last purchase may have been the last for good."""
        return np.ones(x.shape, dtype=bool) if self.leaves_at_first else np.asarray(x > 0)

    def _away_from_singularities(self, x: FloatArray) -> FloatArray:
        """Shift ``a`` off the removable singularities of the closed form."""
        a = np.full(x.shape, self.a_)
        a = np.where(np.abs(a - 1.0) < SINGULARITY_WIDTH, 1.0 + SINGULARITY_WIDTH, a)
        shifted: FloatArray = np.where(np.abs(a + self._b + x - 1.0) < SINGULARITY_WIDTH, a + 2 * SINGULARITY_WIDTH, a)
        return shifted

    def _minimise(self, start: tuple[float, ...], groups: tuple[FloatArray, ...]) -> OptimizeResult:
        return minimize(
            self._negative_mean_log_likelihood,
            np.array(start),
            args=groups,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-LOG_PARAMETER_BOUND, LOG_PARAMETER_BOUND)] * 4,
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
        )

    def _terms(
        self, parameters: FloatArray, x: FloatArray, t_x: FloatArray, T: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return each customer's log-likelihood and the weight of having left at the last purchase."""
        r, alpha, a, b = parameters
        stayed = np.log(b) - np.log(a + b) if self.leaves_at_first else 0.0
        b = b + 1.0 if self.leaves_at_first else b
        may_leave = self._may_leave(x)
        counted = (
            stayed
            + of_count(gammaln, r, x)
            - gammaln(r)
            + r * np.log(alpha)
            + gammaln(a + b)
            + of_count(gammaln, b, x)
            - gammaln(b)
            - of_count(gammaln, a + b, x)
        )
        alive = -(r + x) * np.log(alpha + T)
        left = np.log(a) - np.log(np.where(may_leave, b + x - 1.0, 1.0)) - (r + x) * np.log(alpha + t_x)
        both = np.where(may_leave, np.logaddexp(alive, left), alive)
        return counted + both, np.exp(np.where(may_leave, left - both, -np.inf))

    def _negative_mean_log_likelihood(
        self, log_parameters: FloatArray, x: FloatArray, t_x: FloatArray, T: FloatArray, counts: FloatArray
    ) -> tuple[float, FloatArray]:
        """Return objective and gradient with respect to the logarithms of (r, alpha, a, b); rows weigh ``counts``."""
        parameters = np.exp(log_parameters)
        r, alpha, a, b_own = parameters
        terms, left = self._terms(parameters, x, t_x, T)
        alive = 1.0 - left
        b = b_own + 1.0 if self.leaves_at_first else b_own
        at_first = -1.0 / (a + b_own) if self.leaves_at_first else 0.0
        of_b = digamma(a + b) + of_count(digamma, b, x) - digamma(b) - of_count(digamma, a + b, x)
        gradient = np.stack(
            [
                of_count(digamma, r, x)
                - digamma(r)
                + np.log(alpha)
                - alive * np.log(alpha + T)
                - left * np.log(alpha + t_x),
                r / alpha - (r + x) * (alive / (alpha + T) + left / (alpha + t_x)),
                digamma(a + b) - of_count(digamma, a + b, x) + left / a + at_first,
                of_b
                - left / np.where(self._may_leave(x), b + x - 1.0, 1.0)
                + (at_first + 1.0 / b_own if self.leaves_at_first else 0.0),
            ]
        )
        n = counts.sum()
        return -float(terms @ counts / n), -(gradient @ counts) * parameters / n
