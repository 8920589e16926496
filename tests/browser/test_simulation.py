"""The last page of a demo, in a browser: measured beside true, in both languages and both looks."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOOKS = [(language, theme) for language in ("zh-CN", "en") for theme in ("light", "dark")]
WORDS = {
    "zh-CN": {
        "link": "模拟",
        "title": "模拟：测得与真实",
        "held": "2 个区间里有 1 个包含真实效果。",
        "inside": "复购率：测得 +3.1 个百分点（95% 区间 +0.8 至 +5.4 个百分点），真实是 +2.6 个百分点，落在区间内。",
        "outside": "人均毛利：测得 +¥5.12（95% 区间 +¥1.20 至 +¥9.04），真实是 −¥0.35，落在区间外。",
        "pending": "还没有可以比较的结果：34 人的观察期未满。",
    },
    "en": {
        "link": "Simulated",
        "title": "Simulated: measured and true",
        "held": "1 of 2 intervals hold the true effect.",
        "inside": "Repurchase rate: measured +3.1 percentage points (95% interval +0.8 to +5.4 percentage points), "
        "truly +2.6 percentage points: inside the interval.",
        "outside": "Margin per customer: measured +¥5.12 (95% interval +¥1.20 to +¥9.04), truly −¥0.35: outside the "
        "interval.",
        "pending": "Nothing to compare yet: 34 customers are still inside their window.",
    },
}


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_measured_stands_beside_true(open_console, simulated_url, language, theme):
    console, words = open_console(language, theme, role="operator", address=simulated_url), WORDS[language]
    console.open("/")
    page = console.page
    page.get_by_role("link", name=words["link"], exact=True).click()
    console.settle()
    expect(page.get_by_role("heading", level=1)).to_have_text(words["title"])
    expect(page.get_by_text(words["held"])).to_be_visible()
    for name in ("inside", "outside"):
        expect(page.get_by_text(words[name], exact=True)).to_be_visible()
        expect(page.get_by_role("img", name=words[name], exact=True)).to_be_visible()
    expect(page.get_by_text(words["pending"])).to_be_visible()
    console.picture("simulation")
    assert console.violations() == []


def test_a_phone_shows_it_without_scrolling_sideways(open_console, simulated_url):
    console = open_console(width=390, address=simulated_url)
    console.open("/simulation")
    assert console.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert console.violations() == []


def test_a_real_shop_has_no_such_page(open_console):
    console = open_console()
    console.open("/")
    expect(console.page.get_by_role("link", name="管理")).to_be_visible()
    expect(console.page.get_by_role("link", name="模拟")).to_have_count(0)
