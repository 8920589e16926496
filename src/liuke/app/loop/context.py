"""What the steps of one run share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any, Protocol

import pyarrow as pa

from liuke.app.bootstrap import Application
from liuke.collect.history import Moment
from liuke.kernel import NotEnoughData, Progress, SetAside, midnight_utc
from liuke.learn.experiments import Act

MISSING = "missing"
ASIDE = "aside"
"""Where a step's detail holds the definitions that were set aside."""


class TagEngine(Protocol):
    """What computes tags in the place of the embedded engine; the rows are the same."""

    @property
    def name(self) -> str:
        """What a report calls it."""

    def build(self, app: Application, as_of: date) -> pa.Table:
        """Return the tags of every customer."""


@dataclass
class RunContext:
    """One run of the loop for one day.

    Attributes
    ----------
    rehearse : bool
        True for a past day: nothing is sent on a channel that reaches people.
    tag_engine : TagEngine, optional
        Computes the tags; default: the engine in this process.
    missing : dict of str to NotEnoughData
        Parts of this run that had too little data, with the reason; shown by ``status`` and by the console.
    aside : dict of (kind, name) to SetAside
        Definitions that this run could not use; shown in the same places.
    """

    app: Application
    as_of: date
    progress: Progress
    rehearse: bool = False
    tag_engine: TagEngine | None = None
    missing: dict[str, NotEnoughData] = field(default_factory=dict)
    aside: dict[tuple[str, str], SetAside] = field(default_factory=dict)

    @cached_property
    def moment(self) -> Moment:
        """The history that every step of this run reads; opened when the first one needs it."""
        return self.app.history.at(self.as_of)

    def clock(self) -> datetime:
        """Return the instant at which this run acts: now, or for a past day noon of it."""
        if not self.rehearse:
            return self.app.now()
        return midnight_utc(self.as_of, self.app.shop.zone) + timedelta(hours=12)

    def close(self) -> None:
        """Give back what the run held."""
        if "moment" in self.__dict__:
            self.moment.close()

    @property
    def act(self) -> Act:
        """The loop as the one who acts on trials, at this run's instant and day."""
        return Act("loop", self.clock(), self.as_of)

    def commit_key(self, step: str) -> str:
        """Return the key under which a step of this day commits."""
        return f"{step}:{self.as_of.isoformat()}"

    def definition(self, sections: Collection[str], parts: Sequence[str] = ()) -> str:
        """Return one hash of some sections of the settings and of whatever else rules a step."""
        chosen = self.app.settings.model_dump_json(include=set(sections))
        return sha256("\x1f".join([chosen, *parts]).encode()).hexdigest()[:32]

    def write_day(self, table: str, rows: pa.Table, step: str) -> int | None:
        """Replace a lake table's rows of this day; return its snapshot."""
        if "as_of" not in rows.column_names:
            rows = rows.add_column(0, "as_of", pa.array([self.as_of] * rows.num_rows, pa.date32()))
        return self.app.lake.overwrite(table, rows, {"as_of": self.as_of}, self.commit_key(step)).snapshot_id

    def newest_before(self, table: str) -> pa.Table:
        """Return a lake table's rows of the newest day before this one; none at the first run."""
        scan = self.app.lake.scan_sql(table)
        return self.moment.connection.sql(
            f"SELECT * FROM {scan} WHERE as_of = (SELECT max(as_of) FROM {scan} WHERE as_of < DATE '{self.as_of}')"
        ).to_arrow_table()

    def note(self, detail: Mapping[str, Any]) -> None:
        """Take over what a step reports as missing, also when it was passed over because it was done before."""
        for part, reason in detail.get(MISSING, {}).items():
            self.missing[part] = NotEnoughData(**reason)
        for one in detail.get(ASIDE, ()):
            found = SetAside(**one)
            self.aside[found.kind, found.name] = found


def set_aside(found: Iterable[SetAside]) -> dict[str, Any]:
    """Return the detail of a step that could not use some definitions."""
    listed = [asdict(one) for one in found]
    return {ASIDE: listed} if listed else {}


def named(found: Sequence[SetAside]) -> tuple[str, str]:
    """Return what a step's note says, in Chinese and English, of what was set aside: the first, and how many more."""
    if not found:
        return "", ""
    zh, en = found[0].told
    more = len(found) - 1
    return f"；{zh}" + (f"（另有 {more} 个）" if more else ""), f"; {en}" + (f" (and {more} more)" if more else "")


def missing(part: str, reason: NotEnoughData) -> dict[str, Any]:
    """Return the detail of a step in which a part had too little data."""
    return {MISSING: {part: asdict(reason)}}
