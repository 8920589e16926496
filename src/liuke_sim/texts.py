"""What customers write, and what they mean by it: reviews, complaints, chats with service, survey answers.

Two steps. `meanings` settles for each row what the writer feels and writes about, from what they lived through and from
the cause of their drift; that is the truth. `phrases` puts it into words. Both depend on the row alone (customer,
moment, kind), so that a text stays the same whatever else happens in the shop.

A text is not the truth about its writer: the shares below say how often a drifting customer names the real cause, how
often stars contradict the words, and how often the words leave the feeling open.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from liuke_sim import wording
from liuke_sim.assortment import BRAND_NAMES, BRANDS, LINES
from liuke_sim.columns import Bools, Columns, Floats, Ints, length, stack
from liuke_sim.events import ABOUT_CAUSE, CODE, NONE
from liuke_sim.leaving import CAUSES, GUIDANCE
from liuke_sim.people import member_numbers
from liuke_sim.streams import chance_of
from liuke_sim.wording import PRAISES, TOPICS

if TYPE_CHECKING:
    from liuke_sim.life import Chunk

KINDS = ("review", "complaint", "chat", "survey")
REVIEW, COMPLAINT, CHAT, SURVEY = range(len(KINDS))
SENTIMENTS = ("negative", "neutral", "positive")
NEGATIVE, NEUTRAL, POSITIVE = range(len(SENTIMENTS))

STATES_CAUSE = 0.65
"""Share of drifting customers who, when they say what is wrong, say what really drives them away."""
MIXED = 0.12
"""Share of praising or blaming texts that hold both, one joined to the other by a "but"."""
AMBIGUOUS = 0.05
"""Share of praising or blaming texts whose words leave the feeling open: irony, hints."""
STARS_MISLEAD = 0.04
"""Share of reviews with four or five stars (the form's default) whose text blames."""
SHORT = 0.18
"""Share of texts of a few characters (not complaints)."""
TYPOS = 0.06
EMOJI = 0.22
WRITES = {"review": 0.62, "complaint": 1.0, "chat": 1.0, "survey": 0.55}
"""Share of each kind that comes with words at all."""
RIGHT_CATEGORY = 0.88
"""Share of complaints that are filed under the right heading; the others stand under another or none."""

_EVENTS = {CODE["review"]: REVIEW, CODE["complaint_opened"]: COMPLAINT, CODE["service_chat"]: CHAT}
_EVENTS[CODE["survey_answered"]] = SURVEY
_GENERAL = np.array([0.20, 0.20, 0.13, 0.24, 0.04, 0.09, 0.05, 0.05])
"""What is blamed by those who have no particular cause, by cause."""
_PRAISE = np.array([0.26, 0.16, 0.17, 0.12, 0.08, 0.15, 0.06])
"""What is praised; the last is nothing in particular."""
_QUESTION = np.array([0.52, 0.26, 0.22])
"""What is asked: about an order, about a product, for advice."""
_N_CAUSES = len(CAUSES)
_OPPOSITE = np.array([1, 2, 3, 0, 5, 4, -1, -1])
"""For each cause the praise that a mixed text cannot hold beside it."""
_FIRST_PRAISE, _NOTHING = TOPICS.index(PRAISES[0]), TOPICS.index("nothing")
_USUAL_LINES = 14
"""Shelves (of what runs out) that a text without a product of its own is about."""
_QUESTIONS = np.array([TOPICS.index("order_question"), TOPICS.index("product_question"), GUIDANCE])


def kind_of(events: Columns) -> Ints:
    """Return the kind of text of each event, -1 where there is none to write."""
    kind = np.full(length(events), NONE, dtype=np.int64)
    for code, value in _EVENTS.items():
        kind[events["event"] == code] = value
    return kind


def meanings(events: Columns, seed: int) -> Columns:
    """Settle what each row means.

    Parameters
    ----------
    events : Columns
        Rows with a kind (`kind_of`), with `customer`, `event`, `at`, `value` (stars or score), `detail` (what was lived
        through, as an `ABOUT_CAUSE` number, or `NONE`) and `cause` (of the drift at that moment, or `NONE`).
    seed : int

    Returns
    -------
    Columns
        `kind`, `sentiment`, `topic` (position in `TOPICS`), `second` (the other topic of a mixed text, or `NONE`),
        `ambiguous`, `states_cause` (the topic is the cause of the drift), `has_text`, and `key`: the text's address.
    """
    key = (events["customer"] * 64 + events["event"]) * 10**9 + events["at"]

    def chance(purpose: str) -> Floats:
        return chance_of(key, seed, "text " + purpose)

    kind = kind_of(events)
    cause, value = events["cause"], events["value"]
    lived = np.where(events["detail"] >= ABOUT_CAUSE, events["detail"] - ABOUT_CAUSE, NONE)
    lived = np.where((kind == CHAT) | (kind == SURVEY), NONE, lived)
    sentiment = _sentiments(kind, value, cause, chance("feeling"))
    own = np.where((cause >= 0) & (chance("states cause") < STATES_CAUSE), cause, NONE)
    general = _choose(chance("blame"), _GENERAL)
    blamed = np.where((lived >= 0) & ((kind == COMPLAINT) | (chance("lived") < 0.85)), lived, own)
    blamed = np.where(blamed >= 0, blamed, general)
    praised = _choose(chance("praise"), _PRAISE)
    praised = np.where(praised < len(PRAISES), _FIRST_PRAISE + praised, _NOTHING)
    asked = np.where((kind == CHAT) & (own < 0), _QUESTIONS[_choose(chance("question"), _QUESTION)], blamed)
    asked = np.where((kind != CHAT) & (kind != COMPLAINT) & (chance("says nothing") < 0.6), _NOTHING, asked)
    topic = np.select([sentiment == NEGATIVE, sentiment == POSITIVE], [blamed, praised], asked)
    judging = sentiment != NEUTRAL
    mixed = judging & (topic != _NOTHING) & (chance("mixed") < MIXED)
    conceded = (praised + (chance("concedes") * len(PRAISES)).astype(np.int64)) % len(PRAISES)
    conceded = np.where(
        conceded == _OPPOSITE[np.minimum(topic, _N_CAUSES - 1)], (conceded + 1) % len(PRAISES), conceded
    )
    objected = np.where(topic - _FIRST_PRAISE == _OPPOSITE[general], (general + 3) % _N_CAUSES, general)
    second = np.where(mixed, np.where(sentiment == NEGATIVE, _FIRST_PRAISE + conceded, objected), NONE)
    return {
        "key": key,
        "kind": kind,
        "sentiment": sentiment,
        "topic": topic,
        "second": second,
        "ambiguous": judging & ~mixed & (chance("ambiguous") < AMBIGUOUS),
        "states_cause": (cause >= 0) & (topic == cause),
        "has_text": chance("writes") < np.array([WRITES[name] for name in KINDS])[kind],
    }


def filed_under(meaning: Columns, seed: int) -> Ints:
    """Return the heading under which complaints were filed, a position in ``(*CAUSES, "other")``."""
    right = chance_of(meaning["key"], seed, "text heading")
    wrong = _choose(chance_of(meaning["key"], seed, "text wrong heading"), np.append(_GENERAL, 0.6))
    return np.where((right < RIGHT_CATEGORY) & (meaning["topic"] < _N_CAUSES), meaning["topic"], wrong)


def phrases(meaning: Columns, product: Ints, seed: int) -> list[str | None]:
    """Put meanings into words.

    Parameters
    ----------
    meaning : Columns
        As from `meanings`.
    product : array of int, shape (n,)
        What the text is about, `NONE` where nothing in particular.
    seed : int

    Returns
    -------
    list of str or None
        None where nothing was written.
    """
    salts = np.floor(chance_of(meaning["key"], seed, "text words") * 2.0**52).astype(np.int64).tolist()
    names = ("kind", "sentiment", "topic", "second", "ambiguous", "has_text")
    columns = [meaning[name].tolist() for name in names]
    rows = zip(*columns, product.tolist(), salts, strict=True)
    return [
        _phrase(kind, SENTIMENTS[sentiment], topic, second, ambiguous, _Dice(salt), goods) if written else None
        for kind, sentiment, topic, second, ambiguous, written, goods, salt in rows
    ]


def _sentiments(kind: Ints, value: Floats, cause: Ints, u: Floats) -> Ints:
    """Return how each writer feels: by stars, by score, by kind."""
    stars = np.where(value <= 2, NEGATIVE, np.where(value <= 3, NEUTRAL, POSITIVE))
    stars = np.where((value >= 4) & (u < STARS_MISLEAD), NEGATIVE, stars)
    score = np.where(value <= 6, NEGATIVE, np.where((value <= 8) & (u < 0.6), NEUTRAL, POSITIVE))
    complaint = np.where(u < 0.88, NEGATIVE, NEUTRAL)
    chat = np.where((cause >= 0) & (u < 0.5), NEGATIVE, np.where(u > 0.97, POSITIVE, NEUTRAL))
    return np.select([kind == REVIEW, kind == COMPLAINT, kind == CHAT], [stars, complaint, chat], score)


def _choose(u: Floats, weights: Floats) -> Ints:
    edges = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(edges, u, side="right"), len(weights) - 1).astype(np.int64)


class _Dice:
    """Small whole numbers from one address, one after the other (a linear congruential sequence, high bits)."""

    def __init__(self, salt: int) -> None:
        self._state = salt | 1

    def roll(self, sides: int) -> int:
        """Return 0 … `sides` - 1."""
        self._state = (self._state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) & 0xFFFFFFFFFFFFFFFF
        return ((self._state >> 33) * sides) >> 31

    def happens(self, share: float) -> bool:
        """Return whether something of this share happens."""
        return self.roll(10_000) < share * 10_000

    def one(self, choices: tuple[str, ...]) -> str:
        """Choose one."""
        return choices[self.roll(len(choices))]


class _Slots:
    """The words for the slots of one text: who and what it is about stays the same throughout."""

    def __init__(self, dice: _Dice, goods: int) -> None:
        self._dice = dice
        known = goods if goods != NONE else dice.roll(_USUAL_LINES) * BRANDS + dice.roll(BRANDS)
        line = LINES[known // BRANDS]
        self._words = {
            "shop": dice.one(wording.SHOP_WORDS),
            "child": dice.one(wording.CHILD_WORDS),
            "elsewhere": dice.one(wording.ELSEWHERE),
            "product": line.noun,
            "stage": line.stage,
            "brand": BRAND_NAMES[line.category][known % BRANDS],
            "price": str(wording.PRICES[dice.roll(len(wording.PRICES))]),
        }

    def fill(self, template: str) -> str:
        """Choose among alternatives and fill the slots."""
        parts = [part if isinstance(part, str) else self._dice.one(part) for part in _parsed(template)]
        return _SLOT.sub(lambda match: self._word(match[1]), "".join(parts))

    def _word(self, name: str) -> str:
        if name == "days":
            return str(2 + self._dice.roll(9))
        if name == "months":
            return str(3 + self._dice.roll(33))
        return self._words[name]


_SLOT = re.compile(r"\{(\w+)\}")
_ALTERNATIVES = re.compile(r"\[([^\]]*)\]")
_BOOKS = {"negative": wording.NEGATIVE, "neutral": wording.NEUTRAL, "positive": wording.POSITIVE}


def _phrase(kind: int, feeling: str, topic: int, second: int, ambiguous: bool, dice: _Dice, goods: int) -> str:
    name = TOPICS[topic]
    decoration = wording.EMOJI[feeling]
    plain = second == NONE and kind != COMPLAINT
    if ambiguous:
        text = dice.one(_ambiguous(feeling, name))
        decoration = wording.MISLEADING_EMOJI if feeling == "negative" else decoration
    elif plain and feeling == "positive" and dice.happens(SHORT):
        text = dice.one(wording.SHORT_POSITIVE)
    elif plain and feeling == "negative" and dice.happens(SHORT):
        text = dice.one(wording.SHORT_NEGATIVE[name])
    else:
        text = _sentence(kind, feeling, name, second, dice)
    text = _Slots(dice, goods).fill(text)
    if dice.happens(TYPOS):
        text = _mistyped(text, dice)
    if dice.happens(EMOJI):
        text += dice.one(decoration) * (1 + dice.roll(4) // 3 * 2)
    return text


def _sentence(kind: int, feeling: str, name: str, second: int, dice: _Dice) -> str:
    """Build the template of a whole text."""
    clauses = _BOOKS[feeling][name]
    first = dice.roll(len(clauses))
    text = clauses[first]
    if second != NONE:
        other = TOPICS[second]
        more = dice.one(wording.POSITIVE[other] if other in PRAISES else wording.NEGATIVE[other])
        # what is said after the "but" weighs more: the feeling of the whole comes last
        return more + dice.one(wording.BUT) + text
    if feeling == "neutral":
        if name == "nothing":
            return text
        greeting = dice.one(wording.OPENERS[feeling]) if kind in (CHAT, COMPLAINT) else ""
        return greeting + text + dice.one(wording.QUESTION_ENDS)
    if dice.happens(0.25):
        text += "，" + clauses[(first + 1 + dice.roll(len(clauses) - 1)) % len(clauses)]
    end = wording.DEMANDS if kind == COMPLAINT and feeling == "negative" else wording.CLOSERS[feeling]
    return dice.one(wording.OPENERS[feeling]) + text + dice.one(end) + dice.one(wording.ENDINGS)


def _ambiguous(feeling: str, name: str) -> tuple[str, ...]:
    if feeling == "positive":
        return wording.AMBIGUOUS_POSITIVE
    return wording.AMBIGUOUS_NEGATIVE.get(name, wording.AMBIGUOUS_ANY)


@cache
def _parsed(template: str) -> tuple[str | tuple[str, ...], ...]:
    """Split a template into plain parts and alternatives."""
    pieces = _ALTERNATIVES.split(template)
    return tuple(tuple(piece.split("|")) if i % 2 else piece for i, piece in enumerate(pieces) if i % 2 or piece)


def _mistyped(text: str, dice: _Dice) -> str:
    fitting = [pair for pair in wording.TYPOS if pair[0] in text]
    if not fitting:
        return text + dice.one(("哈", "。。", "啊啊", "，，"))
    right, wrong = fitting[dice.roll(len(fitting))]
    return text.replace(right, wrong, 1)


def written(events: Columns, seed: int) -> tuple[Columns, list[str | None]]:
    """Return meanings and words of rows that have a kind."""
    meaning = meanings(events, seed)
    return meaning, phrases(meaning, events["product"], seed)


def is_written(events: Columns) -> Bools:
    """Return which events are texts (whether or not words came with them)."""
    return np.asarray(kind_of(events) >= 0)


def text_truth(chunk: Chunk, start: date) -> pa.Table:
    """Return one row per text of a chunk that was exported so far: what it means and why it was written.

    `text_id` is the number under which the text lies in the files. `cause` is what the writer was drifting away for
    when they wrote (none for the content), `states_cause` whether the text names it; `topic` is what the words are
    about.
    """
    del start  # texts carry no dates beyond their own rows
    rows = stack(chunk.texts)
    if not rows:
        return pa.table({name: pa.array([], kind) for name, kind in _TRUTH.items()})
    columns: dict[str, object] = {
        "text_id": rows["event_id"],
        "member_no": member_numbers(rows["customer"]),
        "kind": np.array(KINDS)[rows["kind"]],
        "has_text": rows["has_text"] > 0,
        "sentiment": np.array(SENTIMENTS)[rows["sentiment"]],
        "topic": np.array(TOPICS)[rows["topic"]],
        "second_topic": pa.array(np.array(TOPICS)[rows["second"]], mask=rows["second"] == NONE),
        "is_ambiguous": rows["ambiguous"] > 0,
        "cause": pa.array(np.array(CAUSES)[rows["cause"]], mask=rows["cause"] == NONE),
        "states_cause": rows["states_cause"] > 0,
    }
    return pa.table(columns, schema=pa.schema(_TRUTH.items()))


_TRUTH = {
    "text_id": pa.int64(),
    "member_no": pa.int64(),
    "kind": pa.string(),
    "has_text": pa.bool_(),
    "sentiment": pa.string(),
    "topic": pa.string(),
    "second_topic": pa.string(),
    "is_ambiguous": pa.bool_(),
    "cause": pa.string(),
    "states_cause": pa.bool_(),
}
