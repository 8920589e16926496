"""Read everything that models may know at each past cutoff, and later what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from liuke.kernel.progress import Progress
from liuke.predict.churn.features import BG_NBD_FEATURE, matrix
from liuke.predict.churn.models import baselines
from liuke.predict.churn.population import Outcomes, active_buyers, read_outcomes
from liuke.predict.churn.ports import FeatureBuilder, Moment, Past
from liuke.predict.clv import BgNbd, PurchaseSummary, summarise

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Observation:
    """All buyers of a cutoff with what was known of them; arrays are ordered by customer id.

    Attributes
    ----------
    summary : PurchaseSummary
        Everyone who had bought by then.
    active : bool array, shape (n_customers,)
        Bought within the window.
    features : array, shape (n_customers, n_features)
    names : tuple of str
    purchases : BgNbd or None
        Fitted on everyone of this cutoff; None if nobody had bought.
    """

    cutoff: date
    summary: PurchaseSummary
    active: npt.NDArray[np.bool_]
    features: FloatArray
    names: tuple[str, ...]
    purchases: BgNbd | None


@dataclass(frozen=True)
class Origin:
    """An observation and its outcomes."""

    seen: Observation
    outcomes: Outcomes


def observe(moment: Moment, builder: FeatureBuilder, horizon_days: int, window_days: int) -> Observation:
    """Read what was known of every buyer at a moment."""
    summary = summarise(moment)
    features, names = matrix(builder(moment), summary.customer_id)
    purchases = baselines.fit_bg_nbd(summary) if len(summary) else None
    silence = baselines.bg_nbd(summary, purchases, horizon_days) if purchases else np.zeros(0)
    return Observation(
        cutoff=moment.as_of,
        summary=summary,
        active=active_buyers(summary, window_days),
        features=np.column_stack([features, silence]),
        names=(*names, BG_NBD_FEATURE),
        purchases=purchases,
    )


def read_origins(
    past: Past,
    later: Moment,
    builder: FeatureBuilder,
    cutoffs: Sequence[date],
    horizon_days: int,
    window_days: int,
    progress: Progress,
) -> list[Origin]:
    """Observe each cutoff as it was known then; read outcomes as they are known at the later moment.

    Parameters
    ----------
    later : Moment
        Of the last cutoff plus the horizon, or later.
    """
    progress.start("churn: past moments", len(cutoffs))
    origins = []
    for cutoff in cutoffs:
        with closing(past.at(cutoff)) as moment:
            seen = observe(moment, builder, horizon_days, window_days)
        origins.append(Origin(seen, read_outcomes(later, seen.summary.customer_id, cutoff, horizon_days)))
        progress.advance()
    progress.finish(f"{len(origins)} cutoffs")
    return origins
