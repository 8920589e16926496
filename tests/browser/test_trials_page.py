"""Trials in a browser: the list, a result, planning one and leading it through its life, in both languages and looks."""

# ruff: noqa: E501 - tables of words are read across
from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOOKS = [(language, theme) for language in ("zh-CN", "en") for theme in ("light", "dark")]
WORDS = {
    "zh-CN": {"title": "试验", "works": "有效", "wait": "再等等", "result": "结论", "sure": "不是运气", "unsure": "还说不准",
              "compared": "触达组与对照组", "primary": "复购率", "plot": re.compile(r"^复购率 .+在 .+ 至 .+ 之间$"), "groups": "对谁更有效",
              "province": "浙江省", "broken": "两组人数与抽签比例对不上", "plan": "规划一个试验", "needs": "需要多少", "gain": "至少提高多少才值得做？",
              "half": "一半对一半：最快看出结果", "name": "中文名称", "save": "保存", "booked": "已入账", "progress": "离计划人数还有多远",
              "acts": {"start": "开始", "pause": "暂停", "resume": "继续", "roll": "退回一档", "stop": "结束"},
              "states": {"draft": "未开始"}, "why": "原因", "method": "怎么算出来的", "per_day": "每天大约有多少人符合条件？", "history": "经过", "sleeping": "沉睡唤醒"},
    "en": {"title": "Trials", "works": "Works", "wait": "Wait", "result": "Verdict", "sure": "not by luck", "unsure": "It cannot be told yet",
           "compared": "Treated and control", "primary": "Repurchase rate", "plot": re.compile(r"^Repurchase rate .+, between .+ and .+$"), "groups": "For whom it works better",
           "province": "浙江省", "broken": "The groups' sizes do not fit the draw", "plan": "Plan a trial", "needs": "What it takes", "gain": "By how much at least, to be worth it?",
           "half": "Half and half: the quickest answer", "name": "English name", "save": "Save", "booked": "Booked", "progress": "Progress to the planned size",
           "acts": {"start": "Start", "pause": "Pause", "resume": "Resume", "roll": "Roll back", "stop": "Stop"},
           "states": {"draft": "Not started"}, "why": "Reason", "method": "How this was computed", "per_day": "How many customers qualify per day?", "history": "History", "sleeping": "Sleeping customer"},
}  # fmt: skip


def number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_the_list_says_what_works_and_what_it_brought(open_console, trials_url, language, theme):
    console, words = open_console(language, theme, role="operator", address=trials_url), WORDS[language]
    console.open("/")
    page = console.page
    page.get_by_role("link", name=words["title"], exact=True).click()
    console.settle()
    expect(page.get_by_role("heading", level=1)).to_have_text(words["title"])
    row = page.get_by_role("row").filter(has_text="wake_up")
    expect(row.get_by_text(words["works"], exact=True)).to_be_visible()
    expect(row).to_contain_text("+¥")
    expect(page.get_by_role("row").filter(has_text="spring").get_by_text(words["wait"], exact=True)).to_be_visible()
    console.picture("trials")
    assert console.violations() == []


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_a_result_says_its_verdict_and_shows_its_numbers(open_console, trials_url, language, theme):
    console, words = open_console(language, theme, role="operator", address=trials_url), WORDS[language]
    page = console.page
    console.open("/trials/wake_up")
    result = page.get_by_role("region", name=words["result"], exact=True)
    expect(result).to_contain_text(words["sure"])
    expect(result).to_contain_text(words["booked"])
    compared = page.get_by_role("region", name=words["compared"])
    expect(compared.get_by_role("img", name=words["plot"])).to_be_visible()
    shares = re.findall(r"([\d.]+)% · ([\d,]+) / ([\d,]+)", compared.inner_text())
    for shown, part, whole in shares:
        assert f"{number(part) / number(whole) * 100:.1f}" == shown
    assert len(shares) >= 2
    expect(page.get_by_role("region", name=words["groups"])).to_contain_text(words["province"])
    expect(page.get_by_text(words["broken"])).to_have_count(0)
    console.picture("trial-works")
    assert console.violations() == []
    console.open("/trials/spring")
    expect(page.get_by_role("region", name=words["result"], exact=True)).to_contain_text(words["unsure"])
    expect(page.get_by_role("progressbar", name=words["progress"])).to_be_visible()
    page.get_by_text(words["method"]).click()
    console.picture("trial-wait")
    assert console.violations() == []


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_a_broken_split_stands_above_everything(open_console, trials_url, language, theme):
    console, words = open_console(language, theme, role="analyst", address=trials_url), WORDS[language]
    console.open("/trials/birthday")
    page = console.page
    expect(page.get_by_role("alert")).to_contain_text(words["broken"])
    expect(page.get_by_role("region", name=words["result"], exact=True)).to_contain_text(words["wait"])
    expect(page.get_by_role("button", name=words["acts"]["pause"])).to_have_count(0)  # an analyst may only look
    console.picture("trial-split")
    assert console.violations() == []


def act(console, words, name, why=None):
    """Ask for an action, read what it means, confirm it."""
    page, label = console.page, words["acts"][name]
    page.get_by_role("region", name=words["result"], exact=True).get_by_role("button", name=label, exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    if why is not None:
        dialog.get_by_label(words["why"]).fill(why)
        assert console.violations() == []
    dialog.get_by_role("button", name=label, exact=True).click()
    expect(dialog).to_have_count(0)
    console.settle()


@pytest.mark.parametrize(("language", "theme"), [("zh-CN", "light"), ("en", "dark")])
def test_a_trial_is_planned_started_and_led_to_its_end(open_console, trials_url, language, theme):
    console, words = open_console(language, theme, role="operator", address=trials_url), WORDS[language]
    page = console.page
    console.open("/trials")
    page.get_by_role("button", name=words["plan"]).click()
    console.settle()
    option = page.locator(".ant-select-item-option")
    console.pick(page.get_by_role("combobox"), option.filter(has_text=words["sleeping"]))
    expect(page.locator(".trial-question").first).to_contain_text(words["sleeping"])
    needs = page.get_by_role("region", name=words["needs"])
    console.settle()
    big = needs.locator(".big")
    small_gain, weeks = (number(text) for text in big.all_inner_texts())
    page.get_by_role("spinbutton", name=words["gain"]).fill("3")
    page.get_by_text(words["half"]).click()
    page.get_by_role("heading", level=1).click()
    console.settle()
    larger_gain, fewer_weeks = (number(text) for text in big.all_inner_texts())
    assert 0 < larger_gain < small_gain
    assert fewer_weeks < weeks
    page.get_by_role("spinbutton", name=words["per_day"]).fill("6")
    page.get_by_role("heading", level=1).click()
    expect(big.nth(1)).not_to_have_text(str(fewer_weeks))  # a tenth of the customers per day takes longer
    console.picture("trial-planner")
    assert console.violations() == []
    page.get_by_label(words["name"]).fill("回访二期")
    page.get_by_role("button", name=words["save"], exact=True).click()
    expect(page.get_by_text(words["states"]["draft"], exact=True)).to_be_visible()
    console.settle()
    assert console.violations() == []
    act(console, words, "start")
    expect(page.get_by_text(words["wait"], exact=True)).to_be_visible()
    act(console, words, "pause", "缺货")
    act(console, words, "resume")
    act(console, words, "roll", "再看看")
    act(console, words, "stop", "换方案")
    history = page.get_by_role("region", name=words["history"], exact=True)
    for said in ("缺货", "再看看", "换方案", "operator"):
        expect(history.get_by_text(said).first).to_be_visible()
    expect(page.get_by_role("button", name=words["acts"]["stop"])).to_have_count(0)
    assert console.violations() == []


def test_a_second_trial_of_a_strategy_is_refused_with_a_reason(open_console, trials_url):
    console, words = open_console(role="operator", address=trials_url), WORDS["zh-CN"]
    page = console.page
    console.open("/trials/summer")
    console.problems = []
    page.get_by_role("button", name="开始", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="开始", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("spring")
    assert [one for one in console.problems if "422" not in one] == []
    console.problems.clear()  # the refusal itself is in the browser's log
    assert words["title"] == "试验"


def test_a_shop_without_trials_or_history_says_what_to_do(open_console):
    console = open_console(role="operator")
    page = console.page
    console.open("/trials")
    expect(page.get_by_text("还没有试验", exact=True)).to_be_visible()
    assert console.violations() == []
    console.open("/trials/new")
    expect(page.get_by_text("200 位观察期已满的客户")).to_be_visible()
    assert [one for one in console.problems if "422" not in one] == []
    console.problems.clear()


def test_a_phone_shows_a_result_without_scrolling_sideways(open_console, trials_url):
    console = open_console(width=390, address=trials_url)
    for path in ("/trials", "/trials/wake_up", "/trials/new"):
        console.open(path)
        assert console.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert console.violations() == []
        console.picture(f"phone{path.replace('/', '-')}")
