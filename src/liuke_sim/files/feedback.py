"""Files about what customers say: reviews, the tickets of complaints, chats with service, answers to surveys.

Each comes from a tool of its own, known by member number. Douyin's customers speak on Douyin: their texts lie in the
events of that platform (`files/behaviour.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from liuke_sim import dirt, people, texts
from liuke_sim.assortment import product_keys
from liuke_sim.columns import Bools, Columns, Ints, length, sort, take
from liuke_sim.customers import CHANNELS, DOUYIN
from liuke_sim.events import CODE, NONE
from liuke_sim.files.batch import Batch, SeriesTables
from liuke_sim.files.batch import texts as text_column
from liuke_sim.leaving import CAUSES
from liuke_sim.streams import chance_of

HEADINGS = (*CAUSES, "other")
"""Under which complaints are filed."""
FEEDBACK_EVENTS = tuple(
    CODE[name] for name in ("review", "complaint_opened", "complaint_resolved", "service_chat", "survey_answered")
)
_CHANNELS = (*CHANNELS, "sms")
_SERIES = {"review": "reviews", "service_chat": "chats", "survey_answered": "surveys"}
_NUMBERS = {"review": "review_no", "service_chat": "chat_no", "survey_answered": "answer_no"}


@dataclass(frozen=True)
class Told:
    """Texts with what they mean; one entry per row of the events they belong to."""

    meaning: Columns
    words: list[str | None]
    heading: Ints

    def properties(self, kind_is_complaint: list[bool]) -> list[str | None]:
        """Return what an event carries about its text, as JSON."""
        heads = self.heading.tolist()
        return [
            _json({"topic": HEADINGS[head], "text": words} if complaint else {"text": words} if words else None)
            for words, head, complaint in zip(self.words, heads, kind_is_complaint, strict=True)
        ]


def tell(events: Columns, seed: int) -> Told:
    """Put the texts of `events` (all of a kind that is written) into words."""
    meaning, words = texts.written(events, seed)
    return Told(meaning, words, texts.filed_under(meaning, seed))


def is_feedback(events: Columns) -> Bools:
    """Return which events come from the tools of this module: what is said, anywhere but on Douyin."""
    return np.asarray(np.isin(events["event"], FEEDBACK_EVENTS) & (events["channel"] != DOUYIN))


def feedback_tables(batch: Batch) -> SeriesTables:
    """Return what was said in the period, and note in the chunk what it means."""
    if not length(batch.events):
        return {}
    note_meanings(batch)
    events = sort(take(batch.events, is_feedback(batch.events)), "at", "event_id")
    events = dirt.repeat_rows(batch.chance("feedback dirt"), events, batch.config.dirt.duplicates)
    if not length(events):
        return {}
    tables: SeriesTables = {}
    for name, series in _SERIES.items():
        some = take(events, events["event"] == CODE[name])
        if length(some):
            tables[series] = _table(batch, name, some)
    tickets = take(events, np.isin(events["event"], (CODE["complaint_opened"], CODE["complaint_resolved"])))
    if length(tickets):
        tables["complaints"] = _tickets(batch, tickets)
    return tables


def note_meanings(batch: Batch) -> None:
    """Keep for the truth what the texts of the period mean."""
    said = take(batch.events, texts.is_written(batch.events))
    if length(said):
        batch.chunk.texts.append(_truth(said, batch.seed))


def _truth(said: Columns, seed: int) -> Columns:
    meaning = texts.meanings(said, seed)
    names = ("kind", "sentiment", "topic", "second", "ambiguous", "states_cause", "has_text")
    small = {name: meaning[name].astype(np.int8) for name in names}
    return {"event_id": said["event_id"], "customer": said["customer"], "cause": said["cause"].astype(np.int8), **small}


def _table(batch: Batch, name: str, events: Columns) -> pa.Table:
    told = tell(events, batch.seed)
    columns = {_NUMBERS[name]: events["event_id"], "member_no": _members(batch, events)}
    if name == "service_chat":
        columns |= {"session_id": pa.array(events["session"], mask=events["session"] == NONE)}
    else:
        columns |= {
            "product_key": _product(events),
            "stars" if name == "review" else "score": events["value"].astype(np.int64),
        }
    return pa.table({**columns, "text": text_column(told.words), **_when(batch, events)})


def _tickets(batch: Batch, events: Columns) -> pa.Table:
    """Return the log of complaints: opened with the customer's words, resolved without."""
    opened = events["event"] == CODE["complaint_opened"]
    told = tell(events, batch.seed)
    headings = np.array(HEADINGS)[told.heading].tolist()
    is_open = opened.tolist()
    return pa.table(
        {
            "record_no": events["event_id"],
            "member_no": _members(batch, events),
            "status": np.where(opened, "opened", "resolved"),
            "category": text_column([name if here else None for name, here in zip(headings, is_open, strict=True)]),
            "product_key": _product(events),
            "text": text_column([words if here else None for words, here in zip(told.words, is_open, strict=True)]),
            **_when(batch, events),
        }
    )


def _when(batch: Batch, events: Columns) -> dict[str, pa.Array]:
    return {
        "channel": text_column([_CHANNELS[code] for code in events["channel"].tolist()]),
        "occurred_at": batch.moments(events["at"]),
        "recorded_at": batch.moments(events["recorded"]),
    }


def _members(batch: Batch, events: Columns) -> pa.Array:
    """Return member numbers; some speak without having signed in, and nobody knows who they are."""
    unknown = is_unknown(events, batch.seed, batch.config.dirt.broken_identities)
    return pa.array(people.member_numbers(events["customer"]), mask=unknown)


def is_unknown(events: Columns, seed: int, share: float) -> Bools:
    """Return which rows of feedback came from people who had not signed in."""
    return np.asarray(chance_of(events["event_id"], seed, "speaks unknown") < share)


def _product(events: Columns) -> pa.Array:
    keys = product_keys()
    return text_column([keys[product] if product != NONE else None for product in events["product"].tolist()])


def _json(value: dict[str, str | None] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
