"""Ingestion: finds the shop's files, brings each down once, and makes it visible all at once.

The order of writes is what makes a killed ingestion harmless: the load is begun in the register, each table gets one
keyed commit, and one transaction writes everything personal and makes the load visible. What was begun comes first the
next time, before any other file can change what it is compared with.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from liuke.collect.behaviours import read_behaviours
from liuke.collect.consent import ConsentLedger
from liuke.collect.identity import IDENTITIES, ProfileBook
from liuke.collect.quality import Quarantine, QuarantineCount, QuarantinedRow, Selection, told
from liuke.collect.sources import held
from liuke.collect.sources.contracts import FileState, FoundFile, IngestReport, Load, LoadReport, RefusedFile
from liuke.collect.sources.errors import MappingError, RefusedFileError
from liuke.collect.sources.finding import content_sha256, find_files, stamp
from liuke.collect.sources.landing import Landing
from liuke.collect.sources.loads import BEGUN, RELEASE, LoadRegister, Outcome, Version
from liuke.collect.sources.mapping import Mapping as SourceMapping
from liuke.collect.sources.mapping import load_mappings
from liuke.collect.sources.plan import make_plan
from liuke.collect.sources.plausible import Bounds, PlausibleDays
from liuke.collect.sources.projection import Origin
from liuke.collect.sources.readers import Source, open_source
from liuke.collect.sources.tables import CANONICAL, ROW_KEYS
from liuke.kernel import Progress, ShopProfile, SilentProgress
from liuke.store.lake import Lake, connect
from liuke.store.operations import FieldCipher, Operations
from liuke.store.workspace import Workspace


@dataclass(frozen=True)
class _Job:
    """One load to be brought: what, under which mapping, and which other loads it is compared with."""

    load_id: int
    version: Version
    mapping: SourceMapping
    mapping_name: str
    known: Mapping[int, str]
    max_bad_share: float
    begun_at: datetime  # at the first attempt: a second one gives the same verdicts
    fresh: bool  # no attempt before this one


class Ingestor:
    """Ingests the files of one workspace.

    Parameters
    ----------
    workspace : Workspace
    lake : Lake
    operations : Operations
    cipher : FieldCipher
        Seals personal values and peppers their ids.
    shop : ShopProfile
        Its zone decides what a day is; its zone and currency hold where a mapping names none.
    data_dir : Path, optional
        What relative file patterns start from. Default: the workspace.
    memory_mb : int
        Memory limit of the engine, in MiB.
    plausible : PlausibleDays
        Rows that speak of other days go to quarantine.
    """

    def __init__(
        self,
        workspace: Workspace,
        lake: Lake,
        operations: Operations,
        cipher: FieldCipher,
        shop: ShopProfile,
        data_dir: Path | None = None,
        memory_mb: int = 1400,
        plausible: PlausibleDays = PlausibleDays(),
    ) -> None:
        self._workspace = workspace
        self._lake = lake
        self._operations = operations
        self._cipher = cipher
        self._shop = shop
        self._data_dir = data_dir or workspace.path
        self._memory_mb = memory_mb
        self._plausible = plausible
        self._register = LoadRegister()
        self._profiles = ProfileBook(cipher)
        self._quarantine = Quarantine(cipher)
        self._consents = ConsentLedger()

    # ---- ingesting

    def plan(self) -> list[FoundFile]:
        """Return the files that the mappings find, with what the next ingestion would do with each.

        Raises
        ------
        MappingError
            If a mapping is wrong.
        """
        return [file for name, mapping in self._mappings().items() for file in self._found(name, mapping)]

    def ingest(self, now: datetime, progress: Progress | None = None, only: str | None = None) -> IngestReport:
        """Bring every file that is new, changed or was interrupted.

        Parameters
        ----------
        now : datetime
            Naive UTC; corrections count from it.
        progress : Progress, optional
        only : str, optional
            Name of one source.

        Returns
        -------
        IngestReport
            Files that were refused as a whole are listed in it; the others are loaded.

        Raises
        ------
        MappingError
            If a mapping is wrong.
        """
        bars = progress or SilentProgress()
        mappings = self._mappings()
        with self._operations.begin() as connection:
            self._profiles.index_missing(connection)
        files = [file for file in self.plan() if only is None or file.source == only]
        pending = [file for file in files if file.state is not FileState.LOADED]
        pending.sort(key=lambda file: file.state is not FileState.INTERRUPTED)
        for spec in (*CANONICAL, IDENTITIES, ROW_KEYS):
            self._lake.ensure(spec)
        loads: list[LoadReport] = []
        refused: list[RefusedFile] = []
        bars.start("files", len(pending))
        for file in pending:
            try:
                loads.append(self._bring_file(file, mappings[file.mapping], now, bars))
            except (RefusedFileError, MappingError) as error:
                refused.append(RefusedFile(file.source, file.file_key, error.message, error.hint))
            bars.advance()
        report = IngestReport(tuple(loads), tuple(refused), len(files) - len(pending))
        bars.finish(f"{report.loaded:,} rows loaded")
        return report

    # ---- quarantine

    def quarantined(self, source: str | None = None, limit: int | None = None) -> list[QuarantinedRow]:
        """Return quarantined rows, opened: whoever shows them writes it into the audit chain."""
        with self._operations.read() as connection:
            return self._quarantine.rows(connection, Selection(source=source), limit)

    def quarantine_counts(self, source: str | None = None) -> list[QuarantineCount]:
        """Return how many rows are held, by source, file and reason."""
        with self._operations.read() as connection:
            return self._quarantine.counts(connection, Selection(source=source))

    def release(
        self,
        now: datetime,
        source: str | None = None,
        reason: str | None = None,
        progress: Progress | None = None,
    ) -> IngestReport:
        """Apply today's mapping to quarantined rows and load those that pass; the others stay with their new reason.

        Parameters
        ----------
        now : datetime
            Naive UTC; the released rows count from it.
        source, reason : str, optional
            Which rows; default all.

        Returns
        -------
        IngestReport
            One entry per load that had rows in quarantine: ``rows`` is how many were tried.
        """
        bars = progress or SilentProgress()
        mappings = {mapping.source: (name, mapping) for name, mapping in self._mappings().items()}
        with self._operations.read() as connection:
            rows = self._quarantine.rows(connection, Selection(source=source, reason=reason))
        groups = held.grouped(row for row in rows if row.source in mappings)
        loads: list[LoadReport] = []
        bars.start("released", len(groups))
        for group in groups:
            name, mapping = mappings[group.source]
            loads.append(self._bring_held(group, name, mapping, now))
            bars.advance()
        report = IngestReport(tuple(loads))
        bars.finish(f"{report.loaded:,} rows released")
        return report

    # ---- the register

    def loads(self) -> list[Load]:
        """Return every load."""
        with self._operations.read() as connection:
            return self._register.all(connection)

    def loads_of(self, table: str) -> list[Load]:
        """Return the visible loads that brought rows of a table."""
        return [load for load in self.loads() if load.visible and load.tables.get(table)]

    # ---- helpers

    def _mappings(self) -> dict[str, SourceMapping]:
        return load_mappings(self._workspace.sources_dir)

    def _found(self, name: str, mapping: SourceMapping) -> Iterator[FoundFile]:
        files = find_files(mapping.files, self._data_dir, name)
        with self._operations.read() as connection:
            for file_key, path in files.items():
                seen = stamp(path)  # before the content: a file that changes after this is noticed
                version = Version(mapping.source, file_key, content_sha256(path), mapping.digest)
                load_id, state, visible = self._register.standing(connection, version)
                if visible:
                    found = FileState.LOADED
                elif state == BEGUN:
                    found = FileState.INTERRUPTED
                elif self._register.visible(connection, mapping.source, file_key):
                    found = FileState.CHANGED
                else:
                    found = FileState.NEW
                yield FoundFile(mapping.source, name, file_key, path, seen, version.content_sha256, load_id, found)

    def _bring_file(self, file: FoundFile, mapping: SourceMapping, now: datetime, bars: Progress) -> LoadReport:
        version = Version(file.source, file.file_key, file.content_sha256, mapping.digest)
        with self._operations.begin() as connection:
            begun_at = self._register.begin(connection, file.load_id, version, now)
            visible = self._register.visible(connection, file.source)
        known = {load_id: key for load_id, key in visible.items() if key != file.file_key}
        corrected = [load_id for load_id, key in visible.items() if key == file.file_key]
        fresh = file.state is not FileState.INTERRUPTED
        job = _Job(file.load_id, version, mapping, file.mapping, known, mapping.max_bad_share, begun_at, fresh)
        bars.start(file.file_key)
        with self._landing(
            job, lambda engine, folder: open_source(engine, file.path, mapping.format, folder)
        ) as landing:
            tables = self._write(landing, bars)
            if stamp(file.path) != file.stamp:
                raise RefusedFileError(
                    f"{file.file_key} changed while it was read", "nothing of it was loaded; ingest it again"
                )
            outcome = landing.outcome(tables)
            with self._operations.begin() as connection:
                self._people(connection, landing, now)
                self._quarantine.record(connection, landing.quarantined())
                self._consents.hold(connection, landing.refusals(file.load_id, now), file.load_id, now, corrected)
                self._correct(connection, corrected, file.load_id, now)
                self._register.commit(connection, file.load_id, outcome, now if corrected else None, now)
        bars.finish(f"{outcome.rows_loaded:,} rows loaded")
        return _report(file.source, file.file_key, file.state, file.load_id, outcome, corrects=bool(corrected))

    def _bring_held(self, group: held.Group, name: str, mapping: SourceMapping, now: datetime) -> LoadReport:
        digest = held.digest(group, read_behaviours(self._behaviours_file).catalogue.names)
        version = Version(group.source, group.file_key, digest, mapping.digest, RELEASE, group.load_id)
        with self._operations.begin() as connection:
            load_id, state, _ = self._register.standing(connection, version)
            begun_at = self._register.begin(connection, load_id, version, now)
            known = self._register.visible(connection, group.source)
        job = _Job(load_id, version, mapping, name, known, 1.0, begun_at, fresh=state is None)
        with self._landing(job, lambda engine, folder: held.held_source(engine, group, folder)) as landing:
            tables = self._write(landing, SilentProgress())
            outcome = landing.outcome(tables)
            passed = landing.loaded_rows()
            with self._operations.begin() as connection:
                self._people(connection, landing, now)
                self._consents.released(connection, group.load_id, passed, now)
                self._quarantine.release(connection, group.load_id, [*passed, *landing.filtered_rows()], load_id)
                still = {row.row_number: (row.reason, row.field) for row in landing.quarantined()}
                self._quarantine.restate(connection, group.load_id, still)
                if passed or outcome.filtered:
                    self._register.commit(connection, load_id, outcome, now, now)
                else:
                    self._register.forget(connection, load_id)
        return _report(group.source, group.file_key, FileState.RELEASED, load_id, outcome)

    @property
    def _behaviours_file(self) -> Path:
        return self._workspace.path / "behaviours.yaml"

    @contextmanager
    def _landing(self, job: _Job, opened_by: Callable[..., Source]) -> Iterator[Landing]:
        """Scan and judge a load; a refused one is forgotten, and its scratch files are always removed."""
        folder = self._workspace.scratch_dir / f"load-{job.load_id}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        engine = connect(folder / "spill", self._memory_mb)
        judged = False
        try:
            source = opened_by(engine, folder)
            behaviours = read_behaviours(self._behaviours_file).catalogue.names
            bounds = Bounds.of(self._plausible, job.begun_at, job.mapping.zone or self._shop.zone)
            plan = make_plan(job.mapping, job.mapping_name, source, self._shop.zone, behaviours, bounds)
            origin = Origin(job.load_id, job.mapping, self._shop.zone, self._shop.currency, self._cipher.pepper)
            landing = Landing(engine, self._lake, origin, plan, source, job.version.file_key, folder)
            landing.judge(job.known)
            try:
                landing.admit(job.max_bad_share)
            except RefusedFileError:
                self._heed(landing, job)
                raise
            judged = True
            yield landing
        except (RefusedFileError, MappingError):
            untouched = job.fresh and not judged
            with self._operations.begin() as connection:
                (self._register.forget if untouched else self._register.refuse)(connection, job.load_id)
            raise
        finally:
            engine.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _write(self, landing: Landing, bars: Progress) -> dict[str, int]:
        tables: Counter[str] = Counter()
        for table, rows in landing.write():
            tables[table] += rows
            bars.advance()
        return dict(tables)

    def _people(self, connection: sa.Connection, landing: Landing, now: datetime) -> None:
        self._profiles.record(connection, landing.profiles())
        self._consents.record(connection, landing.consents(now))

    def _heed(self, landing: Landing, job: _Job) -> None:
        """Keep what a file says against being contacted, although nothing else of it is taken."""
        with self._operations.begin() as connection:
            self._consents.hold(connection, landing.clear_refusals(job.begun_at), job.load_id, job.begun_at)

    def _correct(self, connection: sa.Connection, load_ids: list[int], by: int, now: datetime) -> None:
        """End the visibility of everything that older versions of a file brought; ``by`` is the load of the new one."""
        if not load_ids:
            return
        self._register.supersede(connection, load_ids, now)
        self._profiles.supersede(connection, load_ids, now)
        self._quarantine.supersede(connection, load_ids, now)
        for load_id in load_ids:
            self._consents.supersede(connection, load_id, now)
        self._consents.restated(connection, load_ids, by, now)


def _report(
    source: str, file_key: str, state: FileState, load_id: int, outcome: Outcome, *, corrects: bool = False
) -> LoadReport:
    return LoadReport(
        source=source,
        file_key=file_key,
        state=state,
        load_id=load_id,
        rows=outcome.rows_total,
        loaded=outcome.rows_loaded,
        filtered=_in_words(outcome.filtered),
        quarantined=_in_words(outcome.quarantined),
        tables=outcome.tables,
        corrects=corrects,
    )


def _in_words(rows_by_reason: Mapping[str, int]) -> dict[str, int]:
    """Return how many rows by reason, in English as all that commands print."""
    return {told(reason).en: rows for reason, rows in rows_by_reason.items()}
