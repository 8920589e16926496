"""Lineage: which step wrote which snapshot from which inputs, and what need not be done again."""

from liuke.store.lineage.contracts import Step, StepRecord, StepResult, StepState
from liuke.store.lineage.steps import StepLog

__all__ = ["Step", "StepLog", "StepRecord", "StepResult", "StepState"]
