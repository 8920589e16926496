"""Segments in a browser: build a nested rule, see its count move, save it, compare two, in both languages and themes."""

# ruff: noqa: E501 - tables of words are read across
from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOOKS = [("zh-CN", "light"), ("en", "dark"), ("zh-CN", "dark"), ("en", "light")]
WORDS = {
    "zh-CN": {"title": "人群", "new": "新建人群", "live": "现在的人数", "add": "加条件", "group": "加一组", "tag": "标签",
              "event": "做过什么", "of": "位客户，占全部 640 位的", "mode": "组内关系", "none": "一个都不满足", "name": "中文名称",
              "save": "保存", "saved": "已保存", "value": "取值", "sequence": "先后顺序", "overlap": "两个人群的重叠",
              "freeze": "定格现在的名单", "reach": "能联系到多少人", "formula": "公式", "remove": "删除这个条件"},
    "en": {"title": "Segments", "new": "New segment", "live": "How many now", "add": "Add condition", "group": "Add group",
           "tag": "Tag", "event": "Did or did not", "of": "of all 640", "mode": "How the group holds", "none": "None of these",
           "name": "English name", "save": "Save", "saved": "Saved", "value": "Value", "sequence": "One after another",
           "overlap": "Overlap of two segments", "freeze": "Freeze today's list", "reach": "How many can be reached",
           "formula": "Formula", "remove": "Remove this condition"},
}  # fmt: skip


def rest(console) -> None:
    """Wait until the count of the last change is there: it is asked for when nobody has typed for a moment."""
    console.page.wait_for_timeout(700)
    console.settle()


def counted(page, words) -> int:
    panel = page.get_by_role("region", name=words["live"])
    expect(panel).to_contain_text(words["of"])
    return int(panel.locator(".big").inner_text().replace(",", ""))


def add(page, words, kind, nth=-1) -> None:
    adding = page.get_by_role("group", name=words["add"], exact=True)
    (adding.last if nth < 0 else adding.nth(nth)).get_by_role("button", name=words[kind], exact=True).click()


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_a_rule_is_built_counted_saved_and_compared(open_console, language, theme):
    console, words = open_console(language, theme, role="operator"), WORDS[language]
    console.open("/segments")
    page = console.page
    expect(page.get_by_role("heading", level=1)).to_have_text(words["title"])
    assert console.violations() == []
    for name in ("one", "two"):
        console.open("/segments/new")
        assert console.violations() == []
        add(page, words, "tag")
        page.get_by_role("combobox", name=words["value"]).click()
        page.keyboard.press("Enter")  # the first value
        page.keyboard.press("Escape")
        first = counted(page, words)
        assert 0 < first < 640
        page.get_by_role("button", name=words["group"]).last.click()
        add(page, words, "event", 0)
        add(page, words, "sequence")
        page.get_by_role("combobox", name=words["mode"]).nth(1).click()
        page.keyboard.press("ArrowDown")  # from “any” to “none”
        page.keyboard.press("Enter")
        expect(page.locator(".rule-group .rule-group .rule-head")).to_contain_text(words["none"])
        expect(page.get_by_role("region", name=words["live"]).locator(".big")).not_to_have_text(f"{first:,}")
        rest(console)
        assert counted(page, words) < first
        if name == "one":
            console.picture("segment")
        assert console.violations() == []
        page.get_by_label(words["name"]).last.fill(f"{name} {language} {theme}")
        page.get_by_role("button", name=words["save"], exact=True).click()
        expect(page).to_have_url(re.compile(r"/segments/s_\w+$"))
        rest(console)
    page.get_by_role("button", name=words["freeze"]).click()
    page.get_by_role("button", name=words["reach"]).click()
    expect(page.get_by_text("2026-03-01", exact=True).first).to_be_visible()
    rest(console)
    assert console.violations() == []
    console.open("/segments")
    expect(page.get_by_role("region", name=words["overlap"])).to_be_visible()
    expect(page.locator(".overlap .big").nth(1)).to_have_text(re.compile(r"^\d+$"))
    console.picture("segments")
    assert console.violations() == []


def test_an_analyst_tries_a_rule_and_cannot_save(open_console):
    console, words = open_console(role="analyst"), WORDS["zh-CN"]
    console.open("/segments/new")
    add(console.page, words, "event")
    assert counted(console.page, words) > 0
    expect(console.page.get_by_role("button", name=words["save"], exact=True)).to_have_count(0)


@pytest.mark.parametrize("path", ["/segments", "/segments/new"])
def test_a_phone_shows_segments_without_scrolling_sideways(open_console, path):
    console = open_console(width=390)
    console.open(path)
    assert console.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert console.violations() == []
