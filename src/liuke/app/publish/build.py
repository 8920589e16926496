"""Write one build of the published folder and flip to it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from liuke.app.publish import pointer
from liuke.app.publish.contracts import Build, PublishSource, Vocabulary
from liuke.app.publish.early_warning import early_warning
from liuke.app.publish.happenings import write_happenings
from liuke.app.publish.overview import overview
from liuke.app.publish.results import materialise
from liuke.app.publish.tables import contacts_sql, customers_sql, identities_sql, timeline_sql
from liuke.app.publish.tags import tag_columns, tag_document
from liuke.app.publish.values import value_document
from liuke.kernel.aside import SetAside
from liuke.kernel.results import NotEnoughData
from liuke.kernel.shop import ShopProfile

CUSTOMER_ROW_GROUP = 10_000
TIMELINE_ROW_GROUP = 8_192
"""Rows. A look-up reads the one or two groups whose key range holds the customer, so groups are small."""


def publish(
    published_dir: Path,
    moment: PublishSource,
    relations: Mapping[str, str],
    *,
    shop: ShopProfile,
    vocabulary: Vocabulary,
    now: datetime,
    identity_sql: str = "SELECT identity_id, customer_id FROM identity_map",
    notes: Mapping[str, NotEnoughData] | None = None,
    aside: Sequence[SetAside] = (),
    tables: Sequence[Mapping[str, Any]] = (),
    segments: Sequence[Mapping[str, Any]] = (),
    value_choice: Mapping[str, Any] | None = None,
) -> Build:
    """Build what the console reads as of `moment` and make it current.

    Parameters
    ----------
    published_dir
        The workspace's folder of builds; made if absent.
    moment
        The views of the contract; it stays open.
    relations
        Loop table (``customer_tags``, ``metrics``, ``cohorts``, ``churn_scores``, ``warnings``,
        ``warning_thresholds``, ``warning_backtest``, ``customer_values``, ``group_values``, ``effects``, ``contacts``,
        ``assignments``) to an SQL relation over the lake. A missing one is empty.
    shop, vocabulary
        Names, currency and zone; words for tags, metrics, strategies and events.
    now
        UTC without zone; names the build.
    identity_sql
        SELECT of ``identity_id, customer_id`` for merged identities, by default the moment's own; an identity that is
        not in it is a customer of its own.
    notes
        Part (``churn``, ``metrics``, ``effects``) to the reason why it has too little data.
    aside
        Definitions that the run could not use.
    tables
        Rows of the data page: lake tables with their counts and snapshots.
    segments
        Size of each segment when it was last evaluated, and how many came and went.
    value_choice
        Which value model is used and why (``model``, ``reason_zh``, ``reason_en`` …); None where there is none.

    Returns
    -------
    Build
    """
    build_id = _build_id(published_dir, moment.as_of, now)
    folder = _unfinished(published_dir, build_id)
    results = materialise(moment.connection, relations, moment.as_of)
    keys = tag_columns(moment.connection, results["customer_tags"], {word.key for word in vocabulary.tags})
    customers, timeline = _write_tables(folder, moment, results, keys, identity_sql)
    write_happenings(moment.connection, folder, moment.as_of.isoformat())
    documents = {
        "overview": overview(moment.connection, results, vocabulary.metrics, vocabulary.strategies),
        "early_warning": early_warning(moment.connection, results),
        "tags": tag_document(moment.connection, keys, vocabulary.tags),
        "segments": list(segments),
        "value": value_document(moment.connection, results["group_values"], value_choice, shop.margin_rate),
        "status": {
            "build": build_id,
            "as_of": moment.as_of,
            "published_at": now,
            "shop": shop.model_dump(),
            "tables": list(tables),
            "notes": {part: asdict(note) for part, note in (notes or {}).items()},
            "aside": [asdict(one) for one in aside],
            "events": {event: {"zh": zh, "en": en} for event, (zh, en) in vocabulary.events.items()},
            "customers": customers,
            "timeline_rows": timeline,
        },
    }
    for name, document in documents.items():
        _write_json(folder / f"{name}.json", document)
    _forget(moment.connection, results.values())
    _make_current(published_dir, folder, build_id)
    return Build(build_id, published_dir / build_id, moment.as_of, customers, timeline)


def _unfinished(published_dir: Path, build_id: str) -> Path:
    published_dir.mkdir(parents=True, exist_ok=True)
    pointer.discard_unfinished(published_dir)
    folder = published_dir / f"{pointer.UNFINISHED}{build_id}"
    folder.mkdir()
    return folder


def _make_current(published_dir: Path, folder: Path, build_id: str) -> None:
    folder.rename(published_dir / build_id)
    pointer.flip(published_dir, build_id)
    pointer.prune(published_dir)


def _write_tables(
    folder: Path, moment: PublishSource, results: Mapping[str, str], keys: Sequence[str], identity_sql: str
) -> tuple[int, int]:
    """Write the tables; leave the view `published_customers` on the first; count customers and timeline rows."""
    connection = moment.connection
    customers = _write(connection, customers_sql(results, keys), folder / "customers.parquet", CUSTOMER_ROW_GROUP)
    timeline = _write(
        connection, timeline_sql(results), folder / "timeline.parquet", TIMELINE_ROW_GROUP, {"as_of": moment.as_of}
    )
    _write(connection, contacts_sql(results), folder / "contacts.parquet", TIMELINE_ROW_GROUP)
    _write(connection, identities_sql(identity_sql), folder / "identities.parquet", TIMELINE_ROW_GROUP)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW published_customers AS FROM '{folder / 'customers.parquet'}'")
    return customers, timeline


def _build_id(published_dir: Path, as_of: date, now: datetime) -> str:
    base = f"{as_of.isoformat()}_{now:%Y%m%dT%H%M%S}"
    attempts = (base if n == 0 else f"{base}-{n}" for n in range(1000))
    return next(name for name in attempts if not (published_dir / name).exists())


def _write(
    connection: duckdb.DuckDBPyConnection, sql: str, path: Path, row_group: int, parameters: object = None
) -> int:
    target = str(path).replace("'", "''")
    copied = connection.execute(
        f"COPY ({sql}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {row_group})", parameters
    ).fetchone()
    return int(copied[0]) if copied else 0


def _write_json(path: Path, document: object) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, default=_plain, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in a published document")


def _forget(connection: duckdb.DuckDBPyConnection, temporary_tables: Any) -> None:
    connection.execute("DROP VIEW published_customers")
    for name in temporary_tables:
        connection.execute(f"DROP TABLE {name}")
