"""The families of reasons and the words of evidence, read from ``reason_families.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from liuke.kernel import read_yaml

FAMILY_FILE = Path(__file__).with_name("reason_families.yaml")

GRADUATED, SILENT_DRIFT = "graduated", "silent_drift"


@dataclass(frozen=True)
class ReasonFamily:
    """What a customer may be leaving for.

    Attributes
    ----------
    features : tuple of str
        Names of features, or beginnings followed by ``*``.
    words : str
        Regular expression of cues in what customers write; empty: none.
    symptom : bool
        Said where no cause is known.
    """

    key: str
    zh: str
    en: str
    features: tuple[str, ...]
    words: str
    symptom: bool

    def claims(self, feature: str) -> bool:
        """Say whether a feature's attribution counts for this family."""
        return any(feature.startswith(one[:-1]) if one.endswith("*") else feature == one for one in self.features)


@dataclass(frozen=True)
class ReasonWords:
    """All families, all kinds of evidence."""

    families: Mapping[str, ReasonFamily]
    tag_families: Mapping[str, str]
    evidence: Mapping[str, Mapping[str, Any]]
    says: Mapping[str, Mapping[str, str]]

    def family_of(self, feature: str, tag_family: str) -> str:
        """Return the family of reasons that a feature's attribution counts for."""
        named = (one.key for one in self.families.values() if one.claims(feature))
        return next(named, self.tag_families.get(tag_family, SILENT_DRIFT))

    def families_of(self, features: Sequence[str], tag_families: Mapping[str, str]) -> dict[str, str]:
        """Map each feature to its family of reasons."""
        return {name: self.family_of(name, tag_families.get(name, "")) for name in features}

    @cached_property
    def spoken(self) -> Mapping[str, str]:
        """Cues in what customers write, by family."""
        return {one.key: one.words for one in self.families.values() if one.words}


@cache
def reason_words() -> ReasonWords:
    """Read the file that comes with this room."""
    told = read_yaml(FAMILY_FILE.read_text("utf-8"))
    families = {
        key: ReasonFamily(
            key,
            one["zh"],
            one["en"],
            tuple(one.get("features", ())),
            one.get("words", ""),
            bool(one.get("symptom", False)),
        )
        for key, one in told["families"].items()
    }
    return ReasonWords(families, told["tag_families"], told["evidence"], told["says"])
