"""Which customers enter which strategy, and in which arm? Strategies as documents, and the desk that runs them."""

from pathlib import Path

from liuke.decide.strategies.audience import AudienceSql, compile_audience, texts_asked
from liuke.decide.strategies.contracts import Allocation, Arm, EntryReport, Message, MessageBatch
from liuke.decide.strategies.document import ReadStrategies, Strategy, load_strategies, parse_strategy, read_strategies
from liuke.decide.strategies.errors import StrategyError
from liuke.decide.strategies.ports import Allocator, Kin, MessagePlanner, NoKin, Traits
from liuke.decide.strategies.service import StrategyDesk, entered_before, entries_of
from liuke.decide.strategies.tables import entries, strategy_versions

READY_STRATEGIES = Path(__file__).parent / "ready"
"""Folder with the strategies that come with the product."""

__all__ = [
    "READY_STRATEGIES",
    "Allocation",
    "Allocator",
    "Arm",
    "AudienceSql",
    "EntryReport",
    "Kin",
    "Message",
    "MessageBatch",
    "MessagePlanner",
    "NoKin",
    "ReadStrategies",
    "Strategy",
    "StrategyDesk",
    "StrategyError",
    "Traits",
    "compile_audience",
    "entered_before",
    "entries",
    "entries_of",
    "load_strategies",
    "parse_strategy",
    "read_strategies",
    "strategy_versions",
    "texts_asked",
]
