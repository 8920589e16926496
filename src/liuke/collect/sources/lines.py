"""Single lines of a large text by their numbers, without reading its rows again.

Counting line ends costs a tenth of what splitting the text into columns costs. It only tells where a row stands if
every row is one line; who asks checks what comes back.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_CHUNK = 1 << 24  # bytes searched at a time
_NEWLINE = 10


@dataclass(frozen=True)
class TextFile:
    """A plain text of rows.

    Parameters
    ----------
    path : Path
        UTF-8, not compressed.
    delimiter, quote : str
    null : tuple of str
        Texts that stand for no value, the empty one among them.
    """

    path: Path
    delimiter: str
    quote: str
    null: tuple[str, ...]

    def values(self, numbers: npt.NDArray[np.int64]) -> list[list[str | None]]:
        """Return the values of lines.

        Parameters
        ----------
        numbers : array of int, shape (n_lines,)
            From 0, rising.

        Returns
        -------
        list of list
            In the order of ``numbers``; a line that doesn't exist is an empty list.
        """
        ends = _line_ends(self.path, np.unique(np.concatenate([numbers - 1, numbers])))
        with open(self.path, "rb") as file:
            return [
                self._split(_between(file, ends.get(number - 1, -1), ends.get(number))) for number in numbers.tolist()
            ]

    def _split(self, line: str) -> list[str | None]:
        quoting: Any = csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE
        rows = csv.reader([line], delimiter=self.delimiter, quotechar=self.quote or None, quoting=quoting)
        return [None if value in self.null else value for value in next(rows, [])]


def _line_ends(path: Path, wanted: npt.NDArray[np.int64]) -> dict[int, int]:
    """Return line number → position of its line end, of those wanted (rising).

    A last line without one ends with the file.
    """
    found: dict[int, int] = {}
    seen = start = 0
    last = b""
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            ends = np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == _NEWLINE)
            here = wanted[np.searchsorted(wanted, seen) : np.searchsorted(wanted, seen + ends.size)]
            found.update(zip(here.tolist(), (ends[here - seen] + start).tolist(), strict=True))
            seen, start, last = seen + ends.size, start + len(chunk), chunk
    if last and last[-1] != _NEWLINE:
        found[seen] = start
    return found


def _between(file: Any, before: int, end: int | None) -> str:
    if end is None:
        return ""
    file.seek(before + 1)
    line: bytes = file.read(end - before - 1)
    return line.removesuffix(b"\r").decode("utf-8", errors="replace")


def columns_of(rows: Iterable[Sequence[str | None]], width: int) -> list[list[str | None]]:
    """Turn rows into columns; a row of another width becomes one without values."""
    empty: list[str | None] = [None] * width
    whole = [list(row) if len(row) == width else empty for row in rows]
    return [[row[place] for row in whole] for place in range(width)]
