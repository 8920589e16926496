"""Metrics: the shop's key figures and cohorts, each with its formula, period and the day it is final."""

from liuke.understand.metrics.catalogue import metric_definitions
from liuke.understand.metrics.config import MetricSettings
from liuke.understand.metrics.contracts import Comparison, Measured, MetricDefinition, MetricValue
from liuke.understand.metrics.revision import with_changes
from liuke.understand.metrics.service import compare, measure
from liuke.understand.metrics.tables import COHORTS, METRICS

__all__ = [
    "COHORTS",
    "METRICS",
    "Comparison",
    "Measured",
    "MetricDefinition",
    "MetricSettings",
    "MetricValue",
    "compare",
    "measure",
    "metric_definitions",
    "with_changes",
]
