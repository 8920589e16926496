"""Read everything that models may know at each past cutoff, and later what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.kernel.progress import Progress
from liuke.predict.churn.features import BG_NBD_FEATURE, matrix
from liuke.predict.churn.models import rhythm
from liuke.predict.churn.models.rhythm import Rhythms
from liuke.predict.churn.population import Outcomes, active_buyers, read_outcomes
from liuke.predict.churn.ports import FeatureBuilder, Moment, Past, Strata
from liuke.predict.churn.treatment import Treated
from liuke.predict.clv import PurchaseSummary, summarise

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
    basis : array, shape (n_customers, n_columns)
        What the order of purchases says: columns of ``rhythm.BASIS``.
    rhythms : Rhythms or None
        Purchase models fitted on everyone of this cutoff; None if nobody had bought.
    """

    cutoff: date
    summary: PurchaseSummary
    active: npt.NDArray[np.bool_]
    features: FloatArray
    names: tuple[str, ...]
    basis: FloatArray
    rhythms: Rhythms | None


@dataclass(frozen=True)
class Origin:
    """An observation and its outcomes.

    Attributes
    ----------
    weight : array, shape (n_customers,)
        For how many customers each one stands; 0: treated, left out.
    strata : pyarrow.Table or None
        ``customer_id``, ``lifecycle`` and ``value_tier`` at the cutoff, where they were asked for.
    """

    seen: Observation
    outcomes: Outcomes
    weight: FloatArray
    strata: pa.Table | None = None

    @property
    def counted(self) -> npt.NDArray[np.bool_]:
        """Who counts: neither treated nor graduated."""
        return (self.weight > 0) & ~self.outcomes.graduated


def observe(
    moment: Moment, builder: FeatureBuilder, horizon_days: int, window_days: int, most: int | None = None
) -> Observation:
    """Read what was known of every buyer at a moment.

    Parameters
    ----------
    most : int, optional
        Keep about so many at most: every k-th by id, which are hashes, so it is the same random sample in every run.
    """
    summary = summarise(moment)
    rhythms = Rhythms.fit(summary) if len(summary) else None
    if most is not None and len(summary) > most:
        step = -(-len(summary) // most)
        summary = summary.take(np.arange(len(summary)) % step == 0)
    features, names = matrix(builder(moment), summary.customer_id)
    silences = rhythms.silences(summary, horizon_days) if rhythms else np.zeros((0, 2))
    return Observation(
        cutoff=moment.as_of,
        summary=summary,
        active=active_buyers(summary, window_days),
        features=np.column_stack([features, silences[:, 0]]),
        names=(*names, BG_NBD_FEATURE),
        basis=rhythm.basis(summary, silences),
        rhythms=rhythms,
    )


def read_origins(
    past: Past,
    later: Moment,
    builder: FeatureBuilder,
    cutoffs: Sequence[date],
    horizon_days: int,
    window_days: int,
    progress: Progress,
    treated: Treated,
    strata: Strata | None = None,
    most: int | None = None,
) -> list[Origin]:
    """Observe each cutoff as it was known then; read outcomes as they are known at the later moment.

    Parameters
    ----------
    later : Moment
        Of the last cutoff plus the horizon, or later.
    treated : Treated
        Whom strategies contacted, as known at the later moment.
    strata : Strata, optional
        Asked at the last cutoff only: that is where models are judged.
    most : int, optional
        Customers kept per cutoff.
    """
    progress.start("churn: past moments", len(cutoffs))
    origins = []
    for cutoff in cutoffs:
        with closing(past.at(cutoff)) as moment:
            seen = observe(moment, builder, horizon_days, window_days, most)
            parts = strata(moment) if strata and cutoff == cutoffs[-1] else None
        ids = seen.summary.customer_id
        outcomes = read_outcomes(later, ids, cutoff, horizon_days)
        origins.append(Origin(seen, outcomes, treated.weights(ids, cutoff, horizon_days), parts))
        progress.advance()
    progress.finish(f"{len(origins)} cutoffs")
    return origins
