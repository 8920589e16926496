"""The proof of the intervals runs, in small; its full size is `make prove-trials`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROOF = Path(__file__).parents[4] / "benchmarks" / "prove_trials.py"


def test_the_small_proof_meets_its_bars_and_writes_its_page(tmp_path):
    page = tmp_path / "proof.md"
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(PROOF), "--small", "--runs", "20", "--write", str(page)],
        capture_output=True,
        text=True,
        env=os.environ | one_thread,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = page.read_text(encoding="utf-8")
    assert "All bars met." in text
    assert "12 regions" in text


@pytest.mark.heavy
def test_a_missed_bar_is_told(tmp_path):
    """A level of 80 % cannot hold at 95 %: the same proof with that level has to fail."""
    broken = PROOF.read_text(encoding="utf-8").replace("LEVEL = 0.95", "LEVEL = 0.8")
    script = tmp_path / "broken.py"
    script.write_text(broken, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), "--small", "--runs", "100"], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 1, done.stdout
    assert "missed" in done.stdout
