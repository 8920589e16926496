"""What console and command line tell of a trial: record, progress, reading, money, plan, in words and numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from liuke.decide.strategies import Strategy
from liuke.kernel import LiukeError
from liuke.learn.experiments import (
    OUTCOMES,
    EndReason,
    Pilot,
    Trial,
    TrialDesk,
    TrialRecord,
    TrialState,
    Verdict,
    default_trial,
    plan_sizes,
    trial_from,
)
from liuke.learn.experiments.config import ExperimentSettings


def trial_row(
    record: TrialRecord, strategies: dict[str, Strategy], verdict: str | None, *, split_broken: bool = False
) -> dict[str, Any]:
    """Return one line of the list of trials."""
    strategy = strategies.get(record.strategy)
    document = record.document
    name = {"zh": document.name.zh or record.id, "en": document.name.en or record.id}
    if strategy is not None and not document.name.zh:
        name = {"zh": strategy.name.zh, "en": strategy.name.en}
    reason = EndReason(record.reason).words if record.reason else None
    word = Verdict(verdict or "too_early")
    return {
        "id": record.id,
        "strategy": record.strategy,
        "name": name,
        "state": record.state.value,
        "state_words": {"zh": record.state.zh, "en": record.state.value},
        "reason": record.reason.value if record.reason else None,
        "reason_words": {"zh": reason[0], "en": reason[1]} if reason else None,
        "by_default": record.by_default,
        "document_version": record.version,
        "strategy_version": record.strategy_version,
        "stage": record.stage,
        "stages": list(document.rollout.stages),
        "stage_since": record.stage_since,
        "treated_share": record.treated_share,
        "growing": record.growing,
        "started_on": record.started_on,
        "ended_on": record.ended_on,
        "verdict": word.value,
        "verdict_words": {"zh": word.zh, "en": word.en},
        "split_broken": split_broken,
    }


def trial_list(desk: TrialDesk, strategies: Iterable[Strategy]) -> dict[str, Any]:
    """Return every trial with its last verdict, and the money that control groups have proven."""
    known = {one.id: one for one in strategies}
    verdicts = desk.verdicts()
    gains = desk.gains()
    return {
        "trials": [
            trial_row(one, known, verdicts.get(one.id), split_broken=_split_broken(desk.report(one.id)))
            for one in desk.records()
        ],
        "strategies": [{"id": one.id, "name": {"zh": one.name.zh, "en": one.name.en}} for one in known.values()],
        "money": gains,
        "booked_minor": sum(one["booked_minor"] for one in gains),
    }


def trial_detail(desk: TrialDesk, strategies: Iterable[Strategy], trial: str) -> dict[str, Any]:
    """Return one trial whole: record, document, events, last reading, progress to the planned size, money."""
    record, events = desk.record(trial)
    known = {one.id: one for one in strategies}
    report = desk.report(trial)
    verdict = desk.verdicts().get(trial)
    gain = next((one for one in desk.gains() if one["trial"] == trial), None)
    return trial_row(record, known, verdict, split_broken=_split_broken(report)) | {
        "document": record.document.model_dump(mode="json"),
        "metrics": [asdict(OUTCOMES[name]) for name in record.document.metrics.names],
        "events": [asdict(one) for one in events],
        "report": report,
        "progress": _progress(desk, record, report),
        "money": gain,
    }


def _split_broken(report: dict[str, Any] | None) -> bool:
    analysis = report["analysis"] if report else None
    return bool(analysis and analysis["split"]["broken"])


def sizes(desk: TrialDesk, document: Trial) -> dict[str, Any]:
    """Return the planner's answer: facts it rests on, and the size that each metric asks for."""
    facts = desk.facts(document.strategy)
    own = facts.population == "control"
    return {
        "facts": facts.tree(),
        "population": {
            "zh": "本策略对照组的历史" if own else "最近活跃买家的历史（策略自己的对照组还太小）",
            "en": "the strategy's own control customers" if own else "recent buyers: its own control is too small yet",
        },
        "metrics": [
            asdict(one) | {"words": {"zh": OUTCOMES[one.metric].zh, "en": OUTCOMES[one.metric].en}}
            for one in plan_sizes(document, facts)
        ],
        "document": document.model_dump(mode="json"),
        "document_version": document.version,
    }


def balance(pilot: Pilot) -> dict[str, Any]:
    """Return a pilot's scope with its balance."""
    return asdict(pilot) | {"groups": list(pilot.groups), "balanced": pilot.balanced}


def draft_for(strategy: Strategy, settings: ExperimentSettings, changes: dict[str, Any]) -> Trial:
    """Return a strategy's own trial with some keys changed."""
    base = default_trial(strategy, settings).model_dump(mode="json")
    return trial_from(_merged(base, changes), "the plan")


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Lay changes over a tree, key by key."""
    found = dict(base)
    for key, value in changes.items():
        under = found.get(key)
        found[key] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return found


def _progress(desk: TrialDesk, record: TrialRecord, report: dict[str, Any] | None) -> dict[str, Any]:
    """Return how far a trial has come: customers read of those planned, and the days that are left at this pace."""
    complete = sum(report["complete"].values()) if report else 0
    informative = float(report.get("informative", complete)) if report else 0.0
    document = record.document
    planned, rate = document.rule.planned_units, None
    try:
        facts = desk.facts(record.strategy)
        rate = facts.entries_per_day
        if planned is None and document.rule.worthwhile > 0:
            found = plan_sizes(document, facts)
            planned = found[0].units if found else None
    except LiukeError:
        pass  # not enough history to plan by: progress has no end to show
    share, usual = document.treated_share(max(record.stage, 0)), document.planned_share
    telling = share * (1 - share) / (usual * (1 - usual)) if usual < 1 else 1.0  # of a customer who enters now
    left = max((planned or 0) - informative, 0) / telling
    running = record.state is TrialState.RUNNING
    return {
        "complete": complete,
        "informative": informative,
        "pending": report["pending"] if report else 0,
        "planned": planned,
        "share": min(informative / planned, 1.0) if planned else None,
        "entries_per_day": rate,
        "days_left": round(left / rate) if running and planned and rate else None,
    }


def changed(document: Trial, changes: dict[str, Any]) -> Trial:
    """Return a document with some keys changed."""
    return trial_from(_merged(document.model_dump(mode="json"), changes), "the plan")
