"""The table that this room owns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from liuke.kernel.tables import ColumnSpec, ColumnType, PersonalData, TableSpec
from liuke.understand.tags.compiler import PlanColumn, compile_plan
from liuke.understand.tags.errors import DefinitionError
from liuke.understand.tags.sources import Kind
from liuke.understand.tags.tagset import TagSet

CUSTOMER_TAGS = "customer_tags"

_TYPES: Mapping[Kind, ColumnType] = {
    "integer": "BIGINT", "double": "DOUBLE", "text": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN", "list": "VARCHAR[]",
}  # fmt: skip
_ANY_DAY = dt.date(2000, 1, 1)  # kinds do not depend on it


def customer_tags_spec(tagset: TagSet) -> TableSpec:
    """Return the table of tags: one column per tag that is not hidden.

    Raises
    ------
    DefinitionError
        If a definition cannot be compiled.
    """
    plan = compile_plan(tagset, None, _ANY_DAY)
    keys = (
        ColumnSpec("as_of", "DATE", "The tags hold at 00:00 of this shop-local day", required=True),
        ColumnSpec("customer_id", "BIGINT", "Customer", personal=PersonalData.PSEUDONYM, required=True),
    )
    return TableSpec(
        name=CUSTOMER_TAGS,
        grain="customer × as_of",
        key=("as_of", "customer_id"),
        columns=keys + tuple(_column(tagset, column) for column in plan.columns),
        doc="Facts about one customer, as defined in tags/*.yaml",
    )


def _column(tagset: TagSet, column: PlanColumn) -> ColumnSpec:
    definition = tagset[column.key]
    if column.kind not in _TYPES:
        raise DefinitionError(
            f"tag {column.key!r} is a list of numbers", hint="list texts (bucket, case), or hide the tag"
        )
    unit = "minor currency units" if definition.type == "money_minor" else definition.unit
    words = definition.explain or definition.name
    return ColumnSpec(column.key, _TYPES[column.kind], words.en, unit=unit, personal=PersonalData(definition.personal))
