"""Why may this customer leave? In words that an agent can say, with the numbers behind them.

Two witnesses speak. Exact tree attributions are added up by family of reasons (``reason_families.yaml``), because
features of one family say the same thing twice; and the data themselves (``evidence.py``): a complaint, a late
parcel, a child who has outgrown what was bought. A cause with evidence is told before a mere symptom (fewer visits, a
longer silence), and a circumstance that is true of many who stay comes last. An attribution says what the model leans
on, evidence what happened; neither proves a cause. Equal data give equal reasons.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liuke.kernel import read_yaml
from liuke.predict.churn.evidence import Evidence
from liuke.predict.churn.reason_words import GRADUATED, reason_words

FloatArray = npt.NDArray[np.float64]

PHRASE_FILE = Path(__file__).with_name("phrases.yaml")

# Log-odds below which a family isn't worth a sentence: about half a percentage point of probability.
MIN_WEIGHT = 0.02

# Evidence from this strength on names a cause; below it is a circumstance.
CAUSE = 1.0

# Pieces of evidence told in one reason: an agent reads it while the phone rings.
MAX_TOLD = 2

# How late a customer is by their own rhythm is told by features of two tag families.
_STORY = {"churn_risk": "lifecycle"}

_SLOT = re.compile(r"\{(\w+)(:%)?\}")


@dataclass(frozen=True)
class Reason:
    """One reason for one customer.

    Attributes
    ----------
    family : str
        Family of reasons, such as ``price``.
    direction : str
        ``raises`` or ``lowers`` the risk.
    weight : float
        Attribution plus evidence: what reasons are ranked by within their kind.
    tag : str
        The feature that says most of it, or the kind of the strongest evidence.
    value : float or None
        Its value; None if missing.
    attribution : float
        What the family's features add to the log-odds of churn, exactly.
    evidence : float
        Strength of what the data themselves say; 0: nothing.
    """

    family: str
    direction: str
    weight: float
    tag: str
    value: float | None
    zh: str
    en: str
    attribution: float
    evidence: float


@dataclass(frozen=True)
class Phrasebook:
    """Turns features into sentences.

    Parameters
    ----------
    titles : mapping of feature to (Chinese, English) name
    money : set of str
        Features that are minor currency units.
    minor_per_major : int
    horizon_days : int
    phrases : mapping
        Content of ``phrases.yaml``.
    """

    titles: Mapping[str, tuple[str, str]]
    money: frozenset[str]
    minor_per_major: int
    horizon_days: int
    phrases: Mapping[str, Mapping[str, Any]]

    @classmethod
    def shipped(
        cls, titles: Mapping[str, tuple[str, str]], money: frozenset[str], minor_per_major: int, horizon_days: int
    ) -> Phrasebook:
        """Read the phrases that come with this room."""
        return cls(titles, money, minor_per_major, horizon_days, read_yaml(PHRASE_FILE.read_text("utf-8")))

    def say(self, tag: str, values: Mapping[str, float]) -> tuple[str, str]:
        """Return the Chinese and the English sentence about a feature.

        Parameters
        ----------
        tag : str
        values : mapping of feature to value
            All features of the customer; NaN is missing.
        """
        value = values[tag]
        phrase: Mapping[str, Any] = self.phrases.get(tag, {})
        if math.isnan(value):
            forms = [phrase.get("missing")]
        elif value < 0 and "negative" in phrase:
            forms = [phrase["negative"]]
        else:
            forms = [phrase, phrase.get("unknown")]
        for form in forms:
            if form and all(self._known(name, values) for name, _ in _SLOT.findall(form["zh"] + form["en"])):
                return self._filled(form["zh"], values), self._filled(form["en"], values)
        return self._plain(tag, value)

    def tells(self, tag: str, value: float) -> bool:
        """Whether there is something to say of a feature: its value, or what it means that there is none."""
        return not math.isnan(value) or "missing" in self.phrases.get(tag, {})

    def _known(self, name: str, values: Mapping[str, float]) -> bool:
        return name == "horizon" or not math.isnan(values.get(name, math.nan))

    def _plain(self, tag: str, value: float) -> tuple[str, str]:
        zh, en = self.titles.get(tag, (tag, tag))
        if math.isnan(value):
            return f"{zh}：无记录", f"{en}: none on record"
        return f"{zh}:{self._number(tag, value)}", f"{en}: {self._number(tag, value)}"

    def _filled(self, template: str, values: Mapping[str, float]) -> str:
        def fill(slot: re.Match[str]) -> str:
            name, percent = slot.group(1), slot.group(2)
            if name == "horizon":
                return str(self.horizon_days)
            return f"{values[name]:.0%}" if percent else self._number(name, values[name])

        return _SLOT.sub(fill, template)

    def _number(self, tag: str, value: float) -> str:
        if tag in self.money:
            value /= self.minor_per_major
        return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.1f}"


def explain(
    contributions: FloatArray,
    features: FloatArray,
    names: Sequence[str],
    families: Mapping[str, str],
    book: Phrasebook,
    n_reasons: int,
    evidence: Sequence[Sequence[Evidence]] | None = None,
) -> list[tuple[Reason, ...]]:
    """Return, per customer, up to ``n_reasons`` families that raise the risk, and the one that lowers it most.

    Parameters
    ----------
    contributions, features : array, shape (n_customers, n_features)
    names : sequence of str, length n_features
    families : mapping of feature to tag family
    evidence : sequence, length n_customers, optional
        What the data say of each customer, strongest first.
    """
    words = reason_words()
    groups = tuple(words.families)
    of = words.families_of(names, families)
    member = np.array([groups.index(of[name]) for name in names], dtype=np.intp)
    totals = np.zeros((len(contributions), len(groups)))
    for g in range(len(groups)):
        totals[:, g] = contributions[:, member == g].sum(axis=1)
    symptoms = {g for g, key in enumerate(groups) if words.families[key].symptom}
    explained = []
    for i, (row, shares, known) in enumerate(zip(contributions, totals, features, strict=True)):
        seen: dict[int, list[Evidence]] = {}
        for one in evidence[i] if evidence is not None else ():
            seen.setdefault(groups.index(one.family), []).append(one)
        values = dict(zip(names, known.tolist(), strict=True))
        told: list[Reason] = []
        order = _ranked(shares, seen, symptoms, groups.index(GRADUATED))
        for g in (*order[:n_reasons], *_lowering(shares, order)):
            own, share = seen.get(g, []), float(shares[g])
            if own:
                told.append(_from_evidence(groups[g], share, own))
                continue
            members = [int(j) for j in np.flatnonzero(member == g) if book.tells(names[int(j)], float(known[j]))]
            speaking = _speaking(
                row, np.array(members, dtype=np.intp), names, families, share > 0, 2 if g in symptoms else 1
            )
            if speaking and (g in symptoms or not math.isnan(known[speaking[0]])):  # no record is no cause
                told.append(_reason(groups[g], share, [names[j] for j in speaking], values, book))
        explained.append(tuple(told))
    return explained


def _ranked(shares: FloatArray, seen: Mapping[int, list[Evidence]], symptoms: set[int], graduated: int) -> list[int]:
    """Put the families that speak for leaving in order: causes with evidence, symptoms, circumstances."""
    strength = {g: _strength(own) for g, own in seen.items()}
    raising = {g for g in range(len(shares)) if shares[g] >= MIN_WEIGHT} | set(seen)

    def rank(g: int) -> tuple[int, float, int]:
        if g == graduated:
            return (-1, 0.0, g)
        kind = 1 if g in symptoms else (0 if strength.get(g, 0.0) >= CAUSE else 2)
        return (kind, -(strength.get(g, 0.0) + max(float(shares[g]), 0.0)), g)

    return sorted(raising, key=rank)


def _lowering(shares: FloatArray, raising: Sequence[int]) -> list[int]:
    lowest = int(np.argmin(shares))
    return [lowest] if shares[lowest] <= -MIN_WEIGHT and lowest not in raising else []


def _strength(own: Sequence[Evidence]) -> float:
    """Add up evidence of one family: the strongest whole, what only repeats it by half."""
    return own[0].strength + 0.5 * sum(one.strength for one in own[1:])


def _from_evidence(family: str, share: float, own: Sequence[Evidence]) -> Reason:
    strength = _strength(own)
    return Reason(
        family=family,
        direction="raises",
        weight=round(strength + max(share, 0.0), 4),
        tag=own[0].kind,
        value=own[0].value,
        zh="；".join(one.zh for one in own[:MAX_TOLD]),
        en="; ".join(one.en for one in own[:MAX_TOLD]),
        attribution=round(share, 4),
        evidence=round(strength, 4),
    )


def _speaking(
    row: FloatArray,
    members: npt.NDArray[np.intp],
    names: Sequence[str],
    families: Mapping[str, str],
    raises: bool,
    most: int,
) -> list[int]:
    """Return the features that move the risk most in the family's direction, one per tag family."""
    pull = row[members] if raises else -row[members]
    found: list[int] = []
    heard: set[str] = set()
    for i in np.argsort(-pull, kind="stable"):
        feature = int(members[i])
        family = _STORY.get(families.get(names[feature], ""), families.get(names[feature], ""))
        if len(found) == most or pull[i] <= 0 or (found and pull[i] < MIN_WEIGHT):
            break
        if family not in heard:
            found.append(feature)
            heard.add(family)
    return found


def _reason(family: str, share: float, tags: Sequence[str], values: Mapping[str, float], book: Phrasebook) -> Reason:
    value = values[tags[0]]
    said = [book.say(tag, values) for tag in tags]
    return Reason(
        family=family,
        direction="raises" if share > 0 else "lowers",
        weight=round(share, 4),
        tag=tags[0],
        value=None if math.isnan(value) else round(value, 6),
        zh="；".join(zh for zh, _ in said),
        en="; ".join(en for _, en in said),
        attribution=round(share, 4),
        evidence=0.0,
    )


def to_json(reasons: Sequence[Reason]) -> str:
    """Return the JSON text of the column ``reasons``."""
    return json.dumps([vars(reason) for reason in reasons], ensure_ascii=False)
