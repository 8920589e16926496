"""What is promised is meant: every shipped strategy and every shipped text is read, for each language and audience.

Until coupons, replenishment and a compliance gate exist, a shipped text says only what its audience makes true, names
no formula, no child and no pregnancy, and promises nothing that nobody issues.
"""

import re
from itertools import product
from pathlib import Path

import duckdb
import pytest

from liuke.app.demo import offers
from liuke.collect.behaviours import load_catalogue
from liuke.decide.strategies import READY_STRATEGIES, compile_audience, load_strategies
from liuke.engage.outreach import READY_TEMPLATES, TemplateLibrary
from liuke.understand.tags import customer_tags_spec, load_definitions

DEMO = Path(offers.__file__).parent / "strategies"
SHIPPED = load_strategies([READY_STRATEGIES, DEMO])
FOLDERS = [READY_TEMPLATES, DEMO / "templates"]
TEXTS = sorted(path for folder in FOLDERS for path in folder.glob("*.yaml"))
LINK = "https://shop.example/u/1"
REMINDERS = ("running_out",)

NAMES_WHAT_IT_MUST_NOT = re.compile(
    "奶粉|配方|母乳|喂养|段位|[1-4一二三四]段(?!时间)|宝宝|孩子|婴儿|新生儿|孕|预产|恭喜|祝贺|纸尿裤"
    r"|formula|breast|milk|\bstage|\bbaby|\bbabies|infant|newborn|\bchild|pregnan|expecting|\bdue date|congratulat"
    r"|napp|diaper",
    re.IGNORECASE,
)
PROMISES = re.compile(
    "优惠|券|折|满减|立减|减免|红包|赠|免费|免邮|包邮|积分|返现|特价|低价|降价|限时|元|[¥￥$€£%％]"
    r"|coupon|voucher|discount|\boff\b|free\b|\bgift|points|cash.?back|\bsale\b|cheaper|yuan|rmb|cny|\bdeal|\boffer|limited",
    re.IGNORECASE,
)
GUESSES = re.compile(
    r"推算|预计|按您.*数量|根据您.*购买|接得上|going by|we estimate|based on (your|what)|arrive in time", re.IGNORECASE
)


def rendered():
    """Every shipped text in each of its languages, with a name and without one."""
    library = TemplateLibrary(FOLDERS)
    for path, name in product(TEXTS, ("王", "")):
        template, language = path.stem.split(".")
        variables = {"name": name, "shop": "小店", "unsubscribe": LINK}
        yield path.name, library.render(template, language, variables)


def test_every_shipped_text_belongs_to_a_strategy_and_exists_in_both_languages():
    wanted = {f"{one.message.template}.{language}.yaml" for one in SHIPPED.values() for language in ("zh", "en")}
    assert {path.name for path in TEXTS} == wanted
    assert len(SHIPPED) == 4
    for one in SHIPPED.values():
        TemplateLibrary(FOLDERS).check(one.message.template, one.message.purpose)


def test_no_shipped_text_names_formula_or_family_promises_anything_or_guesses():
    seen = 0
    for name, made in rendered():
        for part in (made.subject, made.text, made.html):
            for forbidden in (NAMES_WHAT_IT_MUST_NOT, PROMISES, GUESSES):
                assert forbidden.search(part.replace(LINK, "")) is None, (name, part)
            seen += 1
        assert not re.search(r"\d", (made.subject + made.text + made.html).replace(LINK, "")), (name, "an amount")
    assert seen == len(TEXTS) * 2 * 3 == 48


def test_every_shipped_text_says_that_it_is_advertising_and_how_to_end_it():
    for name, made in rendered():
        assert made.subject.startswith(("（AD）", "[AD]")), name
        assert LINK in made.text, name
        assert f'href="{LINK}"' in made.html, name


def test_descriptions_promise_nothing_either():
    for one in SHIPPED.values():
        words = f"{one.name.zh} {one.name.en} {one.description.zh} {one.description.en}"
        told = (
            words.replace("不带任何优惠", "")
            .replace("no offer", "")
            .replace("常用优惠购买", "")
            .replace("at a discount", "")
        )
        assert PROMISES.search(told) is None, words


def test_the_simulated_shop_answers_to_what_the_texts_bring():
    assert set(offers.STRATEGY_OFFERS) == {(one.id, one.message.node) for one in SHIPPED.values()}
    assert all(
        offer.value_minor == 0 and offer.kind not in ("coupon", "sample") for offer in offers.STRATEGY_OFFERS.values()
    )


TAGS = customer_tags_spec(load_definitions(catalogue=load_catalogue(None)))
COLUMNS = {column.name: column.type for column in TAGS.columns} | {"level": "VARCHAR"}
VARIED = {
    "purchase_days": (None, 0, 1, 2, 5),
    "recency_days": (None, 0, 10, 14, 18, 21, 29, 30, 45, 56, 100, 150, 180, 400),
    "lifecycle": (None, "dormant", "mature"),
    "price_sensitivity": (None, "high", "low"),
    "replenishment": (None, "stocked", "due", "overdue"),
    "subscribed": (None, True, False),
    "family_stages": (None, [], ["pregnancy"], ["toddler"], ["infant"], ["pregnancy", "preschool"]),
    "child_ages": (None, [], ["y0"], ["y1"], ["y0", "y3"]),
    "level": (None, "red", "blue"),
}


@pytest.fixture(scope="module")
def table():
    """One customer for every combination of what shipped audiences ask about."""
    connection = duckdb.connect()
    for name, values in VARIED.items():
        kind = COLUMNS[name]
        connection.execute(f"CREATE TABLE v_{name} ({name} {kind})")
        connection.executemany(f"INSERT INTO v_{name} VALUES (?)", [[value] for value in values])
    crossed = " CROSS JOIN ".join(f"v_{name}" for name in VARIED)
    rest = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in COLUMNS.items() if name not in VARIED)
    connection.execute(f"CREATE TABLE audience AS SELECT *, {rest} FROM {crossed}")
    return connection


@pytest.mark.parametrize("strategy", SHIPPED.values(), ids=lambda one: one.id)
def test_who_is_excluded_really_is(table, strategy):
    rule = compile_audience(strategy.audience, COLUMNS)
    chosen = f"FROM audience WHERE {rule.sql}"

    def count(condition: str) -> int:
        return table.execute(f"SELECT count(*) {chosen} AND ({condition})", rule.parameters).fetchone()[0]

    assert count("TRUE") > 0
    assert count("list_contains(family_stages, 'pregnancy')") == 0
    assert count("recency_days IS NULL OR purchase_days IS NULL") == 0
    # the texts speak of "a while" and "a few weeks" since the latest order, or thank for the first one
    assert count("recency_days < 14") == 0
    if strategy.id == "second_purchase":
        assert count("purchase_days <> 1") == 0
    else:
        assert count("recency_days < 21") == 0
    if strategy.id in REMINDERS:
        assert count("recency_days > 45") == 0
        assert count("replenishment = 'stocked'") == 0
        assert count("subscribed") == 0
        assert count("list_contains(child_ages, 'y0')") == 0
        assert count("replenishment IS NULL AND family_stages IS NULL AND child_ages IS NULL") > 0


def test_the_ready_ones_have_a_control_group_of_a_tenth():
    ready = load_strategies([READY_STRATEGIES])
    assert [one.control_share for one in ready.values()] == [0.10, 0.10]
