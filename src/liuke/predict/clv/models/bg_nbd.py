"""How often will a customer buy again, if nobody says when they leave?

BG/NBD: while alive a customer buys at random with an own constant rate; after each repeat purchase they leave for good
with an own constant probability; both differ between customers (gamma, beta). It misleads for one-time buyers, whose
probability of being alive is one by construction: rank churn by :meth:`BgNbd.probability_no_purchase`, never by being
alive. It knows no season and no covariate.
"""

from __future__ import annotations

from liuke.predict.clv.models.beta_geometric import BetaGeometric


class BgNbd(BetaGeometric):
    """BG/NBD model of repeat purchases.

    Attributes
    ----------
    r_, alpha_ : float
        Shape and rate (in the caller's unit of time) of the gamma distribution of purchase rates.
    a_, b_ : float
        Parameters of the beta distribution of the probability of leaving after a repeat purchase.
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

    leaves_at_first = False
