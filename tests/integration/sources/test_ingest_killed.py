"""An ingestion killed at any write, then run again, leaves what an undisturbed one leaves."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

HEADER = "order_no,line_no,member_no,phone,paid_at,sku,quantity,price\n"
SCRIPT = Path(__file__).with_name("dying_ingest.py")
N_KILLS = 5  # of about 25 points, chosen anew by each seed; a process costs a second
SEED = 20260301


def run(workspace: Path, dies_at: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(workspace), str(dies_at)], capture_output=True, text=True, timeout=120
    )


def orders(day: int, n: int) -> str:
    rows = [
        f"D{day}-{i},1,M{i % 7},1380013{i:04d},2026-02-{day:02d} 09:00:{i % 60:02d},SKU{i % 5},{1 + i % 3},9.90"
        for i in range(n)
    ]
    return HEADER + "\n".join([*rows, "broken,row", rows[0]]) + "\n"


def test_killed_anywhere_and_run_again(shop: Any, make_shop: Any) -> None:
    for day in (1, 2):
        shop.file(f"orders/d{day}.csv", orders(day, 40))
    calm = make_shop("calm")
    shutil.copytree(shop.workspace.path / "files", calm.workspace.path / "files")
    shutil.copytree(shop.workspace.sources_dir, calm.workspace.sources_dir, dirs_exist_ok=True)
    finished = run(calm.workspace.path, -1)
    assert finished.returncode == 0, finished.stderr
    n_points = int(finished.stdout)
    expected, held = calm.content(), calm.ingestor.quarantine_counts()
    assert sum(len(rows) for rows in expected.values()) > 200
    points = sorted(random.Random(SEED).sample(range(n_points), N_KILLS))
    seen_nothing_halfway = False
    for point in points:  # each starts where the one before was killed
        killed = run(shop.workspace.path, point % 11)
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL
        per_load = {load.load_id: load.visible for load in shop.ingestor.loads()}
        visible = {row[0] for row in shop.rows("order_items", "load_id")}
        assert visible <= {load_id for load_id, shown in per_load.items() if shown}
        seen_nothing_halfway = True
    assert seen_nothing_halfway
    assert run(shop.workspace.path, -1).returncode == 0
    assert shop.content() == expected
    assert shop.ingestor.quarantine_counts() == held
    again = shop.ingest()
    assert (again.loads, again.unchanged) == ((), 2)
