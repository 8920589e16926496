"""What a shop sends to its customers: the contacts that a simulated shop receives and answers."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

from liuke_sim.columns import SECONDS_A_DAY, Columns, Ints, take

OFFERS = ("none", "coupon", "apology", "advice", "reminder", "next_stage", "sample")
"""What a contact brings: nothing but its words, money off, an apology, help with the child, a hint that something runs
out, what the next stage needs, a sample with its proof of origin."""
NO_OFFER, COUPON, APOLOGY, ADVICE, REMINDER, NEXT_STAGE, SAMPLE = range(len(OFFERS))

CONTACT_CHANNELS = ("sms", "email", "wechat", "push", "call")
SMS, EMAIL, WECHAT, PUSH, CALL = range(len(CONTACT_CHANNELS))

CONTACTS = pa.schema(
    [
        ("contact_id", pa.string()),
        ("customer", pa.int64()),
        ("channel", pa.string()),
        ("sent_at", pa.timestamp("us")),
        ("campaign", pa.string()),
        ("offer", pa.string()),
        ("value_minor", pa.int64()),
    ]
)
"""One row per contact: `customer` is the shop's own number, `sent_at` local time without a zone, `campaign` the
strategy that sent it, `value_minor` the face value of the offer in fen, 0 without."""


class ContactBook:
    """All contacts that a shop has received, each once.

    Parameters
    ----------
    start : date
        The shop's first day.
    n_customers : int
        Customers are numbered from 0 up to this.
    """

    def __init__(self, start: date, n_customers: int) -> None:
        self._start = start
        self._n_customers = n_customers
        self._places: dict[str, int] = {}
        self._campaigns: dict[str, int] = {}
        self._weeks: dict[int, list[tuple[int, ...]]] = {}

    def __len__(self) -> int:
        return len(self._places)

    @property
    def campaigns(self) -> tuple[str, ...]:
        """The campaigns in the order in which they first came."""
        return tuple(self._campaigns)

    @property
    def ids(self) -> tuple[str, ...]:
        """The contacts' ids by place in the book."""
        return tuple(self._places)

    def welcome(self, n_customers: int) -> None:
        """Take in customers: from now on they are numbered from 0 up to `n_customers`."""
        self._n_customers = n_customers

    def receive(self, contacts: pa.Table, today: date) -> None:
        """Write down contacts of days from `today` on; an id that is known already is passed over.

        Raises
        ------
        ValueError
            A row names something unknown or lies in the past; nothing of the table is then written down.
        """
        accepted = [
            self._read(position, row, today)
            for position, row in enumerate(_typed(contacts).to_pylist(), start=1)
            if row["contact_id"] not in self._places
        ]
        for contact_id, campaign, at, customer, channel, offer, value in accepted:
            if contact_id in self._places:
                continue
            place = self._places.setdefault(contact_id, len(self._places))
            code = self._campaigns.setdefault(campaign, len(self._campaigns))
            week = at // (7 * SECONDS_A_DAY)
            self._weeks.setdefault(week, []).append((place, customer, at, channel, code, offer, value))

    def of_week(self, week: int, first: int, last: int) -> Columns:
        """Return a week's contacts to the customers numbered `first` … `last` - 1, by customer and moment.

        Columns: `place` (in the book), `customer`, `at` (seconds from the shop's start), `channel`, `campaign`, `offer`
        (codes) and `value` (fen). Ties are ordered by what was sent, never by the order of arrival.
        """
        rows = [row for row in self._weeks.get(week, []) if first <= row[1] < last]
        if not rows:
            return {}
        table = np.array(rows, dtype=np.int64)
        names = ("place", "customer", "at", "channel", "campaign", "offer", "value")
        columns = {name: table[:, i].copy() for i, name in enumerate(names)}
        keys = ("value", "offer", "channel", "at", "customer")
        return take(columns, np.lexsort([columns[key] for key in keys]))

    def rows(self, places: Ints) -> pa.Table:
        """Return the contacts at `places` as they were received, with the columns of `CONTACTS`."""
        by_place = np.array(sorted(row for week in self._weeks.values() for row in week), dtype=np.int64).reshape(-1, 7)
        _, customer, at, channel, campaign, offer, value = by_place[places].T
        return pa.table(
            {
                "contact_id": np.array(self.ids, dtype=object)[places],
                "customer": customer,
                "channel": np.array(CONTACT_CHANNELS)[channel],
                "sent_at": np.datetime64(self._start, "us") + (at * 10**6).astype("timedelta64[us]"),
                "campaign": np.array(self.campaigns, dtype=object)[campaign],
                "offer": np.array(OFFERS)[offer],
                "value_minor": value,
            },
            schema=CONTACTS,
        )

    def _read(self, position: int, row: dict[str, object], today: date) -> tuple[str, str, int, int, int, int, int]:
        def fail(what: str) -> ValueError:
            return ValueError(f"row {position} of the contacts ({row['contact_id']!r}): {what}")

        missing = [name for name, value in row.items() if value is None]
        if missing:
            raise fail(f"{', '.join(missing)} is missing")
        customer, sent_at, value = row["customer"], row["sent_at"], row["value_minor"]
        assert isinstance(customer, int)
        assert isinstance(value, int)
        assert isinstance(sent_at, datetime)
        if not 0 <= customer < self._n_customers:
            raise fail(f"customer {customer} is unknown: this shop numbers them 0 to {self._n_customers - 1}")
        if row["channel"] not in CONTACT_CHANNELS:
            raise fail(f"channel {row['channel']!r} is none of {', '.join(CONTACT_CHANNELS)}")
        if row["offer"] not in OFFERS:
            raise fail(f"offer {row['offer']!r} is none of {', '.join(OFFERS)}")
        if value < 0:
            raise fail(f"value_minor {value} is negative")
        if sent_at.date() < today:
            raise fail(f"sent at {sent_at}, but the days before {today} have been lived")
        at = (sent_at - datetime.combine(self._start, datetime.min.time())) // timedelta(seconds=1)
        channel, offer = CONTACT_CHANNELS.index(str(row["channel"])), OFFERS.index(str(row["offer"]))
        return str(row["contact_id"]), str(row["campaign"]), at, customer, channel, offer, value


def _typed(contacts: pa.Table) -> pa.Table:
    """Return the table with the columns of `CONTACTS`, in their order."""
    missing = [name for name in CONTACTS.names if name not in contacts.column_names]
    if missing:
        raise ValueError(f"the contacts have no column {', '.join(missing)}; expected are {', '.join(CONTACTS.names)}")
    try:
        return contacts.select(CONTACTS.names).cast(CONTACTS)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"the contacts do not have the types of CONTACTS: {error}") from error
