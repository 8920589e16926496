"""The product has no code that could read the truth; that it does not matter is shown by the whole loop, run twice."""

from __future__ import annotations

import re
from pathlib import Path

import liuke
from liuke_sim import SOURCES_DIR

TRUTH = re.compile(r"write_truth|truth\.parquet|truth_(drifts|texts|contacts|outcomes)|true_effects|\.purchases\(")
SRC = Path(liuke.__file__).parent
ASKS_THE_SHOP = SRC / "app" / "demo"
"""The demo may ask for true effects, at its end; it writes no truth files."""


def test_no_module_of_the_product_knows_the_truth() -> None:
    read = [
        path
        for pattern in ("*.py", "*.yaml", "*.sql")
        for path in SRC.rglob(pattern)
        if ASKS_THE_SHOP not in path.parents
    ]
    found = [
        path for path in read if re.search(r"write_truth|true_effects|truth_\w+\.parquet", path.read_text("utf-8"))
    ]
    assert len(read) > 300
    assert found == []


def test_no_mapping_reads_the_truth() -> None:
    mappings = sorted(SOURCES_DIR.glob("*.yaml"))
    assert len(mappings) == 15
    assert not [path.name for path in mappings if TRUTH.search(path.read_text("utf-8"))]


def test_the_demo_asks_for_effects_and_never_for_causes() -> None:
    told = {path.name: path.read_text("utf-8") for path in ASKS_THE_SHOP.rglob("*.py")}
    assert not [name for name, text in told.items() if re.search(r"write_truth|truth_\w+\.parquet|\.drifts\b", text)]
