"""What a column of a file must look like to have the type that its mapping declares."""

from __future__ import annotations

from liuke.collect.quality import because
from liuke.collect.sources.mapping import ColumnSpecification
from liuke.collect.sources.sql import identifier, literal

_REASONS = {"integer": "not_whole", "decimal": "not_amount"}  # of the other types, `not_` and their name
_TRUE = "'true', 't', '1', 'yes', 'y', '是'"
_FALSE = "'false', 'f', '0', 'no', 'n', '否'"


def value_sql(name: str, stored: str, null: tuple[str, ...]) -> str:
    """Return the column as it stands in the file; empty texts, texts that mean nothing and NaN are NULL.

    Parameters
    ----------
    name : str
        The file's column.
    stored : str
        Its engine type.
    null : tuple of str
        Texts that mean 'no value'.
    """
    column = identifier(name)
    if stored == "VARCHAR":
        for text in ("", *null):
            column = f"nullif({column}, {literal(text)})"
        return column
    return f"CASE WHEN NOT isnan({column}) THEN {column} END" if stored in ("DOUBLE", "FLOAT") else column


def typed_sql(value: str, stored: str, spec: ColumnSpecification, zone: str) -> str:
    """Return the value in its declared type, NULL where it isn't of that type.

    Timestamps are local to the source's zone, instants are brought there.
    """
    if spec.type == "text":
        return value if stored == "VARCHAR" else f"CAST({value} AS VARCHAR)"
    if spec.type == "integer":
        return (
            f"CASE WHEN TRY_CAST({value} AS DOUBLE) = TRY_CAST({value} AS BIGINT) THEN TRY_CAST({value} AS BIGINT) END"
        )
    if spec.type == "number":
        number = f"TRY_CAST({value} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) THEN {number} END"
    if spec.type == "decimal":
        return f"TRY_CAST({value} AS DECIMAL(18,4))"
    if spec.type == "boolean":
        word = f"lower(CAST({value} AS VARCHAR))"
        return f"CASE WHEN {word} IN ({_TRUE}) THEN true WHEN {word} IN ({_FALSE}) THEN false END"
    if spec.type == "instant":
        return f"timezone({literal(zone)}, TRY_CAST({value} AS TIMESTAMPTZ))"
    target = "DATE" if spec.type == "date" else "TIMESTAMP"
    if spec.format:
        return f"CAST(try_strptime(CAST({value} AS VARCHAR), {literal(spec.format)}) AS {target})"
    return f"TRY_CAST({value} AS {target})"


def mismatch(column: str, spec: ColumnSpecification) -> str:
    """Return the reason that a value of the column isn't of its declared type."""
    if spec.type in ("date", "timestamp") and spec.format:
        return because(f"not_{spec.type}_like", column=column, like=spec.format)
    return because(_REASONS.get(spec.type, f"not_{spec.type}"), column=column)
