"""Tags: facts about one customer, defined once as data and compiled to one plan."""

from liuke.understand.tags.compiler import Plan, PlanColumn, compile_plan
from liuke.understand.tags.cut_points import CutPoints
from liuke.understand.tags.dialect import Dialect, DuckDB
from liuke.understand.tags.errors import CycleError, DefinitionError
from liuke.understand.tags.explain import Explanation, explain
from liuke.understand.tags.loading import load_definitions
from liuke.understand.tags.service import build_tags, publish_cut_points
from liuke.understand.tags.tables import CUSTOMER_TAGS, customer_tags_spec
from liuke.understand.tags.tagset import FAMILIES, TagDefinition, TagSet

__all__ = [
    "CUSTOMER_TAGS", "FAMILIES", "CutPoints", "CycleError", "DefinitionError", "Dialect", "DuckDB", "Explanation",
    "Plan", "PlanColumn", "TagDefinition", "TagSet", "build_tags", "compile_plan", "customer_tags_spec", "explain",
    "load_definitions", "publish_cut_points",
]  # fmt: skip
