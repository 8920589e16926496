"""How much does a customer spend per purchase?

Gamma-gamma: each purchase of a customer is a gamma draw around the customer's own mean, and means differ between
customers (inverse gamma). Few purchases are pulled towards the shop's mean, many speak for themselves. It assumes that
how much somebody spends is independent of how often they buy, and knows only amounts above zero; where margins may be
negative use :class:`~liuke.predict.clv.MarginModel`.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammaln

from liuke.predict.clv.errors import PurchaseSummaryError
from liuke.predict.clv.models.history import FloatArray

LOG_PARAMETER_BOUND = 15.0


class GammaGamma:
    """Gamma-gamma model of spending per purchase.

    Attributes
    ----------
    p_, q_ : float
        Shapes of the gamma distributions within and between customers.
    v_ : float
        Scale, in the unit of the amounts.
    log_likelihood_ : float
        Sum over customers at the maximum.
    n_customers_ : int

    References
    ----------
    Fader, Hardie, Lee (2005), "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", Journal of Marketing
    Research 42(4). Fader, Hardie (2013), "The Gamma-Gamma Model of Monetary Value", brucehardie.com/notes/025,
    equations 1a (likelihood) and 5 (conditional expectation).

    Examples
    --------
    >>> model = GammaGamma().set_parameters(p=6.25, q=3.74, v=15.44)
    >>> model.expected_spend([0, 7], [0.0, 73.74]).round(1).tolist()
    [35.2, 71.5]
    """

    p_: float
    q_: float
    v_: float
    log_likelihood_: float
    n_customers_: int

    def fit(self, frequency: npt.ArrayLike, mean_spend: npt.ArrayLike) -> Self:
        """Learn the three parameters by maximum likelihood.

        Parameters
        ----------
        frequency : array_like, shape (n_customers,)
            Purchases behind each mean, at least 1.
        mean_spend : array_like, shape (n_customers,)
            Mean amount per purchase, above 0, any unit.

        Raises
        ------
        PurchaseSummaryError
            If there is no customer, or a count or an amount is not above zero: leave such customers out.
        """
        x, m = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (frequency, mean_spend))
        if not (x.size and x.shape == m.shape and (x >= 1).all() and (m > 0).all() and np.isfinite(m).all()):
            raise PurchaseSummaryError(
                "the gamma-gamma model needs customers with at least one purchase and amounts above zero",
                hint="leave out customers without a purchase or with a mean of zero or less",
            )
        scale = float(m.mean())
        found = minimize(
            lambda logs: -float(_terms(np.exp(logs), x, m / scale).mean()),
            np.zeros(3),
            method="L-BFGS-B",
            jac="3-point",
            bounds=[(-LOG_PARAMETER_BOUND, LOG_PARAMETER_BOUND)] * 3,
            options={"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-8},
        )
        p, q, v = (float(value) for value in np.exp(found.x))
        self.set_parameters(p, q, v * scale)
        self.n_customers_ = int(x.size)
        self.log_likelihood_ = float(_terms(np.array(self.parameters), x, m).sum())
        return self

    def set_parameters(self, p: float, q: float, v: float) -> Self:
        """Take parameters from elsewhere, all above zero; ``v`` in the unit of the amounts."""
        self.p_, self.q_, self.v_ = p, q, v
        return self

    @property
    def parameters(self) -> tuple[float, float, float]:
        """p, q, v, in the order that :meth:`set_parameters` takes."""
        return self.p_, self.q_, self.v_

    def expected_spend(self, frequency: npt.ArrayLike, mean_spend: npt.ArrayLike) -> FloatArray:
        """Expect this amount per future purchase; customers with ``frequency`` 0 get the shop's mean.

        Notes
        -----
        Equation 5: ``p (v + x m) / (p x + q - 1)``. For q ≤ 1 the mean over customers doesn't exist and customers
        without a purchase get NaN.
        """
        x, m = (np.asarray(v, dtype=np.float64) for v in (frequency, mean_spend))
        weight = self.p_ * x + self.q_ - 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            expected: FloatArray = np.where(
                weight > 0, self.p_ * (self.v_ + x * np.where(x > 0, m, 0.0)) / weight, np.nan
            )
        return expected


def _terms(parameters: FloatArray, x: FloatArray, m: FloatArray) -> FloatArray:
    """Return each customer's log-likelihood of the mean amount (eq. 1a)."""
    p, q, v = parameters
    terms: FloatArray = (
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q)
        + q * np.log(v) + (p * x - 1.0) * np.log(m) + p * x * np.log(x) - (p * x + q) * np.log(x * m + v)
    )  # fmt: skip
    return terms
