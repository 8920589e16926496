"""The page of the early warning in a browser: levels, thresholds with their grounds, past weeks, declines."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

WORDS = {
    "zh-CN": {
        "link": "早期预警",
        "decided": "名额：预期收益 ¥8.13 以上才有名额",
        "assumed": "电话：假设能挽留 15.0% 的将流失者，每次成本 ¥4.00；6 个名额。",
        "summary": "被预警的客户有 73% 流失，全部评分客户为 28%；流失的客户中 26% 曾被预警；",
        "chart": "每周流失的客户，按当时的等级",
        "found": "近28天只来访 1 次，按以往习惯和全店同期变化应约 4 次",
    },
    "en": {
        "link": "Early warning",
        "decided": "capacity: only profits from ¥8.13 got a place",
        "assumed": "A call: assumed to keep 15.0% of those who would leave, costs ¥4.00; 6 places.",
        "summary": "Of the warned 73% left, of all scored 28%; of those who left 26% had been warned;",
        "chart": "Customers who left, by the level they had been given, week by week",
        "found": "came 1 times in 28 days, where own habit and the shop's season make about 4 likely",
    },
}


@pytest.mark.parametrize(("language", "theme"), [("zh-CN", "light"), ("en", "dark")])
def test_thresholds_say_why_and_past_weeks_how_it_came_out(open_console, language, theme):
    console, words = open_console(language, theme, role="operator"), WORDS[language]
    console.open("/")
    page = console.page
    page.get_by_role("link", name=words["link"], exact=True).click()
    console.settle()
    expect(page.get_by_role("heading", level=1)).to_have_text(words["link"])
    expect(page.get_by_text(words["decided"]).first).to_be_visible()
    expect(page.get_by_text(words["assumed"])).to_be_visible()
    expect(page.get_by_text(words["summary"])).to_be_visible()
    expect(page.get_by_role("img", name=words["chart"], exact=True)).to_be_visible()
    expect(page.get_by_text(words["found"]).first).to_be_visible()
    console.picture("warning")
    assert console.violations() == []


def test_a_phone_shows_it_without_scrolling_sideways(open_console):
    console = open_console(width=390)
    console.open("/warning")
    assert console.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert console.violations() == []
