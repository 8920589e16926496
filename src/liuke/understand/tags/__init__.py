"""Tags: facts about one customer, defined once as data and compiled to one plan."""

from liuke.understand.tags import nodes
from liuke.understand.tags.anonymous import anonymous_tags, parse_node, parse_predicate
from liuke.understand.tags.compiler import Plan, PlanColumn, compile_plan, value_names
from liuke.understand.tags.conditions import Resolve, Value, condition_sql, named
from liuke.understand.tags.cut_points import CutPoints
from liuke.understand.tags.dialect import Dialect, DuckDB
from liuke.understand.tags.dialect_spark import Spark
from liuke.understand.tags.errors import CycleError, DefinitionError
from liuke.understand.tags.errors import unknown as unknown_name
from liuke.understand.tags.examples import NOBODY, Example, load_examples
from liuke.understand.tags.explain import Explanation, explain
from liuke.understand.tags.inspection import Change, Cost, Reason, compare, estimate, why
from liuke.understand.tags.loading import ReadTags, load_definitions, read_definitions
from liuke.understand.tags.nodes import AnyNode, Expression, Node
from liuke.understand.tags.predicates import AllOf, AnyOf, Not, Operator, Predicate, Test, fields_of
from liuke.understand.tags.service import build_tags, publish_cut_points
from liuke.understand.tags.sources import (
    CUSTOMER_COLUMNS,
    CUSTOMER_NAMES,
    MODEL_NAMES,
    MODELS,
    PRODUCT_COLUMNS,
    SOURCES,
    Kind,
    Source,
)
from liuke.understand.tags.spark import build_tags_on_spark
from liuke.understand.tags.tables import CUSTOMER_TAGS, customer_tags_spec
from liuke.understand.tags.tagset import FAMILIES, TagDefinition, TagSet, walk

__all__ = [
    "CUSTOMER_COLUMNS", "CUSTOMER_NAMES", "CUSTOMER_TAGS", "FAMILIES", "MODELS", "MODEL_NAMES", "NOBODY",
    "PRODUCT_COLUMNS", "SOURCES", "AllOf", "AnyNode", "AnyOf", "Change", "Cost", "CutPoints", "CycleError",
    "DefinitionError", "Dialect", "DuckDB", "Example", "Explanation", "Expression", "Kind", "Node", "Not", "Operator",
    "Plan", "PlanColumn", "Predicate", "ReadTags", "Reason", "Resolve", "Source", "Spark", "TagDefinition", "TagSet",
    "Test", "Value", "anonymous_tags", "build_tags", "build_tags_on_spark", "compare", "compile_plan", "condition_sql",
    "customer_tags_spec", "estimate", "explain", "fields_of", "load_definitions", "load_examples", "named", "nodes",
    "parse_node", "parse_predicate", "publish_cut_points", "read_definitions", "unknown_name", "value_names", "walk",
    "why",
]  # fmt: skip
