"""From a room's declaration of a table to Iceberg's and Arrow's schema."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
)

from liuke.kernel.tables import TableSpec

_ICEBERG: dict[str, IcebergType] = {
    "BIGINT": LongType(),
    "INT": IntegerType(),
    "DOUBLE": DoubleType(),
    "BOOLEAN": BooleanType(),
    "VARCHAR": StringType(),
    "DATE": DateType(),
    "TIMESTAMP": TimestampType(),
    "DECIMAL(18,4)": DecimalType(18, 4),
}

_ARROW: dict[str, Any] = {
    "BIGINT": pa.int64(),
    "INT": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "DECIMAL(18,4)": pa.decimal128(18, 4),
    "VARCHAR[]": pa.list_(pa.string()),
}


def iceberg_type(column_type: str, element_id: int) -> IcebergType:
    """Return the Iceberg type of a declared column type; lists need an id for their element."""
    if column_type == "VARCHAR[]":
        return ListType(element_id=element_id, element_type=StringType(), element_required=False)
    return _ICEBERG[column_type]


def iceberg_schema(spec: TableSpec) -> Schema:
    """Return the Iceberg schema of a declared table.

    Every column is optional to the format: a file registered as it is can't promise more; the spec's ``required`` is
    checked where rows are made.
    """
    n_columns = len(spec.columns)
    fields = [
        NestedField(
            field_id=position,
            name=column.name,
            field_type=iceberg_type(column.type, n_columns + position),
            required=False,
            doc=column.doc,
        )
        for position, column in enumerate(spec.columns, start=1)
    ]
    return Schema(*fields)


def arrow_schema(spec: TableSpec) -> pa.Schema:
    """Return the Arrow schema of a declared table."""
    return pa.schema([pa.field(column.name, _ARROW[column.type]) for column in spec.columns])
