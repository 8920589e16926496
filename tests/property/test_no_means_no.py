"""Who said no, however, is mailed nothing: generated ways of saying no, the real files, loop and mail server.

``LIUKE_NO_EXAMPLES`` sets how many shops are generated (default 3, of some fifty persons each).
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from consent_shop import (
    CAP,
    CHANNELS,
    MOMENTS,
    OTHER,
    OTHER_CHANNELS,
    PLEASED,
    WAYS,
    ConsentShop,
    Person,
    address,
    address_of,
    inboxes_of,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mail_server import MailServer

EXAMPLES = int(os.environ.get("LIUKE_NO_EXAMPLES", "3"))
EVENTS, EVENT_CHANNELS = ("events", "unknown event", "touches"), ("email", "邮件", "app", "")


OFFICE, PLEASED_OFFICE = 998, 999  # inboxes that more accounts share than are ever joined to one customer


def person(chance: Random, number: int, way: str) -> Person:
    """One person in one of the ways, in an inbox alone, with a neighbour, or with half the office."""
    channels = OTHER_CHANNELS if way == OTHER else EVENT_CHANNELS if way in EVENTS else CHANNELS
    return Person(
        way=way,
        said=chance.choice(WAYS.get(way, ("no",))),
        channel=chance.choice(channels),
        moment=chance.choice(list(MOMENTS)),
        accounts=chance.randint(1, 2),
        inbox=chance.choice([number, number, OFFICE, PLEASED_OFFICE if way in PLEASED else number + 1]),
        late=chance.random() < 0.5,
    )


def shop_of(seed: int) -> list[Person]:
    """Every way of saying no twice, and as many people who may be mailed."""
    chance = Random(seed)
    ways = [*WAYS, *WAYS, *[*PLEASED] * 9]
    chance.shuffle(ways)
    return [person(chance, number, way) for number, way in enumerate(ways)]


def test_nobody_who_said_no_is_mailed_and_everybody_else_is(
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    met: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES < 10, database=None,
        phases=[Phase.generate],  # a shop costs seconds; the message names the few persons who are wrong
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.integers(0, 2**32 - 1))
    def holds(seed: int) -> None:
        people = shop_of(seed)  # drawn by the seed: hypothesis alone begins with persons who are all alike
        office = [one for one in people if one.inbox == OFFICE]
        met["yes in the office that refused"] += sum(not one.refuses for one in office) if len(office) > 4 else 0
        with tempfile.TemporaryDirectory() as folder, MailServer(Path(folder) / "mail.log") as server:
            before, mailed = ConsentShop(Path(folder) / "shop", server).live(people)
        open_inboxes = inboxes_of(people, refused=False)
        early = [one for one in people if not one.late and one.way != "suppressed"]
        wrong = (inboxes_of(early, refused=True) & before.keys()) | (inboxes_of(people, refused=True) & mailed.keys())
        assert not wrong, [person for person in people if address(person) in wrong]
        missed = open_inboxes - mailed.keys() - {address_of(PLEASED_OFFICE)}  # the office had its share before
        assert not missed, [person for person in people if address(person) in missed]
        assert max((before + mailed).values()) <= CAP
        met.update(person.way for person in people)
        met["inboxes mailed"] += len(mailed)

    holds()
    assert met.keys() >= {*WAYS, *PLEASED}
    assert all(met[way] >= 2 * EXAMPLES for way in WAYS)
    assert met["yes in the office that refused"] >= EXAMPLES
    assert met["inboxes mailed"] >= 5 * EXAMPLES
    record_testsuite_property("generated", dict(met))
