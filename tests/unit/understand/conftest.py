"""Gives the tests of this folder a small real moment (`tests/support/small_moment.py`)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))
