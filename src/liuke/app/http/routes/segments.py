"""Named sets of customers: list, edit with a live count, compare, freeze."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request

from liuke.app import access, segments
from liuke.app.http import personal
from liuke.app.http.dependencies import Build, Context, SegmentEditor, SignedInUser
from liuke.app.http.models import (
    FrozenSegment,
    OverlapRequest,
    Preview,
    PreviewRequest,
    SegmentDetail,
    SegmentList,
    SegmentOverlap,
    SegmentReach,
)
from liuke.app.http.ports import ConsoleContext
from liuke.app.http.problems import HttpError
from liuke.app.publish import NAMED_COLUMNS, VALUE_WORDS, OpenBuild
from liuke.kernel.money import minor_exponent
from liuke.understand.segments import (
    COLUMNS,
    MEASURES,
    NeedsNightlyRunError,
    ReadSegments,
    RuleWords,
    SegmentBook,
    SegmentDefinition,
    SegmentDesk,
    SegmentShelf,
    explain_rule,
    read_segments,
)

router = APIRouter(prefix="/api/segments", tags=["segments"])


@router.get("", operation_id="getSegments")
def get_segments(user: SignedInUser, build: Build, context: Context, request: Request) -> SegmentList:
    """Return every segment with its size of the last night, and what rules may ask of."""
    read = _read(context)
    files, book = read.files, read.book
    desk = _desk(request, build)
    words = _words(build, context, book)
    rows = [_row(key, book, files, build, words) for key in book]
    sources = [
        {"source": source, "days": days, "columns": COLUMNS[source], "measures": MEASURES[source],
         "events": sorted(build.status["events"]) if source == "events" else []}
        for source, days in desk.frame.happenings.items()
    ]  # fmt: skip
    return SegmentList.model_validate({
        "as_of": build.status["as_of"], "customers": build.status["customers"], "segments": rows,
        "fields": sorted(desk.frame.profile), "sources": sources, "event_words": build.status["events"],
        "aside": [vars(one) for one in read.aside],
    })  # fmt: skip


@router.post("/preview", operation_id="previewSegment")
def preview_segment(
    asked: PreviewRequest, user: SignedInUser, build: Build, context: Context, request: Request
) -> Preview:
    """Count a rule that is being edited, and show a few of its customers; nothing is saved."""
    definition = asked.definition
    book = _books(context)[1].with_(definition)
    desk = _desk(request, build)
    zh, en = explain_rule(definition.rule, _words(build, context, book))
    answer: dict[str, Any] = {
        "as_of": build.status["as_of"], "version": book.version(definition.key), "told": {"zh": zh, "en": en},
        "customers": build.status["customers"], "count": None, "nightly": None, "sample": [],
        "unseen": [],
    }  # fmt: skip
    try:
        answer["count"] = desk.count(definition.key, book)
        drawn = desk.sample(definition.key, book, asked.sample) if asked.sample else []
        answer["unseen"] = [dict(zip(("zh", "en"), one.told, strict=True)) for one in desk.unseen(definition.key, book)]
    except NeedsNightlyRunError as error:
        answer["nightly"] = {"reason": error.message, "hint": error.hint}
        drawn = []
    answer["sample"] = _people(context, build, user, drawn)
    return Preview.model_validate(answer)


@router.post("/overlap", operation_id="overlapSegments")
def overlap_segments(
    asked: OverlapRequest, user: SignedInUser, build: Build, context: Context, request: Request
) -> SegmentOverlap:
    """Return how many customers each pair of segments shares."""
    book = _books(context)[1]
    keys = list(dict.fromkeys(asked.keys))
    sizes = _desk(request, build).matrix(keys, book)
    cells = [{"left": a, "right": b, "customers": sizes[a, b]} for a in keys for b in keys]
    return SegmentOverlap.model_validate({"as_of": build.status["as_of"], "keys": keys, "cells": cells})


@router.get("/{key}", operation_id="getSegment")
def get_segment(key: str, user: SignedInUser, build: Build, context: Context) -> SegmentDetail:
    """Return one segment with its versions and frozen sets."""
    files, book = _books(context)
    _known(key, book)
    shelf = SegmentShelf(context.operations)
    return SegmentDetail.model_validate({
        "as_of": build.status["as_of"], "segment": _row(key, book, files, build, _words(build, context, book)),
        "definition": book[key], "saved": [vars(one) for one in shelf.versions(key)],
        "frozen": [vars(one) for one in shelf.snapshots(key)],
    })  # fmt: skip


@router.put("/{key}", operation_id="saveSegment")
def save_segment(
    key: str, definition: SegmentDefinition, user: SegmentEditor, build: Build, context: Context, request: Request
) -> SegmentDetail:
    """Save a segment; it is refused unless it fits the shop's tags. A segment from a file is changed in that file."""
    if definition.key != key:
        raise HttpError(400, "wrong_key", f"The document is of {definition.key!r}, the address of {key!r}.")
    files, before = _books(context)
    _editable(key, files)
    book = before.with_(definition)
    with suppress(NeedsNightlyRunError):  # what reaches further back is evaluated at night
        _desk(request, build).check(key, book)
    now, version = context.clock(), book.version(key)
    with context.operations.begin() as connection:
        SegmentShelf(context.operations).save(connection, definition, version, user.name, now)
        access.record(connection, user.name, "segment.save", now, {"segment": key, "version": version})
    return get_segment(key, user, build, context)


@router.delete("/{key}", operation_id="archiveSegment", status_code=204)
def archive_segment(key: str, user: SegmentEditor, context: Context) -> None:
    """Take a segment off the list; its versions, memberships and frozen sets stay."""
    files, book = _books(context)
    _known(key, book)
    _editable(key, files)
    if others := book.named_by(key):
        raise HttpError(409, "segment_in_use", f"{', '.join(others)} are built from {key}.", "Change them first.")
    now = context.clock()
    with context.operations.begin() as connection:
        shelf = SegmentShelf(context.operations)
        shelf.save(connection, book[key], book.version(key), user.name, now, archived=True)
        access.record(connection, user.name, "segment.archive", now, {"segment": key})


@router.post("/{key}/freeze", operation_id="freezeSegment")
def freeze_segment(key: str, user: SegmentEditor, build: Build, context: Context, request: Request) -> FrozenSegment:
    """Keep the segment's customers of this build as a set that never changes."""
    book = _books(context)[1]
    _known(key, book)
    desk = _desk(request, build)
    members, now = desk.members(key, book), context.clock()
    shelf = SegmentShelf(context.operations)
    frozen = shelf.freeze(book[key], book.version(key), desk.frame.as_of, members, user.name, now)
    with context.operations.begin() as connection:
        detail = {"segment": key, "snapshot": frozen.snapshot, "customers": frozen.customers}
        access.record(connection, user.name, "segment.freeze", now, detail)
    return FrozenSegment.model_validate(vars(frozen))


@router.get("/{key}/reach", operation_id="getSegmentReach")
def get_segment_reach(key: str, user: SignedInUser, build: Build, context: Context, request: Request) -> SegmentReach:
    """Return how many members may be contacted per channel, as consents stand now."""
    book = _books(context)[1]
    _known(key, book)
    desk = _desk(request, build)
    members = desk.count(key, book)
    asked = desk.sample(key, book, segments.ASKED_AT_ONCE)
    reach = segments.PublishedReach(build, context.operations, context.cipher, context.clock())
    scale = members / len(asked) if asked else 0.0
    channels = [
        {"channel": channel, "customers": round(len(reach.reachable(asked, channel)) * scale)}
        for channel in reach.channels
    ]
    frame = {"as_of": build.status["as_of"], "members": members, "asked": len(asked)}
    return SegmentReach.model_validate(frame | {"channels": channels})


def _read(context: ConsoleContext) -> ReadSegments:
    return read_segments(context.workspace.segments_dir, SegmentShelf(context.operations).standing())


def _books(context: ConsoleContext) -> tuple[Mapping[str, SegmentDefinition], SegmentBook]:
    read = _read(context)
    return read.files, read.book


def _desk(request: Request, build: OpenBuild) -> SegmentDesk:
    published: segments.PublishedSegments = request.app.state.segments
    return published.desk(build)


def _known(key: str, book: SegmentBook) -> None:
    if key not in book:
        raise HttpError(404, "no_such_segment", f"There is no segment {key!r}.", "The list shows all of them.")


def _editable(key: str, files: Mapping[str, SegmentDefinition]) -> None:
    if key in files:
        raise HttpError(
            409, "segment_in_file", f"{key} is defined in a file of the workspace.", "Change the file, or copy it."
        )


def _row(
    key: str, book: SegmentBook, files: Mapping[str, SegmentDefinition], build: OpenBuild, words: RuleWords
) -> dict[str, Any]:
    zh, en = explain_rule(book[key].rule, words)
    size = next((one for one in build.segments if one["segment"] == key), None)
    return {
        "key": key, "name": book[key].name.model_dump(), "note": book[key].note, "version": book.version(key),
        "origin": "file" if key in files else "console", "told": {"zh": zh, "en": en}, "size": size,
        "named_by": book.named_by(key),
    }  # fmt: skip


def _words(build: OpenBuild, context: ConsoleContext, book: SegmentBook) -> RuleWords:
    return RuleWords(
        tags={tag["key"]: (tag["zh"], tag["en"]) for tag in build.tags},
        values=dict.fromkeys(NAMED_COLUMNS, VALUE_WORDS)
        | {tag["key"]: {one["value"]: (one["zh"], one["en"]) for one in tag["values"]} for tag in build.tags},
        events={key: (one["zh"], one["en"]) for key, one in build.status["events"].items()},
        segments={key: (one.name.zh, one.name.en) for key, one in book.items()},
        money=frozenset(tag["key"] for tag in build.tags if tag["kind"] == "money"),
        minor_per_major=10 ** minor_exponent(context.shop.currency),
    )


def _people(context: ConsoleContext, build: OpenBuild, user: access.User, ids: list[int]) -> list[dict[str, Any]]:
    """Return a few customers as the list shows them, masked by role."""
    if not ids:
        return []
    found = build.rows(
        "SELECT customer_id, city, n_orders, net_minor, last_order_on FROM customers "
        "WHERE list_contains(?::BIGINT[], customer_id)",
        [ids],
    )
    names = personal.names_of(context, build, user, ids)
    by_id = {row["customer_id"]: row | {"name": names.get(row["customer_id"], {}).get("name")} for row in found}
    return [by_id[one] for one in ids if one in by_id]
