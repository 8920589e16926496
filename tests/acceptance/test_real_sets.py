"""The four public data sets, from nothing to an evaluation by the commands of docs/how-to/real-data-sets.md.

Each file is counted here a second time, by other means than the product's: row by row, the first reason that applies.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from liuke.app.cli.main import cli
from liuke.app.loop import STEPS

DAYS = {
    "cdnow": "1998-07-01",
    "tianchi_mum_baby": "2015-02-06",
    "online_retail_ii": "2010-12-10",
    "completejourney": "2018-01-01",
}
NO_CHURN = "tianchi_mum_baby"
BASELINES = {"majority", "recency", "rfm", "bg_nbd"}
ARTICLE = re.compile(r"([0-9]{5}|DCGS|gift_0|PADS|SP)")

Reason = str | None  # None: loaded
Counted = dict[str, tuple[Counter[Reason], int]]  # per source: rows by reason, buyers of the last whole month


def read_csv(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_parquet(path: Path, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield rows; nothing but reading is left to the library."""
    table = pq.read_table(path, columns=list(columns))
    return zip(*(table[column].to_pylist() for column in columns), strict=True)


def count_cdnow(folder: Path) -> Counted:
    rows = read_csv(folder / "cdnow_sample.csv.gz")
    reasons = Counter("nothing paid" if float(row["dollars"]) <= 0 else None for row in rows)
    buyers = {row["customer_id"] for row in rows if row["date"].startswith("199806") and float(row["dollars"]) > 0}
    return {"cdnow": (reasons, len(buyers))}


def count_tianchi(folder: Path) -> Counted:
    trades, children = read_csv(folder / "mum_baby_trade_history.csv.gz"), read_csv(folder / "mum_baby.csv.gz")
    sold = Counter("quantity below one" if int(row["buy_mount"]) < 1 else None for row in trades)
    seen: set[str] = set()
    born: Counter[Reason] = Counter()
    for row in children:
        reason = "birthday too early for a child" if row["birthday"] < "20000101" else None
        if reason is None and row["user_id"] in seen:
            reason = "repeats the key (user_id) of an earlier row"
        seen.add(row["user_id"])
        born[reason] += 1
    buyers = {row["user_id"] for row in trades if row["day"].startswith("201501") and int(row["buy_mount"]) >= 1}
    return {"tianchi-trades": (sold, len(buyers)), "tianchi-children": (born, 0)}


def retail_reason(invoice: str, code: str, quantity: int, price: float, customer: int | None) -> Reason:
    rules = {
        "no customer": customer is None,
        "adjustment of the ledger": invoice.startswith("A"),
        "not a product": not ARTICLE.match(code),
        "price not positive": price <= 0,
        "stock correction": quantity <= 0 and not invoice.startswith("C"),
    }
    return next((reason for reason, applies in rules.items() if applies), None)


def retail_lines(folder: Path) -> Iterator[tuple[Reason, int, date, float]]:
    """Yield each line: why it is left out, customer, day, money (below zero on a credit note)."""
    columns = ("Invoice", "StockCode", "Quantity", "Price", "Customer ID", "InvoiceDate")
    for invoice, code, quantity, price, customer, at in read_parquet(
        folder / "online_retail_2009_2010.parquet", *columns
    ):
        yield retail_reason(invoice, code, quantity, price, customer), customer, at.date(), quantity * price


def retail_left(folder: Path) -> dict[tuple[int, date], float]:
    """Return what is left of a customer's purchases of a day; credit notes take from the latest up to theirs."""
    bought: Counter[tuple[int, date]] = Counter()
    back: Counter[tuple[int, date]] = Counter()
    for reason, customer, day, money in retail_lines(folder):
        if reason is None:
            (back if money < 0 else bought)[customer, day] += abs(money)
    left = dict(bought)
    for customer, day in sorted(back):
        credit = back[customer, day]
        for other in sorted((key for key in left if key[0] == customer and key[1] <= day), reverse=True):
            part = min(credit, left[other])
            left[other] -= part
            credit -= part
    return left


def count_retail(folder: Path) -> Counted:
    reasons = Counter(reason for reason, *_ in retail_lines(folder))
    november = {customer for (customer, day), money in retail_left(folder).items() if in_november(day) and money > 0.01}
    return {"online-retail": (reasons, len(november))}


def in_november(day: date) -> bool:
    return (day.year, day.month) == (2010, 11)


def count_journey(folder: Path) -> Counted:
    # December in New York, in the UTC of the file
    begin, end = datetime(2017, 12, 1, 5), datetime(2018, 1, 1, 5)
    reasons: Counter[Reason] = Counter()
    buyers: set[int] = set()
    columns = ("household_id", "quantity", "sales_value", "transaction_timestamp")
    for household, quantity, value, at in read_parquet(folder / "transactions.parquet", *columns):
        empty = quantity == 0 and round(value, 4) == 0  # fifteen rows hold 1e-16 and the like: dust of binary sums
        reasons["nothing bought and nothing paid" if empty else None] += 1
        if not empty and begin <= at < end:
            buyers.add(household)
    others = {
        "cj-products": "products",
        "cj-demographics": "demographics",
        "cj-campaigns": "campaigns",
        "cj-redemptions": "coupon_redemptions",
    }
    found: Counted = {"cj-transactions": (reasons, len(buyers))}
    for source, name in others.items():
        found[source] = (Counter({None: pq.read_metadata(folder / f"{name}.parquet").num_rows}), 0)
    return found


COUNT: dict[str, Callable[[Path], Counted]] = {
    "cdnow": count_cdnow,
    "tianchi_mum_baby": count_tianchi,
    "online_retail_ii": count_retail,
    "completejourney": count_journey,
}


@pytest.fixture(scope="module", params=DAYS)
def name(request: pytest.FixtureRequest, data_dir: Path) -> str:
    example = str(request.param)
    if not (data_dir / example).is_dir():
        pytest.skip(f"optional: there is no {example} in LIUKE_DATA")
    return example


@pytest.fixture(scope="module")
def trip(name: str, travel: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return travel(name, tmp_path_factory.mktemp("real") / name, DAYS[name])


@pytest.fixture(scope="module")
def counted(name: str, data_dir: Path) -> Counted:
    return COUNT[name](data_dir / name)


def total(reasons: Iterable[int]) -> int:
    return sum(reasons)


def test_every_row_is_accounted_for(trip: Any, counted: Counted) -> None:
    counts = trip.counts()
    assert counts.keys() == counted.keys()
    for source, (rows, loaded, filtered, quarantined) in counts.items():
        expected, _ = counted[source]
        assert rows == total(expected.values())
        assert loaded + total(filtered.values()) + total(quarantined.values()) == rows
        assert {None: loaded, **filtered, **quarantined} == dict(expected)
    assert trip.first["refused"] == []


def test_the_documentation_says_the_same_counts(trip: Any) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "real-data-sets.md").read_text(encoding="utf-8")
    for one in trip.first["loads"]:
        reasons = ", ".join(
            f"{count:,} {reason}" for reason, count in sorted(one["filtered"].items(), key=lambda item: -item[1])
        )
        quarantined = total(one["quarantined"].values())
        assert f"| {one['rows']:,} | {one['loaded']:,} | {reasons or 0} | {quarantined} |" in page, one["file_key"]
    assert len(trip.first["loads"]) > 0


def test_the_same_files_again_change_nothing(trip: Any, counted: Counted) -> None:
    assert trip.second == {"loads": [], "refused": [], "unchanged": len(counted)}
    ingest = trip.run["steps"][0]
    assert (ingest["name"], ingest["note"]) == ("ingest", "no new files")


def test_tags_figures_and_a_publication(trip: Any, name: str, counted: Counted) -> None:
    assert trip.status["as_of"] == DAYS[name]
    assert [one["state"] for one in trip.run["steps"]] == ["done"] * len(STEPS)
    assert trip.figure("buyers")[0] == max(buyers for _, buyers in counted.values())
    customers = pq.read_metadata(trip.published("customers.parquet")).num_rows
    assert customers == trip.status["tables"]["customer_tags"] > 1_000
    assert pq.read_metadata(trip.published("timeline.parquet")).num_rows > customers / 2


def test_credit_notes_lower_the_revenue(trip: Any, name: str, data_dir: Path) -> None:
    if name != "online_retail_ii":
        return  # the only set that tells what went back
    left = sum(money for (_, day), money in retail_left(data_dir / name).items() if in_november(day))
    assert trip.figure("revenue")[0] == pytest.approx(100 * left, abs=500)  # each invoice is rounded to whole pence
    assert left < 1_161_000  # what was invoiced is 1,161,854


def test_nobody_without_consent_is_written_to(trip: Any, name: str) -> None:
    assert trip.run["rehearsed"] is True
    messages = trip.status["messages"]
    assert {(one["state"], one["reason"]) for one in messages} == {("held", "no_consent")}
    fewest = 40 if name == "completejourney" else 100  # a grocer's customers rarely leave: few contacts pay
    assert sum(one["messages"] for one in messages) > fewest
    assert [path for path in (trip.workspace / "outbox").rglob("*") if path.is_file()] == []
    assert {one["verdict"] for one in trip.status["effects"]} == {"too_early"}


def test_churn_is_judged_beside_baselines_or_refused_with_a_reason(trip: Any, name: str) -> None:
    assert trip.evaluation["as_of"] == DAYS[name], "the day after the last order"
    if name == NO_CHURN:
        refused = trip.evaluation["not_enough_data"]
        assert refused["reason_en"].startswith("not enough data to predict churn: only 16 of 20,974 buyers")
        assert refused["reason_zh"].startswith("数据不足，无法预测流失")
        assert refused["have"] < refused["need"]
        assert trip.run["missing"]["churn"] == trip.status["missing"]["churn"] == refused
        assert "churn_scores" not in trip.status["tables"]
        return
    assert trip.run["missing"] == {}
    assert trip.status["tables"]["churn_scores"] == trip.status["tables"]["warnings"] > 300
    assert [one["population"] for one in trip.evaluation["populations"]] == ["active", "all"]
    for population in trip.evaluation["populations"]:
        cards = {one["model"]: one for one in population["scorecards"]}
        assert cards.keys() == {"lightgbm", *BASELINES}
        assert cards["majority"]["auroc"]["value"] == 0.5
        learner = cards["lightgbm"]["auroc"]
        assert learner["low"] < learner["value"] < learner["high"] < 0.95, "too good to be true: a leak"
        assert learner["low"] > cards["majority"]["auroc"]["value"]
        assert cards["lightgbm"]["n"] == cards["bg_nbd"]["n"] == population["n_final"]
        best = max(cards[other]["auroc"]["value"] for other in BASELINES)
        assert learner["value"] > best - 0.005, "the learner starts from its baselines and must not lose to them"
        assert cards["lightgbm"]["precision_at_recall"]["n"] == population["n_final"]


def test_models_are_listed_explained_and_rolled_back_by_command(trip: Any, name: str) -> None:
    if name != "cdnow":
        return  # one set is enough

    def asked(*words: str, code: int = 0) -> Any:
        result = CliRunner().invoke(cli, ["models", *words, "-w", str(trip.workspace), "--json"])
        assert result.exit_code == code, result.output
        return json.loads(result.output)

    listed = asked("list")
    (model,) = listed["models"]
    assert model["in_use"]
    assert [one["action"] for one in listed["decisions"]] == ["first"]
    shown = asked("show")
    assert shown["version"] == listed["in_use"] == model["version"]
    assert {"orders", "order_items"} & shown["inputs"].keys()
    assert len(shown["feature_hashes"]) == len(shown["features"]) - 1  # all but what the purchase models say
    for language, words in (("en", "What not to do with it"), ("zh", "不要用来做什么")):
        assert words in asked("card", "--language", language)["card"]
    refused = asked("roll-back", code=2)
    assert "no earlier churn model" in refused["error"]["message"]
    assert asked("promote", model["version"])["action"] == "chosen"
    assert "no language" in asked("card", "--language", "fr", code=2)["error"]["message"]
