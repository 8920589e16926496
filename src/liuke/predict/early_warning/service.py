"""From churn scores and silent declines to warnings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.predict.churn import GRADUATED, SILENT_DRIFT
from liuke.predict.early_warning import grading
from liuke.predict.early_warning.config import WarningSettings
from liuke.predict.early_warning.contracts import Capacity, Graded, Level, LevelTotal
from liuke.predict.early_warning.drift import Behaviour, Watched
from liuke.predict.early_warning.grading import Contact
from liuke.predict.early_warning.phrases import finding

_ORDER = tuple(Level)
_SCHEMA = pa.schema(
    [
        ("as_of", pa.date32()),
        ("customer_id", pa.int64()),
        ("level", pa.string()),
        ("value_at_risk_minor", pa.int64()),
        ("stage", pa.string()),
        ("expected_profit_minor", pa.int64()),
        ("lifted", pa.bool_()),
        ("graduated", pa.bool_()),
        ("drift", pa.string()),
        ("reasons", pa.string()),
    ]
)
_THRESHOLDS = pa.schema(
    [
        ("as_of", pa.date32()),
        ("stage", pa.string()),
        ("level", pa.string()),
        ("scored", pa.int64()),
        ("customers", pa.int64()),
        ("usual_probability", pa.float64()),
        ("margin_minor", pa.float64()),
        ("pays_from", pa.float64()),
        ("profit_from_minor", pa.float64()),
        ("lowest_probability", pa.float64()),
        ("at_capacity", pa.bool_()),
        ("save_share", pa.float64()),
        ("cost_minor", pa.int64()),
        ("capacity", pa.int64()),
    ]
)

Declines = Mapping[Behaviour, Watched]


def grade(
    scores: pa.Table,
    previous: pa.Table | None,
    lifecycle: pa.Table | None,
    settings: WarningSettings,
    capacity: Capacity | None = None,
    declines: Declines | None = None,
) -> Graded:
    """Give each scored customer one of four levels.

    Parameters
    ----------
    scores : pyarrow.Table
        Rows of one ``as_of`` of ``churn_scores``.
    previous : pyarrow.Table or None
        Rows of the run before of ``warnings`` (``customer_id``, ``level``), for hysteresis.
    lifecycle : pyarrow.Table or None
        ``customer_id`` and ``stage``; customers without a row, or None for all, form a stage of their own.
    settings : WarningSettings
    capacity : Capacity, optional
        Default: what the settings give.
    declines : mapping of Behaviour to Watched, optional
        What the detectors saw, in the order of the customers' ids (see :func:`detect`).
    """
    rows = scores.sort_by("customer_id")
    ids = np.asarray(rows["customer_id"], dtype=np.int64)
    contacts = contacts_of(settings, capacity or Capacity.of(settings, ids.size))
    probability = np.asarray(rows["probability"], dtype=np.float64)
    told = [json.loads(text) if text else [] for text in _texts(rows, "reasons")]
    graduated = np.array([any(one["family"] == GRADUATED for one in own) for own in told], dtype=np.bool_)
    margin = np.where(graduated, 0.0, np.asarray(rows["expected_margin_minor"], dtype=np.float64))
    at_risk = grading.value_at_risk(probability, margin)
    stages = dict(_pairs(lifecycle, "stage"))
    names = [stages.get(customer) or "" for customer in ids.tolist()]
    stage = _codes(names)
    before = {customer: _ORDER.index(Level(level)) for customer, level in _pairs(previous, "level")}
    earlier = np.array([before.get(customer, -1) for customer in ids.tolist()], dtype=np.int64)
    fading = _fading(declines, ids.size) & ~graduated
    level = grading.levels(probability, at_risk, stage, earlier, contacts, settings.hysteresis, fading)
    calm = grading.levels(probability, at_risk, stage, earlier, contacts, settings.hysteresis) == grading.BLUE
    found = _findings(declines, ids.size, settings.drift_days)
    spoken = [with_drift(own, seen["found"] if seen else []) for own, seen in zip(told, found, strict=True)]
    day = rows["as_of"].cast(pa.date32())
    columns = [
        day,
        pa.array(ids),
        pa.array([_ORDER[code].value for code in level.tolist()], pa.string()),
        pa.array(np.rint(at_risk).astype(np.int64)),
        pa.array(names, pa.string()),
        pa.array(np.rint(_profit(at_risk, level, contacts)).astype(np.int64)),
        pa.array(fading & calm),
        pa.array(graduated),
        pa.array([None if seen is None else json.dumps(seen, ensure_ascii=False) for seen in found], pa.string()),
        pa.array([json.dumps(own, ensure_ascii=False) for own in spoken], pa.string()),
    ]
    thresholds = grading.stage_thresholds(probability, margin, stage, level, contacts)
    return Graded(pa.table(columns, schema=_SCHEMA), _threshold_rows(day, names, stage, thresholds, contacts))


def contacts_of(settings: WarningSettings, capacity: Capacity) -> tuple[Contact, ...]:
    """Return the two kinds of contact, the most urgent first."""
    return (
        Contact(grading.RED, capacity.red, settings.red_save_share, settings.red_cost_minor),
        Contact(grading.ORANGE, capacity.orange, settings.orange_save_share, settings.orange_cost_minor),
    )


def totals(warnings: pa.Table) -> tuple[LevelTotal, ...]:
    """Return customers and value at risk of each level, from blue to red; levels without customers are 0."""
    level = np.asarray(warnings["level"].to_pylist(), dtype=object)
    at_risk = np.asarray(warnings["value_at_risk_minor"], dtype=np.int64)
    return tuple(
        LevelTotal(name, int((level == name).sum()), int(at_risk[level == name].sum()) if level.size else 0)
        for name in _ORDER
    )


def with_drift(reasons: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put what the detectors found among a customer's reasons: after the causes that have evidence, before the rest.

    A fading customer fades for a cause; where the data name one, the cause is said first.
    """
    if not found:
        return reasons
    causes = [one for one in reasons if one["direction"] == "raises" and one.get("evidence", 0) >= 1]
    others = [one for one in reasons if one not in causes and one["family"] != SILENT_DRIFT]
    leaned = [one for one in reasons if one["family"] == SILENT_DRIFT and one["direction"] == "raises"]
    told = {
        "family": SILENT_DRIFT,
        "direction": "raises",
        "weight": round(1.0 + sum(max(one["weight"], 0.0) for one in leaned), 4),
        "tag": found[0]["behaviour"],
        "value": found[0]["change"],
        "zh": ";".join(one["zh"] for one in found),
        "en": "; ".join(one["en"] for one in found),
        "attribution": round(sum(one["weight"] for one in leaned), 4),
        "evidence": 1.0,
    }
    return [*causes, told, *others]


def _fading(declines: Declines | None, n: int) -> npt.NDArray[np.bool_]:
    fading = np.zeros(n, dtype=np.bool_)
    for watched in (declines or {}).values():
        fading |= watched.drifting
    return fading


def _findings(declines: Declines | None, n: int, days: int) -> list[dict[str, Any] | None]:
    if declines is None:
        return [None] * n
    rows: list[dict[str, Any] | None] = [{"checked": [], "found": []} for _ in range(n)]
    for behaviour, watched in declines.items():
        for i in np.flatnonzero(watched.enough):
            rows[i]["checked"].append(behaviour.value)  # type: ignore[index]
        for i in np.flatnonzero(watched.drifting):
            rows[i]["found"].append(finding(behaviour, watched.recent[i], watched.usual[i], days))  # type: ignore[index]
    return rows


def _profit(
    at_risk: npt.NDArray[np.float64], level: npt.NDArray[np.int64], contacts: tuple[Contact, ...]
) -> npt.NDArray[np.float64]:
    profit = contacts[-1].profit(at_risk)
    for contact in contacts:
        profit = np.where(level == contact.level, contact.profit(at_risk), profit)
    return profit


def _threshold_rows(
    day: pa.ChunkedArray,
    names: list[str],
    stage: npt.NDArray[np.intp],
    thresholds: list[grading.StageThreshold],
    contacts: tuple[Contact, ...],
) -> pa.Table:
    if not thresholds:
        return _THRESHOLDS.empty_table()
    named = dict(zip(stage.tolist(), names, strict=True))
    scored = np.bincount(stage)
    by_level = {contact.level: contact for contact in contacts}
    rows = []
    for one in thresholds:
        contact = by_level[one.level]
        rows.append(
            {
                "as_of": day[0].as_py(),
                "stage": named[one.stage],
                "level": _ORDER[one.level].value,
                "scored": int(scored[one.stage]),
                "customers": one.customers,
                "usual_probability": one.usual_probability,
                "margin_minor": one.margin_minor,
                "pays_from": one.pays_from if np.isfinite(one.pays_from) else None,
                "profit_from_minor": one.profit_from_minor,
                "lowest_probability": one.lowest_probability if np.isfinite(one.lowest_probability) else None,
                "at_capacity": one.full,
                "save_share": contact.save_share,
                "cost_minor": int(contact.cost_minor),
                "capacity": contact.capacity,
            }
        )
    return pa.Table.from_pylist(rows, _THRESHOLDS)


def _texts(rows: pa.Table, column: str) -> list[str | None]:
    texts: list[str | None] = rows[column].to_pylist() if column in rows.column_names else [None] * rows.num_rows
    return texts


def _pairs(table: pa.Table | None, column: str) -> list[tuple[int, str]]:
    if table is None:
        return []
    return list(zip(table["customer_id"].to_pylist(), table[column].to_pylist(), strict=True))


def _codes(names: list[str]) -> npt.NDArray[np.intp]:
    codes = {name: code for code, name in enumerate(sorted(set(names)))}
    return np.array([codes[name] for name in names], dtype=np.intp)
