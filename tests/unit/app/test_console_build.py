"""When is the console built, and what from?"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "hatch_build.py"


@pytest.fixture
def build(tmp_path, monkeypatch) -> ModuleType:
    """The build script over sources and an output folder of its own."""
    spec = importlib.util.spec_from_file_location("hatch_build_under_test", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    web = tmp_path / "web"
    for name in module.INPUTS:
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text(name, encoding="utf-8")
    (web / "src").mkdir()
    (web / "src" / "main.tsx").write_text("1", encoding="utf-8")
    monkeypatch.setattr(module, "WEB", web)
    monkeypatch.setattr(module, "OUTPUT", tmp_path / "static")
    monkeypatch.delenv(module.SKIP, raising=False)
    return module


def finished(build: ModuleType) -> None:
    build.OUTPUT.mkdir(exist_ok=True)
    (build.OUTPUT / build.STAMP).write_text(build.inputs_hash(), encoding="utf-8")


def hook(build: ModuleType, tmp_path: Path):
    return build.CustomBuildHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel")


def test_any_change_of_a_source_calls_for_a_build(build):
    finished(build)
    assert build.up_to_date()
    for path in ("src/main.tsx", "package-lock.json", "index.html"):
        before = (build.WEB / path).read_text(encoding="utf-8")
        (build.WEB / path).write_text("changed", encoding="utf-8")
        assert not build.up_to_date()
        (build.WEB / path).write_text(before, encoding="utf-8")
    assert build.up_to_date()
    (build.WEB / "src" / "new.ts").write_text("", encoding="utf-8")
    assert not build.up_to_date()


def test_node_is_asked_for_only_where_there_is_something_to_build(build, tmp_path, monkeypatch):
    assert hook(build, tmp_path).dependencies() == [build.NODE]
    finished(build)
    assert hook(build, tmp_path).dependencies() == []
    (build.OUTPUT / build.STAMP).unlink()
    monkeypatch.setenv(build.SKIP, "1")
    assert hook(build, tmp_path).dependencies() == []


@pytest.mark.parametrize(("version", "built"), [("editable", 0), ("standard", 1)])
def test_editable_installs_do_not_build(build, tmp_path, monkeypatch, version, built):
    calls = []
    monkeypatch.setattr(build, "build", lambda: calls.append(1))
    hook(build, tmp_path).initialize(version, {})
    assert len(calls) == built


def test_a_build_that_fails_leaves_the_old_console(build, monkeypatch):
    finished(build)
    (build.OUTPUT / "index.html").write_text("old", encoding="utf-8")
    monkeypatch.setattr(build, "_node_home", lambda: build.WEB / "no-node-here")
    (build.WEB / "no-node-here" / "bin").mkdir(parents=True)
    node = build.WEB / "no-node-here" / "bin" / "node"
    node.write_text("#!/bin/sh\nexit 7\n", encoding="utf-8")
    node.chmod(0o755)
    with pytest.raises(SystemExit, match="ended with 7"):
        build.build()
    assert (build.OUTPUT / "index.html").read_text(encoding="utf-8") == "old"
