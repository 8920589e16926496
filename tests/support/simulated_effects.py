"""A comparison of measured with true effects, as a demo leaves it: one held, one missed, one without a result."""

from __future__ import annotations

from typing import Any

_ROW = {"treated_mean": 0.2, "control_mean": 0.17, "level": 0.95, "verdict": "works"}
_SECOND = {"strategy": "second_purchase", "zh": "促二购", "en": "Second purchase", "pending_n": 120}
_SLEEPING = {"strategy": "sleeping_customer", "zh": "唤醒沉睡客户", "en": "Sleeping customer", "pending_n": 34}

SIMULATION: dict[str, Any] = {
    "as_of": "2026-03-01",
    "customers": 20_000,
    "weeks": 8,
    "seed": 1,
    "contacts": 6_540,
    "untranslated": 3,
    "effects": [
        _ROW
        | _SECOND
        | {"metric": "repurchase", "treated_n": 1840, "control_n": 460}
        | {"difference": 0.031, "low": 0.008, "high": 0.054, "true_effect": 0.026, "true_n": 1840, "covered": True},
        _ROW
        | _SECOND
        | {"metric": "margin", "treated_n": 1840, "control_n": 460}
        | {"difference": 512.0, "low": 120.0, "high": 904.0, "true_effect": -35.0, "true_n": 1840, "covered": False},
        _ROW
        | _SLEEPING
        | {"metric": "repurchase", "treated_n": 0, "control_n": 0, "difference": None, "low": None, "high": None}
        | {"true_effect": None, "true_n": 0, "covered": None, "verdict": "too_early"},
    ],
}
