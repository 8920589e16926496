"""Run all tests in two processes at once, for machines with two cores: ``python tests/halves.py [pytest arguments]``.

The tests that wait most (whole loops, browsers) are one half, all others the other; each is an ordinary run of pytest
that prints what it always prints. The last line adds both up.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
SLOW = ("acceptance", "browser")
COUNTED = ("passed", "failed", "skipped", "error", "errors", "xfailed", "xpassed")
NO_TESTS = 5  # pytest's exit code


def main(arguments: list[str]) -> int:
    """Return 0 if both halves passed."""
    folders = sorted(path.name for path in HERE.iterdir() if path.is_dir() and any(path.rglob("test_*.py")))
    halves = [[name for name in folders if name in SLOW], [name for name in folders if name not in SLOW]]
    with tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / f"half-{number}.log" for number in range(len(halves))]
        running = []
        for half, log in zip(halves, logs, strict=True):
            command = [sys.executable, "-m", "pytest", *(str(HERE / name) for name in half), *arguments]
            with log.open("w") as output:
                running.append(subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT))
        codes = [process.wait() for process in running]
        said = [log.read_text(encoding="utf-8", errors="replace") for log in logs]
    for half, text in zip(halves, said, strict=True):
        print(f"==== {', '.join(half)}\n{text}", flush=True)
    print(summed(said))
    return max(0 if code == NO_TESTS else code for code in codes)


def summed(said: list[str]) -> str:
    """Add up the closing lines of some runs of pytest."""
    total: Counter[str] = Counter()
    for text in said:
        closing = [line for line in text.splitlines() if re.search(r"\b\d+ (passed|failed|errors?)\b.* in ", line)]
        for number, word in re.findall(r"(\d+) (\w+)", closing[-1] if closing else ""):
            total[word] += int(number) if word in COUNTED else 0
    return ", ".join(f"{total[word]} {word}" for word in COUNTED if total[word] or word in COUNTED[:2])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
