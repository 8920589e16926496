"""Operators' errands, done in a browser: real content, no violation of accessibility, nothing in the console log."""

# ruff: noqa: E501 - tables of made-up rows and words are read across
from __future__ import annotations

import re
import shutil

import pytest
from console_shop import LOOP_TABLES, PASSWORD, publish_shop
from playwright.sync_api import expect

from liuke.kernel.results import NotEnoughData

pytestmark = pytest.mark.browser

LOOKS = [(language, theme) for language in ("zh-CN", "en") for theme in ("light", "dark")]
WORDS = {
    "zh-CN": {"overview": "概览", "churn": "流失率", "red": "红色", "works": "有效", "customers": "客户", "found": "共 640 位客户",
              "risk": "流失风险", "reason": "已 96 天没有下单，超过自己通常间隔的两倍", "tag": "价值排名", "timeline": "时间线",
              "orders": "订单", "outbox": "没有授权", "quarantine": "隔离区", "audit": "审计链完整", "early": "对照组只有 4 人，至少需要 30 人。",
              "money": "¥4.46万", "table": "以表格查看", "sign_in": "登录", "view": "浏览商品"},
    "en": {"overview": "Overview", "churn": "Churn rate", "red": "Red", "works": "Works", "customers": "Customers", "found": "640 customers",
           "risk": "Churn risk", "reason": "No order for 96 days, twice the usual gap", "tag": "Value rank", "timeline": "Timeline",
           "orders": "Orders", "outbox": "no consent", "quarantine": "Quarantine", "audit": "The chain is intact",
           "early": "The control arm has 4 customers; at least 30 are needed.", "money": "¥44,553", "table": "View as table",
           "sign_in": "Sign in", "view": "Product view"},
}  # fmt: skip


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_overview(open_console, language, theme):
    console, words = open_console(language, theme), WORDS[language]
    console.open("/")
    page = console.page
    expect(page.get_by_role("heading", level=1)).to_have_text(words["overview"])
    expect(page.get_by_role("article", name=words["churn"], exact=True)).to_contain_text("35.6%")
    expect(page.get_by_text(words["money"], exact=True)).to_have_count(2)  # warnings and values say the same at stake
    expect(page.get_by_text("2026-03-01 00:00")).to_be_visible()
    expect(page.get_by_text(words["works"], exact=True).first).to_be_visible()
    expect(page.get_by_text(words["early"])).to_be_visible()
    console.picture("overview")
    assert console.violations() == []
    page.get_by_role("button", name=words["table"]).click()
    expect(page.locator(".cohort-table tbody tr")).to_have_count(14)
    expect(page.locator(".cohort-table")).to_contain_text("44.4%")
    assert console.violations() == []


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_customers(open_console, language, theme):
    console, words = open_console(language, theme, role="operator"), WORDS[language]
    console.open("/customers")
    page = console.page
    expect(page.get_by_role("heading", name=words["found"])).to_be_visible()
    expect(page.locator(".ant-table-tbody .ant-table-row")).to_have_count(20)
    console.picture("customers")
    assert console.violations() == []
    page.get_by_role("button", name=words["red"], exact=True).click()
    console.settle()
    expect(page).to_have_url(re.compile(r"level=red"))
    expect(page.locator(".ant-table-tbody .level").first).to_have_text(words["red"])
    assert console.violations() == []


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_customer(open_console, language, theme):
    console, words = open_console(language, theme, role="operator"), WORDS[language]
    console.open("/customers/100005")
    page = console.page
    expect(page.get_by_role("heading", level=1)).to_have_text("王**")
    expect(page.get_by_text("138****8000")).to_be_visible()
    risk = page.get_by_role("region", name=words["risk"])
    expect(risk).to_contain_text("82.0%")
    expect(risk).to_contain_text(words["reason"])
    expect(page.get_by_role("button", name=words["tag"], exact=True)).to_be_visible()
    timeline = page.get_by_role("region", name=words["timeline"])
    expect(timeline.get_by_text(words["view"]).first).to_be_visible()
    console.picture("customer")
    assert console.violations() == []
    timeline.get_by_role("button", name=words["orders"]).click()
    console.settle()
    expect(timeline.locator(".moments li")).to_have_count(8)
    expect(timeline.get_by_text(words["view"])).to_have_count(0)


@pytest.mark.parametrize(("language", "theme"), LOOKS)
@pytest.mark.parametrize(("path", "word"), [("/outreach", "outbox"), ("/data", "quarantine"), ("/admin", "audit")])
def test_other_pages(open_console, language, theme, path, word):
    console = open_console(language, theme)
    console.open(path)
    expect(console.page.get_by_text(WORDS[language][word], exact=True).first).to_be_visible()
    console.picture(path.strip("/"))
    assert console.violations() == []


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_sign_in(open_console, language, theme):
    console, words = open_console(language, theme, role=None), WORDS[language]
    console.open("/customers?level=red")
    page = console.page
    console.picture("sign-in")
    assert console.violations() == []
    page.locator("input[autocomplete=username]").fill("operator")
    page.locator("input[type=password]").fill("a-wrong-password")
    page.get_by_role("button", name=words["sign_in"], exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert console.violations() == []
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name=words["sign_in"], exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words["customers"])
    expect(page).to_have_url(re.compile(r"/customers\?level=red$"))


@pytest.mark.parametrize("path", ["/", "/customers", "/customers/100005", "/outreach", "/data", "/admin"])
def test_a_phone_shows_every_page_without_scrolling_sideways(open_console, path):
    console = open_console(width=390)
    console.open(path)
    assert console.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert console.violations() == []


def test_search_filters_and_sorting_live_in_the_address(open_console):
    console = open_console(role="operator")
    console.open("/customers")
    page = console.page
    page.get_by_label("查找客户").get_by_role("searchbox").or_(
        page.get_by_placeholder("客户编号、姓名、手机、邮箱或会员号")
    ).first.fill("13800138000")
    page.keyboard.press("Enter")
    console.settle()
    expect(page.get_by_role("link", name="王**")).to_be_visible()
    expect(page).to_have_url(re.compile("q=13800138000"))
    console.open("/customers?tag=lifecycle:lost&tag=monthly_spend_minor:10000..&sort=revenue&page=2")
    expect(page.get_by_text("生命周期 流失")).to_be_visible()
    expect(page.get_by_text("月均消费 100 ~ …")).to_be_visible()
    expect(page.locator(".ant-pagination-item-active")).to_have_text("2")
    page.get_by_role("button", name="去掉筛选 生命周期 流失").click()
    expect(page).not_to_have_url(re.compile("lifecycle"))
    page.go_back()
    expect(page.get_by_text("生命周期 流失")).to_be_visible()


def test_a_tag_filter_is_picked_by_mouse(open_console):
    console = open_console(role="operator")
    console.open("/customers")
    page = console.page
    option = page.locator(".ant-select-item-option")
    console.pick(page.get_by_role("combobox", name="选择标签"), option.filter(has_text="活跃度"))
    console.pick(page.get_by_role("combobox", name="选择取值"), option.filter(has_text="高活跃"))
    console.settle()
    expect(page).to_have_url(re.compile("tag=activity%3Ahigh"))
    assert console.violations() == []


def test_formula_is_shown_by_keyboard(open_console):
    console = open_console()
    console.open("/")
    console.page.get_by_role("button", name="流失率: 定义").focus()
    expect(console.page.get_by_role("tooltip")).to_contain_text("期初活跃买家中，期末前没有再购买的占比")


def test_language_and_theme_follow_the_user_to_another_browser(open_console, simulated_url):
    # The server remembers them: in a shop of its own, lest the next test's analyst finds an English page.
    console = open_console(role="analyst", address=simulated_url)
    console.open("/")
    console.page.get_by_role("button", name="English").click()
    expect(console.page.get_by_role("heading", level=1)).to_have_text("Overview")
    with console.page.expect_response("**/api/session/preferences"):
        console.page.get_by_role("button", name="Appearance").click()
    expect(console.page.locator("html")).to_have_attribute("data-theme", "dark")
    elsewhere = open_console(role="analyst", address=simulated_url)
    elsewhere.open("/")
    expect(elsewhere.page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(elsewhere.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_roles_see_what_they_may(open_console):
    console = open_console(role="operator")
    console.open("/")
    expect(console.page.get_by_role("link", name="数据")).to_be_visible()
    expect(console.page.get_by_role("link", name="管理")).to_have_count(0)


def test_signing_out_closes_the_console(open_console):
    console = open_console(role="operator")
    console.open("/")
    page = console.page
    console.problems.clear()
    console.pick(page.get_by_role("button", name="账户: operator"), page.get_by_role("menuitem", name="退出登录"))
    expect(console.page.get_by_role("heading", name="登录")).to_be_visible()
    console.problems.clear()  # the question who is signed in is answered with 401, as it should


@pytest.mark.parametrize(("language", "hint", "reason", "counts"), [
    ("zh-CN", "请管理员导入数据并运行一次", "复购客户太少，无法预测流失", "现有 12，需要 200"),
    ("en", "Ask your administrator to load the data and run once", "Too few repeat buyers to predict churn", "12 there, 200 needed"),
])  # fmt: skip
def test_an_empty_place_says_why_it_is_empty(open_console, poor_shop, poor_url, language, hint, reason, counts):
    for folder in poor_shop.workspace.published_dir.iterdir():
        shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
    console = open_console(language, address=poor_url)
    console.page.goto("/")
    expect(console.page.get_by_role("alert")).to_contain_text(hint, timeout=20_000)
    assert console.violations() == []
    console.problems.clear()  # that nothing is published is a 503, and meant
    note = NotEnoughData("复购客户太少，无法预测流失", "Too few repeat buyers to predict churn", have=12, need=200)
    relations = {name: f"lake.{name}" for name in LOOP_TABLES if name not in {"churn_scores", "warnings"}}
    publish_shop(poor_shop, relations=relations, notes={"churn": note})
    for path in ("/", "/customers/100005"):
        console.open(path)
        expect(console.page.get_by_text(reason)).to_be_visible()
        expect(console.page.get_by_text(counts)).to_be_visible()
        assert console.violations() == []


def test_an_explanation_opens_by_pointer_press_finger_and_keyboard_and_no_press_closes_it(open_console):
    page = open_console("zh-CN", "light").page
    page.goto("/")
    told = page.get_by_role("tooltip").filter(visible=True)
    hint = page.locator("button.hint").first
    hint.hover()
    expect(told).to_have_count(1)
    hint.click()  # the pointer is there already
    page.wait_for_timeout(600)  # longer than it takes to close
    expect(told).to_have_count(1)
    page.mouse.move(5, 5)
    page.locator("h1").click()
    expect(told).to_have_count(0)
    page.keyboard.press("Tab")
    hint.focus()
    expect(told).to_have_count(1)
    page.keyboard.press("Escape")
    expect(told).to_have_count(0)

    state = page.context.storage_state()
    touched = page.context.browser.new_context(has_touch=True, storage_state=state, base_url=page.url).new_page()
    touched.goto("/")
    told = touched.get_by_role("tooltip").filter(visible=True)
    touched.locator("button.hint").first.tap()
    touched.wait_for_timeout(600)
    expect(told).to_have_count(1)
    touched.locator("h1").tap()
    expect(told).to_have_count(0)
    touched.context.close()
