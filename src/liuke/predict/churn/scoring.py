"""From a model and what is known today to rows of ``churn_scores``, in blocks, so that a million customers fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.kernel.money import minor_exponent
from liuke.kernel.progress import Progress
from liuke.predict.churn import reasons
from liuke.predict.churn.config import ChurnSettings
from liuke.predict.churn.evidence import Evidence
from liuke.predict.churn.origins import Observation
from liuke.predict.churn.ports import FeatureBuilder
from liuke.predict.churn.storage import ChurnModel
from liuke.predict.churn.timing import curves, median_days, raw_curves
from liuke.predict.churn.training import margin_if_staying

FloatArray = npt.NDArray[np.float64]
EvidenceOf = Callable[[npt.NDArray[np.int64]], Mapping[int, tuple[Evidence, ...]]]
"""From ids of customers to what the data say of each."""

BLOCK = 50_000

SCORES = pa.schema(
    [
        ("as_of", pa.date32()),
        ("customer_id", pa.int64()),
        ("probability", pa.float64()),
        ("horizon_days", pa.int32()),
        ("expected_margin_minor", pa.int64()),
        ("model_version", pa.string()),
        ("reasons", pa.string()),
        ("expected_days", pa.int32()),
    ]
)


def score_table(
    model: ChurnModel,
    seen: Observation,
    builder: FeatureBuilder,
    settings: ChurnSettings,
    currency: str,
    progress: Progress,
    evidence_of: EvidenceOf,
) -> pa.Table:
    """Score the active buyers of an observation; with many, only those with most at stake get reasons.

    Returns
    -------
    pyarrow.Table
        Rows of ``churn_scores``, ordered by customer.
    """
    active = np.flatnonzero(seen.active)
    if not active.size or seen.rhythms is None:
        return SCORES.empty_table()
    columns = model.columns(seen.names)
    progress.start("churn: scores", int(active.size))
    margin = margin_if_staying(seen.summary, seen.rhythms.bg_nbd, model.horizon_days)[active]
    probability, days = np.zeros(active.size), np.zeros(active.size)
    for begin in range(0, active.size, BLOCK):
        block = slice(begin, begin + BLOCK)
        rows = active[block]
        churn = model.probability(seen.features[np.ix_(rows, columns)], seen.basis[rows])
        shape = raw_curves(seen.rhythms.bg_nbd, seen.summary.take(rows), model.horizon_days)
        probability[block], days[block] = churn, median_days(curves(shape, churn), model.horizon_days)
        progress.advance(len(rows))
    at_risk = probability * np.maximum(margin, 1)
    told = _reasons(model, seen, active, columns, at_risk, builder, settings, currency, evidence_of)
    progress.finish(f"{active.size:,} active buyers")
    return _table(seen.cutoff, seen.summary.customer_id[active], model, probability, margin, days, told)


def _reasons(
    model: ChurnModel,
    seen: Observation,
    active: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
    at_risk: FloatArray,
    builder: FeatureBuilder,
    settings: ChurnSettings,
    currency: str,
    evidence_of: EvidenceOf,
) -> list[str]:
    """Return each customer's reasons as JSON; an empty list beyond ``max_explained``."""
    book = reasons.Phrasebook.shipped(builder.titles, builder.money, 10 ** minor_exponent(currency), model.horizon_days)
    told = ["[]"] * active.size
    chosen = np.sort(np.argsort(-at_risk, kind="stable")[: settings.max_explained])
    evidence = evidence_of(seen.summary.customer_id[active[chosen]])
    for begin in range(0, chosen.size, BLOCK):
        part = chosen[begin : begin + BLOCK]
        rows = active[part]
        known = seen.features[np.ix_(rows, columns)]
        explained = reasons.explain(
            model.trees.contributions(known, seen.basis[rows]),
            known,
            model.trees.names,
            builder.families,
            book,
            settings.n_reasons,
            [evidence.get(customer, ()) for customer in seen.summary.customer_id[rows].tolist()],
        )
        for place, one in zip(part.tolist(), explained, strict=True):
            told[place] = reasons.to_json(one)
    return told


def _table(
    cutoff: date,
    customer_id: npt.NDArray[np.int64],
    model: ChurnModel,
    probability: FloatArray,
    margin: FloatArray,
    days: FloatArray,
    told: list[str],
) -> pa.Table:
    n = customer_id.size
    columns = [
        pa.repeat(pa.scalar(cutoff, pa.date32()), n),
        pa.array(customer_id),
        pa.array(probability),
        pa.repeat(pa.scalar(model.horizon_days, pa.int32()), n),
        pa.array(np.rint(margin).astype(np.int64)),
        pa.repeat(pa.scalar(model.version), n),
        pa.array(told, pa.string()),
        pa.array(np.ceil(np.nan_to_num(days)).astype(np.int32), mask=np.isnan(days)),
    ]
    return pa.table(columns, schema=SCORES)
