"""What an operator reads: no machine words in the console's texts, none in what the API says, in either language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from liuke.app.publish import VALUE_WORDS
from liuke.learn.experiments import EndReason

I18N = Path(__file__).resolve().parents[3] / "web" / "src" / "i18n"
TEXT = re.compile(r'(?:(\w+)|"([^"]+)"): "((?:[^"\\]|\\.)*)"')
CHINESE = re.compile("[一-鿿]")
MACHINE = re.compile(
    r"\b(?:[a-z]+_[a-z_]+|fen|pp|RMSE|AUROC|minor units?|NBD)\b"  # codes, units and measures
    r"|`|\bliuke \w|\bmake [a-z]+-|[a-z]+/(?=\W|$)"  # commands and folders
    r"|顾客|人次|终评|时段"  # words for which there is a better one
)
KEYS_OF_TAGS = {"expressionHint"}  # an example of the formula language, whose words are the tags' keys
PAGES = (
    "overview", "value", "early-warning", "customers", "customers/100005", "customers/100005/timeline", "tags",
    "outreach", "trials", "data", "admin", "segments",
)  # fmt: skip


def words_of(language: str) -> list[tuple[str, str]]:
    """Return (key, text) of every text of the console in the order of the file."""
    text = (I18N / f"{language}.ts").read_text(encoding="utf-8")
    return [(name or quoted, said) for name, quoted, said in TEXT.findall(text)]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_text_of_the_console_is_in_the_words_of_the_machine(language: str) -> None:
    found = words_of(language)
    told = [(key, re.sub(r"\{\{\w+\}\}", "", said)) for key, said in found if key not in KEYS_OF_TAGS]
    allowed = re.compile("免打扰时段")
    assert [(key, said) for key, said in told if MACHINE.search(allowed.sub("", said))] == []
    assert len(told) > 600


def test_every_chinese_text_is_chinese_and_has_an_english_one() -> None:
    chinese, english = words_of("zh-CN"), words_of("en")
    assert [key for key, _ in chinese] == [key for key, _ in english]
    plain = [(key, re.sub(r"\{\{\w+\}\}", "", said)) for key, said in chinese]
    latin = [(key, said) for key, said in plain if not CHINESE.search(said) and re.search("[A-Za-z]{2}", said)]
    assert latin == [("app", "App")]
    assert [(key, said) for key, said in english if CHINESE.search(said)] == []


def test_console_and_server_know_the_same_values_and_reasons() -> None:
    for place, language in enumerate(("zh-CN", "en")):
        said = dict(re.findall(r'(\w+): "([^"]+)"', section(language, "values")))
        assert said == {value: words[place] for value, words in VALUE_WORDS.items()}
        reasons = dict(re.findall(r'(\w+): "([^"]+)"', section(language, "reasons", r"reasons: \{ rolled_out")))
        assert {reason.value: reason.words[place] for reason in EndReason} == reasons


def section(language: str, name: str, start: str | None = None) -> str:
    text = (I18N / f"{language}.ts").read_text(encoding="utf-8")
    found = re.search(rf"({start or name + ': {'}.*?)\}}", text, re.DOTALL)
    assert found is not None, name
    return found.group(1)


def sentences(document: Any) -> Iterator[tuple[str, str, str]]:
    """Yield (place, Chinese, English) of every pair of texts in a document: {zh, en} and {…_zh, …_en}."""
    if isinstance(document, list):
        for one in document:
            yield from sentences(one)
    elif isinstance(document, dict):
        for key, zh in document.items():
            if key == "zh" or key.endswith("_zh"):
                en = document.get(f"{key[:-2]}en")
                if isinstance(zh, str) and isinstance(en, str) and zh:
                    yield key, zh, en
        for one in document.values():
            yield from sentences(one)


def test_the_api_says_everything_in_chinese_and_in_english(sign_in: Any) -> None:
    client, counted, wrong = sign_in("admin"), 0, []
    for page in PAGES:
        answer = client.get(f"/api/{page}")
        assert answer.status_code == 200, page
        for key, zh, en in sentences(answer.json()):
            counted += 1
            kept_as_it_was = zh == en and " " in zh  # a row held before reasons had keys
            own = zh == en and not re.search("[a-z]{2}", zh)  # the shop's own value: a size, a stage
            if not (own or kept_as_it_was or CHINESE.search(zh) or zh == "App"):
                wrong.append((page, key, zh))
            if MACHINE.search(en):
                wrong.append((page, key, en))
    assert wrong == []
    assert counted > 150
