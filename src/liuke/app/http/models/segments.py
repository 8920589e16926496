"""The segments page: definitions, live answers while a rule is edited, frozen sets."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from liuke.app.http.models.common import AsideNote, Id, Model, Words
from liuke.understand.segments import SegmentDefinition


class SegmentSize(Model):
    """How large a segment was when the nightly run evaluated it last."""

    as_of: date
    version: str
    customers: int
    entered: int
    left: int
    because: Literal["data", "definition", "first"]


class SegmentRow(Model):
    """One segment of the list."""

    key: str
    name: Words
    note: str
    version: str
    origin: Literal["file", "console"] = Field(description="A segment from a file is changed in that file only.")
    told: Words = Field(description="The rule in words, one line per condition.")
    size: SegmentSize | None = Field(description="None until the first nightly run after it was saved.")
    named_by: list[str] = Field(description="Segments that are built from this one.")


class SourceWords(Model):
    """One source of happenings: what a rule may ask of it here, and how far back."""

    source: str
    days: int | None = Field(description="Days that are published; None: all history. More is evaluated nightly.")
    columns: list[str]
    measures: list[str]
    events: list[str] = Field(description="For behaviour: the events that occur.")


class SegmentList(Model):
    """The segments page."""

    as_of: date
    customers: int = Field(description="All customers of the shop.")
    segments: list[SegmentRow]
    aside: list[AsideNote] = Field(description="Segments that cannot be used as they stand, with the reason.")
    fields: list[str] = Field(description="Profile fields that rules may ask.")
    sources: list[SourceWords]
    event_words: dict[str, Words]


class FrozenSegment(Model):
    """A frozen set of customers."""

    snapshot: str
    segment: str
    version: str
    as_of: date
    customers: int
    frozen_at: datetime
    frozen_by: str


class SavedSegment(Model):
    """One saved version."""

    version: str
    saved_at: datetime
    saved_by: str
    archived: bool


class SegmentDetail(Model):
    """One segment whole."""

    as_of: date
    segment: SegmentRow
    definition: SegmentDefinition
    saved: list[SavedSegment]
    frozen: list[FrozenSegment]


class SampledCustomer(Model):
    """One customer of a sample, masked by the role of who asks."""

    customer_id: Id
    name: str | None
    city: str | None
    n_orders: int
    net_minor: int | None
    last_order_on: date | None


class PreviewRequest(Model):
    """A rule that somebody is editing."""

    definition: SegmentDefinition
    sample: int = Field(5, ge=0, le=20)


class NightlyNote(Model):
    """Why a rule cannot be counted here and now."""

    reason: str
    hint: str


class Preview(Model):
    """What a rule means, now."""

    as_of: date
    version: str
    told: Words
    customers: int
    count: int | None = Field(description="None where only the nightly run can evaluate the rule.")
    nightly: NightlyNote | None
    sample: list[SampledCustomer]
    unseen: list[Words] = Field(description="Values that occur nowhere, in words; an exclusion by one excludes nobody.")


class OverlapRequest(Model):
    """Segments to lay over each other."""

    keys: list[str] = Field(min_length=2, max_length=8)


class OverlapCell(Model):
    """Two segments and the customers in both."""

    left: str
    right: str
    customers: int


class SegmentOverlap(Model):
    """The sizes of all pairs; of a segment with itself its own size."""

    as_of: date
    keys: list[str]
    cells: list[OverlapCell]


class ChannelReach(Model):
    """How many of a segment may be contacted on one channel, and have an address there."""

    channel: str
    customers: int


class SegmentReach(Model):
    """Reach per channel, as consents stand now."""

    as_of: date
    members: int
    asked: int = Field(description="Fewer than `members`: the numbers are scaled up from a sample of so many.")
    channels: list[ChannelReach]
