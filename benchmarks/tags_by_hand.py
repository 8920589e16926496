"""The 119 columns of `tags/set.yaml` written by hand: the best known SQL, the obvious one, and polars.

*Sparse*: events are counted per customer, kind and span of days first and spread into columns afterwards; days share one
table of (customer, day); ranks are made over narrow rows. *Wide*: one `GROUP BY` with a `FILTER` per column, ranks over the
finished wide rows. Both give the numbers of the product's definitions: whole days, ranks in thousandths.
"""

# ruff: noqa: E501 - SQL is read across
from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from tags_shop import AS_OF, EVENTS


def _ago(days: int) -> str:
    return f"DATE '{AS_OF - dt.timedelta(days=days)}'"


_END = f"DATE '{AS_OF}'"
_TREND = "({now} - {before})::DOUBLE / nullif(({now} + {before})::DOUBLE, 0e0)"
_ORDERS = f"""
p AS (SELECT customer_id, occurred_on, net_minor, discount_minor, margin_minor FROM purchases WHERE occurred_on < {_END}),
pd AS (SELECT customer_id, occurred_on, count(*) AS n, sum(net_minor) AS net, max(net_minor) AS big, min(net_minor) AS small,
              sum(discount_minor) AS off, sum(margin_minor) AS margin FROM p GROUP BY ALL),
pg AS (SELECT *, occurred_on - lag(occurred_on) OVER (PARTITION BY customer_id ORDER BY occurred_on) AS gap FROM pd),
po AS (SELECT customer_id, sum(n)::BIGINT AS freq, sum(net)::BIGINT AS monetary, {_END} - max(occurred_on) AS recency, {_END} - min(occurred_on) AS tenure,
              coalesce(sum(n) FILTER (WHERE occurred_on >= {_ago(90)}), 0)::BIGINT AS f_90, coalesce(sum(n) FILTER (WHERE occurred_on >= {_ago(365)}), 0)::BIGINT AS f_365,
              coalesce(sum(net) FILTER (WHERE occurred_on >= {_ago(90)}), 0)::BIGINT AS m_90, coalesce(sum(net) FILTER (WHERE occurred_on >= {_ago(365)}), 0)::BIGINT AS m_365,
              floor(sum(net)::DOUBLE / sum(n) + 0.5e0)::BIGINT AS order_mean, max(big) AS order_max, min(small) AS order_min,
              sum(off)::DOUBLE / sum(n) AS discount, sum(margin)::BIGINT AS margin, count(*) AS purchase_days,
              avg(gap) AS gap_mean, median(gap) AS gap_median, stddev_samp(gap) AS gap_stddev, min(gap) AS gap_min, max(gap) AS gap_max
       FROM pg GROUP BY customer_id)"""
_RANKS = """
SELECT customer_id,
       CASE WHEN recency IS NOT NULL THEN least(999, (rank() OVER (PARTITION BY recency IS NULL ORDER BY recency DESC) - 1) * 1000 // count(recency) OVER ()) / 1000e0 END AS r_rank,
       least(999, (rank() OVER (ORDER BY freq) - 1) * 1000 // count(*) OVER ()) / 1000e0 AS f_rank,
       least(999, (rank() OVER (ORDER BY monetary) - 1) * 1000 // count(*) OVER ()) / 1000e0 AS m_rank"""
_STAGE = """CASE WHEN freq = 0 AND n_90 = 0 THEN 'dormant' WHEN freq = 0 THEN 'lead' WHEN tenure <= 60 THEN 'new' WHEN overdue > 3e0 THEN 'churned'
       WHEN overdue > 1.5e0 THEN 'at_risk' WHEN freq >= 10 AND m_rank > 0.8e0 THEN 'loyal' ELSE 'active' END AS stage,
       CASE WHEN n_30 < 1 THEN 'none' WHEN n_30 < 5 THEN 'low' WHEN n_30 < 20 THEN 'mid' ELSE 'high' END AS tier"""
_FIFTHS = ", ".join(
    f"CASE WHEN {w}_rank IS NULL THEN NULL WHEN {w}_rank < 0.2e0 THEN 1 WHEN {w}_rank < 0.4e0 THEN 2 WHEN {w}_rank < 0.6e0 THEN 3 WHEN {w}_rank < 0.8e0 THEN 4 ELSE 5 END AS {w}_fifth"
    for w in "rfm"
)
_PLAIN = ("freq", "monetary", "f_90", "f_365", "m_90", "m_365", "margin", "purchase_days")
_MAYBE = (
    "recency",
    "tenure",
    "order_mean",
    "order_max",
    "order_min",
    "discount",
    "gap_mean",
    "gap_median",
    "gap_stddev",
    "gap_min",
    "gap_max",
)


def sparse() -> str:
    """Return the best known SQL."""
    kinds = ", ".join(f"'{event}{part}' AS {event}{part}" for event in EVENTS for part in range(4))
    part = f"CASE WHEN occurred_on >= {_ago(7)} THEN '0' WHEN occurred_on >= {_ago(30)} THEN '1' WHEN occurred_on >= {_ago(60)} THEN '2' ELSE '3' END"

    def parts(event: str, numbers: str) -> str:
        return "(" + " + ".join(f"coalesce({event}{number}, 0)" for number in numbers) + ")"

    counts = ", ".join(
        f"{parts(e, '0')} AS {e}_7d, {parts(e, '01')} AS {e}_30d, {parts(e, '0123')} AS {e}_90d, "
        + _TREND.format(now=parts(e, "01"), before=parts(e, "2")) + f" AS {e}_trend"
        for e in EVENTS
    )  # fmt: skip
    return f"""WITH
e AS (SELECT customer_id, occurred_on, event, category, value FROM events WHERE occurred_on >= {_ago(90)} AND occurred_on < {_END}),
cell AS (SELECT customer_id, event || {part} AS k, count(*) AS n FROM e GROUP BY ALL),
ec AS (SELECT * FROM cell PIVOT (sum(n) FOR k IN ({kinds}))),
ed AS (SELECT customer_id, occurred_on, count(*) AS n, sum(value) AS v FROM e GROUP BY ALL),
et AS (SELECT customer_id, sum(n) FILTER (WHERE occurred_on >= {_ago(7)}) AS n_7, sum(n) FILTER (WHERE occurred_on >= {_ago(30)}) AS n_30, sum(n) AS n_90,
              sum(n) FILTER (WHERE occurred_on >= {_ago(60)} AND occurred_on < {_ago(30)}) AS n_before, count(*) FILTER (WHERE occurred_on >= {_ago(30)}) AS active_days_30,
              count(*) AS active_days_90, sum(v) FILTER (WHERE occurred_on >= {_ago(30)}) AS worth_30, {_END} - max(occurred_on) AS last_event FROM ed GROUP BY customer_id),
c AS (SELECT customer_id, category, count(*) AS n, max(occurred_on) AS latest FROM e GROUP BY ALL),
tc AS (SELECT customer_id, category AS top_category, categories_90 FROM (
         SELECT customer_id, category, row_number() OVER (PARTITION BY customer_id ORDER BY n DESC, latest DESC, category) AS place, count(*) OVER (PARTITION BY customer_id) AS categories_90 FROM c) WHERE place = 1),
{_ORDERS},
rk AS ({_RANKS} FROM (SELECT c.customer_id, recency, coalesce(freq, 0) AS freq, coalesce(monetary, 0) AS monetary FROM customers c LEFT JOIN po USING (customer_id))),
f AS (SELECT c.customer_id, {", ".join(f"coalesce({one}, 0) AS {one}" for one in _PLAIN)}, {", ".join(_MAYBE)}, recency / nullif(gap_mean, 0e0) AS overdue, {counts},
             coalesce(n_7, 0) AS n_7, coalesce(n_30, 0) AS n_30, coalesce(n_90, 0) AS n_90, {_TREND.format(now="coalesce(n_30, 0)", before="coalesce(n_before, 0)")} AS n_trend,
             coalesce(active_days_30, 0) AS active_days_30, coalesce(active_days_90, 0) AS active_days_90, coalesce(worth_30, 0e0) AS worth_30, coalesce(categories_90, 0) AS categories_90,
             top_category, last_event, {_END} - c.registered_on AS registered, r_rank, f_rank, m_rank
      FROM customers c JOIN rk USING (customer_id) LEFT JOIN po USING (customer_id) LEFT JOIN ec USING (customer_id) LEFT JOIN et USING (customer_id) LEFT JOIN tc USING (customer_id))
SELECT *, {_FIFTHS}, {_STAGE} FROM f"""


def wide() -> str:
    """Return the obvious SQL."""
    counts = ", ".join(
        [f"count(*) FILTER (WHERE event = '{e}' AND occurred_on >= {_ago(days)}) AS {e}_{days}d" for e in EVENTS for days in (7, 30, 90)]
        + [f"count(*) FILTER (WHERE event = '{e}' AND occurred_on >= {_ago(60)} AND occurred_on < {_ago(30)}) AS {e}_before" for e in EVENTS]
    )  # fmt: skip
    shown = ", ".join(f"coalesce({e}_{days}d, 0) AS {e}_{days}d" for e in EVENTS for days in (7, 30, 90))
    trends = ", ".join(_TREND.format(now=f"{e}_30d", before=f"{e}_before") + f" AS {e}_trend" for e in EVENTS)
    return f"""WITH
e AS (SELECT * FROM events WHERE occurred_on >= {_ago(90)} AND occurred_on < {_END}),
ee AS (SELECT customer_id, {counts}, count(*) FILTER (WHERE occurred_on >= {_ago(7)}) AS n_7, count(*) FILTER (WHERE occurred_on >= {_ago(30)}) AS n_30, count(*) AS n_90,
              count(*) FILTER (WHERE occurred_on >= {_ago(60)} AND occurred_on < {_ago(30)}) AS n_before, count(DISTINCT occurred_on) FILTER (WHERE occurred_on >= {_ago(30)}) AS active_days_30,
              count(DISTINCT occurred_on) AS active_days_90, sum(value) FILTER (WHERE occurred_on >= {_ago(30)}) AS worth_30, {_END} - max(occurred_on) AS last_event,
              count(DISTINCT category) AS categories_90 FROM e GROUP BY customer_id),
c AS (SELECT customer_id, category, count(*) AS n, max(occurred_on) AS latest FROM e GROUP BY ALL),
tc AS (SELECT customer_id, category AS top_category FROM (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY n DESC, latest DESC, category) AS place FROM c) WHERE place = 1),
{_ORDERS},
f AS (SELECT c.customer_id, {", ".join(f"coalesce({one}, 0) AS {one}" for one in _PLAIN)}, {", ".join(_MAYBE)}, recency / nullif(gap_mean, 0e0) AS overdue, {shown}, {trends},
             coalesce(n_7, 0) AS n_7, coalesce(n_30, 0) AS n_30, coalesce(n_90, 0) AS n_90, {_TREND.format(now="n_30", before="n_before")} AS n_trend, coalesce(active_days_30, 0) AS active_days_30,
             coalesce(active_days_90, 0) AS active_days_90, coalesce(worth_30, 0e0) AS worth_30, coalesce(categories_90, 0) AS categories_90, top_category, last_event, {_END} - c.registered_on AS registered
      FROM customers c LEFT JOIN po USING (customer_id) LEFT JOIN ee USING (customer_id) LEFT JOIN tc USING (customer_id)),
g AS (SELECT *, {_RANKS.split("customer_id,", 1)[1]} FROM f)
SELECT *, {_FIFTHS}, {_STAGE} FROM g"""


def polars_frame(folder: Path, events: str) -> Any:
    """Return the same as a lazy frame of polars.

    Raises
    ------
    ImportError
        If polars is not installed.
    """
    import polars as pl

    def ago(days: int) -> Any:
        return pl.lit(AS_OF - dt.timedelta(days=days))

    day, end = pl.col("occurred_on"), pl.lit(AS_OF)
    before = (day >= ago(60)) & (day < ago(30))
    e = pl.scan_parquet(f"{folder}/{events}/*.parquet").filter((day >= ago(90)) & (day < end))
    cells = e.group_by("customer_id", "event").agg(
        *[(day >= ago(d)).sum().cast(pl.Int64).alias(f"{d}d") for d in (7, 30, 90)],
        before.sum().cast(pl.Int64).alias("before"),
    )
    kinds = [
        pl.col(part).filter(pl.col("event") == name).sum().alias(f"{name}_{part}")
        for name in EVENTS
        for part in ("7d", "30d", "90d", "before")
    ]
    totals = e.group_by("customer_id", "occurred_on").agg(pl.len().cast(pl.Int64).alias("n"), pl.col("value").sum().alias("v")).group_by("customer_id").agg(
        *[pl.col("n").filter(day >= ago(d)).sum().alias(f"n_{d}") for d in (7, 30, 90)], pl.col("n").filter(before).sum().alias("n_before"),
        (day >= ago(30)).sum().alias("active_days_30"), pl.len().alias("active_days_90"), pl.col("v").filter(day >= ago(30)).sum().alias("worth_30"),
        (end - day.max()).dt.total_days().alias("last_event"),
    )  # fmt: skip
    each = e.group_by("customer_id", "category").agg(pl.len().alias("n"), day.max().alias("latest"))
    top = each.sort(["n", "latest", "category"], descending=[True, True, False]).group_by("customer_id").agg(
        pl.col("category").first().alias("top_category"), pl.len().alias("categories_90")
    )  # fmt: skip
    p = pl.scan_parquet(f"{folder}/purchases/*.parquet").filter(day < end)
    gap = (day - day.shift(1)).dt.total_days().over("customer_id", order_by="occurred_on")
    daily = p.group_by("customer_id", "occurred_on").agg(
        pl.len().cast(pl.Int64).alias("n"), pl.col("net_minor").sum().alias("net"), pl.col("net_minor").max().alias("big"),
        pl.col("net_minor").min().alias("small"), pl.col("discount_minor").sum().alias("off"), pl.col("margin_minor").sum(),
    ).with_columns(gap.alias("gap"))  # fmt: skip
    orders = daily.group_by("customer_id").agg(
        pl.col("n").sum().alias("freq"), pl.col("net").sum().alias("monetary"), (end - day.max()).dt.total_days().alias("recency"),
        (end - day.min()).dt.total_days().alias("tenure"), *[pl.col("n").filter(day >= ago(d)).sum().alias(f"f_{d}") for d in (90, 365)],
        *[pl.col("net").filter(day >= ago(d)).sum().alias(f"m_{d}") for d in (90, 365)],
        (pl.col("net").sum() / pl.col("n").sum() + 0.5).floor().cast(pl.Int64).alias("order_mean"), pl.col("big").max().alias("order_max"),
        pl.col("small").min().alias("order_min"), (pl.col("off").sum() / pl.col("n").sum()).alias("discount"), pl.col("margin_minor").sum().alias("margin"),
        pl.len().alias("purchase_days"), pl.col("gap").mean().alias("gap_mean"), pl.col("gap").median().alias("gap_median"),
        pl.col("gap").std().alias("gap_stddev"), pl.col("gap").min().alias("gap_min"), pl.col("gap").max().alias("gap_max"),
    )  # fmt: skip
    zero = [
        *_PLAIN,
        *(f"{e}_{part}" for e in EVENTS for part in ("7d", "30d", "90d")),
        "n_7",
        "n_30",
        "n_90",
        "active_days_30",
        "active_days_90",
        "worth_30",
        "categories_90",
    ]

    def trend(now: str, past: str) -> Any:
        total = pl.col(now) + pl.col(past)
        return pl.when(total != 0).then((pl.col(now) - pl.col(past)) / total)

    def place(name: str, descending: bool = False) -> Any:
        below = (
            (pl.col(name).rank("min", descending=descending).cast(pl.Int64) - 1)
            * 1000
            // pl.col(name).count().cast(pl.Int64)
        )
        return pl.min_horizontal(below, pl.lit(999)) / 1000

    def fifth(name: str) -> Any:
        rank = pl.col(name)
        return (
            pl.when(rank.is_null())
            .then(None)
            .when(rank < 0.2)
            .then(1)
            .when(rank < 0.4)
            .then(2)
            .when(rank < 0.6)
            .then(3)
            .when(rank < 0.8)
            .then(4)
            .otherwise(5)
        )

    frame = pl.scan_parquet(f"{folder}/customers.parquet").select(
        "customer_id", (end - pl.col("registered_on")).dt.total_days().alias("registered")
    )
    for other in (orders, cells.group_by("customer_id").agg(kinds), totals, top):
        frame = frame.join(other, on="customer_id", how="left")
    n30 = pl.col("n_30")
    return frame.with_columns(
        *[trend(f"{e}_30d", f"{e}_before").alias(f"{e}_trend") for e in EVENTS], trend("n_30", "n_before").alias("n_trend"),
        pl.when(pl.col("gap_mean") != 0).then(pl.col("recency") / pl.col("gap_mean")).alias("overdue"),
        *[pl.col(one).fill_null(0) for one in zero],
    ).with_columns(
        pl.when(pl.col("recency").is_not_null()).then(place("recency", True)).alias("r_rank"), place("freq").alias("f_rank"), place("monetary").alias("m_rank"),
    ).with_columns(
        *[fifth(f"{w}_rank").alias(f"{w}_fifth") for w in "rfm"],
        pl.when((pl.col("freq") == 0) & (pl.col("n_90") == 0)).then(pl.lit("dormant")).when(pl.col("freq") == 0).then(pl.lit("lead"))
        .when(pl.col("tenure") <= 60).then(pl.lit("new")).when(pl.col("overdue") > 3).then(pl.lit("churned")).when(pl.col("overdue") > 1.5).then(pl.lit("at_risk"))
        .when((pl.col("freq") >= 10) & (pl.col("m_rank") > 0.8)).then(pl.lit("loyal")).otherwise(pl.lit("active")).alias("stage"),
        pl.when(n30 < 1).then(pl.lit("none")).when(n30 < 5).then(pl.lit("low")).when(n30 < 20).then(pl.lit("mid")).otherwise(pl.lit("high")).alias("tier"),
    ).select(pl.exclude("n_before", *[f"{e}_before" for e in EVENTS]))  # fmt: skip
