"""Segments: which customers are meant? Named sets built from tags, profile, events, sequences and other segments."""

from liuke.understand.segments.book import ReadSegments, SegmentBook, load_segments, named_in, read_file, read_segments
from liuke.understand.segments.compiler import SegmentPlan, compile_segments
from liuke.understand.segments.config import SegmentSettings
from liuke.understand.segments.contracts import DayOfSegment, Frame, Overlap, Reachable
from liuke.understand.segments.definition import SegmentDefinition, parse_definition, parse_yaml
from liuke.understand.segments.engine import LockedEngine
from liuke.understand.segments.errors import (
    NeedsNightlyRunError,
    SegmentCycleError,
    SegmentError,
    SegmentStoppedError,
)
from liuke.understand.segments.explain import RuleWords, explain_rule
from liuke.understand.segments.facts import COLUMNS, MEASURES
from liuke.understand.segments.membership import changes_table, days_of_segments, membership_table, sizes_table
from liuke.understand.segments.ports import Reach
from liuke.understand.segments.service import PROFILE, SegmentDesk, desk_at, frame_of, names_refused, tags_read
from liuke.understand.segments.shelf import FrozenSet, SavedVersion, SegmentShelf, joined_book
from liuke.understand.segments.tables import SEGMENT_CHANGES, SEGMENT_MEMBERSHIP, SEGMENT_SIZES
from liuke.understand.segments.unseen import Ask, Unseen, unseen, values_there

__all__ = [
    "COLUMNS", "MEASURES", "PROFILE", "SEGMENT_CHANGES", "SEGMENT_MEMBERSHIP", "SEGMENT_SIZES", "Ask", "DayOfSegment",
    "Frame", "FrozenSet", "LockedEngine", "NeedsNightlyRunError", "Overlap", "Reach", "Reachable", "ReadSegments",
    "RuleWords", "SavedVersion", "SegmentBook", "SegmentCycleError", "SegmentDefinition", "SegmentDesk", "SegmentError",
    "SegmentPlan", "SegmentSettings", "SegmentShelf", "SegmentStoppedError", "Unseen", "changes_table",
    "compile_segments", "days_of_segments", "desk_at", "explain_rule", "frame_of", "joined_book", "load_segments",
    "membership_table", "named_in", "names_refused", "parse_definition", "parse_yaml", "read_file", "read_segments",
    "sizes_table", "tags_read", "unseen", "values_there",
]  # fmt: skip
