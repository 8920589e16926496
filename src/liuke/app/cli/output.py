"""What a command prints: a few readable lines, or the same as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from liuke.kernel import SetAside

_PIPE_WIDTH = 140  # columns where nobody watches: a file or another program has no edge to break at

console = Console(highlight=False)
if not console.is_terminal:
    console = Console(highlight=False, width=_PIPE_WIDTH)


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: ids above 2**53 become strings, instants ISO text."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return str(value) if abs(value) > 2**53 else value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | Path):
        return str(value)
    return value


def emit_json(value: Any) -> None:
    """Write one JSON document to standard output."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under a title; numbers stand to the right."""
    drawn = Table(title=title, title_justify="left", title_style="bold", header_style="dim", pad_edge=False)
    numeric = [all(isinstance(row[i], int | float) for row in rows) for i in range(len(columns))] if rows else []
    for i, column in enumerate(columns):
        drawn.add_column(column, justify="right" if numeric and numeric[i] else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(_cell(value) for value in row))
    console.print(drawn)


def print_aside(aside: Sequence[SetAside]) -> None:
    """Print which definitions were set aside, and why."""
    for one in aside:
        zh, en = one.told
        console.print(f"[red]✗[/] {escape(en)}", soft_wrap=True)
        console.print(f"  {zh}", soft_wrap=True, markup=False)
    if aside:
        console.print(
            f"{len(aside)} definitions were set aside, all others went on. Mend them; `liuke doctor` checks them.\n"
            f"有 {len(aside)} 个定义被搁置，其余照常运行。改好后用 `liuke doctor` 检查。"
        )


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return escape(str(value))
