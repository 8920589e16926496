"""How near does the simulated shop come to real ones? Prints and writes docs/reference/simulated-shop-calibration.md.

Every figure is computed from the shop's *files*, as a real shop would, never from the truth. Beside it stands the state
of a typical mother-and-baby shop (brackets that retailers report) or the same figure of a public data set, where
``LIUKE_DATA`` points to them.

    LIUKE_DATA=… python benchmarks/calibration.py
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from liuke_sim import VARIANTS, VERSION, Shop

PAGE = Path("docs/reference/simulated-shop-calibration.md")
ROOTS = {
    "38": ("formula, weaning", "奶粉/辅食"),
    "50014815": ("nappies, wipes, care, feeding, gear", "尿片/洗护/喂哺/推车床"),
    "50022520": ("maternity", "孕妇装/孕产妇用品"),
    "28": ("toys, books", "玩具/早教"),
    "50008168": ("clothes", "童装"),
}
"""Root categories of the public purchases and this shop's categories that lie in them. The data set names none; its
numbers are Taobao's plus three, and ages and quantities fit."""
AGES = ((-9, 0), (0, 6), (6, 12), (12, 24), (24, 36), (36, 84))


@dataclass(frozen=True)
class Figure:
    """One figure with what is typical: the bracket is the claim, `tested` what a small shop must keep to."""

    name: str
    typical: str
    value: float
    tested: tuple[float, float]
    is_share: bool = True

    @property
    def text(self) -> str:
        """The value as a reader sees it."""
        return f"{100 * self.value:.1f} %" if self.is_share else f"{self.value:.1f}"


class Files:
    """A shop's files as views: `people`, `activity`, `bought`, `lines`, `children`, …"""

    def __init__(self, folder: Path, first: date, last: date) -> None:
        self.first, self.last = first, last
        self._engine = duckdb.connect()
        self._engine.execute("set threads = 2")
        for name, sql in _VIEWS.items():
            self._engine.execute(f"create table {name} as {sql.format(shop=folder)}")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query."""
        return self._engine.execute(sql).fetchall()

    def value(self, sql: str) -> float:
        """Return the only value of a query."""
        value = self.rows(sql)[0][0]
        return float("nan") if value is None else float(value)


_PASSIVE = (
    "('shipped', 'delivered', 'delivery_late', 'message_delivered', 'points_earned', 'complaint_resolved', 'refund')"
)
_VIEWS = {
    "profiles": "select * from read_csv('{shop}/crm/profiles_*.csv', all_varchar = true)",
    "children": "select * from read_csv('{shop}/crm/children_*.csv', all_varchar = true)",
    "products": "select * from read_csv('{shop}/products/products_*.csv')",
    "complaints": "select * from read_csv('{shop}/feedback/complaints_*.csv')",
    "reviews": "select * from read_csv('{shop}/feedback/reviews_*.csv')",
    "surveys": "select * from read_csv('{shop}/feedback/surveys_*.csv')",
    "happened": "select distinct event_id, member_no::varchar as person, event, occurred_at from "
    "read_parquet('{shop}/behaviour/behaviour_*.parquet')",
    "activity": f"select distinct person, occurred_at::date as day from happened where event not in {_PASSIVE}",
    "bought": "select distinct person, occurred_at::date as day from happened where event = 'order_paid'",
    "lines": "select distinct order_no, line_no, member_no as person, product_key, quantity::int as quantity, "
    "paid_amount::double as net, try_cast(ordered_at as timestamp)::date as day "
    "from read_csv('{shop}/orders/order_lines_*.csv.gz', all_varchar = true) union all "
    "select distinct order_no, line_no, platform_user_id, product_key, quantity::int, paid_amount::double, "
    "ordered_at::date from read_csv('{shop}/social/social_orders_*.csv', all_varchar = true)",
    "registered": "select person, moment, moment::date as day from (select member_no as person, "
    "min(try_cast(registered_at as timestamp)) as moment from profiles "
    "where channel in ('app', 'mini_program') and member_no < '600000000' group by all) where moment is not null",
    "persons": "select distinct coalesce(wechat_openid, douyin_id, member_no) as person, member_no from profiles",
}


def retention(files: Files, after: int) -> float:
    """Return the share of the registered who are active exactly `after` days later; unfinished days are left out."""
    return files.value(
        "select avg((a.day is not null)::int) from registered r left join activity a on a.person = r.person "
        f"and a.day = r.day + {after} where r.day >= '{files.first}' and r.day + {after} < '{files.last}'"
    )


def churn(files: Files, day: str) -> float:
    """Return the share of buyers of the 45 days before `day` who do not buy in the 30 days from it on."""
    return files.value(
        f"select 1 - avg((person in (select person from bought where day >= '{day}' and day < date '{day}' + 30))"
        f"::int) from (select distinct person from bought where day < '{day}' and day >= date '{day}' - 45)"
    )


def repurchase(files: Files, month: str) -> float:
    """Return the share of a month's buyers who buy on two or more of its days."""
    return files.value(
        "select avg((n >= 2)::int) from (select count(*) as n from bought "
        f"where day >= '{month}' and day < date '{month}' + interval 1 month group by person)"
    )


def stickiness(files: Files, month: str) -> float:
    """Return mean daily active ÷ monthly active persons of a month."""
    return files.value(
        "select count(*) / count(distinct day) / count(distinct person) from activity "
        f"where day >= '{month}' and day < date '{month}' + interval 1 month"
    )


def figures(files: Files) -> list[Figure]:
    """Compute the figures that retailers report, with what is typical."""
    months = whole_months(files)
    usual = [month for month in months if month[5:7] not in ("06", "07", "11", "12")]
    mean: Callable[[list[float]], float] = lambda values: sum(values) / len(values)  # noqa: E731
    settled = f"day >= '{files.first}' and day + 31 < '{files.last}'"
    back = "(select 1 from activity a where a.person = r.person and a.day > r.day)"
    first = "(select person, min(day) as day from bought group by person)"
    return [
        Figure("day-1 retention of the registered", "12 %", retention(files, 1), (0.09, 0.16)),
        Figure("day-7 retention", "< 10 %", retention(files, 7), (0.05, 0.11)),
        Figure("day-30 retention", "< 7 %", retention(files, 30), (0.025, 0.08)),
        Figure(
            "registered who are not seen in the first 24 hours after registering",
            "78 %",
            files.value(
                "select 1 - avg((exists (from happened h where h.person = r.person and h.event <> 'register' and "
                "h.event not in " + _PASSIVE + " and h.occurred_at between r.moment and r.moment + interval 24 hour))"
                f"::int) from registered r where {settled}"
            ),
            (0.65, 0.90),
        ),
        Figure(
            "registered who never visit again",
            "60 %",
            files.value(f"select 1 - avg((exists {back})::int) from registered r where {settled}"),
            (0.48, 0.70),
        ),
        Figure(
            "first buyers without a second purchase in 90 days",
            "30–45 %",
            files.value(
                "select 1 - avg((exists (from bought b where b.person = f.person and b.day > f.day and "
                f"b.day <= f.day + 90))::int) from {first} f where f.day >= date '{files.first}' + 90 "
                f"and f.day + 90 < '{files.last}'"
            ),
            (0.28, 0.47),
        ),
        Figure(
            "buyers of 45 days without a purchase in the next 30 (churn), usual months",
            "35 %",
            mean([churn(files, month) for month in usual[2:]]),
            (0.24, 0.45),
        ),
        Figure(
            "buyers of a month with two or more days (repurchase), usual months",
            "below 45 %",
            mean([repurchase(files, month) for month in usual]),
            (0.25, 0.48),
        ),
        Figure(
            "members of the registered",
            "below 30 %",
            files.value("select avg(t::int) from (select bool_or(member_tier <> 'normal') as t from profiles "
                        "group by member_no)"),
            (0.12, 0.30),
        ),
        Figure(
            "DAU/MAU, mean of the months",
            "below 15 %",
            mean([stickiness(files, month) for month in months]),
            (0.06, 0.15),
        ),
        Figure(
            "complaints filed under delivery",
            "22 %",
            files.value("select avg((category = 'delivery')::int) from complaints where status = 'opened'"),
            (0.12, 0.36),
        ),
        Figure("NPS (survey answers)", "below 45", nps(files), (5, 60), is_share=False),
        Figure(
            "addresses with an error that can be seen",
            "18 % (all errors)",
            files.value(
                "select avg((address = '不详' or province is null or city is null or city like '%省' "
                "or city = province and province not in ('上海市', '北京市', '天津市', '重庆市'))::int) from profiles"
            ),
            (0.08, 0.19),
        ),
        Figure(
            "phones missing or malformed",
            "25 % (with dead ones)",
            files.value(
                "select avg((phone is null or not regexp_matches(translate(regexp_replace(replace(phone, '+86', ''), "
                "'[^0-9０-９]', '', 'g'), '０１２３４５６７８９', '0123456789'), '^(0086)?1[3-9][0-9]{9}$'))::int) "
                "from profiles"
            ),
            (0.10, 0.20),
        ),
    ]  # fmt: skip


def nps(files: Files) -> float:
    """Return per cent of 9 and 10 minus per cent of 0 to 6."""
    return files.value("select 100 * (avg((score >= 9)::int) - avg((score <= 6)::int)) from surveys")


def whole_months(files: Files) -> list[str]:
    """Return the first days of the months that lie wholly in the files, without the last (churn looks ahead)."""
    rows = files.rows(
        f"select strftime(m, '%Y-%m-%d') from range(date '{files.first}', date '{files.last}', interval 1 month) t(x), "
        f"lateral (select date_trunc('month', x + interval 31 day) as m) where m + interval 2 month < '{files.last}'"
    )
    return sorted({month for (month,) in rows})


_HABITS = """
with days as ({days}), gaps as (select day - lag(day) over (partition by person order by day) as gap from days)
select (select avg((n = 1)::int) from (select count(*) as n from days group by person)),
       (select quantile_cont(gap, [0.25, 0.5, 0.75]) from gaps where gap is not null),
       (select quantile_cont(n, [0.25, 0.5, 0.75]) from ({sizes}))
"""
Habits = tuple[float, list[float], list[float]]


def habits(files: Files) -> Habits:
    """Return the share of one-time buyers, quartiles of days between purchases, and of lines in an order."""
    sizes = "select count(*) as n from lines group by order_no"
    return files.rows(_HABITS.format(days="select person, day from bought", sizes=sizes))[0]


def public_habits(data: Path) -> dict[str, Habits]:
    """Return the same of two public data sets that tell repeated purchases, one year each."""
    retail = f"select * from '{data}/online_retail_ii/online_retail_2009_2010.parquet'"
    retail += " where \"Customer ID\" is not null and Quantity > 0 and Price > 0 and Invoice not like 'C%'"
    journey = f"select * from '{data}/completejourney/transactions.parquet'"
    sets = {
        "Online Retail II (UK gifts, many wholesalers)": (
            f'select distinct "Customer ID" as person, InvoiceDate::date as day from ({retail})',
            f"select count(*) as n from ({retail}) group by Invoice",
        ),
        "The Complete Journey (US grocer, frequent shoppers)": (
            f"select distinct household_id as person, transaction_timestamp::date as day from ({journey})",
            f"select count(*) as n from ({journey}) group by basket_id",
        ),
    }
    engine = duckdb.connect()
    return {
        name: engine.execute(_HABITS.format(days=days, sizes=sizes)).fetchone()  # type: ignore[misc]
        for name, (days, sizes) in sets.items()
    }


def _group(column: str) -> str:
    cases = " ".join(
        f"when {column} in ({', '.join(repr(one) for one in ours.split(', '))}) then '{root}'"
        for root, (ours, _) in ROOTS.items()
    )
    return f"case {cases} end"


def ages_here(files: Files) -> list[tuple[str, float]]:
    """Return (root category, age in months) of one purchase per family with one known child, as the public set has."""
    return files.rows(
        f"select g, age from (select person, {_group('p.category')} as g, "
        "date_diff('day', (c.born || '-15')::date, l.day) / 30.44 as age, row_number() over (partition by c.member_no "
        "order by hash(l.order_no || l.line_no)) as pick from lines l join products p using (product_key) "
        "join persons x using (person) join (select member_no, max(coalesce(birth_month, due_month)) as born from "
        "children group by member_no having count(distinct child_no) = 1) c on c.member_no = x.member_no "
        "where l.day is not null) where pick = 1 and g is not null and age between -9 and 84 order by all"
    )


def ages_public(data: Path) -> list[tuple[str, float]]:
    """Return the same of the public mother-and-baby purchases."""
    folder = data / "tianchi_mum_baby"
    roots = ", ".join(f"'{root}'" for root in ROOTS)
    return duckdb.connect().execute(
        "select cat1::varchar, date_diff('day', strptime(birthday::varchar, '%Y%m%d'), strptime(day::varchar, "
        f"'%Y%m%d')) / 30.44 as age from read_csv('{folder}/mum_baby_trade_history.csv.gz') "
        f"join read_csv('{folder}/mum_baby.csv.gz') using (user_id) "
        f"where cat1::varchar in ({roots}) and age between -9 and 84 order by all"
    ).fetchall()  # fmt: skip


def quartiles(values: list[float]) -> str:
    """Say where the middle half lies."""
    ordered = sorted(values)
    if len(ordered) < 10:
        return f"– (n = {len(ordered)})"
    low, middle, high = (ordered[round(q * (len(ordered) - 1))] for q in (0.25, 0.5, 0.75))
    return f"{low:.0f} / **{middle:.0f}** / {high:.0f} (n = {len(ordered):,})"


def age_tables(here: list[tuple[str, float]], public: list[tuple[str, float]]) -> list[str]:
    """Write the comparison of children's ages at purchase."""
    lines = [
        "| category here | root category there | age here: quartiles | age there |",
        "|---|---|---|---|",
    ]
    for root, (ours, theirs) in ROOTS.items():
        one, other = ([age for g, age in rows if g == root] for rows in (here, public))
        lines.append(f"| {ours} | {root} ({theirs}) | {quartiles(one)} | {quartiles(other)} |")
    heads = [f"{low}–{high} months" if low >= 0 else "before birth" for low, high in AGES]
    lines += ["", "| share of purchases: here / there | " + " | ".join(heads) + " |", "|---" * (len(AGES) + 1) + "|"]
    off = 0.0
    counts = [[sum(low <= age < high for _, age in rows) for rows in (here, public)] for low, high in AGES]
    for root, (ours, _) in ROOTS.items():
        cells = []
        for low, high in AGES:
            shares = []
            for rows in (here, public):
                band = [g for g, age in rows if low <= age < high]
                shares.append(band.count(root) / len(band) if band else 0.0)
            cells.append(f"{100 * shares[0]:.0f} / {100 * shares[1]:.0f} %")
        lines.append(f"| {ours} | " + " | ".join(cells) + " |")
    totals = [len(here), len(public)]
    cells = [f"{100 * one / totals[0]:.0f} / {100 * two / totals[1]:.0f} %" for one, two in counts]
    off = sum(abs(one / totals[0] - two / totals[1]) for one, two in counts) / 2
    lines.append("| *all* | " + " | ".join(cells) + " |")
    return [*lines, "", f"Purchases by age, all categories: {100 * off:.0f} % would have to move to another column."]


def page(files: Files, customers: int, data: Path | None) -> str:
    """Write the page."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    lines = [
        "<!-- Written by `make calibrate-sim`; don't edit. -->",
        "",
        "# Simulated shop: calibration",
        "",
        f"Version {VERSION}, variant `plain`, {customers:,} customers, seed 1, {files.first} to {files.last}; computed "
        f"on {datetime.now(UTC):%Y-%m-%d} at commit `{commit.stdout.strip() or 'unknown'}`.",
        "Every figure comes from the shop's files, as a real shop would compute it; none from the truth. *Typical* is",
        "the state that mother-and-baby retailers report; nothing was fitted to the public data sets below.",
        "Activity and purchases are those of the app and the mini-program, by member number.",
        "",
        "## Against a typical shop",
        "",
        "| figure | typical | here |",
        "|---|---|---|",
        *(f"| {one.name} | {one.typical} | {one.text} |" for one in figures(files)),
        "",
        "Retention curve, share of the registered active exactly N days later:",
        "",
        _row("| day", [1, 2, 3, 5, 7, 14, 21, 30, 60, 90]),
        "|---" * 11 + "|",
        _row("| active", [f"{100 * retention(files, day):.1f} %" for day in (1, 2, 3, 5, 7, 14, 21, 30, 60, 90)]),
        "",
        "| month | churn | repurchase | DAU/MAU |",
        "|---|---|---|---|",
        *(
            f"| {month[:7]} | {100 * churn(files, month):.0f} % | {100 * repurchase(files, month):.0f} % | "
            f"{100 * stickiness(files, month):.1f} % |"
            for month in whole_months(files)[1:]
        ),
        "",
        "Churn: buyers of the 45 days before the month without a purchase in its first 30. Promotions (11.11, 618)",
        "raise the repurchase of their month and fill cupboards, which shows as churn after them.",
        "",
        "## Against public data",
        "",
    ]
    if data is None:
        return "\n".join([*lines, "Not compared: `LIUKE_DATA` names no folder with the data sets.", ""])
    lines += [
        "| a year of | one-time buyers | days between purchases: quartiles | lines in an order: quartiles |",
        "|---|---|---|---|",
        *(_habit(name, one) for name, one in ({"the simulated shop": habits(files)} | public_habits(data)).items()),
        "",
        "Neither public set is a mother-and-baby shop and neither was aimed at; they show the order of magnitude.",
        "",
        "### Children's ages at purchase, beside real ones",
        "",
        "One purchase per family with one known child, beside real purchases with a child's birthday (Alibaba Tianchi,",
        "2012–2015; a part of 70 %). That set names no categories: its root numbers are those of Taobao's public",
        "category tree plus three, and ages and quantities fit the names. Children's shoes have no counterpart here.",
        "Ages in months.",
        "",
        *age_tables(ages_here(files), ages_public(data)),
        "",
        "## Where it does not fit",
        "",
        *_MISFITS,
        "",
    ]
    return "\n".join(lines)


_MISFITS = (
    "- **Clothes.** Real mothers buy them for children of every age, half of them after the second birthday; here they",
    "  are a side line of the first year: 4 in 10 real purchases, 1 in 20 here. This shop sells nappies and formula,",
    "  as a specialist does; the real purchases come from a market place.",
    "- **After the third birthday.** A fifth of real purchases, few here: customers outgrow this shop at 42 months.",
    "- **Toys and books** are bought about half a year too early, for the same reason.",
    "- **Order sizes** have a short tail: no wholesalers, nobody who buys for a nursery school.",
    "- **Intervals** are more regular than real ones: they follow from what is used up; real life has more reasons.",
    "- **The public set** has one purchase per user, of 2012–2015: it says nothing about repurchase.",
)


def _row(head: str, cells: list[Any]) -> str:
    return f"{head} | " + " | ".join(str(cell) for cell in cells) + " |"


def _habit(name: str, one: Habits) -> str:
    gaps, sizes = (" / ".join(f"{value:.0f}" for value in values) for values in one[1:])
    return f"| {name} | {100 * one[0]:.0f} % | {gaps} | {sizes} |"


def main() -> None:
    """Generate a shop, compare, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--page", type=Path, default=PAGE)
    chosen = parser.parse_args()
    config = replace(VARIANTS["plain"], customers=chosen.customers)
    folder = os.environ.get("LIUKE_DATA")
    with tempfile.TemporaryDirectory() as scratch:
        Shop.generate(config, seed=1).write_history(Path(scratch), until=config.end)
        text = page(Files(Path(scratch), config.start, config.end), chosen.customers, Path(folder) if folder else None)
    chosen.page.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
