"""Every key that the loop can write has a word in both languages of the console."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from liuke.engage.outreach import Held, State
from liuke.learn.experiments import Verdict
from liuke.store.lineage import StepState

I18N = Path(__file__).resolve().parents[3] / "web" / "src" / "i18n"
SECTIONS = {
    "states": [*State, *StepState, "committed", "begun", "superseded"],
    "held": list(Held),
    "verdicts": list(Verdict),
}


def section(language: str, name: str) -> set[str]:
    text = (I18N / f"{language}.ts").read_text(encoding="utf-8")
    body = re.search(rf"\n  {name}: \{{(.*?)\n?\s*\}}", text, re.DOTALL)
    assert body is not None, f"{language}.ts has no section {name}"
    return set(re.findall(r"(\w+): \"", body.group(1)))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_has_a_word(language, name):
    assert {str(key) for key in SECTIONS[name]} - section(language, name) == set()
