"""Takes the steps of one day in order, each at most once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from liuke.app.bootstrap import Application
from liuke.app.loop import (
    collecting,
    deciding,
    engaging,
    learning,
    predicting,
    publishing,
    segmenting,
    understanding,
    valuing,
)
from liuke.app.loop.context import RunContext, TagEngine
from liuke.engage.outreach import Stop
from liuke.kernel import NotEnoughData, Progress, SetAside, SilentProgress, UsageError
from liuke.store.lineage import Step, StepRecord, StepResult


@dataclass(frozen=True)
class LoopStep:
    """One step: what it reads, what rules it, what it does.

    Parameters
    ----------
    name, label : str
        The key in the step log, and what the terminal shows.
    reads : sequence of str
        Lake tables; another snapshot of one of them is a reason to take the step again.
    body : callable
    settings : sequence of str
        Sections of the settings that rule the step; another value in one of them is a reason to take it again.
    definitions : callable, optional
        Gives the versions of the documents that rule the step; another one is a reason to take it again.
    always : bool
        It faces the outside, and repeats safely by itself.
    whole : bool
        It writes a table whole, not the rows of its day.
    """

    name: str
    label: str
    reads: Sequence[str]
    body: Callable[[RunContext], StepResult]
    settings: Sequence[str] = ()
    definitions: Callable[[RunContext], Sequence[str]] = lambda _: ()
    always: bool = False
    whole: bool = False


STEPS = (
    LoopStep("ingest", "read the shop's files", (), collecting.ingest, always=True),
    LoopStep("resolve", "recognise customers", ("identities",), collecting.resolve, ("shop",), whole=True),
    LoopStep("tag", "compute tags", collecting.HISTORY, understanding.tag, ("shop",), understanding.tag_versions),
    LoopStep(
        "measure",
        "compute key figures",
        collecting.HISTORY,
        understanding.measure,
        ("shop", "metrics", "sources"),
        understanding.active_names,
    ),
    LoopStep(
        "predict",
        "predict churn",
        collecting.HISTORY,
        predicting.predict,
        ("shop", "churn"),
        understanding.tag_versions,
    ),
    LoopStep(
        "warn",
        "grade warnings",
        (*collecting.HISTORY, "churn_scores", "customer_tags"),
        predicting.warn,
        ("shop", "warning"),
        understanding.active_names,
    ),
    LoopStep(
        "segment",
        "evaluate segments",
        (*collecting.HISTORY, "customer_tags", "warnings"),
        segmenting.segment,
        ("shop", "segments"),
        segmenting.segment_versions,
    ),
    LoopStep(
        "value",
        "value customers",
        (*collecting.HISTORY, "churn_scores", "warnings", "customer_tags", "segment_membership"),
        valuing.value,
        ("shop", "churn", "clv"),
    ),
    LoopStep(
        "decide",
        "run strategies",
        ("customer_tags", "warnings"),
        deciding.decide,
        ("shop", "experiments", "outreach"),
        deciding.strategy_versions,
    ),
    LoopStep("engage", "deliver messages", (), engaging.engage, always=True),
    LoopStep(
        "learn",
        "read out effects",
        (*collecting.HISTORY, "contacts", "churn_scores"),
        learning.learn,
        ("shop", "experiments", "churn", "outreach"),
        deciding.strategy_versions,
        whole=True,
    ),
    LoopStep("publish", "publish for the console", (), publishing.publish_build, always=True),
)

_REACHING_PEOPLE = frozenset({"decide", "engage"})
"""Steps that wait until the channels that reach people are set up: who enters a strategy must be able to hear of it."""

SENDING = (LoopStep("engage", "deliver messages", (), engaging.send, always=True),)
"""What a day takes on which nothing is computed: messages that have become due since the last run."""


@dataclass(frozen=True)
class LoopReport:
    """What one run did.

    Parameters
    ----------
    as_of : date
    steps : tuple of StepRecord
    missing : mapping of str to NotEnoughData
        Parts that had too little data.
    rehearsed : bool
        True for a past day: nothing was sent on a channel that reaches people.
    aside : tuple of SetAside
        Definitions that could not be used; all others were.
    """

    as_of: date
    steps: tuple[StepRecord, ...]
    missing: Mapping[str, NotEnoughData]
    rehearsed: bool
    aside: tuple[SetAside, ...] = ()

    @property
    def stopped(self) -> tuple[Stop, ...]:
        """Channels whose provider takes nobody's messages; all that could be done without them is done."""
        return tuple(stop for record in self.steps for stop in stopped_channels(record))


def stopped_channels(record: StepRecord) -> tuple[Stop, ...]:
    """Return the channels that stopped in a step."""
    return tuple(Stop(**one) for one in record.detail.get("delivery", {}).get("stopped", ()))


class DailyLoop:
    """The loop of one workspace.

    Parameters
    ----------
    app : Application
    progress : Progress, optional
    tag_engine : TagEngine, optional
        Computes the tags; default: the engine in this process.
    """

    def __init__(self, app: Application, progress: Progress | None = None, tag_engine: TagEngine | None = None) -> None:
        self._app = app
        self._tag_engine = tag_engine
        self._progress = progress or SilentProgress()

    def run(self, as_of: date | None = None, only: Collection[str] | None = None) -> LoopReport:
        """Take every step for a day.

        Parameters
        ----------
        as_of : date, optional
            Default: today in the shop's zone. A past day computes, but sends nothing on a channel that reaches people.
        only : collection of str, optional
            Names of the steps to take, in the order of ``STEPS``; default: all. A step left out is one whose tables
            stay as they are.

        Raises
        ------
        UsageError
            If the day lies in the future, or a name is no step's.
        SettingsError
            If messages are to reach people and the settings for that can't work; nothing was done.
        LockedError
            If another process is writing in the workspace.
        """
        names = [step.name for step in STEPS]
        if unknown := sorted(set(only or ()) - set(names)):
            raise UsageError(f"there is no step {', '.join(unknown)}", f"steps are {', '.join(names)}")
        return self._go(as_of, [step for step in STEPS if only is None or step.name in only])

    def send(self, as_of: date | None = None) -> LoopReport:
        """Only deliver what has become due: for the days between two whole runs, at any hour of them.

        Parameters
        ----------
        as_of : date, optional
            Default: today in the shop's zone.

        Raises
        ------
        UsageError
            If the day lies in the future.
        LockedError
            If another process is writing in the workspace.
        """
        return self._go(as_of, SENDING)

    def _go(self, as_of: date | None, chosen: Sequence[LoopStep]) -> LoopReport:
        today = self._app.today()
        as_of = as_of or today
        if as_of > today:
            raise UsageError(
                f"{as_of} lies in the future (today is {today} in the shop's zone)", "choose an earlier day"
            )
        if as_of == today and any(step.name in _REACHING_PEOPLE for step in chosen):
            self._app.outreach.check()
        with self._app.workspace.lock("run"):
            context = RunContext(self._app, as_of, self._progress, rehearse=as_of < today, tag_engine=self._tag_engine)
            try:
                records = tuple(self._take(step, context) for step in chosen)
            finally:
                context.close()
        aside = tuple(one for _, one in sorted(context.aside.items()))
        return LoopReport(as_of, records, dict(context.missing), context.rehearse, aside)

    def _take(self, step: LoopStep, context: RunContext) -> StepRecord:
        self._progress.start(step.label)
        inputs = {name: self._app.lake.snapshot_id(name) for name in sorted(step.reads)}
        definition = context.definition(step.settings, step.definitions(context))
        described = Step(step.name, context.as_of, inputs, definition)
        record = self._app.steps.take(described, lambda: step.body(context), always=step.always, whole=step.whole)
        context.note(record.detail)
        self._progress.finish("as before" if record.repeated else record.note)
        return record
