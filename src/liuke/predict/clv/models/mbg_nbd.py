"""BG/NBD in which a customer may already leave after the first purchase.

That mends BG/NBD's odd claim that every one-time buyer is still alive. The other assumptions, and their limits (no
season, no covariate), are the same.
"""

from __future__ import annotations

from liuke.predict.clv.models.beta_geometric import BetaGeometric


class MbgNbd(BetaGeometric):
    """MBG/NBD model of repeat purchases.

    Attributes
    ----------
    r_, alpha_ : float
        Shape and rate (in the caller's unit of time) of the gamma distribution of purchase rates.
    a_, b_ : float
        Parameters of the beta distribution of the probability of leaving after any purchase.
    log_likelihood_ : float
        Sum over customers at the maximum.
    n_customers_ : int

    References
    ----------
    Batislam, Denizel, Filiztekin (2007), "Empirical validation and comparison of models for customer base analysis",
    International Journal of Research in Marketing 24(3), equations 6 to 9. Hoppe, Wagner (2007), "Customer Base
    Analysis: The Case for a Central Variant of the Betageometric/NBD Model", Marketing JRM 3(2).

    Examples
    --------
    >>> model = MbgNbd().set_parameters(r=0.525, alpha=6.183, a=0.891, b=1.614)
    >>> bool(model.probability_alive(0, 0, 39) < 1)
    True
    """

    leaves_at_first = True
