"""How much does a customer's purchase day bring? Two answers, and the shop's own past says which to trust.

Credibility (:class:`MarginModel`) cuts extremes, takes losses, and assumes no distribution. Gamma-gamma follows large
customers further, since it takes their means as they are; where it can't be used (losses, too few customers, a tail so
heavy that no mean exists), credibility stands in.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from liuke.predict.clv.contracts import PurchaseSummary
from liuke.predict.clv.margin import MarginModel
from liuke.predict.clv.models.gamma_gamma import GammaGamma

FloatArray = npt.NDArray[np.float64]

CREDIBILITY, GAMMA_GAMMA = "credibility", "gamma-gamma"

# Three parameters of a distribution with a heavy tail are not learnt from a few dozen customers.
MIN_SPENDERS = 200

# Three parameters are known well from so many.
FIT_CUSTOMERS = 20_000


def margin_per_day(kind: str, summary: PurchaseSummary, margins: MarginModel) -> FloatArray:
    """Return each customer's expected margin per purchase day, minor units, at least 0.

    Parameters
    ----------
    kind : str
        ``credibility`` or ``gamma-gamma``.
    """
    plain = margins.per_purchase_day(summary)
    earned = summary.mean_margin_minor > 0
    if kind == CREDIBILITY or earned.sum() < MIN_SPENDERS:
        return plain
    days, means = summary.frequency + 1.0, summary.mean_margin_minor
    step = max(int(earned.sum()) // FIT_CUSTOMERS, 1)
    model = GammaGamma().fit(days[earned][::step], means[earned][::step])
    each = model.expected_spend(days, np.where(earned, means, 0.0))
    usable = earned & np.isfinite(each) & (each >= 0)
    found: FloatArray = np.where(usable, each, plain)
    return found
