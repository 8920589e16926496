"""Takes the daily loop in processes that are killed (SIGKILL, no clean-up) at their n-th checkpoint.

Reads jobs from standard input, one JSON line each: {"workspace": path, "day": date, "dies_at": n or null}; answers with
the exit code and the number of checkpoints passed. A checkpoint lies before and after every commit: of the operational
store (each step's begin and end among them), of an Iceberg table, and of each rename by which files become valid.
Everything is imported before the first fork, so that a process lives within milliseconds.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog

from liuke.app.bootstrap import Application
from liuke.app.loop import DailyLoop
from liuke.kernel import SimulatedClock
from liuke.store.operations import Operations


class Fate:
    """Counts checkpoints and dies at one."""

    def __init__(self, dies_at: int | None) -> None:
        self.dies_at, self.passed = dies_at, 0

    def checkpoint(self) -> None:
        self.passed += 1
        if self.passed == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def mortal(*args: Any, **kwargs: Any) -> Any:
            self.checkpoint()
            result = function(*args, **kwargs)
            self.checkpoint()
            return result

        return mortal


def make_mortal(fate: Fate) -> None:
    """Put checkpoints around every kind of commit of this process."""
    immortal_begin = Operations.begin

    @contextmanager
    def begin(self: Operations) -> Iterator[Any]:
        with immortal_begin(self) as connection:
            yield connection
            fate.checkpoint()  # everything is written, nothing committed
        fate.checkpoint()

    Operations.begin = begin  # type: ignore[method-assign]
    SqlCatalog.commit_table = fate.around(SqlCatalog.commit_table)  # type: ignore[method-assign]
    os.replace = fate.around(os.replace)
    Path.rename = fate.around(Path.rename)  # type: ignore[method-assign]


def live(job: dict[str, Any], report: int) -> None:
    fate = Fate(job["dies_at"])
    clock = SimulatedClock("Asia/Shanghai", date.fromisoformat(job["day"]))
    app = Application.open(Path(job["workspace"]), clock)
    app.operations.create_all()
    make_mortal(fate)
    DailyLoop(app).run()
    os.write(report, str(fate.passed).encode())


def main() -> None:
    for line in sys.stdin:
        hear, say = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                live(json.loads(line), say)
                code = 0
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
            os._exit(code)
        os.close(say)
        passed = os.read(hear, 100).decode() or "0"
        os.close(hear)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), "passed": int(passed)}), flush=True)


if __name__ == "__main__":
    main()
