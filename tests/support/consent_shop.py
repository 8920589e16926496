"""A small real workspace whose customers say yes and no in every way there is, and a real server for their mail.

Each person is one line of a scenario: what was said, through which file, how spelt, when, on which of the person's
accounts, in an inbox alone or shared with others. The expected answer follows from how the person was made, not from
the product: whoever said no is mailed nothing, nor is anybody with the same inbox.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from mail_server import MailServer

from liuke.app.addresses import CustomerIdentities, ShopPermissions
from liuke.app.bootstrap import Application
from liuke.app.loop import DailyLoop
from liuke.collect.consent import ConsentLedger, SuppressionList

NOW = datetime(2026, 11, 2, 2)  # 10:00 in Shanghai
YES_AT = datetime(2026, 10, 1, 12)  # shop-local
STEPS = ("ingest", "resolve", "tag", "decide", "engage")
CAP = 2

HEAD = "language: 1\nsource: {name}\nfiles: {name}*.csv\nformat: csv\nzone: Asia/Shanghai\nmax_bad_share: {share}\n"
ROW = HEAD + "columns: {{at: {{type: timestamp, required: true}}}}\noccurred: at\nrecorded: {{at: at}}\n"
MEMBER = "identity: {{namespace: member, key: member_no}}\n"
SAID = "fields: {{purpose: purpose, channel: channel, granted: granted, occurred: at}}"
MAPPINGS = {
    "orders": ROW + MEMBER + "emit:\n"
    "  - {{table: orders, fields: {{order_key: order_no, channel: {{const: app}}}}}}\n"
    "  - {{table: order_facts, fields: {{order_key: order_no, fact: {{const: paid}}, amount: amount}}}}\n",
    "profiles": HEAD + "columns: {{registered: date, consent_at: timestamp, at: {{type: timestamp, required: true}}}}\n"
    "occurred: at\nrecorded: {{at: at}}\n"
    "identity: {{namespace: member, key: member_no, links: [{{namespace: phone, key: phone}}, "
    "{{namespace: email, key: email}}]}}\nemit:\n"
    "  - {{table: customers, fields: {{registered: registered}}}}\n"
    "  - {{table: profiles, fields: {{name: name, phone: phone, email: email, member_no: member_no}}}}\n"
    "  - {{table: consents, when: consent_at is not null, fields: {{purpose: {{const: marketing}}, "
    "channel: {{const: email}}, granted: consent, occurred: consent_at}}}}\n",
    "consents": ROW + MEMBER + f"emit: [{{{{table: consents, {SAID}}}}}]\n",
    "addresses": ROW + f"identity: {{{{namespace: email, key: email}}}}\nemit: [{{{{table: consents, {SAID}}}}}]\n",
    "phones": ROW + f"identity: {{{{namespace: phone, key: phone}}}}\nemit: [{{{{table: consents, {SAID}}}}}]\n",
    "optouts": HEAD + "columns: {{at: {{type: timestamp, required: true}}, n: {{type: integer, required: true}}}}\n"
    f"occurred: at\nrecorded: {{{{at: at}}}}\n{MEMBER}emit: [{{{{table: consents, {SAID}}}}}]\n",
    "events": ROW + MEMBER + "emit: [{{table: events, fields: {{event: event, channel: channel}}}}]\n",
    "touches": ROW + MEMBER + "emit: [{{table: touches, fields: {{channel: channel, status: status}}}}]\n",
}
COLUMNS = {
    "orders": ["order_no", "member_no", "amount", "at"],
    "profiles": ["member_no", "name", "phone", "email", "registered", "consent", "consent_at", "at"],
    "consents": ["member_no", "purpose", "channel", "granted", "at"],
    "addresses": ["email", "purpose", "channel", "granted", "at"],
    "phones": ["phone", "purpose", "channel", "granted", "at"],
    "optouts": ["member_no", "purpose", "channel", "granted", "at", "n"],
    "events": ["member_no", "event", "channel", "at"],
    "touches": ["member_no", "channel", "status", "at"],
}

YES, OTHER, BEFORE = "yes", "no, of another medium", "no, before the yes"
PLEASED = (YES, OTHER, BEFORE)
WAYS: dict[str, Sequence[str]] = {
    "consents": ("false", "F", "N", "no", "否", "不同意", "拒绝", "退订", "Opt-Out", "ｎｏ", "0"),
    "unreadable answer": ("maybe", "??", "", "2"),
    "unreadable moment": ("N", "否"),
    "profiles": ("N", "否", "退订"),
    "broken row": ("N", "不同意"),
    "broken row and moment": ("N",),
    "refused file": ("N", "退订"),
    "addresses": ("N", "退订"),
    "phones": ("N", "退订"),
    "events": ("unsubscribed",),
    "unknown event": ("hard_bounce", "Hard Bounce", "spam_complaint", "email-unsubscribed", "reply_td", "opt_out"),
    "touches": (
        "bounced",
        "Bounced",
        "hard-bounce",
        "complained",
        "spam complaint",
        "Unsubscribed",
        "退订",
        "投诉",
        "回复TD",
        "TD",
    ),
    "suppressed": ("unsubscribed", "hard_bounce", "complaint"),
}
CHANNELS = ("email", "E-MAIL", "Ｅmail", "邮件", "电子邮件", "*", "All", "全部", "", "elsewhere")
PURPOSES = ("marketing", "Marketing", "营销", "whatever")
OTHER_CHANNELS = ("sms", "短信", "SMS", "wechat")
MOMENTS: dict[str, timedelta] = {
    "a month later": timedelta(days=20),
    "a second later": timedelta(seconds=1),
    "at the same instant": timedelta(0),
    "by a clock that runs ahead": timedelta(days=400),
}


@dataclass(frozen=True)
class Person:
    """What one person said, and how.

    Parameters
    ----------
    way
        A key of ``WAYS``, or one of ``PLEASED`` for those who may be mailed.
    said, channel, moment
        How it was spelt, and when after the yes.
    accounts
        How many accounts the person has; of several, joined by one phone, each said yes and the last said no too.
    inbox
        The number of the inbox; persons with the same number share it.
    late
        Whether the no is in a file that comes after a first delivery has gone out.
    """

    way: str
    said: str
    channel: str
    moment: str
    accounts: int
    inbox: int
    late: bool = False

    @property
    def refuses(self) -> bool:
        return self.way not in PLEASED


class ConsentShop:
    """A workspace, its files and its mail server."""

    def __init__(self, folder: Path, server: MailServer) -> None:
        self.folder, self.server, self.rows = folder, server, {name: [] for name in COLUMNS}
        smtp = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "Shop <hello@shop.example>",
                "message_id_domain": "shop.example"}  # fmt: skip
        outreach = {"transports": {"email": "smtp"}, "cap_messages": CAP, "smtp": smtp,
                    "unsubscribe": "mailto:leave@shop.example?subject={key}",
                    "quiet_hours": {"start": 8, "end": 8}}  # fmt: skip
        settings = {"outreach": outreach, "experiments": {"global_control_share": 0.0}}
        Application.create(folder, settings, lambda: NOW, key=b"k" * 32)
        for name, text in MAPPINGS.items():
            share = 0.5 if name == "optouts" else 1.0  # a file of nothing but broken rows is refused as a whole
            (folder / "sources" / f"{name}.yaml").write_text(text.format(name=name, share=share), "utf-8")
        (folder / "inbox").mkdir(exist_ok=True)

    def _strategy(self, key: str) -> None:
        words = {"zh": key, "en": key}
        document = {
            "language": 1, "id": key, "name": words, "description": words,
            "audience": {"tag": "purchase_days", "gte": 1},
            "entry": {}, "control_share": 0.0, "goal": {"metric": "repurchase", "horizon_days": 28},
            "message": {"node": "m", "channel": "email", "template": key, "purpose": "marketing"},
        }  # fmt: skip
        strategies = self.folder / "strategies"
        (strategies / "templates").mkdir(parents=True, exist_ok=True)
        (strategies / f"{key}.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
        for language in ("zh", "en"):
            text = {"subject": "您好", "text": "x {{ unsubscribe }}\n"}
            (strategies / "templates" / f"{key}.{language}.yaml").write_text(yaml.safe_dump(text), "utf-8")

    def live(self, persons: Sequence[Person]) -> tuple[Counter[str], Counter[str]]:
        """Let everybody speak, run the loop twice, and return what each inbox got in each run.

        Between the runs those speak who speak late, and another strategy begins.
        """
        for number, person in enumerate(persons):
            self._enter(number, person)
        runs: list[int] = []
        for late in (False, True):
            for number, person in enumerate(persons):
                if person.late == late:
                    self._speak(number, person)
            self._write(f"-{int(late)}")
            self._strategy("second" if late else "first")
            if late:
                self._suppress(persons)
            runs.append(len(self.server.mails))
            DailyLoop(Application.open(self.folder, lambda: NOW)).run(only=STEPS)
        first, second = self.server.mails[: runs[1]], self.server.mails[runs[1] :]
        return Counter(mail["To"] for mail in first), Counter(mail["To"] for mail in second)

    def _enter(self, number: int, person: Person) -> None:
        for account in range(person.accounts):
            member = self._member(number, account)
            profile = [member, "王", self._phone(number), address(person), "2024-01-01", "Y", YES_AT, YES_AT]
            self.rows["profiles"].append(profile)
            self.rows["orders"].append([f"o{member}", member, "100", YES_AT + timedelta(days=5)])

    def _speak(self, number: int, person: Person) -> None:
        way, said, channel = person.way, person.said, person.channel
        member, at = self._member(number, person.accounts - 1), YES_AT + MOMENTS[person.moment]
        spoken: list[Any] = [PURPOSES[number % len(PURPOSES)], channel, said, at]
        profile = [member, "王", self._phone(number), address(person), "2024-01-01", said, at, at]
        if way in ("consents", OTHER, "unreadable answer"):
            self.rows["consents"].append([member, *spoken])
        elif way == BEFORE:
            self.rows["consents"].append([member, *spoken[:3], YES_AT - timedelta(days=30)])
        elif way == "unreadable moment":
            self.rows["consents"].append([member, "marketing", channel, said, "2026-13-45"])
        elif way in ("profiles", "broken row", "broken row and moment"):
            profile[4] = "2024-01-01" if way == "profiles" else "31.02.2026"
            profile[6] = "gestern" if way == "broken row and moment" else at
            self.rows["profiles"].append(profile)
        elif way == "refused file":
            self.rows["optouts"].append([member, *spoken, "x"])
        elif way == "addresses":
            self.rows["addresses"].append([address(person).upper() + " ", *spoken])
        elif way == "phones":
            self.rows["phones"].append([f"+86 {self._phone(number)}", *spoken])
        elif way in ("events", "unknown event"):
            self.rows["events"].append([member, said, channel, at])
        elif way == "touches":
            self.rows["touches"].append([member, channel or "email", said, at])

    def _suppress(self, persons: Iterable[Person]) -> None:
        app = Application.open(self.folder, lambda: NOW)
        identities = CustomerIdentities(app.lake)
        permissions = ShopPermissions(ConsentLedger(), SuppressionList(app.cipher), app.profiles, identities)
        with app.operations.begin() as connection:
            for person in persons:
                if person.way == "suppressed":
                    permissions.suppress(connection, "email", [address(person).upper()], person.said, NOW)

    def _write(self, suffix: str) -> None:
        for name, rows in self.rows.items():
            if rows:
                with (self.folder / "inbox" / f"{name}{suffix}.csv").open("w", encoding="utf-8", newline="") as file:
                    writer = csv.writer(file)
                    writer.writerow(COLUMNS[name])
                    writer.writerows(rows)
            rows.clear()

    @staticmethod
    def _member(number: int, account: int) -> str:
        return f"M{number:03}{account}"

    @staticmethod
    def _phone(number: int) -> str:
        return f"138{number:08}"


def address_of(inbox: int) -> str:
    return f"inbox{inbox}@x.example"


def address(person: Person) -> str:
    return address_of(person.inbox)


def inboxes_of(persons: Iterable[Person], *, refused: bool) -> set[str]:
    """Return the inboxes that somebody refused, or those that nobody did."""
    people = list(persons)
    closed = {person.inbox for person in people if person.refuses}
    chosen = closed if refused else {person.inbox for person in people} - closed
    return set(map(address_of, chosen))
