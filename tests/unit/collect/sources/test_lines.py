from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from liuke.collect.sources import lines
from liuke.collect.sources.lines import TextFile, columns_of


@pytest.fixture(params=[1 << 24, 7])
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(lines, "_CHUNK", request.param)
    return int(request.param)


def values(path: Path, content: str, *numbers: int) -> list[list[str | None]]:
    path.write_bytes(content.encode())
    return TextFile(path, ",", '"', ("", "NULL")).values(np.array(numbers, dtype=np.int64))


def test_lines_are_found_by_number(tmp_path: Path, chunk: int) -> None:
    content = "a,b\n1,一\n2,二\n3,三\n4,四"
    assert values(tmp_path / "f.csv", content, 0, 2, 4) == [["a", "b"], ["2", "二"], ["4", "四"]]


def test_windows_line_ends_and_quotes(tmp_path: Path, chunk: int) -> None:
    assert values(tmp_path / "f.csv", 'x\r\n"1,5","a ""b"""\r\n', 1) == [["1,5", 'a "b"']]


def test_texts_for_nothing_are_missing(tmp_path: Path) -> None:
    assert values(tmp_path / "f.csv", "1,,NULL,null\n", 0) == [["1", None, None, "null"]]


def test_a_line_beyond_the_end_is_empty(tmp_path: Path) -> None:
    assert values(tmp_path / "f.csv", "1\n", 0, 5) == [["1"], []]


def test_rows_of_another_width_have_no_values() -> None:
    assert columns_of([["1", "2"], ["3"]], 2) == [["1", None], ["2", None]]
