"""The only place where parts are plugged together, and the only one that reads the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from liuke.app.access import record
from liuke.app.addresses import CustomerIdentities, ShopAddressBook, ShopPermissions
from liuke.app.languages import CustomerLanguages
from liuke.app.settings import Settings, load_settings, settings_text
from liuke.app.treatments import LakeTreatments
from liuke.collect.behaviours import Catalogue, load_catalogue
from liuke.collect.consent import ConsentLedger, SuppressionList
from liuke.collect.history import History
from liuke.collect.identity import IDENTITIES, IDENTITY_MAP, ProfileBook
from liuke.collect.sources import CANONICAL, ROW_KEYS, Ingestor
from liuke.decide.strategies import Strategy, StrategyDesk, load_strategies
from liuke.engage.outreach import CONTACTS, READY_TEMPLATES, MessageKeys, Outreach, TemplateLibrary, build_channels
from liuke.kernel import ShopProfile, shop_day
from liuke.learn.experiments import ASSIGNMENTS, EFFECTS, HashAllocator, TrialDesk
from liuke.predict.churn import CHURN_SCORES, ChurnService, TagFeatures, TagStrata
from liuke.predict.clv import CUSTOMER_VALUES, GROUP_VALUES, ValueService
from liuke.predict.early_warning import WARNING_BACKTEST, WARNING_THRESHOLDS, WARNINGS
from liuke.store.lake import Lake
from liuke.store.lineage import StepLog, StepState
from liuke.store.operations import FieldCipher, Keyring, Operations
from liuke.store.workspace import Workspace
from liuke.understand.metrics import COHORTS, METRICS
from liuke.understand.segments import (
    SEGMENT_CHANGES,
    SEGMENT_MEMBERSHIP,
    SEGMENT_SIZES,
    SegmentBook,
    SegmentSettings,
    SegmentShelf,
    joined_book,
    load_segments,
)
from liuke.understand.tags import TagSet, customer_tags_spec, load_definitions

Clock = Callable[[], datetime]

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


class Application:
    """One workspace with everything plugged in; parts are made when they are first needed.

    Parameters
    ----------
    workspace : Workspace
    settings : Settings
    clock : callable, optional
        Gives the present instant (naive UTC). The demo passes its simulated one.
    """

    def __init__(self, workspace: Workspace, settings: Settings, clock: Clock = utc_now) -> None:
        self.workspace = workspace
        self.settings = settings
        self.clock = clock

    @classmethod
    def open(cls, path: Path, clock: Clock = utc_now) -> Application:
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
        clock: Clock = utc_now,
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
        return StepLog(self.operations, utc_now)

    # ---- collect

    @cached_property
    def behaviours(self) -> Catalogue:
        """The events that customers can cause."""
        return load_catalogue(self.workspace.path / "behaviours.yaml")

    @cached_property
    def profiles(self) -> ProfileBook:
        """Personal values by identity."""
        return ProfileBook(self.cipher)

    @cached_property
    def ingestor(self) -> Ingestor:
        """Reads the shop's files."""
        data_dir = self.workspace.path / self.settings.sources.data_dir
        memory_mb = self.settings.store.memory_mb
        return Ingestor(self.workspace, self.lake, self.operations, self.cipher, self.shop, data_dir, memory_mb)

    @cached_property
    def history(self) -> History:
        """The shop's past, openable at any day."""
        return History(self.lake, self.operations, self.shop, self.workspace.scratch_dir, self.settings.store.memory_mb)

    # ---- understand, predict

    @cached_property
    def tags(self) -> TagSet:
        """Definitions that come with the product, and the shop's own."""
        return load_definitions(self.workspace.tags_dir)

    @property
    def segment_settings(self) -> SegmentSettings:
        """Bounds of the engine that evaluates rules."""
        return self.settings.segments

    def segments(self) -> SegmentBook:
        """Return the shop's segments as they stand now: those in files, and those saved in the console."""
        return joined_book(load_segments(self.workspace.segments_dir), SegmentShelf(self.operations).definitions())

    @cached_property
    def churn(self) -> ChurnService:
        """Predicts churn."""
        return ChurnService(
            self.history,
            self.lake,
            self.shop,
            self.settings.churn,
            self.workspace.models_dir,
            treatments=LakeTreatments(self.lake),
            strata=TagStrata(self.tags),
        )

    @cached_property
    def value(self) -> ValueService:
        """Computes what customers are worth."""
        covariates = TagFeatures.shipped().covariates
        threads = self.settings.churn.num_threads
        models_dir = self.workspace.models_dir
        return ValueService(self.history, self.lake, self.shop, self.settings.clv, models_dir, covariates, threads)

    # ---- decide, engage, learn

    @cached_property
    def strategies(self) -> tuple[Strategy, ...]:
        """The shop's strategies: those in the workspace, and no others. `liuke strategies take` copies ready ones."""
        return tuple(load_strategies([self.workspace.strategies_dir]).values())

    @cached_property
    def trials(self) -> TrialDesk:
        """Plans, starts, reads and ends trials."""
        return TrialDesk(self.operations, self.settings.experiments, record)

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
            TemplateLibrary([READY_TEMPLATES, self.workspace.strategies_dir / "templates"]),
            ShopPermissions(ConsentLedger(), SuppressionList(self.cipher), identities),
            ShopAddressBook(self.profiles, identities, CustomerLanguages(self.lake)),
            allocator,
            settings,
            self.shop,
            clock,
            MessageKeys(self.cipher),
        )
