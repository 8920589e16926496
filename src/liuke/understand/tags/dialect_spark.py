"""How Spark SQL writes what `dialect.py` names; the same answer as DuckDB's with ANSI mode on and off.

Spark 3.5 and 4. Where the engines differ behind equal words, the text avoids the word: a difference of dates is an
interval (`datediff` counts), `rank()` is 32 bits wide, `size` of a missing list is −1, a JSON path reads broken JSON up
to the break.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from liuke.understand.tags.dialect import PLAIN_NUMBER, Dialect
from liuke.understand.tags.sources import Kind

_TYPES: dict[Kind, str] = {
    "integer": "BIGINT", "double": "DOUBLE", "text": "STRING", "date": "DATE", "timestamp": "TIMESTAMP_NTZ",
    "boolean": "BOOLEAN", "list": "ARRAY<STRING>", "number_list": "ARRAY<DOUBLE>", "property": "STRING",
}  # fmt: skip
_STRICT_JSON = "map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')"


class _Spark:
    name = "spark"
    joins_cells = False

    def identifier(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def literal(self, value: object) -> str:
        match value:
            case bool():
                return "true" if value else "false"
            case int():
                return str(value)
            case float():
                return f"{value!r}D"  # without the letter it would be a DECIMAL
            case dt.date():
                return f"DATE '{value.isoformat()}'"
            case str():
                return _text(value)
        raise TypeError(f"no literal for {value!r}")

    def cast(self, sql: str, kind: Kind) -> str:
        return f"CAST({sql} AS {_TYPES[kind]})"

    def exact(self, sql: str, kind: Kind) -> str:
        return f"CAST({sql} AS DECIMAL(28, 6))"

    def days_between(self, earlier: str, later: str) -> str:
        return f"CAST(datediff({later}, {earlier}) AS BIGINT)"

    def months(self, date: str) -> str:
        return f"CAST(year({date}) * 12 + month({date}) AS BIGINT)"

    def divide(self, numerator: str, denominator: str) -> str:
        return f"(CAST({numerator} AS DOUBLE) / nullif(CAST({denominator} AS DOUBLE), 0.0D))"

    def floor_divide(self, numerator: str, denominator: str) -> str:
        return f"(({numerator}) div ({denominator}))"

    def pick(self, values: Sequence[int], place: str) -> str:
        return f"element_at(array({', '.join(f'{value}L' for value in values)}), CAST({place} + 1 AS INT))"

    def modulo(self, sql: str, divisor: int) -> str:
        return f"(({sql}) % {divisor})"

    def decimal(self, sql: str, width: int, scale: int) -> str:
        return f"CAST({sql} AS DECIMAL({width}, {scale}))"

    def one_of(self, text: str, values: Sequence[str]) -> str:
        return text

    def json_text(self, json: str, name: str) -> str:
        text = f"try_element_at(from_json({json}, 'map<string, string>', {_STRICT_JSON}), {self.literal(name)})"
        return f"CASE WHEN substring({text}, 1, 1) NOT IN ('[', '{{') THEN {text} END"

    def number(self, text: str) -> str:
        # `$` would also stand before a line's end
        return f"CASE WHEN {text} RLIKE '(?s)^({PLAIN_NUMBER})(?!.)' THEN CAST({text} AS DOUBLE) END"

    def round(self, sql: str) -> str:
        return f"CAST(floor({sql} + 0.5D) AS BIGINT)"

    def median(self, sql: str) -> str:
        return f"median(CAST({sql} AS DOUBLE))"

    def sorted_set(self, sql: str) -> str:
        return f"array_sort(collect_set({sql}))"

    def empty_list(self, kind: Kind) -> str:
        return self.cast("array()", kind)

    def contains(self, items: str, value: str) -> str:
        return f"array_contains({items}, {value})"

    def length(self, items: str) -> str:
        return f"array_size({items})"

    def count_below(self, cuts: Sequence[float], value: str) -> str:
        listed = ", ".join(self.literal(float(cut)) for cut in cuts)
        return f"array_size(filter(array({listed}), cut -> cut < {value}))"

    def cte(self, name: str, body: str, references: int, *, large: bool = False) -> str:
        return f"{name} AS (\n{body}\n)"


def _text(value: str) -> str:
    """Quote a text; quotes and backslashes by number, since a setting decides how they are escaped."""
    parts = [
        f"chr({ord(part)})" if part in ("'", "\\") else f"'{part}'" for part in re.split(r"(['\\])", value) if part
    ]
    return f"concat({', '.join(parts)})" if len(parts) > 1 else (parts or ["''"])[0]


Spark: Dialect = _Spark()
