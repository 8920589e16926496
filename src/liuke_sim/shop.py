"""A generated shop: lives week by week and writes what a real shop would export, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from liuke_sim.branches import Lives
from liuke_sim.columns import SECONDS_A_DAY, Columns, Ints, length, split, stack
from liuke_sim.config import VERSION, WEEK_DAYS, ShopConfig
from liuke_sim.contacts import ContactBook
from liuke_sim.customers import chunk_ranges
from liuke_sim.days import of_day
from liuke_sim.dirt import arrivals
from liuke_sim.files import EXPORTERS, SERIES, Batch, SeriesTables, Writer, is_corrected_later, open_writer, till_tables
from liuke_sim.life import Chunk
from liuke_sim.people import member_table
from liuke_sim.streams import stream
from liuke_sim.texts import text_truth
from liuke_sim.truth import contact_truth, customer_truth, drift_truth, outcome_truth
from liuke_sim.worlds import World, effects_table, purchase_table

_EVENT_IDS_A_WEEK = 10**9
"""Room for the events of one chunk and week in the numbering of events."""
_EVENT_IDS_A_DAY = 10**8
"""The same of one chunk and day, where days are lived one by one."""
_MOST_CHUNKS = 10_000
_TRUTHS = (("truth", customer_truth), ("truth_drifts", drift_truth), ("truth_texts", text_truth))


@dataclass(frozen=True)
class WrittenFile:
    """A file that the shop delivered."""

    series: str
    path: Path
    rows: int


class Shop:
    """A shop of invented families; docs/explanation/simulated-shop.md says what it models.

    A shop moves forward only: what was delivered has happened. Two shops with the same configuration and seed write the
    same bytes, in however many deliveries. After its last week it may go on, day by day and without an end.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from liuke_sim.config import TINY
    >>> shop = Shop.generate(TINY, seed=7)
    >>> files = shop.write_history(Path(mkdtemp()))
    >>> sorted({file.series for file in files})[:3]
    ['attributes', 'behaviour', 'children']
    >>> shop.today
    datetime.date(2025, 3, 3)
    """

    def __init__(self, config: ShopConfig, seed: int, chunks: list[Chunk]) -> None:
        self.config = config
        self.seed = seed
        self._chunks = chunks
        self._delivered = 0
        self._days = 0
        self._morning: tuple[list[Chunk], list[Lives]] | None = None
        self._contacts = ContactBook(config.start, config.customers + config.late_customers)
        self._lives = [Lives(chunk) for chunk in chunks]
        self._pending: list[dict[str, Columns]] = [{} for _ in chunks]
        self._to_correct: tuple[str, list[pa.Table]] | None = None

    @classmethod
    def generate(cls, config: ShopConfig, seed: int) -> Shop:
        """Draw the shop's customers; nothing has happened yet."""
        runs = chunk_ranges(config)
        return cls(config, seed, [Chunk.draw(config, seed, i, first, last) for i, (first, last) in enumerate(runs)])

    @property
    def today(self) -> date:
        """The first day that has not been delivered."""
        batches = self.config.batches
        if self._delivered < len(batches):
            return batches[self._delivered][0]
        return self.config.end + timedelta(days=self._days)

    def write_history(self, directory: Path, until: date | None = None) -> list[WrittenFile]:
        """Live from the first day to `until` (default: the day from which files come weekly) and write the files.

        Raises
        ------
        ValueError
            `until` is no edge of the file grid, or already delivered.
        """
        return self._write(directory, until or self.config.weekly_from)

    def write_week(self, directory: Path, start: date, end: date) -> list[WrittenFile]:
        """Live from `start`, which must be today, to `end` and write the files of these batches.

        Raises
        ------
        ValueError
            `start` is not today, or `end` is no edge of the file grid.
        """
        if start != self.today:
            raise ValueError(f"the shop stands at {self.today}: a delivery cannot begin on {start}")
        return self._write(directory, end)

    def write_day(self, directory: Path) -> list[WrittenFile]:
        """Live one day more, after the weeks of the configuration, and write its files; see ``days.py``.

        Raises
        ------
        ValueError
            The weeks have not all been delivered.
        """
        if self._delivered < len(self.config.batches):
            raise ValueError(f"the shop stands at {self.today}: its weeks until {self.config.end} come first")
        if self._days % WEEK_DAYS == 0:
            self._welcome_newcomers()
            self._morning = deepcopy((self._chunks, self._lives))
        else:
            self._wake_on_the_first_morning()
        day, position = self.today, len(self.config.batches) + self._days
        written = self._write_batch(directory, position, day, day + timedelta(days=1))
        self._days += 1
        return written

    def receive(self, contacts: pa.Table) -> None:
        """Take in contacts (`CONTACTS`) of days not yet lived: the customers will answer in the files to come.

        A `contact_id` that came before is passed over, so that the same contacts can be given again.

        Raises
        ------
        ValueError
            A row names an unknown customer, channel or offer, or a day that was lived already; nothing is taken in.
        """
        self._contacts.receive(contacts, self.today)

    def members(self) -> pa.Table:
        """Return by which keys the files know each customer: `number`, `member_no`, phone, e-mail, platform ids."""
        return pa.concat_tables([member_table(chunk.customers, self.seed) for chunk in self._chunks])

    def purchases(self, world: World = "actual") -> pa.Table:
        """Return the counted orders of a world: `customer`, `order_no`, `occurred_on`, `net_minor`, `margin_minor`.

        Parameters
        ----------
        world : "actual", "untouched" or ("without", campaign)
            What happened; what would have without any received contact, or without those of one campaign.
        """
        return purchase_table(self._lived(world), self.config.start)

    def true_effects(self, entries: pa.Table, horizon_days: int) -> pa.Table:
        """Return what each campaign changed for those it was meant for, as no real shop can know it.

        Parameters
        ----------
        entries : pyarrow.Table
            `campaign`, `customer`, `arm` ("control" is left out), `entered_on`; the first entry of a customer counts.
        horizon_days : int
            The window is the day of entry and the days after it, as many as this.

        Returns
        -------
        pyarrow.Table
            `campaign`, `arm`, `metric` ("repurchase", a share; "margin", fen per customer), `effect` (mean of what
            happened minus what would have without this campaign), `n`, `pending`, `deviation` (between customers).
        """
        known = [name for name in entries["campaign"].unique().to_pylist() if name in self._contacts.campaigns]
        without = {name: self._lived(("without", name)) for name in known}
        actual = self._lived("actual")
        return effects_table(entries, actual, without, horizon_days, self.config.start, self.today)

    def _lived(self, world: World) -> Columns:
        if isinstance(world, tuple) and world[1] not in self._contacts.campaigns:
            raise ValueError(f"no contact of campaign {world[1]!r} was received")
        key = self._contacts.campaigns.index(world[1]) if isinstance(world, tuple) else None
        actual = world == "actual"
        return stack([lives.actual() if actual else lives.without(key) for lives in self._lives])

    def write_truth(self, directory: Path) -> list[Path]:
        """Write what only the simulator knows, as of today, away from the shop's files.

        ``truth.parquet`` (customers), ``truth_drifts``, ``truth_texts``, ``truth_contacts`` (how each was answered),
        ``truth_outcomes`` (the lives of touched customers with and without). Their metadata name `VERSION`, the variant
        and the seed.
        """
        directory.mkdir(parents=True, exist_ok=True)
        start, lives = self.config.start, self._lives
        tables = {
            name: pa.concat_tables([table_of(chunk, start) for chunk in self._chunks]) for name, table_of in _TRUTHS
        }
        tables["truth_contacts"] = contact_truth(lives, self._contacts)
        tables["truth_outcomes"] = outcome_truth(lives, self._contacts, start)
        marks = {"liuke_sim": VERSION, "variant": self.config.name, "seed": str(self.seed)}
        paths = []
        for name, table in tables.items():
            paths.append(directory / f"{name}.parquet")
            marked = table.replace_schema_metadata(marks)
            pyarrow.parquet.write_table(marked, str(paths[-1]), compression="zstd")
        return paths

    def weeks(self, until: date) -> Iterator[list[Batch]]:
        """Live to `until` without writing files; yield week by week what reached the shop, one `Batch` per chunk.

        To be read to its end: a period half read is half lived.

        Raises
        ------
        ValueError
            `until` is no edge of the file grid, or already delivered.
        """
        self._refuse_unless_ahead(until)
        week = timedelta(days=WEEK_DAYS)
        while self.today < until:
            first, end = self.config.batches[self._delivered]
            while first < end:
                yield [self._live_batch(chunk, self._delivered, first, first + week) for chunk in self._chunks]
                first += week
            self._delivered += 1

    def _refuse_unless_ahead(self, until: date) -> None:
        edges = [end for _, end in self.config.batches]
        if until not in edges[self._delivered :]:
            ahead = ", ".join(str(edge) for edge in edges[self._delivered :][:4]) or "nothing: the shop is at its end"
            raise ValueError(f"no files end on {until}; still to come: {ahead}")

    def _write(self, directory: Path, until: date) -> list[WrittenFile]:
        batches = self.config.batches
        self._refuse_unless_ahead(until)
        written: list[WrittenFile] = []
        while self.today < until:
            first, end = batches[self._delivered]
            written += self._write_batch(directory, self._delivered, first, end)
            self._delivered += 1
        return written

    def _write_batch(self, directory: Path, position: int, first: date, end: date) -> list[WrittenFile]:
        drawer = _Drawer(directory, first, end)
        try:
            if self._to_correct:
                drawer.add_again(*self._to_correct)
            corrected: list[pa.Table] = []
            for chunk in self._chunks:
                batch = self._live_batch(chunk, position, first, end)
                for export in EXPORTERS:
                    drawer.add(export(batch))
                if is_corrected_later(position):
                    corrected += till_tables(batch, corrected=True).values()
            self._to_correct = (drawer.name("till"), corrected) if corrected else None
        finally:
            drawer.close()
        return drawer.files()

    def _welcome_newcomers(self) -> None:
        """Draw the customers who register in the week that begins, as many as in a week of the configuration."""
        first = self._chunks[-1].number_range[1]
        last = first + self.config.newcomers(1)
        if last > first:
            day = (self.today - self.config.start).days
            chunk = Chunk.draw(self.config, self.seed, len(self._chunks), first, last, registers_from=day)
            self._chunks.append(chunk)
            self._lives.append(Lives(chunk))
            self._pending.append({})
            self._contacts.welcome(last)

    def _wake_on_the_first_morning(self) -> None:
        """Put everybody back to where the running week began; what their texts mean has been noted for good."""
        told = [chunk.texts for chunk in self._chunks]
        assert self._morning is not None
        self._chunks, self._lives = deepcopy(self._morning)
        for chunk, texts in zip(self._chunks, told, strict=True):
            chunk.texts = texts

    def _live_batch(self, chunk: Chunk, position: int, first: date, end: date) -> Batch:
        """Let a chunk live through a period and collect what arrived at the shop before its end."""
        first_day, end_day = ((day - self.config.start).days for day in (first, end))
        rows = {name: [part] for name, part in self._pending[chunk.position].items()}
        changes = []
        only_day = first_day if end_day - first_day == 1 else None
        for week in range(first_day // WEEK_DAYS, -(-end_day // WEEK_DAYS)):
            contacts = self._contacts.of_week(week, *chunk.number_range)
            left = self._lives[chunk.position].live(contacts, self.config, self.seed, week)
            left = left if only_day is None else of_day(left, only_day, self.config.start)
            changes.append(left.changes)
            for name, part in (("events", left.events), ("lines", left.lines), ("facts", left.facts)):
                rows.setdefault(name, []).append(self._dated(chunk.position, week, only_day, name, part))
        arrived: dict[str, Columns] = {}
        for name, parts in rows.items():
            together = stack(parts)
            if length(together):
                here = together["recorded"] < end_day * SECONDS_A_DAY
                arrived[name], self._pending[chunk.position][name] = split(together, np.asarray(here))
        empty: Columns = {}
        return Batch(
            config=self.config,
            seed=self.seed,
            chunk=chunk,
            position=position,
            first_day=first_day,
            end_day=end_day,
            events=arrived.get("events", empty),
            lines=arrived.get("lines", empty),
            facts=arrived.get("facts", empty),
            changes=stack(changes),
        )

    def _dated(self, chunk: int, week: int, day: int | None, name: str, rows: Columns) -> Columns:
        """Say when rows of a week, or of one `day`, reach the shop, and number events."""
        if not length(rows):
            return rows
        at: Ints = rows["at"]
        if name != "events":
            # by customer, so that the lines of an order arrive together
            return rows | {"recorded": at + 30 + rows["customer"] % 240}
        base = (week * _MOST_CHUNKS + chunk) * _EVENT_IDS_A_WEEK
        if day is None:
            rng = stream(self.seed, "arrival", chunk, week)
        else:
            rng = stream(self.seed, "arrival of a day", chunk, day)
            base += day % WEEK_DAYS * _EVENT_IDS_A_DAY
        number = base + np.arange(len(at), dtype=np.int64)
        return rows | {"recorded": arrivals(rng, at, self.config.dirt.late), "event_id": number}


class _Drawer:
    """The open files of one batch."""

    def __init__(self, directory: Path, first: date, end: date) -> None:
        self._directory = directory
        self._period = f"{first:%Y%m%d}_{end - timedelta(days=1):%Y%m%d}"
        self._open: dict[str, tuple[str, Writer]] = {}
        self._rows: dict[str, int] = {}

    def name(self, series: str) -> str:
        """Return the path of a series' file, relative to the delivery."""
        stem, suffix = SERIES[series]
        return f"{stem}_{self._period}{suffix}"

    def add(self, tables: SeriesTables) -> None:
        """Append rows to the files of their series."""
        for series, table in tables.items():
            self._append(series, self.name(series), table)

    def add_again(self, name: str, tables: list[pa.Table]) -> None:
        """Write an earlier till file once more."""
        for table in tables:
            self._append("till", name, table)

    def _append(self, series: str, name: str, table: pa.Table) -> None:
        if not table.num_rows:
            return
        if name not in self._open:
            self._open[name] = (series, open_writer(self._directory / name, table.schema))
        self._open[name][1].write(table)
        self._rows[name] = self._rows.get(name, 0) + table.num_rows

    def close(self) -> None:
        """Finish all files."""
        for _, writer in self._open.values():
            writer.close()

    def files(self) -> list[WrittenFile]:
        """Return what was written."""
        return [
            WrittenFile(series, self._directory / name, self._rows[name]) for name, (series, _) in self._open.items()
        ]


def deliveries(shop: Shop) -> Iterator[tuple[date, date]]:
    """Yield the weeks that are still to be delivered, after the history."""
    for first, end in shop.config.batches:
        if first >= max(shop.today, shop.config.weekly_from):
            yield first, end
