"""The reference page of the definition language: nodes, fields, conditions and sources, from the code."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from liuke.understand.tags import CUSTOMER_COLUMNS, MODELS, PRODUCT_COLUMNS, SOURCES, AnyNode, Operator, Source, nodes

_COMMON = ("source", "where", "days", "ago")
_HEAD = """# Nodes of a tag definition

A definition is a tree of nodes. Those over rows share `source`, `where` (a condition on columns), `days` (length of the
window in whole shop-local days; absent: all history) and `ago` (days before `as_of` at which the window ends). How to
write a file: [Define a tag](../tutorials/define-a-tag.md). What days mean:
[Windows and time](../explanation/windows-and-time.md).
"""


def nodes_page() -> str:
    """Every node with its fields, every source with its columns."""
    kinds = list(get_args(AnyNode))
    over_rows = [kind for kind in kinds if issubclass(kind, nodes.Aggregate)]
    lines = [_HEAD, "## Over rows\n"]
    for kind in over_rows:
        lines += _node(kind, _COMMON)
    lines.append("## Over values\n")
    for kind in kinds:
        if kind not in over_rows:
            lines += _node(kind, ())
    operators = ", ".join(f"`{one}`" for one in get_args(Operator))
    lines += [
        "## Conditions\n",
        "`{field: value}`, `{field: [one, of]}`, `{field: {operator: value}}`, `all:`, `any:`, `not:`. Operators:",
        f"{operators}.\n", "## Sources\n", "| source | columns |", "|---|---|",
    ]  # fmt: skip
    for source in SOURCES.values():
        more = ["`product.*`"] if source.about_products else []
        more += ["`product.supply_days` (double: quantity × units_per_pack ÷ daily_use)"] if _has_supply(source) else []
        more += ["`property.*` (an entry of the event's JSON)"] if source.has_properties else []
        lines.append(f"| `{source.name}` | {', '.join([_columns(source.columns), *more])} |")
    lines += [
        f"| the customer's profile | {_columns(CUSTOMER_COLUMNS)} |", f"| `product.*` | {_columns(PRODUCT_COLUMNS)} |",
        *(f"| model `{name}` | {_columns(columns)} |" for name, columns in MODELS.items()), "",
    ]  # fmt: skip
    return "\n".join(lines)


def _node(kind: type[nodes.Node], common: tuple[str, ...]) -> list[str]:
    lines = [f"### {kind.model_fields['node'].default}\n", inspect.cleandoc(kind.__doc__ or ""), ""]
    rows = [_field(name, one) for name, one in kind.model_fields.items() if name not in ("node", *common)]
    return lines + (["| field | default |", "|---|---|", *rows, ""] if rows else [])


def _field(name: str, field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    said = "required" if default is PydanticUndefined else "" if default in (None, {}) else f"`{default}`"
    return f"| `{field.alias or name}` | {said} |"


def _has_supply(source: Source) -> bool:
    return source.about_products and "quantity" in source.columns


def _columns(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in columns.items())
