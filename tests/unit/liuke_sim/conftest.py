"""One shop of middling size, lived once for all tests of aggregates, and its files read as plain tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pytest

from liuke_sim import VARIANTS, Shop, ShopConfig, WrittenFile, deliveries


@dataclass(frozen=True)
class LivedShop:
    """A shop at its end, with its files in DuckDB views."""

    config: ShopConfig
    files: list[WrittenFile]
    connection: duckdb.DuckDBPyConnection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        return self.rows(sql)[0][0]


VIEWS = {
    "profiles": "select * from read_csv('{shop}/crm/profiles_*.csv', all_varchar = true)",
    "children": "select * from read_csv('{shop}/crm/children_*.csv', all_varchar = true)",
    "products": "select * from read_csv('{shop}/products/products_*.csv')",
    "order_lines": "select * from read_csv('{shop}/orders/order_lines_*.csv.gz', all_varchar = true)",
    "order_status": "select * from read_csv('{shop}/orders/order_status_*.csv.gz')",
    "social_orders": "select * from read_csv('{shop}/social/social_orders_*.csv', all_varchar = true)",
    "reviews": "select * from read_csv('{shop}/feedback/reviews_*.csv')",
    "complaints": "select * from read_csv('{shop}/feedback/complaints_*.csv')",
    "chats": "select * from read_csv('{shop}/feedback/chats_*.csv')",
    "surveys": "select * from read_csv('{shop}/feedback/surveys_*.csv')",
    "feedback": "select review_no as event_id, member_no, 'review' as event, text, channel, occurred_at, recorded_at "
    "from reviews union all select record_no, member_no, 'complaint_' || status, text, channel, occurred_at, "
    "recorded_at from complaints union all select chat_no, member_no, 'service_chat', text, channel, occurred_at, "
    "recorded_at from chats union all select answer_no, member_no, 'survey_answered', text, channel, occurred_at, "
    "recorded_at from surveys",
    "behaviour": "select * from read_parquet('{shop}/behaviour/behaviour_*.parquet') union all by name "
    "select * from feedback",
    "truth": "select * from read_parquet('{truth}/truth.parquet')",
    "texts": "select * from read_parquet('{truth}/truth_texts.parquet')",
    "drifts": "select * from read_parquet('{truth}/truth_drifts.parquet')",
    "activity": "select distinct member_no, occurred_at::date as day from behaviour where event not in ('shipped', "
    "'delivered', 'delivery_late', 'message_delivered', 'points_earned', 'complaint_resolved', 'refund')",
    "bought": "select distinct member_no, occurred_at::date as day from behaviour where event = 'order_paid'",
}


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> LivedShop:
    base = tmp_path_factory.mktemp("lived_shop")
    config = replace(VARIANTS["plain"], customers=8_000)
    shop = Shop.generate(config, seed=11)
    files = shop.write_history(base / "shop")
    for start, end in list(deliveries(shop)):
        files += shop.write_week(base / "shop", start, end)
    shop.write_truth(base / "truth")
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    for name, sql in VIEWS.items():
        connection.execute(f"create view {name} as {sql.format(shop=base / 'shop', truth=base / 'truth')}")
    return LivedShop(config, files, connection)
