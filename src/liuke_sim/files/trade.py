"""Files about trade: order lines and status of the order system, the social shops' orders, the tills, the products."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from liuke_sim import dirt, people
from liuke_sim.assortment import UNKNOWN_PRODUCT, product_keys, product_rows
from liuke_sim.columns import Columns, Ints, length, sort, take
from liuke_sim.customers import APP, DOUYIN, GOOD_PHONE, MINI_PROGRAM, STORE
from liuke_sim.files.batch import Batch, SeriesTables, texts, yuan
from liuke_sim.fulfilment import FACTS
from liuke_sim.streams import chance_of

CORRECTED_EVERY = 3
"""Every third batch's till file is sent again with the next one, put right."""
_SLIPS = 0.03
"""Share of wrong quantities in a till file that is going to be sent again."""


def is_corrected_later(position: int) -> bool:
    """Return whether the till file of batch `position` will be sent again, corrected."""
    return position % CORRECTED_EVERY == 1


def order_tables(batch: Batch) -> SeriesTables:
    """Return the app's order lines and the status log of its orders."""
    rng = batch.chance("order dirt")
    config = batch.config.dirt
    tables: SeriesTables = {}
    lines = sort(_of_channel(batch.lines, APP), "at", "order_no", "line_no")
    lines = dirt.repeat_rows(rng, lines, config.duplicates)
    if length(lines):
        tables["order_lines"] = pa.table(
            {
                "order_no": lines["order_no"],
                "line_no": lines["line_no"],
                "member_no": people.member_numbers(lines["customer"]),
                "ordered_at": texts(dirt.break_dates(rng, batch.moment_texts(lines["at"]), config.bad_dates)),
                **_goods(rng, lines, batch),
                "exported_at": batch.moments(lines["recorded"]),
            }
        )
    return tables | _status(batch, "order_status", APP)


def _status(batch: Batch, series: str, *channels: int) -> SeriesTables:
    """Return the dated facts about the orders of `channels`: paid, cancelled, refunded, returned."""
    if not length(batch.facts):
        return {}
    facts = sort(take(batch.facts, np.isin(batch.facts["channel"], channels)), "at", "order_no", "fact")
    if not length(facts):
        return {}
    who = (
        {"member_no": people.member_numbers(facts["customer"])}
        if channels == (APP,)
        else _platform_user(facts["customer"], facts["channel"])
    )
    return {
        series: pa.table(
            {
                **who,
                "order_no": facts["order_no"],
                "status": np.array(FACTS)[facts["fact"]],
                "amount": yuan(facts["amount"]),
                "status_at": batch.moments(facts["at"]),
                "exported_at": batch.moments(facts["recorded"]),
            }
        )
    }


def _platform_user(number: Ints, channel: Ints) -> dict[str, pa.Array]:
    """Return the platform and its own name for the customer: social shops know no member numbers."""
    on_douyin = channel == DOUYIN
    ids = [
        douyin if on else wechat
        for douyin, wechat, on in zip(
            people.douyin_ids(number), people.wechat_ids(number), on_douyin.tolist(), strict=True
        )
    ]
    return {"platform": pa.array(np.where(on_douyin, "douyin", "wechat")), "platform_user_id": texts(ids)}


def social_tables(batch: Batch) -> SeriesTables:
    """Return lines and status of the mini-program's and the Douyin shop's orders, known by the platform's own ids."""
    rng = batch.chance("social dirt")
    lines = sort(_of_channel(batch.lines, MINI_PROGRAM, DOUYIN), "at", "order_no", "line_no")
    tables = _status(batch, "social_status", MINI_PROGRAM, DOUYIN)
    if not length(lines):
        return tables
    lines = dirt.repeat_rows(rng, lines, batch.config.dirt.duplicates)
    customers = batch.chunk.customers
    rows = batch.local(lines["customer"])
    on_douyin = lines["channel"] == DOUYIN
    chance = chance_of(lines["customer"], batch.seed, "platform phone")
    shown = (customers.phone_kind[rows] == GOOD_PHONE) & (chance < np.where(on_douyin, 0.4, 0.75))
    digits = people.phone_digits(customers, batch.seed)[rows]
    return tables | {
        "social_orders": pa.table(
            {
                **_platform_user(lines["customer"], lines["channel"]),
                "phone": pa.array(digits, mask=~shown),
                "order_no": lines["order_no"],
                "line_no": lines["line_no"],
                "ordered_at": batch.moments(lines["at"]),
                **_goods(rng, lines, batch),
                "exported_at": batch.moments(lines["recorded"]),
            }
        )
    }


def till_tables(batch: Batch, *, corrected: bool = False) -> SeriesTables:
    """Return what the stores' tills wrote; `corrected` gives the version without the cashiers' mistakes."""
    rng = batch.chance("till dirt")
    lines = sort(_of_channel(batch.lines, STORE), "at", "order_no", "line_no")
    if not length(lines):
        return {}
    share = _SLIPS if is_corrected_later(batch.position) else batch.config.dirt.bad_quantities
    slipped = dirt.break_quantities(rng, lines["quantity"], share)
    if is_corrected_later(batch.position):
        slipped[0] = -abs(slipped[0])  # a small shop's file, too, has something to correct
    times = batch.moment_texts(lines["at"])
    broken_times = dirt.break_dates(rng, times, batch.config.dirt.bad_dates)
    rows = batch.local(lines["customer"])
    phone = people.phone_digits(batch.chunk.customers, batch.seed)[rows]
    keys = product_keys()
    quantity = lines["quantity"] if corrected else slipped
    back = lines["sign"] < 0
    return {
        "till": pa.table(
            {
                "小票号": [f"POS{n}" for n in lines["order_no"].tolist()],
                "行号": lines["line_no"],
                "单据类型": np.where(back, "退货", "销售"),
                "会员手机": [str(digits) for digits in phone.tolist()],
                "商品编码": texts([keys[product] for product in lines["product"].tolist()]),
                "数量": quantity * lines["sign"],
                "单价": yuan(lines["unit"]),
                "优惠": yuan(lines["discount"]),
                "实收": yuan(lines["net"] * lines["sign"]),
                "交易时间": texts(times if corrected else broken_times),
                "上传时间": texts(batch.moment_texts(lines["recorded"])),
            }
        )
    }


def product_tables(batch: Batch) -> SeriesTables:
    """Return the product master with cost; it is sent once, with the first batch."""
    if batch.position or batch.chunk.position:
        return {}
    return {"products": pa.Table.from_pylist(product_rows())}


def _of_channel(lines: Columns, *channels: int) -> Columns:
    """Return the lines of `channels`; goods that came back are lines only at a till."""
    if not length(lines):
        return {}
    return take(lines, np.isin(lines["channel"], channels) & ((lines["sign"] > 0) | (lines["channel"] == STORE)))


def _goods(rng: np.random.Generator, lines: Columns, batch: Batch) -> dict[str, object]:
    """Return the columns that every online shop's order lines have in common."""
    config = batch.config.dirt
    keys = product_keys()
    product: Ints = dirt.swap_products(rng, lines["product"], UNKNOWN_PRODUCT, config.unknown_products)
    return {
        "product_key": texts([keys[p] for p in product.tolist()]),
        "quantity": dirt.break_quantities(rng, lines["quantity"], config.bad_quantities),
        "unit_price": yuan(lines["unit"]),
        "discount": yuan(lines["discount"]),
        "paid_amount": yuan(lines["net"]),
    }
