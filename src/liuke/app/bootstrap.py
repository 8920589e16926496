"""The only place where parts are plugged together, and the only one that reads the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from shlex import quote
from typing import Any

from liuke.app.access import record
from liuke.app.addresses import CustomerIdentities, ShopAddressBook, ShopPermissions
from liuke.app.definitions import Audience, check_trial, unreadable, usable
from liuke.app.languages import CustomerLanguages
from liuke.app.settings import Settings, load_settings, settings_text
from liuke.app.treatments import LakeTreatments
from liuke.collect.behaviours import Catalogue, ReadBehaviours, read_behaviours
from liuke.collect.consent import ConsentLedger, SuppressionList
from liuke.collect.history import History
from liuke.collect.identity import IDENTITIES, IDENTITY_MAP, ProfileBook
from liuke.collect.sources import CANONICAL, ROW_KEYS, Ingestor, PlausibleDays
from liuke.decide.strategies import ReadStrategies, Strategy, StrategyDesk, read_strategies
from liuke.engage.outreach import CONTACTS, READY_TEMPLATES, MessageKeys, Outreach, TemplateLibrary, build_channels
from liuke.kernel import Clock, SetAside, ShopProfile, shop_day, simulated_instant
from liuke.learn.experiments import ASSIGNMENTS, EFFECTS, HashAllocator, TrialDesk
from liuke.predict.churn import CHURN_SCORES, ChurnService, TagFeatures, TagStrata
from liuke.predict.clv import CUSTOMER_VALUES, GROUP_VALUES, ValueService
from liuke.predict.early_warning import INTERVENTIONS, WARNING_BACKTEST, WARNING_THRESHOLDS, WARNINGS
from liuke.store.lake import Lake
from liuke.store.lineage import StepLog, StepState
from liuke.store.operations import FieldCipher, Keyring, Operations
from liuke.store.workspace import Workspace
from liuke.understand.metrics import COHORTS, METRICS
from liuke.understand.segments import (
    SEGMENT_CHANGES,
    SEGMENT_MEMBERSHIP,
    SEGMENT_SIZES,
    ReadSegments,
    SegmentBook,
    SegmentSettings,
    SegmentShelf,
    read_segments,
)
from liuke.understand.tags import ReadTags, TagSet, customer_tags_spec, read_definitions

LAKE_TABLES = (
    *CANONICAL,
    ROW_KEYS,
    IDENTITIES,
    IDENTITY_MAP,
    METRICS,
    COHORTS,
    SEGMENT_MEMBERSHIP,
    SEGMENT_CHANGES,
    SEGMENT_SIZES,
    CHURN_SCORES,
    WARNINGS,
    WARNING_THRESHOLDS,
    WARNING_BACKTEST,
    INTERVENTIONS,
    CUSTOMER_VALUES,
    GROUP_VALUES,
    ASSIGNMENTS,
    CONTACTS,
    EFFECTS,
)
"""Tables with columns of their own; those of ``customer_tags`` follow from the definitions."""


def utc_now() -> datetime:
    """Return the present instant (naive UTC)."""
    return datetime.now(UTC).replace(tzinfo=None)


def clock_of(workspace: Workspace, zone: str) -> Clock:
    """Return the clock that a workspace lives by: a simulated shop's own, which its runs move on, else this machine's.

    The simulated day is read each time, so that an open console sees it move.
    """
    first = workspace.simulated_day()
    if first is None:
        return utc_now
    return lambda: simulated_instant(workspace.simulated_day() or first, zone)


class Application:
    """One workspace with everything plugged in; parts are made when they are first needed.

    Parameters
    ----------
    workspace : Workspace
    settings : Settings
    clock : callable, optional
        Gives the present instant (naive UTC) of everything that has to do with the shop; default: the workspace's, see
        ``clock_of``. What guards the door (sessions, throttles) goes by ``wall_clock``.
    """

    def __init__(self, workspace: Workspace, settings: Settings, clock: Clock | None = None) -> None:
        self.workspace = workspace
        self.settings = settings
        self.clock: Clock = clock or clock_of(workspace, settings.shop.zone)
        self.wall_clock: Clock = utc_now

    @classmethod
    def open(cls, path: Path, clock: Clock | None = None) -> Application:
        """Open a workspace.

        Raises
        ------
        SettingsError
            If there is none, or its settings can't be used.
        """
        workspace = Workspace.open(path)
        return cls(workspace, load_settings(workspace.settings_file), clock)

    @classmethod
    def create(
        cls,
        path: Path,
        chosen: dict[str, dict[str, Any]] | None = None,
        clock: Clock | None = None,
        key: bytes | None = None,
    ) -> Application:
        """Make a workspace and open it.

        Parameters
        ----------
        path : Path
        chosen : dict of section to dict of key to value, optional
            Settings that differ from the defaults.
        key : bytes, optional
            Key of the personal fields; random unless given (a demo derives its own from the seed).
        """
        workspace = Workspace.create(path, settings_text(chosen))
        Keyring(workspace.key_file).create(key)
        return cls.open(path, clock)

    # ---- time

    def now(self) -> datetime:
        """Return the present instant (naive UTC)."""
        return self.clock()

    def today(self) -> date:
        """Return the present day in the shop's zone."""
        return shop_day(self.clock(), self.shop.zone)

    @property
    def simulated_day(self) -> date | None:
        """The day on which the shop stands if its time is simulated, else None."""
        return self.workspace.simulated_day()

    @property
    def next_day_command(self) -> str | None:
        """The command that simulates the next day; None in the real time."""
        return f"liuke run -w {quote(str(self.workspace.path))}" if self.simulated_day else None

    def day_after_last_order(self) -> date | None:
        """Return the day after the last paid order: the latest day that says anything new. None without orders."""
        days = self.history.days()
        return days[1] + timedelta(days=1) if days else None

    def last_run_day(self) -> date | None:
        """Return the day of the last run that reached its end, None before the first."""
        finished = (
            one.as_of for one in self.steps.recent(500) if one.name == "publish" and one.state == StepState.DONE
        )
        return next(finished, None)

    # ---- store

    @property
    def shop(self) -> ShopProfile:
        """What every part has to know about the shop."""
        return self.settings.shop

    @cached_property
    def lake(self) -> Lake:
        """The lake, with every table that the product knows."""
        lake = Lake(self.workspace.lake_dir)
        for spec in (*LAKE_TABLES, customer_tags_spec(self.tags)):
            lake.ensure(spec)
        return lake

    @cached_property
    def operations(self) -> Operations:
        """The operational store, with its tables."""
        operations = Operations(self.settings.store.operations_url or self.workspace.operations_url)
        operations.create_all()
        return operations

    @cached_property
    def cipher(self) -> FieldCipher:
        """Seals and opens personal values."""
        return Keyring(self.workspace.key_file).load()

    @cached_property
    def steps(self) -> StepLog:
        """What was done before."""
        return StepLog(self.operations, self.wall_clock)

    # ---- collect

    @cached_property
    def behaviours(self) -> Catalogue:
        """The events that customers can cause."""
        return self._read_behaviours.catalogue

    @cached_property
    def _read_behaviours(self) -> ReadBehaviours:
        return read_behaviours(self.workspace.path / "behaviours.yaml")

    @cached_property
    def profiles(self) -> ProfileBook:
        """Personal values by identity."""
        return ProfileBook(self.cipher)

    @property
    def data_dir(self) -> Path:
        """Where the file patterns of mappings start from."""
        return self.workspace.path / self.settings.sources.data_dir

    @cached_property
    def ingestor(self) -> Ingestor:
        """Reads the shop's files."""
        chosen, memory_mb = self.settings.sources, self.settings.store.memory_mb
        plausible = PlausibleDays(chosen.earliest_day, chosen.ahead_days)
        return Ingestor(
            self.workspace, self.lake, self.operations, self.cipher, self.shop, self.data_dir, memory_mb, plausible
        )

    @cached_property
    def history(self) -> History:
        """The shop's past, openable at any day."""
        return History(self.lake, self.operations, self.shop, self.workspace.scratch_dir, self.settings.store.memory_mb)

    # ---- understand, predict

    @cached_property
    def tags(self) -> TagSet:
        """Definitions that come with the product, and the shop's own."""
        return self._read_tags.tags

    @cached_property
    def _read_tags(self) -> ReadTags:
        return read_definitions(self.workspace.tags_dir, catalogue=self.behaviours)

    @property
    def segment_settings(self) -> SegmentSettings:
        """Bounds of the engine that evaluates rules."""
        return self.settings.segments

    def segments(self) -> SegmentBook:
        """Return the shop's segments as they stand now: those in files, and those saved in the console."""
        return self.read_segments().book

    def read_segments(self) -> ReadSegments:
        """Return the same with the segments that were set aside."""
        return read_segments(self.workspace.segments_dir, SegmentShelf(self.operations).standing())

    @cached_property
    def features(self) -> TagFeatures:
        """What the churn model reads of customers; the shop's behaviours say which events are visits."""
        return TagFeatures.of(self.behaviours)

    @cached_property
    def churn(self) -> ChurnService:
        """Predicts churn."""
        return ChurnService(
            self.history,
            self.lake,
            self.shop,
            self.settings.churn,
            self.workspace.models_dir,
            self.features,
            TagStrata(self.tags),
            treatments=LakeTreatments(self.lake),
        )

    @cached_property
    def value(self) -> ValueService:
        """Computes what customers are worth."""
        covariates = self.features.covariates
        threads = self.settings.churn.num_threads
        models_dir = self.workspace.models_dir
        return ValueService(self.history, self.lake, self.shop, self.settings.clv, models_dir, covariates, threads)

    # ---- decide, engage, learn

    @cached_property
    def strategies(self) -> tuple[Strategy, ...]:
        """The shop's strategies: those in the workspace, and no others. `liuke strategies take` copies ready ones."""
        return self._read_strategies.strategies

    @cached_property
    def _read_strategies(self) -> ReadStrategies:
        read = read_strategies(self.workspace.strategies_dir)
        return usable(read, self.audience, self.templates, self.settings.outreach)

    @cached_property
    def audience(self) -> Audience:
        """What strategies and trials may ask of a customer."""
        return Audience.of(self.tags)

    @property
    def templates(self) -> TemplateLibrary:
        """The shop's templates, and those that come with the product; files are read anew."""
        return TemplateLibrary([READY_TEMPLATES, self.workspace.strategies_dir / "templates"])

    def aside(self, *kinds: str) -> tuple[SetAside, ...]:
        """Return the definitions of some kinds, or of all, that are set aside because of what stands in them."""
        found = (
            *self._read_behaviours.aside,
            *self._read_tags.aside,
            *(self.read_segments().aside if not kinds or "segment" in kinds else ()),
            *(unreadable(self.templates) if not kinds or "template" in kinds else ()),
            *(self._read_strategies.aside if not kinds or "strategy" in kinds else ()),
        )
        return tuple(one for one in found if not kinds or one.kind in kinds)

    @cached_property
    def trials(self) -> TrialDesk:
        """Plans, starts, reads and ends trials."""
        check = partial(check_trial, audience=self.audience)
        return TrialDesk(self.operations, self.settings.experiments, record, check, currency=self.shop.currency)

    # These three are made anew each time: they read the identity map as the resolve step has just left it.

    @property
    def desk(self) -> StrategyDesk:
        """Lets customers enter strategies."""
        identities = CustomerIdentities(self.lake)
        allocator = HashAllocator(self.settings.experiments, kin=identities)
        return StrategyDesk(
            self.operations, allocator, self._outreach(identities, allocator, self.clock), kin=identities
        )

    @property
    def outreach(self) -> Outreach:
        """The outbox."""
        return self.outreach_on(self.clock)

    def outreach_on(self, clock: Clock) -> Outreach:
        """Return the outbox as it would act by another clock; a rehearsal of a past day stands at that day."""
        identities = CustomerIdentities(self.lake)
        return self._outreach(identities, HashAllocator(self.settings.experiments, kin=identities), clock)

    def _outreach(self, identities: CustomerIdentities, allocator: HashAllocator, clock: Clock) -> Outreach:
        settings = self.settings.outreach
        return Outreach(
            self.operations,
            build_channels(settings, self.workspace.outbox_dir),
            self.templates,
            ShopPermissions(ConsentLedger(), SuppressionList(self.cipher), self.profiles, identities),
            ShopAddressBook(self.profiles, identities, CustomerLanguages(self.lake)),
            allocator,
            settings,
            self.shop,
            clock,
            MessageKeys(self.cipher),
        )
