"""A small shop for tests of the console: made-up lake tables, published by the real `publish`.

Everything is arithmetic on row numbers, so that two builds of it are the same and a test can state what it expects.
"""

# ruff: noqa: E501 - tables of made-up rows and words are read across
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from liuke.app import access
from liuke.app.access import passwords
from liuke.app.publish import MetricWord, StrategyWord, TagWord, Vocabulary, publish
from liuke.collect.identity import ProfileBook, ProfileRecord
from liuke.collect.quality import Quarantine, QuarantinedRow, because
from liuke.collect.sources import loads
from liuke.decide.strategies import READY_STRATEGIES, Strategy, load_strategies
from liuke.engage.outreach import outbox
from liuke.kernel.shop import ShopProfile
from liuke.learn.experiments import ExperimentSettings, TrialDesk
from liuke.store.lineage import Step, StepLog, StepResult
from liuke.store.operations import FieldCipher, Operations
from liuke.understand.segments import SegmentSettings

AS_OF = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 2, 30)
PASSWORD = "a-long-test-password"
N_CUSTOMERS = 640

FACTS = f"""
CREATE TABLE numbers AS SELECT range AS i FROM range({N_CUSTOMERS});
CREATE MACRO roll(i, salt, n) AS (hash(i * 1000003 + salt) % n)::BIGINT;
CREATE TEMP TABLE identity_map AS SELECT (900000 + i)::BIGINT AS identity_id, (100000 + i)::BIGINT AS customer_id
    FROM numbers WHERE i % 7 = 0;
CREATE TEMP TABLE customers AS SELECT (100000 + i)::BIGINT AS customer_id, DATE '2024-06-01' + roll(i, 1, 600)::INT AS registered_on,
    CASE WHEN roll(i, 2, 10) < 8 THEN 'female' ELSE 'male' END AS gender, DATE '1990-01-01' AS birth_month,
    ['浙江省', '广东省', '江苏省', '四川省', '上海市'][1 + roll(i, 3, 5)] AS province,
    ['杭州市', '深圳市', '南京市', '成都市', '浦东新区'][1 + roll(i, 3, 5)] AS city,
    ['app', 'wechat', 'douyin', 'store'][1 + roll(i, 4, 4)] AS channel,
    [NULL, 'silver', 'gold', 'diamond'][1 + roll(i, 5, 4)] AS member_tier, DATE '2025-02-01' AS member_since_on,
    DATE '2024-06-01' + roll(i, 1, 600)::INT AS first_seen_on FROM numbers;
CREATE TEMP TABLE children AS SELECT (100000 + i)::BIGINT AS customer_id, 1 AS child_no,
    DATE '2023-01-01' + INTERVAL (roll(i, 6, 36)) MONTH AS birth_month, NULL::DATE AS due_month,
    CASE WHEN i % 2 = 0 THEN 'female' ELSE 'male' END AS gender FROM numbers WHERE i % 3 > 0;
UPDATE children SET birth_month = birth_month::DATE;
CREATE TEMP TABLE products AS SELECT i::BIGINT AS product_id, 'P' || i AS product_key,
    ['婴儿配方奶粉 3段', '纸尿裤 L码', '辅食米粉', '连体衣', '益智积木'][1 + i % 5] AS name,
    ['奶粉', '纸尿裤', '辅食', '服装', '玩具'][1 + i % 5] AS category, 'B' || i % 3 AS brand, NULL::VARCHAR AS subcategory,
    NULL::VARCHAR AS stage FROM range(20) t(i);
CREATE TEMP TABLE purchases AS SELECT (100000 + i)::BIGINT AS customer_id, (i * 100 + k)::BIGINT AS order_id,
    TIMESTAMP '2026-02-25 08:15:00' - INTERVAL (k * 31 + roll(i, 7, 60)) DAY AS occurred_at,
    (TIMESTAMP '2026-02-25 08:15:00' - INTERVAL (k * 31 + roll(i, 7, 60)) DAY)::DATE AS occurred_on, 'app' AS channel,
    (5900 + roll(i + k, 8, 42000))::BIGINT AS net_minor, 500::BIGINT AS discount_minor,
    (1500 + roll(i + k, 8, 12000))::BIGINT AS margin_minor, 2.0 AS quantity, 2::BIGINT AS n_items
    FROM numbers, range(12) t(k) WHERE k < roll(i, 9, 12);
CREATE TEMP TABLE purchase_items AS SELECT customer_id, order_id, occurred_on, (order_id + j) % 20 AS product_id,
    1.0 AS quantity, (net_minor / 2)::BIGINT AS net_minor, 0::BIGINT AS discount_minor, 100::BIGINT AS margin_minor,
    ['奶粉', '纸尿裤', '辅食', '服装', '玩具'][1 + (order_id + j) % 5] AS category, NULL::VARCHAR AS subcategory,
    'B' || (order_id + j) % 3 AS brand, NULL::VARCHAR AS stage FROM purchases, range(2) t(j);
CREATE TEMP TABLE order_facts AS SELECT customer_id, order_id, 'refunded' AS fact, 2000::BIGINT AS amount_minor,
    occurred_on + 3 AS occurred_on FROM purchases WHERE order_id % 17 = 0;
CREATE TEMP TABLE events AS SELECT (100000 + i)::BIGINT AS customer_id,
    ['app_open', 'product_view', 'cart_add', 'search', 'article_read'][1 + roll(i + k, 10, 5)] AS event,
    TIMESTAMP '2026-02-28 12:00:00' - INTERVAL (k * 53 + roll(i + k, 11, 50)) HOUR AS occurred_at,
    (TIMESTAMP '2026-02-28 12:00:00' - INTERVAL (k * 53 + roll(i + k, 11, 50)) HOUR)::DATE AS occurred_on,
    'app' AS channel, NULL::VARCHAR AS session_id,
    CASE WHEN roll(i + k, 10, 5) = 1 THEN roll(i, k, 20) END AS product_id, NULL::VARCHAR AS category, NULL::DOUBLE AS value
    FROM numbers, range(40) t(k);
INSERT INTO events SELECT customer_id, 'order_paid', occurred_at, occurred_on, 'app', NULL, NULL, NULL, NULL FROM purchases;
CREATE TEMP TABLE touches AS SELECT (100000 + i)::BIGINT AS customer_id, 'sms' AS channel, '女王节预热' AS campaign,
    'delivered' AS status, DATE '2026-02-20' AS occurred_on FROM numbers WHERE i % 9 = 0;
"""

RESULTS = f"""
CREATE SCHEMA lake;
CREATE TABLE lake.customer_tags AS SELECT DATE '{AS_OF}' AS as_of, customer_id,
    ['top_1', 'top_5', 'top_20', 'rest'][1 + roll(customer_id, 20, 4)] AS value_rank,
    (roll(customer_id, 21, 90000))::BIGINT AS monthly_spend_minor,
    ['high', 'medium', 'low', 'none'][1 + roll(customer_id, 22, 4)] AS activity,
    ['new', 'growing', 'mature', 'dormant', 'lost'][1 + roll(customer_id, 23, 5)] AS lifecycle,
    ['奶粉', '纸尿裤', '辅食'][1:1 + roll(customer_id, 24, 3)] AS need_categories,
    roll(customer_id, 25, 100) / 100.0 AS discount_share,
    roll(customer_id, 26, 120) AS days_since_order, roll(customer_id, 27, 2) = 0 AS benefit_used,
    ['stage_1', 'stage_2', 'stage_3', NULL][1 + roll(customer_id, 28, 4)] AS child_stage FROM customers;
CREATE TABLE lake.churn_scores AS SELECT DATE '{AS_OF}' AS as_of, customer_id,
    (5 + roll(customer_id, 30, 90)) / 100.0 AS probability, 60 AS horizon_days,
    (3000 + roll(customer_id, 31, 30000))::BIGINT AS expected_margin_minor, 'lightgbm-2026-03-01' AS model_version,
    to_json([struct_pack(family := 'activity', direction := 'raises', weight := 0.82, tag := 'days_since_order', value := '96',
                zh := '已 96 天没有下单，超过自己通常间隔的两倍', en := 'No order for 96 days, twice the usual gap'),
             struct_pack(family := 'need', direction := 'raises', weight := 0.41, tag := 'need_categories', value := '奶粉',
                zh := '只买奶粉，孩子即将满 36 个月', en := 'Buys formula only; the child is nearly 36 months old'),
             struct_pack(family := 'membership', direction := 'lowers', weight := -0.22, tag := 'benefit_used', value := 'true',
                zh := '最近用过会员权益', en := 'Used a member benefit recently')])::VARCHAR AS reasons
    FROM customers WHERE customer_id % 4 > 0;
CREATE TABLE lake.warnings AS SELECT as_of, customer_id,
    CASE WHEN probability > 0.8 THEN 'red' WHEN probability > 0.6 THEN 'orange' WHEN probability > 0.35 THEN 'yellow' ELSE 'blue' END AS level,
    (probability * expected_margin_minor)::BIGINT AS value_at_risk_minor,
    (probability * expected_margin_minor * 0.08 - 100)::BIGINT AS expected_profit_minor,
    customer_id % 97 = 1 AS lifted, customer_id % 89 = 1 AS graduated,
    CASE WHEN customer_id % 41 = 1 THEN '{{"checked": ["visits", "basket"], "found": [{{"behaviour": "visits", "recent": 1.0,
        "usual": 4.2, "change": -0.76, "zh": "近28天只来访 1 次，按以往习惯和全店同期变化应约 4 次",
        "en": "came 1 times in 28 days, where own habit and the shop''s season make about 4 likely"}}]}}'
        WHEN customer_id % 3 = 0 THEN '{{"checked": [], "found": []}}'
        ELSE '{{"checked": ["visits", "visit_length"], "found": []}}' END AS drift,
    '[{{"family": "' || ['silent_drift', 'delivery', 'price'][1 + roll(customer_id, 33, 3)] || '", "direction": "raises",
        "weight": 1.2, "tag": "days_since_order", "value": 96, "zh": "已 96 天没有下单，超过自己通常间隔的两倍",
        "en": "No order for 96 days, twice the usual gap", "attribution": 0.82, "evidence": 0.0}},
      {{"family": "benefits_unused", "direction": "lowers", "weight": -0.22, "tag": "benefit_used", "value": true,
        "zh": "最近用过会员权益", "en": "Used a member benefit recently", "attribution": -0.22, "evidence": 0.0}}]' AS reasons
    FROM lake.churn_scores;
CREATE TABLE lake.warning_thresholds AS SELECT DATE '{AS_OF}' AS as_of, * FROM (VALUES
    ('mature', 'red', 120, 4, 0.41, 14000.0, 0.19, 812.5, 0.83, true, 0.15, 400, 6),
    ('mature', 'orange', 120, 17, 0.41, 14000.0, 0.09, 0.0, 0.44, false, 0.08, 100, 40),
    ('new', 'red', 60, 0, 0.62, 2100.0, 1.27, 812.5, NULL, true, 0.15, 400, 6),
    ('new', 'orange', 60, 9, 0.52, 2100.0, 0.6, 0.0, 0.61, false, 0.08, 100, 40)) t(stage, level, scored, customers,
    usual_probability, margin_minor, pays_from, profit_from_minor, lowest_probability, at_capacity, save_share, cost_minor, capacity);
CREATE TABLE lake.warning_backtest AS SELECT DATE '2026-02-27' AS as_of, (DATE '2025-11-24' + INTERVAL (k) WEEK)::DATE AS week,
    60 AS horizon_days, (DATE '2026-01-23' + INTERVAL (k) WEEK)::DATE AS final_on, 480 + k AS scored, 48 AS warned,
    190 - k AS yellow, 130 + 2 * k AS churned, 34 + k % 3 AS warned_churned, 60 AS yellow_churned,
    96 + 2 * k - k % 3 AS missed, 88 AS missed_paying, 2600000 AS value_churned_minor, 800000 AS value_warned_minor,
    14 AS first_warned, 11 AS in_time, 1.9 AS lead_days_low, 10.8 AS lead_days_median, 14.3 AS lead_days_high
    FROM range(5) t(k);
CREATE TABLE lake.customer_values AS SELECT DATE '{AS_OF}' AS as_of, customer_id, 365 AS horizon_days, 2.5 AS expected_purchases,
    (9000 + roll(customer_id, 32, 40000))::BIGINT AS value_minor, 0::BIGINT AS low_minor, (60000 + roll(customer_id, 33, 90000))::BIGINT AS high_minor,
    'bg_nbd' AS model, 0.3 AS margin_rate FROM (SELECT DISTINCT customer_id FROM purchases);
CREATE TABLE lake.group_values AS
    SELECT DATE '{AS_OF}' AS as_of, grouping, member_of, n AS customers, value AS value_minor, (value * 0.8)::BIGINT AS value_low_minor,
        (value * 1.3)::BIGINT AS value_high_minor, 365 AS horizon_days, scored, risk AS at_risk_minor, (risk * 0.7)::BIGINT AS at_risk_low_minor,
        (risk * 1.4)::BIGINT AS at_risk_high_minor, 60 AS at_risk_days, 0.9 AS level
    FROM (SELECT 'all' AS grouping, 'all' AS member_of, (SELECT count(*) FROM lake.customer_values) AS n,
            (SELECT sum(value_minor) FROM lake.customer_values)::BIGINT AS value, count(*) AS scored, sum(value_at_risk_minor)::BIGINT AS risk FROM lake.warnings
        UNION ALL SELECT 'level', level, count(v.customer_id), coalesce(sum(value_minor), 0)::BIGINT, count(*), sum(value_at_risk_minor)::BIGINT
            FROM lake.warnings LEFT JOIN lake.customer_values v USING (customer_id) GROUP BY level
        UNION ALL SELECT 'stage', lifecycle, count(v.customer_id), coalesce(sum(value_minor), 0)::BIGINT, count(w.customer_id), sum(value_at_risk_minor)::BIGINT
            FROM lake.customer_tags LEFT JOIN lake.customer_values v USING (customer_id) LEFT JOIN lake.warnings w USING (customer_id) GROUP BY lifecycle);
CREATE TABLE lake.metrics AS
    WITH months AS (SELECT range AS k, (DATE '2024-12-01' + INTERVAL (range) MONTH)::DATE AS period_start FROM range(15))
    SELECT DATE '{AS_OF}' AS as_of, metric, period_start, (period_start + INTERVAL 1 MONTH)::DATE AS period_end,
        base + slope * k + 0.02 * base * (roll(k, 40, 10) - 5) / 5 AS value, round((base + slope * k) * 400) AS numerator, 400.0 AS denominator,
        (period_start + INTERVAL 3 MONTH)::DATE AS final_on, NULL::DATE AS changed_on, NULL::DOUBLE AS value_before,
        NULL::VARCHAR AS note
    FROM months, (VALUES ('churn_rate', 0.41, -0.004), ('repurchase_rate', 0.27, 0.005), ('buy_back_rate', 0.34, 0.003),
        ('returning_buyer_share', 0.52, 0.004), ('second_purchase_rate', 0.31, 0.002), ('revenue', 4100000, 92000),
        ('buyers', 380, 9), ('revenue_per_buyer', 10800, 90)) m(metric, base, slope);
CREATE TABLE lake.cohorts AS SELECT DATE '{AS_OF}' AS as_of, (DATE '2025-01-01' + INTERVAL (c) MONTH)::DATE AS cohort, m::INT AS month_index,
    120 + 5 * c AS customers, CASE WHEN m = 0 THEN 120 + 5 * c ELSE round((120 + 5 * c) * (0.44 - 0.022 * m + 0.006 * c))::BIGINT END AS active
    FROM range(14) a(c), range(14) b(m) WHERE c + m < 14;
CREATE TABLE lake.effects AS SELECT DATE '{AS_OF}' AS as_of, * FROM (VALUES
    ('second_purchase', 'repurchase', 412, 0.312, 46, 0.239, 0.073, 0.008, 0.138, 0.95, 0.62, 31, 'works', NULL),
    ('second_purchase', 'margin', 412, 2140.0, 46, 1790.0, 350.0, -120.0, 820.0, 0.95, 0.62, 31, 'does_not_work', NULL),
    ('sleeping_customer', 'repurchase', 38, NULL, 4, NULL, NULL, NULL, NULL, 0.95, 0.8, 210, 'too_early', '{{"zh": "对照组只有 4 人，至少需要 30 人。", "en": "The control arm has 4 customers; at least 30 are needed."}}'))
    e(strategy, metric, treated_n, treated_mean, control_n, control_mean, difference, low, high, level, srm_p, pending_n, verdict, reason);
CREATE TABLE lake.contacts AS SELECT DATE '{AS_OF}' AS as_of, (7000000 + customer_id)::BIGINT AS message_id,
    CASE WHEN customer_id % 2 = 0 THEN 'second_purchase' ELSE 'sleeping_customer' END AS strategy, 'a1b2c3' AS version, customer_id,
    '2026-02' AS entry, 'message' AS node, 'email' AS channel,
    ['sent', 'sent', 'held', 'failed'][1 + roll(customer_id, 50, 4)] AS state,
    CASE WHEN roll(customer_id, 50, 4) = 2 THEN 'no_consent' ELSE '' END AS reason, DATE '2026-02-22' AS planned_on,
    CASE WHEN roll(customer_id, 50, 4) < 2 THEN TIMESTAMP '2026-02-22 02:00:00' END AS sent_at FROM customers WHERE customer_id % 5 = 0;
CREATE TABLE lake.assignments AS SELECT 'second_purchase' AS experiment, customer_id,
    CASE WHEN roll(customer_id, 60, 10) = 0 THEN 'control' ELSE 'treated' END AS arm, 0.9 AS probability, DATE '2026-02-01' AS assigned_on
    FROM customers WHERE customer_id % 5 = 0;
"""
LOOP_TABLES = (
    *("customer_tags", "churn_scores", "warnings", "warning_thresholds", "warning_backtest"),
    *("customer_values", "group_values", "metrics", "cohorts", "effects", "contacts", "assignments"),
)


def _tag(key: str, family: str, zh: str, en: str, kind: str, **values: tuple[str, str]) -> TagWord:
    families = {
        "value": ("价值", "Value"),
        "activity": ("活跃", "Activity"),
        "lifecycle": ("生命周期", "Lifecycle"),
        "need": ("需求", "Need"),
        "price": ("价格敏感", "Price sensitivity"),
        "membership": ("会员", "Membership"),
        "family": ("育儿阶段", "Family stage"),
    }
    return TagWord(
        key,
        family,
        *families[family],
        zh,
        en,
        f"{zh}：测试店铺的定义。",
        f"{en}: as the test shop defines it.",
        kind,
        values,
    )  # type: ignore[arg-type]


VOCABULARY = Vocabulary(
    tags=(
        _tag(
            "value_rank",
            "value",
            "价值排名",
            "Value rank",
            "text",
            top_1=("前 1%", "Top 1 %"),
            top_5=("前 5%", "Top 5 %"),
            top_20=("前 20%", "Top 20 %"),
            rest=("其余", "The rest"),
        ),
        _tag("monthly_spend_minor", "value", "月均消费", "Monthly spend", "money"),
        _tag(
            "activity",
            "activity",
            "活跃度",
            "Activity",
            "text",
            high=("高活跃", "High"),
            medium=("中活跃", "Medium"),
            low=("低活跃", "Low"),
            none=("不活跃", "None"),
        ),
        _tag("days_since_order", "activity", "距上次下单", "Since last order", "days"),
        _tag(
            "lifecycle",
            "lifecycle",
            "生命周期",
            "Lifecycle",
            "text",
            new=("新客", "New"),
            growing=("成长", "Growing"),
            mature=("成熟", "Mature"),
            dormant=("沉睡", "Dormant"),
            lost=("流失", "Lost"),
        ),
        _tag("need_categories", "need", "在买品类", "Categories bought", "list"),
        _tag("discount_share", "price", "折扣占比", "Discount share", "share"),
        _tag(
            "benefit_used", "membership", "用过权益", "Benefit used", "boolean", true=("是", "Yes"), false=("否", "No")
        ),
        _tag(
            "child_stage",
            "family",
            "奶粉段位",
            "Formula stage",
            "text",
            stage_1=("1段", "Stage 1"),
            stage_2=("2段", "Stage 2"),
            stage_3=("3段", "Stage 3"),
        ),
    ),
    metrics=(
        MetricWord(
            "churn_rate",
            "流失率",
            "Churn rate",
            "期初活跃买家中，期末前没有再购买的占比",
            "Active buyers at the start without a purchase by the end ÷ active buyers at the start",
            "share",
            "down",
        ),
        MetricWord(
            "repurchase_rate",
            "复购率",
            "Repurchase rate",
            "期内在 ≥2 个不同日期付款的买家 ÷ 期内买家",
            "Buyers with paid orders on ≥ 2 days ÷ buyers of the period",
            "share",
            "up",
        ),
        MetricWord(
            "buy_back_rate",
            "回购率",
            "Buy-back rate",
            "上期买家中本期再次购买的占比",
            "Buyers of the last period who buy again ÷ buyers of the last period",
            "share",
            "up",
        ),
        MetricWord(
            "returning_buyer_share",
            "老客占比",
            "Returning-buyer share",
            "期内买家中此前买过的占比",
            "Buyers who had bought before ÷ buyers of the period",
            "share",
            "up",
        ),
        MetricWord(
            "second_purchase_rate",
            "二购率",
            "Second-purchase rate",
            "首购客户 90 天内第二次下单的占比",
            "First-time buyers with a second order within 90 days",
            "share",
            "up",
        ),
        MetricWord(
            "revenue",
            "净销售额",
            "Net revenue",
            "已付款订单净额之和（扣除退款）",
            "Paid orders, net of refunds",
            "money",
            "up",
        ),
        MetricWord(
            "buyers",
            "买家数",
            "Buyers",
            "期内有付款订单的客户数",
            "Customers with a paid order in the period",
            "count",
            "up",
        ),
        MetricWord(
            "revenue_per_buyer",
            "客均销售额",
            "Revenue per buyer",
            "净销售额 ÷ 买家数",
            "Net revenue ÷ buyers",
            "money",
            "up",
        ),
    ),
    strategies=(
        StrategyWord(
            "second_purchase",
            "促二购",
            "Second purchase",
            "首购后 30 天内再买一次",
            "A second order within 30 days of the first",
        ),
        StrategyWord(
            "sleeping_customer",
            "唤醒沉睡客户",
            "Sleeping customer",
            "让沉睡客户 30 天内回来",
            "Bring sleeping customers back within 30 days",
        ),
    ),
    events={
        "app_open": ("打开应用", "App open"),
        "product_view": ("浏览商品", "Product view"),
        "search": ("搜索", "Search"),
        "cart_add": ("加入购物车", "Add to cart"),
        "article_read": ("阅读育儿文章", "Article read"),
    },
)

TABLES = [
    {"name": "orders", "rows": 3521, "snapshot_id": 8123456789012345678, "committed_at": "2026-03-01T01:12:00"},
    {"name": "events", "rows": 25600, "snapshot_id": 4123456789012345678, "committed_at": "2026-03-01T01:14:00"},
    {"name": "customer_tags", "rows": 640, "snapshot_id": 5123456789012345678, "committed_at": "2026-03-01T02:01:00"},
]


@dataclass
class ConsoleShop:
    """What `create_app` needs."""

    workspace: SimpleNamespace
    operations: Operations
    cipher: FieldCipher
    shop: ShopProfile
    clock: Callable[[], datetime]
    segment_settings: SegmentSettings = field(default_factory=SegmentSettings)
    strategies: tuple[Strategy, ...] = tuple(load_strategies([READY_STRATEGIES]).values())
    simulated_day: date | None = None
    next_day_command: str | None = None

    @property
    def wall_clock(self) -> Callable[[], datetime]:
        return self.clock

    @property
    def trials(self) -> TrialDesk:
        return TrialDesk(self.operations, ExperimentSettings(), access.record, currency="CNY")


def open_shop(root: Path, now: Callable[[], datetime] = lambda: NOW) -> ConsoleShop:
    """Open what `make_shop` made, or a copy of it."""
    return ConsoleShop(
        SimpleNamespace(published_dir=root / "published", segments_dir=root / "segments"),
        Operations(f"sqlite:///{root / 'operations.db'}"),
        FieldCipher(b"k" * 32),
        ShopProfile(name="小芽母婴", zone="Asia/Shanghai", currency="CNY"),
        now,
    )


@contextmanager
def quick_passwords() -> Iterator[None]:
    """Hash with hardly any work: how much the product takes is tested where passwords are (`tests/unit/app`)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        passwords._decoy.cache_clear()
        yield
    passwords._decoy.cache_clear()


def make_shop(root: Path, *, published: bool = True) -> ConsoleShop:
    """Make the operational store with three users and, if asked, publish the shop."""
    shop = open_shop(root)
    shop.workspace.published_dir.mkdir(parents=True)
    shop.operations.create_all()
    with quick_passwords():
        for role in access.Role:
            access.create_user(shop.operations, role.value, PASSWORD, role, NOW)
    _fill_operations(shop, NOW)
    if published:
        publish_shop(shop)
    return shop


def _fill_operations(shop: ConsoleShop, now: datetime) -> None:
    """Profiles (one of them under a merged identity), a load, quarantined rows, messages and steps of the loop."""
    with shop.operations.begin() as connection:
        ProfileBook(shop.cipher).record(
            connection,
            [
                ProfileRecord(
                    1, 1, 100005, NOW, name="王小明", phone="13800138000", email="wang@example.com", member_no="M10005"
                ),
                ProfileRecord(
                    1, 2, 900007, NOW, name="李丽", phone="13912345678", email="li@example.com", member_no="M10007"
                ),
            ],
        )
        connection.execute(
            sa.insert(loads),
            [
                {
                    "load_id": 11,
                    "source": "orders",
                    "file_key": "orders-2026-02.csv",
                    "content_sha256": "0" * 64,
                    "mapping_digest": "1" * 64,
                    "kind": "file",
                    "state": "committed",
                    "begun_at": NOW,
                    "committed_at": NOW,
                    "rows_total": 3560,
                    "rows_loaded": 3521,
                    "filtered": {"test orders": 20},
                    "quarantined": {because("not_amount", column="amount"): 14, "date is no date": 5},
                },
            ],
        )
        Quarantine(shop.cipher).record(
            connection,
            [
                QuarantinedRow(
                    11,
                    n,
                    "orders",
                    "orders-2026-02.csv",
                    because("not_amount", column="amount") if n < 14 else "date is no date",
                    "amount",
                    {"amount": "x"},
                )
                for n in range(19)
            ],
        )
        connection.execute(
            sa.insert(outbox),
            [
                {
                    "message_id": n,
                    "strategy": "second_purchase",
                    "version": "a1b2c3",
                    "customer_id": 100000 + n,
                    "entry": "2026-02",
                    "node": "message",
                    "channel": "email",
                    "template": "t",
                    "purpose": "marketing",
                    "planned_on": AS_OF,
                    "state": "held" if n % 3 else "sent",
                    "reason": "no_consent" if n % 3 else "",
                }
                for n in range(30)
            ],
        )
    log = StepLog(shop.operations, lambda: now)
    for name in ("ingest", "resolve", "tag", "measure", "predict"):
        log.take(Step(name, AS_OF), lambda name=name: StepResult(note=f"{name} is done", note_zh="完成了一步"))


def publish_shop(shop: ConsoleShop, now: datetime = NOW, **options: object) -> str:
    """Publish the made-up shop once more and return the build's id."""
    connection = duckdb.connect(":memory:")
    connection.execute(FACTS)
    connection.execute(RESULTS)
    moment = SimpleNamespace(as_of=AS_OF, connection=connection)
    arguments: dict[str, object] = {"tables": TABLES, "vocabulary": VOCABULARY} | options
    relations = arguments.pop("relations", {name: f"lake.{name}" for name in LOOP_TABLES})
    build = publish(shop.workspace.published_dir, moment, relations, shop=shop.shop, now=now, **arguments)  # type: ignore[arg-type]
    connection.close()
    return build.build_id
