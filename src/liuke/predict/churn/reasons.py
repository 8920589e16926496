"""Why does the model think that this customer will leave? In words, with the numbers behind them.

Exact tree attributions are added up by tag family, because features of one family say the same thing twice. Of each
family that moves the risk most, the strongest feature is named. An attribution says what the model leans on; it is no
proof of a cause.
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
import yaml

FloatArray = npt.NDArray[np.float64]

PHRASE_FILE = Path(__file__).with_name("phrases.yaml")

# Log-odds below which a family isn't worth a sentence: about half a percentage point of probability.
MIN_WEIGHT = 0.02

# Features that tell the same story, how late a customer is by their own rhythm: one of them is told.
SAME_STORY = frozenset(
    {"expected_silence", "recency_days", "overdue_ratio", "overdue_longest_ratio"}
    | {f"gap_{stat}_days" for stat in ("mean", "median", "max", "last", "stddev")}
)

_SLOT = re.compile(r"\{(\w+)(:%)?\}")


@dataclass(frozen=True)
class Reason:
    """One reason for one customer.

    Attributes
    ----------
    family : str
        Tag family, such as ``activity``.
    direction : str
        ``raises`` or ``lowers`` the risk.
    weight : float
        What the family adds to the log-odds of churn.
    tag : str
        The feature that says most of it.
    value : float or None
        Its value; None if missing.
    """

    family: str
    direction: str
    weight: float
    tag: str
    value: float | None
    zh: str
    en: str


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
        return cls(titles, money, minor_per_major, horizon_days, yaml.safe_load(PHRASE_FILE.read_text("utf-8")))

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

    def _known(self, name: str, values: Mapping[str, float]) -> bool:
        return name == "horizon" or not math.isnan(values.get(name, math.nan))

    def _plain(self, tag: str, value: float) -> tuple[str, str]:
        zh, en = self.titles.get(tag, (tag, tag))
        if math.isnan(value):
            return f"{zh}:无记录", f"{en}: none on record"
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
) -> list[tuple[Reason, ...]]:
    """Return, per customer, up to ``n_reasons`` families that raise the risk, and the one that lowers it most.

    Parameters
    ----------
    contributions, features : array, shape (n_customers, n_features)
    names : sequence of str, length n_features
    families : mapping of feature to family
    """
    groups = sorted({families.get(name, "other") for name in names})
    member = np.array([groups.index(families.get(name, "other")) for name in names])
    totals = np.column_stack([contributions[:, member == g].sum(axis=1) for g in range(len(groups))])
    ranking = np.argsort(-totals, axis=1, kind="stable")
    explained = []
    for row, shares, order, known in zip(contributions, totals, ranking, features, strict=True):
        values = dict(zip(names, known.tolist(), strict=True))
        raising = [g for g in order[:n_reasons] if shares[g] >= MIN_WEIGHT]
        lowering = [g for g in order[-1:] if shares[g] <= -MIN_WEIGHT]
        told: list[Reason] = []
        for g in (*raising, *lowering):
            strongest = _strongest(row, np.flatnonzero(member == g), names, shares[g] > 0, {r.tag for r in told})
            if strongest is not None:
                told.append(_reason(groups[g], float(shares[g]), names[strongest], values, book))
        explained.append(tuple(told))
    return explained


def _strongest(
    row: FloatArray, members: npt.NDArray[np.intp], names: Sequence[str], raises: bool, told: set[str]
) -> int | None:
    """Return the feature that moves the risk most in the family's direction and isn't said already."""
    pull = row[members] if raises else -row[members]
    for i in np.argsort(-pull, kind="stable"):
        if pull[i] <= 0:
            return None
        if not (names[members[i]] in SAME_STORY and told & SAME_STORY):
            return int(members[i])
    return None


def _reason(family: str, weight: float, tag: str, values: Mapping[str, float], book: Phrasebook) -> Reason:
    value = values[tag]
    zh, en = book.say(tag, values)
    return Reason(
        family=family,
        direction="raises" if weight > 0 else "lowers",
        weight=round(weight, 4),
        tag=tag,
        value=None if math.isnan(value) else round(value, 6),
        zh=zh,
        en=en,
    )


def to_json(reasons: Sequence[Reason]) -> str:
    """Return the JSON text of the column ``reasons``."""
    return json.dumps([vars(reason) for reason in reasons], ensure_ascii=False)
