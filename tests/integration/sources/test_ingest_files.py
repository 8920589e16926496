"""What happens to the rows of a file, from the file to what is visible."""

from __future__ import annotations

import gzip
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from liuke.collect.sources import FileState, MappingError
from liuke.kernel import stable_id

HEADER = "order_no,line_no,member_no,phone,paid_at,sku,quantity,price\n"
A = "A1,1,M1,13800138000,2026-02-01 07:30:00,SKU1,2,10.50"
A2 = "A1,2,M1,+86 138-0013-8000,2026-02-01 07:30:00,SKU2,1,5.00"
B = "B1,1,M2,,2026-02-02 23:59:59,SKU1,1,10.505"
NOW = datetime(2026, 3, 1, 12)


def lines(*rows: str) -> str:
    return HEADER + "".join(row + "\n" for row in rows)


def test_rows_become_canonical(shop: Any) -> None:
    shop.file("orders/d1.csv", lines(A, A2, B))
    (load,) = shop.ingest().loads
    assert (load.rows, load.loaded, load.state) == (3, 3, FileState.NEW)
    member = stable_id("member", "M1")
    columns = "order_key, identity_id, occurred_at, occurred_on, currency, recorded_at, row_number"
    assert shop.rows("orders", columns) == [
        ("A1", member, datetime(2026, 1, 31, 23, 30), date(2026, 2, 1), "CNY", datetime(2026, 2, 1, 0, 30), 1),
        ("B1", stable_id("member", "M2"), datetime(2026, 2, 2, 15, 59, 59), date(2026, 2, 2), "CNY",
         datetime(2026, 2, 2, 16, 59, 59), 3),
    ]  # fmt: skip
    assert shop.rows("order_facts", "order_id, fact, amount_minor") == sorted(
        [(stable_id("order", "A1"), "paid", 2600), (stable_id("order", "B1"), "paid", 1050)]
    )
    assert shop.rows("order_items", "row_number, product_id, quantity, unit_price, net_minor, line_no") == [
        (1, stable_id("product", "SKU1"), 2.0, Decimal("10.5000"), 2100, 1),
        (2, stable_id("product", "SKU2"), 1.0, Decimal("5.0000"), 500, 2),
        (3, stable_id("product", "SKU1"), 1.0, Decimal("10.5050"), 1050, 3),  # halves to even
    ]


def test_links_are_normalised_and_peppered(shop: Any) -> None:
    shop.file("orders/d1.csv", lines(A, A2, B))
    shop.ingest()
    phone = stable_id(shop.cipher.pepper + "phone", "13800138000")
    assert shop.rows("identities", "identity_id, namespace, linked_identity_id, row_number, rule") == [
        (stable_id("member", "M1"), "phone", phone, 1, "same phone")
    ]
    assert phone != stable_id("phone", "13800138000")


def test_the_same_file_twice_adds_nothing(shop: Any) -> None:
    shop.file("orders/d1.csv", lines(A, B))
    shop.ingest()
    before = shop.content()
    snapshots = {info.name: info.snapshots for info in shop.lake.tables()}
    again = shop.ingest(NOW + timedelta(days=1))
    assert (again.loads, again.unchanged) == ((), 1)
    assert shop.content() == before
    assert {info.name: info.snapshots for info in shop.lake.tables()} == snapshots


def test_each_broken_row_is_explained(shop: Any) -> None:
    shop.file(
        "orders/d1.csv",
        lines(
            A,
            "A2,1,M1,,2026-13-45 09:30:00,SKU1,2,10.50",
            "A3,1,M1,,2026-02-01 09:30:00,SKU1,two,10.50",
            "A4,1,M1,,2026-02-01 09:30:00,SKU1,2.5,10.50",
            "too,short",
            "A5,1,M1,,2026-02-01 09:30:00,SKU1,500,10.50",
            "A6,1,,,2026-02-01 09:30:00,SKU1,5,10.50",
            "A7,1,M1,,,SKU1,5,10.50",
            A,
            "TEST1,1,M1,,2026-02-01 09:30:00,SKU1,two,10.50",
            "A8,1,M1,,2026-02-01 09:30:00,SKU1,5,a lot",
            B,
            *(f"C{i},1,M1,,2026-02-01 09:30:00,SKU1,5,1" for i in range(20)),
        ),
    )
    (load,) = shop.ingest().loads
    assert load.loaded == 22
    assert load.filtered == {"test order": 1}
    messages = {row.row_number: row.message for row in shop.ingestor.quarantined()}
    assert messages == {
        2: "paid_at: '2026-13-45 09:30:00' is not a timestamp such as 2026-01-31 12:00:00",
        3: "quantity: 'two' is not a whole number",
        4: "quantity: '2.5' is not a whole number",
        5: "row has fewer columns than the header",
        6: "quantity: '500' out of range",
        7: "member_no is empty",
        8: "paid_at is empty",
        9: "repeats the key (order_no, line_no) of an earlier row",
        11: "price: 'a lot' is not an amount",
    }
    assert load.rows == 32 == load.loaded + sum(load.filtered.values()) + sum(load.quarantined.values())
    # numbers count the file's rows, also behind one that could not be read
    assert {row[0] for row in shop.rows("order_items", "row_number")} == {1, *range(12, 33)}


def test_raw_rows_are_sealed(shop: Any) -> None:
    shop.file("orders/d1.csv", lines(A, B, "A2,1,M1,13912345678,never,SKU1,2,10.50"))
    shop.ingest()
    (row,) = shop.ingestor.quarantined()
    assert row.raw["phone"] == "13912345678"
    everything = b"".join(path.read_bytes() for path in shop.workspace.path.glob("operations.db*"))
    assert b"13912345678" not in everything


def test_a_filter_does_not_decide_by_an_unreadable_value(shop: Any) -> None:
    shop.mapping(
        """
        language: 1
        source: s
        files: files/s.csv
        format: csv
        columns: {customer: integer}
        filters: [{reason: nobody, when: customer is null}]
        identity: {namespace: c, key: customer}
        emit: [{table: customers, fields: {city: city}}]
        """
    )
    shop.file("s.csv", "customer,city\n1,x\n,y\nabc,z\n")
    (load,) = shop.ingest().loads
    assert (load.loaded, load.filtered, load.quarantined) == (1, {"nobody": 1}, {"customer is not a whole number": 1})


def test_a_hopeless_file_is_refused_and_the_others_load(shop: Any) -> None:
    shop.file("orders/bad.csv", lines(*[f"A{i},1,M1,,nonsense,SKU1,2,1" for i in range(9)], A))
    shop.file("orders/good.csv", lines(B))
    report = shop.ingest()
    (refused,) = report.refused
    assert refused.file_key == "bad.csv"
    assert "9 of 10 rows" in refused.message
    assert "mapping is probably wrong" in refused.hint
    assert [load.file_key for load in report.loads] == ["good.csv"]
    assert len(shop.rows("order_items")) == 1
    assert shop.ingestor.quarantined() == []
    assert [file.state for file in shop.ingestor.plan()] == [FileState.NEW, FileState.LOADED]


def test_a_corrected_file_supersedes_its_rows_from_then_on(shop: Any) -> None:
    shop.file("orders/d1.csv", lines(A, B, "X,1,M9,,bad,SKU1,1,1"))
    shop.ingest(NOW)
    later = NOW + timedelta(days=3)
    shop.file("orders/d1.csv", lines(A.replace("10.50", "99.00")))
    (load,) = shop.ingest(later).loads
    assert (load.state, load.corrects) == (FileState.CHANGED, True)
    assert shop.rows("order_items", "net_minor") == [(19800,)]
    assert shop.rows("order_items", "net_minor", known_at=later - timedelta(seconds=1)) == [(1050,), (2100,)]
    assert shop.rows("order_items", "net_minor", known_at=datetime(2000, 1, 1)) == [(1050,), (2100,)]
    assert shop.ingestor.quarantined() == []


def test_a_version_may_come_back(shop: Any) -> None:
    for day, content in enumerate((lines(A), lines(B), lines(A))):
        shop.file("orders/d1.csv", content)
        shop.ingest(NOW + timedelta(days=day))
    assert shop.rows("order_items", "net_minor") == [(2100,)]
    assert shop.rows("order_items", "net_minor", known_at=NOW + timedelta(days=1.5)) == [(1050,)]


def test_a_key_in_two_files(shop: Any) -> None:
    shop.file("orders/d1.csv", lines(A, B))
    shop.ingest()
    shop.file("orders/d2.csv", lines(A, B.replace("SKU1", "SKU7"), A2))
    (load,) = shop.ingest().loads
    assert load.loaded == 1
    assert load.filtered == {"already loaded from d1.csv": 1}
    assert load.quarantined == {"conflicts with d1.csv": 1}
    assert len(shop.rows("order_items")) == 3


def test_real_repeats_without_a_key_stay(shop: Any) -> None:
    from pathlib import Path

    text = Path(shop.workspace.sources_dir / "orders.yaml").read_text()
    shop.mapping(text.replace("key: [order_no, line_no]\n", ""))
    shop.file("orders/d1.csv", lines(A, A, A))
    (load,) = shop.ingest().loads
    assert load.loaded == 3
    assert len(shop.rows("order_items")) == 3


def test_release_after_the_mapping_changed_needs_no_second_file(shop: Any) -> None:
    (shop.workspace.sources_dir / "orders.yaml").unlink()
    shop.mapping(
        """
        language: 1
        source: app
        files: files/events.csv
        format: csv
        columns: {at: timestamp}
        identity: {namespace: member, key: who}
        occurred: at
        emit: [{table: events, fields: {event: what}}]
        """,
        "events.yaml",
    )
    rows = ["M1,login,2026-02-01 10:00:00", "M1,nap_started,2026-02-01 11:00:00", "M2,nap_ended,2026-02-01 12:00:00"]
    shop.file("events.csv", "who,what,at\n" + "\n".join(rows) + "\nM2,login,2026-02-02 00:00:00\n")
    (load,) = shop.ingest().loads
    assert load.quarantined == {"what is not in the catalogue of behaviours": 2}
    catalogue = (
        "language: 1\nbehaviours:\n- {name: nap_started, zh: 午睡, en: Nap, family: care, started_by_customer: true}\n"
    )
    (shop.workspace.path / "behaviours.yaml").write_text(catalogue, "utf-8")
    (released,) = shop.ingestor.release(NOW + timedelta(days=1)).loads
    assert (released.rows, released.loaded, released.state) == (2, 1, FileState.RELEASED)
    assert [row.row_number for row in shop.ingestor.quarantined()] == [3]
    assert shop.rows("events", "row_number, event") == [(1, "login"), (2, "nap_started"), (4, "login")]
    # again: nothing passes, nothing doubles
    (again,) = shop.ingestor.release(NOW + timedelta(days=2)).loads
    assert again.loaded == 0
    assert len(shop.rows("events")) == 3
    assert shop.ingest().loads == ()


def test_released_rows_end_with_the_file_they_came_from(shop: Any) -> None:
    shop.file("orders/d1.csv", lines(A))
    shop.file("orders/d2.csv", lines(A.replace("SKU1", "SKU7"), B))
    shop.ingest()
    assert len(shop.ingestor.quarantined()) == 1
    shop.file("orders/d1.csv", lines(A2))
    shop.ingest(NOW + timedelta(days=1))
    (released,) = shop.ingestor.release(NOW + timedelta(days=2)).loads
    assert released.loaded == 1  # the row it contradicted is no longer there
    assert len(shop.rows("order_items")) == 3
    shop.file("orders/d2.csv", lines(B))
    shop.ingest(NOW + timedelta(days=3))
    assert len(shop.rows("order_items")) == 2


def test_formats_give_the_same_rows(make_shop: Any, shop: Any) -> None:
    from pathlib import Path

    text = Path(shop.workspace.sources_dir / "orders.yaml").read_text()
    cells = [row.split(",") for row in (A, A2, B)]
    names = HEADER.strip().split(",")
    contents = {}
    for kind in ("csv", "csv.gz", "gb18030", "parquet", "xlsx"):
        other = make_shop(kind)
        suffix = {"gb18030": "csv"}.get(kind, kind)
        path = other.file(f"orders/d1.{suffix}", lines(A, A2, B))
        fmt = {"parquet": "parquet", "xlsx": "{kind: xlsx, sheet: 订单}", "gb18030": "{kind: csv, encoding: gb18030}"}
        other.mapping(text.replace("*.csv", f"*.{suffix}").replace("format: csv", f"format: {fmt.get(kind, 'csv')}"))
        if kind == "csv.gz":
            path.write_bytes(gzip.compress(lines(A, A2, B).encode()))
        elif kind == "parquet":
            pq.write_table(pa.table(list(map(list, zip(*cells, strict=True))), names=names), path)
        elif kind == "xlsx":
            book = openpyxl.Workbook()
            sheet = book.active
            sheet.title = "订单"
            for row in [names, *cells]:
                sheet.append(
                    [float(cell) if cell.replace(".", "").isdigit() and len(cell) < 8 else cell for cell in row]
                )
            sheet.append([])
            book.save(path)
        assert other.ingest().loaded == 3, kind
        contents[kind] = other.rows("order_items", "order_id, row_number, quantity, net_minor, occurred_at")
    assert all(content == contents["csv"] for content in contents.values())


def test_chinese_encodings(shop: Any) -> None:
    shop.mapping(
        """
        language: 1
        source: s
        files: files/s.csv
        format: {kind: csv, encoding: gb18030, delimiter: ";", "null": ["-"]}
        identity: {namespace: c, key: 会员}
        emit: [{table: customers, fields: {city: 城市}}]
        """,
        "s.yaml",
    )
    content = "会员;城市\n1;上海\n2;-\n".encode("gb18030") + b"3;\xff\xff\n"
    shop.file("s.csv", content)
    (load,) = shop.ingest().loads
    assert load.quarantined == {"row is not valid gb18030": 1}
    assert shop.rows("customers", "row_number, city") == [(1, "上海"), (2, None)]


def test_profiles_and_consents_stay_out_of_the_lake(shop: Any) -> None:
    from liuke.collect.consent import ConsentLedger
    from liuke.collect.identity import ProfileBook

    (shop.workspace.sources_dir / "orders.yaml").unlink()
    shop.mapping(
        """
        language: 1
        source: crm
        files: files/crm.csv
        format: csv
        columns: {joined: date, sms: boolean}
        occurred: joined
        identity: {namespace: member, key: member_no}
        emit:
          - {table: customers, fields: {registered: joined, city: city}}
          - {table: profiles, fields: {name: name, phone: phone, member_no: member_no}}
          - {table: consents, when: sms is not null, fields: {purpose: {const: marketing}, channel: {const: sms},
             granted: sms, policy_version: {const: v1}}}
        """,
        "crm.yaml",
    )
    shop.file(
        "crm.csv",
        "member_no,joined,name,phone,city,sms\nM1,2026-01-05,王小明,13800138000,上海,是\nM2,2026-01-06,李,,北京,\n",
    )
    shop.ingest()
    who = stable_id("member", "M1")
    with shop.operations.read() as connection:
        book = ProfileBook(shop.cipher)
        assert book.find(connection, "+86 13800138000") == [who]
        assert book.look_up(connection, {who: [who]})[who].name == "王**"
        assert book.look_up(connection, {who: [who]}, unmasked=True)[who].phone == "13800138000"
        may = ConsentLedger().may_contact(connection, [who, stable_id("member", "M2")], "marketing", "sms", NOW)
    assert may == {who}
    lake = b"".join(path.read_bytes() for path in shop.workspace.lake_dir.rglob("*.parquet"))
    assert "王小明".encode() not in lake
    assert b"13800138000" not in lake


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("occurred: paid_at", "ocurred: paid_at", "did you mean `occurred`?"),
        ("sku,", "skuu,", "did you mean 'sku'?"),
        ("quantity: quantity, unit_price", "quantity: read_csv('/etc/passwd'), unit_price", "read_csv() isn't allowed"),
        ("amount: sum(quantity * price)", "amount: (select 1)", "subquery isn't allowed"),
        ("product_key: sku", "prodct_key: sku", "did you mean `product_key`?"),
        ("format: csv", "format: {kind: csv, delimter: ';'}", "did you mean `delimiter`?"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(shop: Any, wrong: str, right: str, says: str) -> None:
    path = shop.workspace.sources_dir / "orders.yaml"
    text = path.read_text()
    assert wrong in text
    path.write_text(text.replace(wrong, right))
    shop.file("orders/d1.csv", lines(A))
    try:
        report = shop.ingest()
        message = f"{report.refused[0].message} {report.refused[0].hint}"
    except MappingError as error:
        message = str(error)
    assert says in message
    assert not [info for info in shop.lake.tables() if info.rows]
