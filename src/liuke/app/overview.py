"""What `liuke status` tells: the shop at a glance, from the lake and the operational store."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from liuke.app.bootstrap import Application
from liuke.app.loop import MISSING, stopped_channels
from liuke.engage.outreach import OutboxCount, reason_words
from liuke.kernel import from_minor
from liuke.understand.metrics import metric_definitions

_SHOWN_STEPS = 10


def shop_status(app: Application) -> dict[str, Any]:
    """Return data, warnings, key figures, effects, messages and the last steps, JSON-ready.

    Everything is of the last run; ``as_of`` is None before the first.
    """
    as_of = app.last_run_day()
    status: dict[str, Any] = {
        "shop": app.shop.name,
        "workspace": str(app.workspace.path),
        "as_of": as_of.isoformat() if as_of else None,
        "tables": {one.name: one.rows for one in app.lake.tables() if one.rows},
        "levels": [],
        "metrics": [],
        "effects": [],
        "missing": {},
        "messages": [_message(one) for one in app.outreach.counts()],
        "stopped": _stopped(app),
        "steps": [
            {
                "step": one.name,
                "as_of": one.as_of.isoformat(),
                "state": one.state.value,
                "seconds": round(one.seconds, 2),
                "note": one.note,
            }
            for one in app.steps.recent(_SHOWN_STEPS)
        ],
    }
    if as_of is None:
        return status
    day = {"as_of": as_of}
    status["levels"] = _levels(app, day)
    status["metrics"] = _metrics(app, day)
    status["effects"] = _effects(app, day)
    for record in app.steps.recent(200):
        if record.as_of == as_of:
            status["missing"] = {**record.detail.get(MISSING, {}), **status["missing"]}
    return status


def _message(count: OutboxCount) -> dict[str, Any]:
    """Return how many messages of a strategy stand in one state, with the reason as a key and in words."""
    zh, en = reason_words(count.reason)
    return {
        "strategy": count.strategy,
        "state": count.state,
        "reason": count.reason,
        "reason_zh": zh,
        "reason_en": en,
        "messages": count.messages,
    }


def _stopped(app: Application) -> list[dict[str, str]]:
    """Return the channels that stopped at the latest delivery."""
    delivered = next((one for one in app.steps.recent(200) if one.name == "engage"), None)
    return [asdict(one) for one in stopped_channels(delivered)] if delivered else []


def _levels(app: Application, day: dict[str, Any]) -> list[dict[str, Any]]:
    totals: dict[str, list[int]] = {}
    for row in app.lake.arrow("warnings", day).to_pylist():
        total = totals.setdefault(row["level"], [0, 0])
        total[0] += 1
        total[1] += row["value_at_risk_minor"]
    currency = app.shop.currency
    return [
        {
            "level": level,
            "customers": totals[level][0],
            "value_at_risk": f"{from_minor(totals[level][1], currency):,} {currency}",
        }
        for level in ("red", "orange", "yellow", "blue")
        if level in totals
    ]


def _metrics(app: Application, day: dict[str, Any]) -> list[dict[str, Any]]:
    latest: dict[str, dict[str, Any]] = {}
    for row in app.lake.arrow("metrics", day).to_pylist():
        known = latest.get(row["metric"])
        if row["value"] is not None and (known is None or row["period_end"] > known["period_end"]):
            latest[row["metric"]] = row
    units = {one.key: one.unit for one in metric_definitions(app.shop)}
    return [
        {
            "metric": name,
            "value": row["value"],
            "unit": units[name],
            "shown": _shown(row["value"], units[name], app.shop.currency),
            "period_start": row["period_start"].isoformat(),
            "period_end": row["period_end"].isoformat(),
            "shown_period": f"{row['period_start']} … {row['period_end'] - timedelta(days=1)}",
        }
        for name, row in sorted(latest.items())
    ]


def _effects(app: Application, day: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each strategy's effects; amounts stay in minor units beside the text that shows them."""
    names = ("strategy", "metric", "treated_n", "control_n", "difference", "low", "high", "verdict")
    found = []
    for row in app.lake.arrow("effects", day).to_pylist():
        unit = "money" if row["metric"] == "margin" else "share"
        shown = {
            name: None if row[name] is None else _shown(row[name], unit, app.shop.currency)
            for name in ("difference", "low", "high")
        }
        found.append({name: row[name] for name in names} | {"shown": shown})
    return found


def _shown(value: float, unit: str, currency: str) -> str:
    """Return a figure as people read it."""
    if unit == "share":
        return f"{value:.1%}"
    if unit == "money":
        return f"{from_minor(round(value), currency):,} {currency}"
    return f"{value:,.0f}" if unit == "count" or abs(value) >= 100 else f"{value:,.2f}"
