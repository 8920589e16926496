"""Past weeks of warnings lived again, for the command line, the console and the proof."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa

from liuke.app.bootstrap import Application
from liuke.kernel import NotEnoughData
from liuke.kernel.progress import Progress
from liuke.predict.churn import ChurnService, TagStrata
from liuke.predict.early_warning import (
    WARNING_BACKTEST,
    Moment,
    WeekOfWarnings,
    backtest_table,
    relive,
    summarise,
)
from liuke.understand.tags import build_tags


@dataclass(frozen=True)
class Backtest:
    """What a look back gave.

    Attributes
    ----------
    weeks : tuple of WeekOfWarnings
        Oldest first.
    """

    as_of: date
    weeks: tuple[WeekOfWarnings, ...]


def lifecycle_at(app: Application) -> Callable[[Moment], pa.Table]:
    """Return what gives every customer's lifecycle stage at a moment."""

    def stages(moment: Moment) -> pa.Table:
        return build_tags(moment, app.tags, names=["lifecycle"]).rename_columns(["customer_id", "stage"])

    return stages


def run_backtest(
    app: Application, as_of: date, weeks: int, seed: int = 1, progress: Progress | None = None
) -> Backtest | NotEnoughData:
    """Warn again in each of the latest weeks whose outcome is complete, and keep what came of it.

    Parameters
    ----------
    as_of : date
        Outcomes are read from here; the latest week lies a horizon before it.
    weeks : int
    seed : int
        Of the learner.

    Returns
    -------
    Backtest or NotEnoughData
        The rows of ``warning_backtest`` are replaced only if there is one.
    """
    with closing(app.history.at(as_of)) as moment:
        proposal = app.churn.propose_horizon(moment)
    if isinstance(proposal, NotEnoughData):
        return proposal
    # one horizon for all weeks, or the weeks could not be compared
    settings = app.settings.churn.model_copy(update={"horizon_days": proposal.horizon_days})
    folder = Path(mkdtemp(prefix="backtest-", dir=_scratch(app)))
    try:
        lived = relive(
            app.history,
            ChurnService(app.history, app.lake, app.shop, settings, folder, app.features, TagStrata(app.tags)),
            as_of,
            as_of - timedelta(days=proposal.horizon_days),
            weeks,
            lifecycle_at(app),
            app.behaviours.active_names,
            app.settings.warning,
            seed,
            progress=progress,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if isinstance(lived, NotEnoughData):
        return lived
    found = tuple(summarise(week) for week in lived)
    rows = backtest_table(as_of, found)
    app.lake.overwrite(WARNING_BACKTEST.name, rows, {"as_of": as_of}, f"backtest:{as_of}:{weeks}:{seed}", {})
    return Backtest(as_of, found)


def _scratch(app: Application) -> Path:
    app.workspace.scratch_dir.mkdir(parents=True, exist_ok=True)
    return app.workspace.scratch_dir
