"""From churn scores to warnings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.predict.early_warning import grading
from liuke.predict.early_warning.config import WarningSettings
from liuke.predict.early_warning.contracts import Capacity, Level, LevelTotal

_ORDER = tuple(Level)
_SCHEMA = pa.schema(
    [
        ("as_of", pa.date32()),
        ("customer_id", pa.int64()),
        ("level", pa.string()),
        ("value_at_risk_minor", pa.int64()),
    ]
)


def grade(
    scores: pa.Table,
    previous: pa.Table | None,
    lifecycle: pa.Table | None,
    capacity: Capacity | None = None,
    settings: WarningSettings | None = None,
) -> pa.Table:
    """Give each scored customer one of four levels.

    Parameters
    ----------
    scores : pyarrow.Table
        Rows of one ``as_of`` of ``churn_scores``.
    previous : pyarrow.Table or None
        Rows of the run before of ``warnings`` (``customer_id``, ``level``), for hysteresis.
    lifecycle : pyarrow.Table or None
        ``customer_id`` and ``stage``; customers without a row, or None for all, form a stage of their own.
    capacity : Capacity, optional
        Default: what the settings give.

    Returns
    -------
    pyarrow.Table
        Rows of ``warnings``, ordered by customer.
    """
    settings = settings or WarningSettings()
    capacity = capacity or Capacity.of(settings, scores.num_rows)
    rows = scores.sort_by("customer_id")
    ids = np.asarray(rows["customer_id"], dtype=np.int64)
    probability = np.asarray(rows["probability"], dtype=np.float64)
    at_risk = grading.value_at_risk(probability, np.asarray(rows["expected_margin_minor"], dtype=np.float64))
    before = {customer: _ORDER.index(Level(level)) for customer, level in _pairs(previous, "level")}
    given = grading.levels(
        probability,
        at_risk,
        _stage_codes(ids, dict(_pairs(lifecycle, "stage"))),
        np.array([before.get(customer, -1) for customer in ids.tolist()], dtype=np.int64),
        capacity.red,
        capacity.orange,
        settings.hysteresis,
    )
    columns = [
        rows["as_of"].cast(pa.date32()),
        pa.array(ids),
        pa.array([_ORDER[code].value for code in given.tolist()], pa.string()),
        pa.array(np.rint(at_risk).astype(np.int64)),
    ]
    return pa.table(columns, schema=_SCHEMA)


def totals(warnings: pa.Table) -> tuple[LevelTotal, ...]:
    """Return customers and value at risk of each level, from blue to red; levels without customers are 0."""
    level = np.asarray(warnings["level"].to_pylist(), dtype=object)
    at_risk = np.asarray(warnings["value_at_risk_minor"], dtype=np.int64)
    return tuple(
        LevelTotal(name, int((level == name).sum()), int(at_risk[level == name].sum()) if level.size else 0)
        for name in _ORDER
    )


def _pairs(table: pa.Table | None, column: str) -> list[tuple[int, str]]:
    if table is None:
        return []
    return list(zip(table["customer_id"].to_pylist(), table[column].to_pylist(), strict=True))


def _stage_codes(ids: npt.NDArray[np.int64], stages: dict[int, str]) -> npt.NDArray[np.intp]:
    names = [stages.get(customer) or "" for customer in ids.tolist()]
    codes = {name: code for code, name in enumerate(sorted(set(names)))}
    return np.array([codes[name] for name in names], dtype=np.intp)
