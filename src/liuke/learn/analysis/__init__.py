"""What does a table of a trial say? Any csv, parquet or query, and a plan, become a report in numbers and words."""

from liuke.learn.analysis import wording
from liuke.learn.analysis.contracts import (
    AnalysisReport,
    ArmSize,
    ArmValue,
    ArmVerdict,
    Comparison,
    DayEffect,
    GuardRail,
    Interval,
    MetricResult,
    Money,
    SegmentGroup,
    Segments,
    Split,
    Text,
    Timing,
    Verdict,
)
from liuke.learn.analysis.errors import PlanError, TableError
from liuke.learn.analysis.page import html_page
from liuke.learn.analysis.plan import Kind, Metric, Role, TrialPlan, load_plan, plan_from, read_tree
from liuke.learn.analysis.rule import at_a_loss
from liuke.learn.analysis.service import analyse, analyse_file

__all__ = [
    "AnalysisReport",
    "ArmSize",
    "ArmValue",
    "ArmVerdict",
    "Comparison",
    "DayEffect",
    "GuardRail",
    "Interval",
    "Kind",
    "Metric",
    "MetricResult",
    "Money",
    "PlanError",
    "Role",
    "SegmentGroup",
    "Segments",
    "Split",
    "TableError",
    "Text",
    "Timing",
    "TrialPlan",
    "Verdict",
    "analyse",
    "analyse_file",
    "at_a_loss",
    "html_page",
    "load_plan",
    "plan_from",
    "read_tree",
    "wording",
]
