"""From the command line to a real mail server: what stops a run before the first message, what it says afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from mail_server import MailServer

REFUSED, WRONG_SETTINGS, SERVICE_FAILED = 1, 3, 6

PEOPLE = """\
language: 1
source: people
files: people.csv
format: csv
zone: Asia/Shanghai
columns: {at: {type: timestamp, required: true}, consent_at: timestamp}
occurred: at
identity: {namespace: member, key: member_no, links: [{namespace: email, key: email}]}
emit:
  - {table: customers, fields: {language: language}}
  - {table: profiles, fields: {name: name, email: email, member_no: member_no}}
  - {table: consents, fields: {purpose: {const: marketing}, channel: {const: email}, granted: "TRUE", occurred: at}}
"""
ORDERS = """\
language: 1
source: orders
files: orders.csv
format: csv
zone: Asia/Shanghai
columns: {at: {type: timestamp, required: true}, paid: decimal}
occurred: at
identity: {namespace: member, key: member_no}
emit:
  - {table: orders, fields: {order_key: order, channel: {const: app}}}
  - {table: order_facts, fields: {order_key: order, fact: {const: paid}, amount: paid}}
"""
CUSTOMERS = [("c1", "Anna", "en-GB"), ("c2", "王", "zh_CN"), ("c3", "Jo", ""), ("c4", "Léa", "fr")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path / "accepted.log") as made:
        yield made


class Shop:
    """A workspace that sends to a server, with four customers and a strategy in two languages."""

    def __init__(self, shell: Any, path: Path, port: int, **smtp: str) -> None:
        self.shell, self.path, self.at = shell, path, ("-w", str(path))
        shell.json("init", str(path))
        self.set({"host": "127.0.0.1", "security": "none", "sender": "Shop <hello@shop.example>", **smtp})
        text = (path / "liuke.toml").read_text("utf-8")
        for old, new in (
            ('{ email = "file" }', '{ email = "smtp" }'),
            ("port = 25", f"port = {port}"),
            ("start = 21", "start = 8"),
            ("global_control_share = 0.05", "global_control_share = 0.0"),
        ):
            assert old in text, old
            text = text.replace(old, new, 1)
        (path / "liuke.toml").write_text(text, "utf-8")
        (path / "inbox").mkdir(exist_ok=True)
        for name, mapping in (("people", PEOPLE), ("orders", ORDERS)):
            (path / "sources" / f"{name}.yaml").write_text(mapping, "utf-8")
        rows = [f"{no},{name},{no}@x.example,{code},2026-01-02 10:00:00," for no, name, code in CUSTOMERS]
        (path / "inbox" / "people.csv").write_text(
            "\n".join(["member_no,name,email,language,at,consent_at", *rows]), "utf-8"
        )
        orders = [f"o-{no},{no},2026-01-03 10:00:00,10" for no, _, _ in CUSTOMERS]
        (path / "inbox" / "orders.csv").write_text("\n".join(["order,member_no,at,paid", *orders]), "utf-8")
        self.strategy("hello")
        shell.json("ingest", *self.at)

    def set(self, values: dict[str, str], section: str = "outreach.smtp") -> None:
        file = self.path / "liuke.toml"
        head, mark, tail = file.read_text("utf-8").partition(f"[{section}]")
        for key, value in values.items():
            line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
            tail, n = re.subn(rf"(?m)^{key} =.*$", lambda _, line=line: line, tail, count=1)
            assert n == 1, key
        file.write_text(head + mark + tail, "utf-8")

    def strategy(self, key: str, languages: tuple[str, ...] = ("zh", "en")) -> None:
        words = {"zh": key, "en": key}
        document = {
            "language": 1,
            "id": key,
            "name": words,
            "description": words,
            "control_share": 0.0,
            "audience": {"tag": "purchase_days", "gte": 1},
            "message": {"node": "m", "channel": "email", "template": key},
        }
        folder = self.path / "strategies" / "templates"
        folder.mkdir(exist_ok=True)
        (folder.parent / f"{key}.yaml").write_text(yaml.safe_dump(document), "utf-8")
        for language in languages:
            text = {"subject": f"{language} {key}", "text": "{{ unsubscribe }}"}
            (folder / f"{key}.{language}.yaml").write_text(yaml.safe_dump(text), "utf-8")

    def messages(self) -> dict[str, int]:
        return {one["state"]: one["messages"] for one in self.shell.json("status", *self.at)["messages"]}


@pytest.fixture
def shop(shell: Any, tmp_path: Path, server: MailServer) -> Shop:
    return Shop(shell, tmp_path / "shop", server.port)


def test_settings_that_cannot_work_stop_doctor_and_run_before_the_first_message(shop: Shop, server: MailServer) -> None:
    wrong = [
        ("outreach.smtp", "sender", "shop@localhost"),
        ("outreach.smtp", "sender", "Baby, Co <hello@shop.example>"),
        ("outreach.smtp", "reply_to", "nobody"),
        ("outreach", "unsubscribe", "http://shop.example/{key}"),
        ("outreach", "unsubscribe", "https://shop.invalid/{key}"),
    ]
    for section, key, value in wrong:
        shop.set({key: value}, section)
        checks = {one["name"]: one for one in shop.shell.json("doctor", *shop.at, exit_code=REFUSED)["checks"]}
        assert not checks["outreach"]["ok"]
        assert key in checks["outreach"]["found"]
        error = shop.shell.json("run", *shop.at, exit_code=WRONG_SETTINGS)["error"]
        assert key in error["message"]
        assert error["hint"]
        shop.set({"sender": "Shop <hello@shop.example>", "reply_to": ""})
        shop.set({"unsubscribe": ""}, "outreach")
    assert (server.mails, server.asked, shop.messages()) == ([], [], {})
    shop.shell.json("run", *shop.at)
    assert len(server.mails) == len(CUSTOMERS)


def test_each_customer_reads_their_own_language_else_the_shops(shop: Shop, server: MailServer) -> None:
    shop.strategy("only_zh", ("zh",))
    shop.shell.json("run", *shop.at)
    subjects = {(mail["To"], mail["Subject"]) for mail in server.mails}
    assert subjects == {
        *(("c1@x.example", "en hello"), ("c2@x.example", "zh hello"), ("c3@x.example", "zh hello")),
        ("c4@x.example", "zh hello"),  # no French: the language of a shop in Shanghai
        *((f"c{n}@x.example", "zh only_zh") for n in (1, 2, 3, 4)),
    }


def test_a_shop_in_london_speaks_english_and_one_that_says_otherwise_does_not(shop: Shop, server: MailServer) -> None:
    shop.set({"zone": "Europe/London"}, "shop")
    shop.shell.json("run", *shop.at)
    assert {mail["Subject"] for mail in server.mails if mail["To"] != "c2@x.example"} == {"en hello"}
    shop.set({"language": "zh"}, "shop")
    shop.strategy("again")
    shop.shell.json("run", *shop.at)
    assert ("c3@x.example", "zh again") in {(mail["To"], mail["Subject"]) for mail in server.mails}


def test_a_server_that_takes_nobodys_mail_ends_the_run_with_6_and_keeps_the_queue(
    shop: Shop, server: MailServer
) -> None:
    server.says["mail"] = "535 5.7.8 Authentication credentials invalid"
    report = shop.shell.json("run", *shop.at, exit_code=SERVICE_FAILED)
    assert [one["state"] for one in report["steps"]] == ["done"] * 12
    assert report["stopped"][0]["channel"] == "smtp"
    assert "535 5.7.8" in report["stopped"][0]["message"]
    assert shop.messages() == {"queued": len(CUSTOMERS)}
    assert shop.shell.json("status", *shop.at)["stopped"] == report["stopped"]
    text = shop.shell.call("run", *shop.at)
    assert text.exit_code == SERVICE_FAILED
    assert "smtp stopped" in text.stdout
    assert "LIUKE_SMTP_PASSWORD" in text.stdout
    server.says.clear()
    assert shop.shell.json("run", *shop.at)["stopped"] == []
    assert shop.messages() == {"sent": len(CUSTOMERS)}
    assert shop.shell.json("status", *shop.at)["stopped"] == []


def test_status_says_why_in_both_languages_and_retry_sends_failed_ones_again(shop: Shop, server: MailServer) -> None:
    server.says["rcpt", "c1@x.example"] = "550 5.1.1 no such user"
    shop.shell.json("run", *shop.at)
    (failed,) = (one for one in shop.shell.json("status", *shop.at)["messages"] if one["state"] == "failed")
    assert failed["reason"] == "unknown_address 550 5.1.1"
    assert failed["reason_zh"] == "地址不存在（550 5.1.1）"
    assert failed["reason_en"] == "no such address (550 5.1.1)"
    text = shop.shell.call("status", *shop.at).stdout
    assert "地址不存在" in text
    assert "no such address" in text
    server.says.clear()
    retry = ("outreach", "retry", *shop.at)
    assert shop.shell.json(*retry, "--reason", "mailbox_full") == {"found": 0, "queued": 0}
    assert shop.shell.json(*retry, "--reason", "unknown_address", "--dry-run") == {"found": 1, "queued": 0}
    assert shop.shell.json(*retry) == {"found": 1, "queued": 1}
    shop.shell.json("run", *shop.at)
    assert shop.messages() == {"sent": len(CUSTOMERS)}


def test_a_shop_without_strategies_writes_to_nobody_and_is_told_how_to_take_one(
    shell: Any, shop: Shop, server: MailServer
) -> None:
    (shop.path / "strategies" / "hello.yaml").unlink()
    report = shell.json("run", *shop.at)
    (decide,) = (one for one in report["steps"] if one["name"] == "decide")
    assert "no strategies" in decide["note"]
    assert "liuke strategies ready" in decide["note"]
    assert (server.mails, shop.messages()) == ([], {})
    assert "liuke strategies ready" in shell.call("init", str(shop.path.parent / "another")).stdout
    known = [one["id"] for one in shell.json("strategies", "ready")["strategies"]]
    assert known == ["second_purchase", "sleeping_customer"]
    assert shell.json("strategies", "list", *shop.at) == {"strategies": []}
    assert "second_purchase" in shell.json("strategies", "take", "nope", *shop.at, exit_code=2)["error"]["hint"]
    taken = shell.json("strategies", "take", *known, *shop.at)["copied"]
    assert len(taken) == 2 * 3
    assert all((shop.path / name).is_file() for name in taken)
    own = shop.path / "strategies" / "second_purchase.yaml"
    own.write_text(own.read_text("utf-8") + "# mine\n", "utf-8")
    assert shell.json("strategies", "take", *known, *shop.at)["copied"] == []
    assert own.read_text("utf-8").endswith("# mine\n")
    assert [one["id"] for one in shell.json("strategies", "list", *shop.at)["strategies"]] == known
    shell.json("run", *shop.at)
