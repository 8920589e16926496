"""Small files with the columns and the quirks of the four public data sets: they always run, and every figure below was
worked out by hand.
"""

from __future__ import annotations

import gzip
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

EMPTY: dict[str, int] = {}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("LIUKE_DATA", str(folder))
    return folder


def write_csv(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def write_parquet(path: Path, **columns: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def customers(trip: Any) -> int:
    return int(pq.read_metadata(trip.published("customers.parquet")).num_rows)


def test_cdnow(data: Path, travel: Any, tmp_path: Path) -> None:
    write_csv(
        data / "cdnow" / "cdnow_sample.csv.gz",
        "customer_id,sample_id,date,cds,dollars",
        "1,1,19970105,2,20.00",
        "1,1,19970105,1,9.50",  # the same day: one order of 29.50
        "1,1,19970220,1,10.00",
        "2,2,19970215,3,30.00",
        "2,2,19970215,3,30.00",  # the same line twice: both were bought
        "2,2,19970301,1,0.00",  # a gift: filtered
        "3,3,19970230,1,12.00",  # there is no 30th of February
        "3,3,19970305,,12.00",  # no number of discs
        "4,4,19970310,1,x",  # no price
        "5,5,19970331,4,40.25",
        "6,6,19970310,1,5.00",
        "6,6,19970311,1,6.00",
    )
    trip = travel("cdnow", tmp_path / "cdnow", "1997-04-01")
    [(rows, loaded, filtered, quarantined)] = trip.counts().values()
    assert (rows, loaded, filtered) == (12, 8, {"nothing paid": 1})
    assert sorted(quarantined.values()) == [1, 1, 1]
    assert {reason.split()[0] for reason in quarantined} == {"cds", "date", "dollars"}
    assert trip.second == {"loads": [], "refused": [], "unchanged": 1}
    tables = trip.status["tables"]
    assert (tables["orders"], tables["order_items"], tables["customers"]) == (6, 8, 4)
    # March 1997: 40.25 of customer 5 and two days of customer 6
    assert trip.figure("revenue") == (51_25, "1997-03-01 … 1997-03-31")
    assert trip.figure("buyers")[0] == trip.figure("new_buyers")[0] == 2
    assert trip.figure("average_order_value")[0] == pytest.approx(51_25 / 3, abs=1e-4)
    assert customers(trip) == 4
    assert trip.evaluation["as_of"] == "1997-04-01"
    assert trip.evaluation["not_enough_data"] == trip.run["missing"]["churn"]


def test_cdnow_with_enough_buyers_is_judged_beside_baselines(data: Path, travel: Any, tmp_path: Path) -> None:
    """Two kinds of customers, drawn from a seed: the loyal keep buying every month, the others stop one by one."""
    chance = random.Random(5)
    lines = ["customer_id,sample_id,date,cds,dollars"]
    end = date(1998, 6, 30)
    for customer in range(1, 601):  # a customer "0" would be a placeholder
        day = date(1997, 1, 1) + timedelta(days=chance.randrange(90))
        stops = 0.0 if customer % 3 == 0 else 0.12
        while day <= end:
            lines.append(f"{customer},{customer},{day:%Y%m%d},1,{chance.uniform(5, 40):.2f}")
            if chance.random() < stops:
                break
            day += timedelta(days=1 + int(chance.expovariate(1 / 30)))
    lines.append(f"1,1,{end:%Y%m%d},1,9.99")
    write_csv(data / "cdnow" / "cdnow_sample.csv.gz", *lines)
    trip = travel("cdnow", tmp_path / "cdnow", "1998-07-01")
    assert trip.counts() == {"cdnow": (len(lines) - 1, len(lines) - 1, EMPTY, EMPTY)}
    active, everybody = trip.evaluation["populations"]
    assert {one["model"] for one in active["scorecards"]} == {"lightgbm", "majority", "recency", "rfm", "bg_nbd"}
    auroc = {one["model"]: one["auroc"]["value"] for one in everybody["scorecards"]}
    assert auroc["majority"] == 0.5
    assert min(auroc["lightgbm"], auroc["recency"], auroc["bg_nbd"]) > 0.75, "who stopped long ago is easy to tell"
    assert trip.status["tables"]["churn_scores"] == trip.status["tables"]["warnings"] > 100
    assert {one["state"] for one in trip.status["messages"]} <= {"held"}


def test_tianchi_mum_baby(data: Path, travel: Any, tmp_path: Path) -> None:
    folder = data / "tianchi_mum_baby"
    write_csv(
        folder / "mum_baby_trade_history.csv.gz",
        "user_id,auction_id,cat_id,cat1,buy_mount,day",
        "11,901,50014866,50022520,2,20141203",
        "11,902,50011993,28,1,20141203",  # two lines of one order
        "12,901,50014866,50022520,10000,20141210",  # a reseller
        "13,903,50007016,50008168,1,20150105",
        "13,903,50007016,50008168,1,20150120",  # the only one who came back
        "14,904,211122,38,0,20150110",  # nothing bought
        "15,905,211122,38,1,2015",  # no day
        "16,905,211122,38,1,20150131",
    )
    write_csv(
        folder / "mum_baby.csv.gz",
        "user_id,birthday,gender",
        "11,20130304,0",
        "12,19840616,1",  # the mother's, surely
        "13,20150815,2",  # not born yet
        "13,20140101,1",  # a second row of the same user
        "99,20121111,1",  # a user without purchases
    )
    trip = travel("tianchi_mum_baby", tmp_path / "tianchi", "2015-02-01")
    counts = trip.counts()
    assert counts["tianchi-children"] == (
        5,
        3,
        EMPTY,
        {"birthday too early for a child": 1, "repeats the key (user_id) of an earlier row": 1},
    )
    rows, loaded, filtered, quarantined = counts["tianchi-trades"]
    assert (rows, loaded, filtered) == (8, 6, EMPTY)
    assert quarantined.pop("quantity below one") == 1
    [(unreadable, n_unreadable)] = quarantined.items()
    assert unreadable.startswith("day")
    assert n_unreadable == 1
    assert trip.second["unchanged"] == 2
    tables = trip.status["tables"]
    assert (tables["orders"], tables["order_items"], tables["children"], tables["products"]) == (5, 6, 3, 4)
    assert trip.figure("buyers") == (2, "2015-01-01 … 2015-01-31")
    assert "revenue" not in {one["metric"] for one in trip.status["metrics"]}, "there are no prices: unknown, not zero"
    assert customers(trip) == 5, "four buyers, and a child's parent who never bought"
    refused = trip.evaluation["not_enough_data"]
    assert refused["have"] == 1
    assert "1 of 4 buyers" in refused["reason_en"]
    assert "数据不足" in refused["reason_zh"]


def test_online_retail_ii(data: Path, travel: Any, tmp_path: Path) -> None:
    lines: list[tuple[str, str, str | None, int, datetime, float, int | None]] = [
        ("500001", "85048", "LIGHTS", 10, datetime(2010, 10, 4, 9), 2.50, 1),
        ("500001", "22041", "FRAME", 4, datetime(2010, 10, 4, 9), 1.25, 1),
        ("500001", "22041", "FRAME", 4, datetime(2010, 10, 4, 9), 1.25, 1),  # the same line twice: both were sold
        ("500001", "POST", "POSTAGE", 1, datetime(2010, 10, 4, 9), 18.00, 1),  # not a product
        ("500002", "85048", None, 2, datetime(2010, 11, 8, 15), 2.50, 2),
        ("500003", "85048", "LIGHTS", 1, datetime(2010, 11, 9, 15), 2.50, None),  # nobody
        ("500004", "84077", "FREE", 1, datetime(2010, 11, 9, 16), 0.00, 2),  # given away
        ("500005", "21231", "check", -7, datetime(2010, 11, 9, 17), 1.00, 2),  # a correction of the stock
        ("A500006", "22041", "Adjust bad debt", 1, datetime(2010, 11, 9, 18), 9.99, 2),  # the ledger's
        ("C500007", "22041", "FRAME", -3, datetime(2010, 11, 20, 10), 1.25, 1),  # a credit note
        ("500008", "DCGS0076", "SUNJAR", 1, datetime(2010, 11, 30, 23, 59), 16.99, 3),
        ("500009", "gift_0001_20", "VOUCHER", 1, datetime(2010, 12, 1, 0, 0), 17.02, 3),  # December
    ]
    names = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID")
    write_parquet(
        data / "online_retail_ii" / "online_retail_2009_2010.parquet",
        **dict(zip(names, map(list, zip(*lines, strict=True)), strict=True)),
        Country=["United Kingdom"] * len(lines),
    )
    trip = travel("online_retail_ii", tmp_path / "retail", "2010-12-02")
    assert trip.counts() == {
        "online-retail": (
            12,
            7,
            {
                "adjustment of the ledger": 1,
                "no customer": 1,
                "not a product": 1,
                "price not positive": 1,
                "stock correction": 1,
            },
            EMPTY,
        )
    }
    assert trip.second["unchanged"] == 1
    tables = trip.status["tables"]
    # four invoices and the credit note; its line isn't sold
    assert (tables["orders"], tables["order_facts"], tables["order_items"]) == (4, 5, 6)
    assert (tables["customers"], tables["products"]) == (3, 4)
    # November: 2 × 2.50 and 16.99
    assert trip.figure("revenue") == (21_99, "2010-11-01 … 2010-11-30")
    assert trip.figure("buyers")[0] == 2
    assert trip.evaluation["as_of"] == "2010-12-02"
    assert trip.evaluation["not_enough_data"]["have"] == 1, "only customer 3 bought on two days"


def journey(folder: Path) -> None:
    write_parquet(
        folder / "products.parquet",
        product_id=[801, 802],
        manufacturer_id=[1, 2],
        department=["GROCERY", "DRUG GM"],
        brand=["National", "Private"],
        product_category=["BABY FOODS", None],
        product_type=["BABY FOOD - JAR", None],
        package_size=["4 OZ", None],
    )
    write_parquet(folder / "demographics.parquet", household_id=[1, 7], age=["25-34", "45-54"], kids_count=["1", "0"])
    write_parquet(folder / "campaigns.parquet", campaign_id=[13, 18, 28], household_id=[1, 1, 2])
    write_parquet(
        folder / "coupon_redemptions.parquet",
        household_id=[1, 1],
        coupon_upc=[51380041013, 51380041013],  # the same coupon twice on a day
        campaign_id=[13, 13],
        redemption_date=[datetime(2017, 11, 5)] * 2,
    )
    lines = [
        (3, 30, 802, 1, 1.00, 0.00, datetime(2017, 10, 31, 20)),
        (1, 31, 801, 2, 4.00, 1.00, datetime(2017, 11, 5, 20)),
        (1, 31, 802, 1, 1.50, 0.00, datetime(2017, 11, 5, 20)),
        (1, 31, 801, 1, 2.00, 0.00, datetime(2017, 11, 5, 20)),  # a basket names a product once
        (2, 32, 801, 0, 0.00, 0.00, datetime(2017, 11, 6, 20)),  # nothing
        (2, 33, 802, 0, 4.4e-16, 0.00, datetime(2017, 11, 6, 21)),  # nothing, by a binary sum
        (2, 34, 802, 3, 4.50, 0.50, datetime(2017, 12, 1, 4, 30)),  # UTC; in New York still November
        (3, 35, 801, 1, 2.25, 0.00, datetime(2017, 12, 1, 5, 0)),  # midnight in New York
    ]
    names = (
        "household_id",
        "basket_id",
        "product_id",
        "quantity",
        "sales_value",
        "retail_disc",
        "transaction_timestamp",
    )
    n_lines = len(lines)
    write_parquet(
        folder / "transactions.parquet",
        **dict(zip(names, map(list, zip(*lines, strict=True)), strict=True)),
        store_id=[406] * n_lines,
        coupon_disc=[0.0] * n_lines,
        coupon_match_disc=[0.0] * n_lines,
        week=[45] * n_lines,
    )


def test_completejourney(data: Path, travel: Any, tmp_path: Path) -> None:
    journey(data / "completejourney")
    trip = travel("completejourney", tmp_path / "journey", "2017-12-02")
    assert trip.counts() == {
        "cj-transactions": (
            8,
            5,
            {"nothing bought and nothing paid": 2},
            {"repeats the key (basket_id, product_id) of an earlier row": 1},
        ),
        "cj-products": (2, 2, EMPTY, EMPTY),
        "cj-demographics": (2, 2, EMPTY, EMPTY),
        "cj-campaigns": (3, 2, EMPTY, {"campaign without a start date": 1}),
        "cj-redemptions": (2, 2, EMPTY, EMPTY),
    }
    assert trip.second["unchanged"] == 5
    tables = trip.status["tables"]
    assert (tables["orders"], tables["order_items"], tables["touches"], tables["events"]) == (4, 5, 2, 2)
    # November in New York: baskets 31 (4.00 + 1.50) and 34 (4.50)
    assert trip.figure("revenue") == (10_00, "2017-11-01 … 2017-11-30")
    assert trip.figure("buyers")[0] == 2
    assert customers(trip) == 4, "three who bought, and one who only answered the survey"
    assert trip.evaluation["as_of"] == "2017-12-02"
    assert trip.evaluation["not_enough_data"]["have"] == 1, "only household 3 bought on two days"
