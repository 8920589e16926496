"""Does it work? Trials listed, planned, started, read, paused, rolled back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from liuke.app import access, trials
from liuke.app.http.dependencies import Context, SignedInUser, TrialRunner
from liuke.app.http.models import (
    PilotGroups,
    PilotScope,
    TrialDetail,
    TrialList,
    TrialPlanned,
    TrialReason,
    TrialRequest,
    TrialRow,
)
from liuke.app.http.ports import ConsoleContext
from liuke.app.http.problems import HttpError
from liuke.kernel import shop_day
from liuke.learn.experiments import Act, Trial, TrialRecord, balance_of, choose_pilot, trial_from

router = APIRouter(prefix="/api/trials", tags=["trials"])


@router.get("", operation_id="getTrials")
def get_trials(user: SignedInUser, context: Context) -> TrialList:
    """Return every trial with stage and verdict, and the money that control groups have proven."""
    return TrialList.model_validate(trials.trial_list(context.trials, context.strategies))


@router.get("/pilot/groups", operation_id="getPilotGroups")
def get_pilot_groups(user: SignedInUser, context: Context, by: str = "province") -> PilotGroups:
    """Return the groups of a column with their customers and revenue."""
    rows = [
        {"group": one.group, "customers": one.customers, "revenue_minor": one.revenue_minor}
        for one in context.trials.groups(by)
    ]
    return PilotGroups(column=by, groups=rows)


@router.get("/pilot", operation_id="choosePilot")
def choose_pilot_scope(
    user: SignedInUser,
    context: Context,
    by: str = "province",
    share: Annotated[float, Query(gt=0, lt=1, description="Share of all customers.")] = 0.2,
    max_groups: Annotated[int, Query(ge=1, le=20)] = 5,
    group: Annotated[list[str] | None, Query(max_length=50, description="Show these instead of choosing.")] = None,
) -> PilotScope:
    """Choose groups that stand for the whole shop, or show the balance of given ones."""
    sums = context.trials.groups(by)
    pilot = balance_of(by, sums, group) if group else choose_pilot(by, sums, share, max_groups)
    return PilotScope.model_validate(trials.balance(pilot))


@router.post("/plan", operation_id="planTrial")
def plan_trial(asked: TrialRequest, user: SignedInUser, context: Context) -> TrialPlanned:
    """Say how many customers a trial needs and for how long; nothing is kept."""
    return TrialPlanned.model_validate(trials.sizes(context.trials, _document(asked, context)))


@router.post("", operation_id="draftTrial", status_code=201)
def draft_trial(asked: TrialRequest, user: TrialRunner, context: Context) -> TrialRow:
    """Keep a draft; a draft of the same id is replaced, a started trial is not."""
    document = _document(asked, context)
    names = (one.id for one in context.strategies)
    return _row(context, context.trials.plan(document, _act(context, user), names))


@router.get("/{trial}", operation_id="getTrial")
def get_trial(trial: str, user: SignedInUser, context: Context) -> TrialDetail:
    """Return one trial whole: document, history, last reading, progress, money."""
    return TrialDetail.model_validate(trials.trial_detail(context.trials, context.strategies, trial))


@router.post("/{trial}/start", operation_id="startTrial")
def start_trial(trial: str, user: TrialRunner, context: Context) -> TrialRow:
    """Start a draft: from now on its document cannot change."""
    return _row(context, context.trials.start(trial, _act(context, user), context.strategies))


@router.post("/{trial}/pause", operation_id="pauseTrial")
def pause_trial(trial: str, reason: TrialReason, user: TrialRunner, context: Context) -> TrialRow:
    """Let nobody enter and nobody be contacted for now."""
    return _row(context, context.trials.pause(trial, _act(context, user), reason.why))


@router.post("/{trial}/resume", operation_id="resumeTrial")
def resume_trial(trial: str, user: TrialRunner, context: Context) -> TrialRow:
    """Go on after a pause or a roll-back."""
    return _row(context, context.trials.resume(trial, _act(context, user)))


@router.post("/{trial}/stop", operation_id="stopTrial")
def stop_trial(trial: str, reason: TrialReason, user: TrialRunner, context: Context) -> TrialRow:
    """End a trial; its strategy contacts nobody any more."""
    return _row(context, context.trials.stop(trial, _act(context, user), reason.why))


@router.post("/{trial}/roll-back", operation_id="rollBackTrial")
def roll_back_trial(trial: str, reason: TrialReason, user: TrialRunner, context: Context) -> TrialRow:
    """Go back one stage; from the first one nobody is contacted any more."""
    return _row(context, context.trials.roll_back(trial, _act(context, user), reason.why))


def _act(context: ConsoleContext, user: access.User) -> Act:
    now = context.clock()
    return Act(user.name, now, shop_day(now, context.shop.zone))


def _row(context: ConsoleContext, record: TrialRecord) -> TrialRow:
    known = {one.id: one for one in context.strategies}
    return TrialRow.model_validate(trials.trial_row(record, known, context.trials.verdicts().get(record.id)))


def _document(asked: TrialRequest, context: ConsoleContext) -> Trial:
    if (asked.document is None) == (asked.strategy is None):
        raise HttpError(422, "invalid_request", "Give a document or a strategy, one of them.", "See the API's schema.")
    if asked.document is not None:
        return trial_from(asked.document, "the document")
    known = {one.id: one for one in context.strategies}
    if asked.strategy not in known:
        raise HttpError(
            404, "no_such_strategy", f"There is no strategy {asked.strategy}.", f"There are {', '.join(known)}."
        )
    own: dict[str, Any] = {"id": f"{asked.strategy}_trial"[-64:]}
    return trials.draft_for(known[asked.strategy], context.trials.settings, own | asked.changes)
