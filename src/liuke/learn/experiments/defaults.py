"""Every strategy is a trial: where nobody has planned one, it follows from the strategy's own goal."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from liuke.decide.strategies import Strategy, strategy_versions
from liuke.learn.experiments.config import ExperimentSettings
from liuke.learn.experiments.contracts import EndReason
from liuke.learn.experiments.document import Guardrail, Metrics, Rollout, Rule, Trial, Words
from liuke.learn.experiments.record import Act, TrialBook, TrialRecord

_ID_ROOM = 57  # 64 characters less an underscore and six digits of the version


def default_trial(strategy: Strategy, settings: ExperimentSettings, trial_id: str | None = None) -> Trial:
    """Return the trial that a strategy is by itself.

    Parameters
    ----------
    strategy
        With a control share above zero.
    trial_id
        By default the strategy's own id.
    """
    primary = strategy.goal.metric
    is_money = primary == "margin"
    beside = "repurchase" if is_money else "margin"
    guards = [
        Guardrail(metric="repurchase"),
        Guardrail(metric="margin"),
        Guardrail(metric="unsubscribed", worse_by=settings.accepted_unsubscribes),
    ]
    return Trial(
        language=1,
        id=trial_id or strategy.id,
        strategy=strategy.id,
        name=Words(zh=strategy.name.zh, en=strategy.name.en),
        control_share=strategy.control_share,
        horizon_days=strategy.goal.horizon_days,
        metrics=Metrics(primary=primary, secondary=[beside, "orders"], guardrails=guards),
        rule=Rule(
            level=settings.level,
            worthwhile=settings.worthwhile_margin_minor if is_money else settings.worthwhile_repurchase,
            min_units_per_arm=settings.min_units_per_arm,
            min_buyers=settings.min_buyers,
        ),
        rollout=Rollout(stages=list(settings.default_stages), min_units=settings.min_units_per_arm),
    )


def open_trials(
    connection: sa.Connection,
    book: TrialBook,
    strategies: Iterable[Strategy],
    settings: ExperimentSettings,
    act: Act,
) -> list[TrialRecord]:
    """Start a trial for every strategy that has none for its present version; return those started.

    A strategy whose trial has ended stays as it ended until its document changes. When the document of a strategy under
    trial changes, the trial ends as superseded and the same plan starts again with the new version, at its first stage.
    """
    started = []
    for strategy in strategies:
        if strategy.control_share == 0:
            continue  # nothing to compare with: the strategy's author has decided so
        earlier = book.all(connection, strategy.id)
        active = book.active(connection, strategy.id)
        if any(one.strategy_version == strategy.version and one.started_on for one in earlier):
            continue
        taken = {one.id for one in book.all(connection)}
        if active is not None:
            zh, en = f"策略改为版本 {strategy.version}", f"the strategy is now version {strategy.version}"
            book.end(connection, active.id, act, EndReason.SUPERSEDED, zh, en)
        own = strategy.id if strategy.id not in taken else f"{strategy.id[:_ID_ROOM]}_{strategy.version[:6]}"
        document = default_trial(strategy, settings, own)
        if active is not None and not active.by_default:
            document = active.document.model_copy(update={"id": f"{active.id[:_ID_ROOM]}_{strategy.version[:6]}"})
        book.draft(connection, document, act, by_default=active is None or active.by_default)
        query = sa.select(strategy_versions.c.first_used_on).where(
            strategy_versions.c.strategy == strategy.id, strategy_versions.c.version == strategy.version
        )
        since = connection.scalar(query)  # a strategy that was used before trials were written down
        started.append(book.start(connection, document.id, act, strategy.version, since))
    return started
