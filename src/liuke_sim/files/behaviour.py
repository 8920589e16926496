"""Files about behaviour: what happened in the app and the mini-program, and on Douyin.

What members say (reviews, complaints, chats, surveys) comes from other tools: `files/feedback.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from liuke_sim import dirt, people, texts
from liuke_sim.assortment import CATEGORIES, product_keys
from liuke_sim.columns import Columns, Ints, length, sort, split, take
from liuke_sim.contacts import CONTACT_CHANNELS
from liuke_sim.customers import CHANNELS, DOUYIN
from liuke_sim.events import CODE, DETAILS, EVENTS, NONE
from liuke_sim.files.batch import Batch, SeriesTables
from liuke_sim.files.batch import texts as text_column
from liuke_sim.files.feedback import is_feedback, tell

EVENT_CHANNELS = (*CHANNELS, *CONTACT_CHANNELS)


def behaviour_tables(batch: Batch) -> SeriesTables:
    """Return the events that arrived in the period: Douyin's under the platform's id, all others under the member's."""
    if not length(batch.events):
        return {}
    rng = batch.chance("event dirt")
    events = take(batch.events, ~is_feedback(batch.events))
    events = dirt.repeat_rows(rng, sort(events, "at", "event_id"), batch.config.dirt.duplicates)
    social, own = split(events, events["channel"] == DOUYIN)
    tables: SeriesTables = {}
    if length(own):
        tables["behaviour"] = pa.table(
            {"event_id": own["event_id"], "member_no": people.member_numbers(own["customer"]), **_columns(batch, own)}
        )
    if length(social):
        plain = {
            name: column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
            for name, column in _columns(batch, social).items()
        }
        who = people.douyin_ids(social["customer"])
        plain["properties"] = text_column(properties_of(social, batch.seed))
        tables["social_events"] = pa.table({"event_id": social["event_id"], "douyin_id": who, **plain})
    return tables


def properties_of(events: Columns, seed: int) -> list[str | None]:
    """Return what events carry besides their columns, as JSON: the detail, and of what was said the words."""
    properties: list[str | None] = [DETAILS[code] if code != NONE else None for code in events["detail"].tolist()]
    said = np.flatnonzero(texts.is_written(events))
    if len(said):
        some = take(events, said)
        told = tell(some, seed).properties((some["event"] == CODE["complaint_opened"]).tolist())
        for place, text in zip(said.tolist(), told, strict=True):
            properties[place] = text
    return properties


def _columns(batch: Batch, events: Columns) -> dict[str, pa.Array]:
    session = events["session"]
    return {
        "event": _named(events["event"], EVENTS),
        "occurred_at": batch.moments(events["at"]),
        "recorded_at": batch.moments(events["recorded"]),
        "channel": _named(events["channel"], EVENT_CHANNELS),
        "session_id": pa.array(session, mask=session == NONE),
        "product_key": _named(events["product"], product_keys()),
        "category": _named(events["category"], CATEGORIES),
        "value": pa.array(events["value"], mask=np.isnan(events["value"])),
        "properties": _named(events["detail"], DETAILS),
    }


def _named(code: Ints, names: Sequence[str]) -> pa.Array:
    """Spell out codes; `NONE` becomes missing. The names must differ: parquet writes doubles in no fixed order."""
    return pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32), mask=code == NONE), pa.array(names))
