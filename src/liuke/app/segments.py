"""Segments as the web process sees them: definitions of files and console, evaluated over the published build."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from liuke.app.addresses import ShopAddressBook, ShopPermissions
from liuke.app.publish import HAPPENINGS, PRODUCTS, TAG_PREFIX, OpenBuild, identities_of, persons_of
from liuke.collect.consent import ConsentLedger, SuppressionList
from liuke.collect.identity import ProfileBook
from liuke.store.operations import FieldCipher, Operations
from liuke.understand.segments import LockedEngine, SegmentDesk, SegmentSettings, frame_of

CHANNELS = ("email", "sms")
"""Channels on which the shop knows addresses."""

ASKED_AT_ONCE = 5_000
"""Customers per question to consents and addresses; a larger segment is estimated from a sample of so many."""


class PublishedSegments:
    """Always a desk over the current build; engines are made once per build.

    Parameters
    ----------
    settings : SegmentSettings
    """

    def __init__(self, settings: SegmentSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._open: tuple[str, SegmentDesk] | None = None

    def desk(self, build: OpenBuild) -> SegmentDesk:
        """Return the desk over a build."""
        with self._lock:
            if self._open is None or self._open[0] != build.build_id:
                self._open = (build.build_id, _desk(build, self._settings))
            return self._open[1]


def _desk(build: OpenBuild, settings: SegmentSettings) -> SegmentDesk:
    folder = build.folder
    reach = {source: days for source, days in HAPPENINGS.items() if (folder / f"{source}.parquet").is_file()}
    tables: dict[str, Path | str] = {"customers": folder / "customers.parquet"}
    tables |= {source: _whole(folder / f"{source}.parquet", source) for source in reach}
    if (folder / f"{PRODUCTS}.parquet").is_file():
        tables[PRODUCTS] = folder / f"{PRODUCTS}.parquet"
    engine = LockedEngine(tables, settings, [folder])
    as_of = date.fromisoformat(build.status["as_of"])
    defined = {f"{TAG_PREFIX}{tag['key']}" for tag in build.tags}
    columns = engine.columns("customers").items()
    known = {name: kind for name, kind in columns if name in defined or not name.startswith(TAG_PREFIX)}
    names = {tag["key"]: tuple(tag["one_of"]) for tag in build.tags if tag.get("one_of") is not None}
    events = build.status["events"]
    return SegmentDesk(engine, frame_of(known, as_of, TAG_PREFIX, reach, names=names, events=events))


def _whole(path: Path, source: str) -> str:
    """Return a view that has the columns which are not published, too, empty: plans may name them to break ties."""
    present = set(pq.read_schema(path).names)
    empty = {"source": "VARCHAR", "session_id": "BIGINT", "message_id": "BIGINT", "properties": "VARCHAR",
             "occurred_at": "TIMESTAMP"}  # fmt: skip
    added = "".join(f", CAST(NULL AS {kind}) AS {name}" for name, kind in empty.items() if name not in present)
    quoted = str(path).replace("'", "''")
    return f"SELECT *{added} FROM read_parquet('{quoted}')"


class BuildIdentities:
    """Which identities each customer is made of, as the current build has it.

    Parameters
    ----------
    build : OpenBuild
    """

    def __init__(self, build: OpenBuild) -> None:
        self._build = build

    def of(self, customer_ids: Collection[int]) -> dict[int, list[int]]:
        """Return each customer's identities, its own id first."""
        return identities_of(self._build, list(customer_ids))

    def persons(self, identity_ids: Collection[int]) -> dict[int, int]:
        """Return the customer that each identity belongs to."""
        return persons_of(self._build, list(identity_ids))


class PublishedReach:
    """Who may be contacted for marketing and has an address there: consent, suppression and addresses, asked now.

    Parameters
    ----------
    build : OpenBuild
    operations : Operations
    cipher : FieldCipher
    now : datetime
        Naive UTC; a withdrawal up to now counts.
    """

    def __init__(self, build: OpenBuild, operations: Operations, cipher: FieldCipher, now: datetime) -> None:
        identities: Any = BuildIdentities(build)
        profiles = ProfileBook(cipher)
        self._permissions = ShopPermissions(ConsentLedger(), SuppressionList(cipher), profiles, identities)
        self._addresses = ShopAddressBook(profiles, identities)
        self._operations = operations
        self._now = now

    @property
    def channels(self) -> Sequence[str]:
        """Channels on which the shop knows addresses."""
        return CHANNELS

    def reachable(self, customer_ids: Collection[int], channel: str) -> Collection[int]:
        """Return the customers who may be contacted on a channel and have an address there."""
        with self._operations.read() as connection:
            allowed = self._permissions.may_contact(connection, customer_ids, "marketing", channel, self._now)
            recipients = self._addresses.look_up(connection, list(allowed), channel)
            barred = set(self._permissions.suppressed(connection, recipients, channel))
            barred |= set(self._permissions.refused_inboxes(connection, recipients, "marketing", channel, self._now))
        return [customer for customer in recipients if customer not in barred]
