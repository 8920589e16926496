"""Where models lie: one folder per version, LightGBM's text beside a JSON of all else and a card in plain words.

A version is named by the day it was trained for and by its content, so the same data give the same version. A folder is
written beside its place and renamed, so a killed run leaves no half model. Which one is in use: ``shelf.py``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liuke.predict.churn.card import card
from liuke.predict.churn.errors import NoModelError
from liuke.predict.churn.models.boosted_trees import BoostedTrees
from liuke.predict.churn.models.start import Start
from liuke.predict.evaluation import Calibrator

FloatArray = npt.NDArray[np.float64]

TREES_FILE = "trees.txt"
DESCRIPTION_FILE = "model.json"
CARD_FILES = {"zh": "card.zh.md", "en": "card.en.md"}


@dataclass(frozen=True)
class ChurnModel:
    """A model for use.

    Attributes
    ----------
    as_of : date
        The day it was trained for: it knows nothing later.
    settings_hash, definition_hash : str
        Of what it was trained with; a change calls for a new model.
    feature_hashes : mapping of feature to hash
        Of the definitions that it reads: it can be used as long as they stand.
    report : dict
        Its evaluation, JSON-ready.
    inputs : dict
        Snapshot of each lake table that it was trained from.
    """

    as_of: date
    trees: BoostedTrees
    calibrator: Calibrator
    horizon_days: int
    window_days: int
    settings_hash: str
    definition_hash: str
    feature_hashes: Mapping[str, str]
    report: Mapping[str, Any]
    inputs: Mapping[str, int | None]

    @property
    def version(self) -> str:
        """Day and content: the same data give the same version."""
        trees = self.trees
        start = [trees.start.to_dict(), trees.belief, trees.start_at]
        content = [trees.text, start, self.calibrator.to_dict(), self.horizon_days, self.window_days]
        return f"{self.as_of.isoformat()}-{hashlib.sha256(json.dumps(content).encode()).hexdigest()[:8]}"

    def probability(self, features: FloatArray, basis: FloatArray) -> FloatArray:
        """Return calibrated churn probabilities, shape (n_customers,)."""
        return self.calibrator(self.trees.probability(features, basis))

    def reads(self, hashes: Mapping[str, str]) -> bool:
        """Tell whether features of these definitions are what the model learnt from."""
        return all(hashes.get(name) == told for name, told in self.feature_hashes.items())

    def columns(self, names: Sequence[str]) -> npt.NDArray[np.intp]:
        """Return where the model's features stand among ``names``."""
        return np.array([names.index(name) for name in self.trees.names], dtype=np.intp)


class ModelStore:
    """The models of one workspace.

    Parameters
    ----------
    folder : Path
        Made when the first model is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, model: ChurnModel) -> Path:
        """Write a model with its card; saving it twice leaves one."""
        place = self.folder / model.version
        if not place.is_dir():
            partial = self.folder / f".partial-{model.version}"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            (partial / TREES_FILE).write_text(model.trees.text, encoding="utf-8")
            told = _description(model)
            (partial / DESCRIPTION_FILE).write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
            for language, name in CARD_FILES.items():
                (partial / name).write_text(card(told, language), encoding="utf-8")
            os.replace(partial, place)
        return place

    def versions(self) -> list[str]:
        """Return all versions that lie here, oldest first."""
        return sorted(path.parent.name for path in self.folder.glob(f"[0-9]*/{DESCRIPTION_FILE}"))

    def describe(self, version: str) -> dict[str, Any]:
        """Return what is written about a version.

        Raises
        ------
        NoModelError
            If there is no such version.
        """
        file = self.folder / version / DESCRIPTION_FILE
        if version not in self.versions():
            known = ", ".join(self.versions()[-3:]) or "none yet"
            raise NoModelError(f"there is no churn model {version}", hint=f"the newest versions: {known}")
        told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return told

    def card(self, version: str, language: str) -> str:
        """Return the model card of a version in ``zh`` or ``en``."""
        return card(self.describe(version), language)

    def load(self, version: str) -> ChurnModel:
        """Read a model by its version."""
        told = self.describe(version)
        text = (self.folder / version / TREES_FILE).read_text(encoding="utf-8")
        start = Start.from_dict(told["start"])
        trees = BoostedTrees(text, tuple(told["features"]), told["rounds"], told["belief"], start, told["start_at"])
        return ChurnModel(
            as_of=date.fromisoformat(told["as_of"]),
            trees=trees,
            calibrator=Calibrator.from_dict(told["calibrator"]),
            horizon_days=told["horizon_days"],
            window_days=told["window_days"],
            settings_hash=told["settings_hash"],
            definition_hash=told["definition_hash"],
            feature_hashes=told["feature_hashes"],
            report=told["report"],
            inputs=told["inputs"],
        )


def _description(model: ChurnModel) -> dict[str, Any]:
    return {
        "version": model.version,
        "as_of": model.as_of.isoformat(),
        "features": list(model.trees.names),
        "rounds": model.trees.rounds,
        "belief": model.trees.belief,
        "start": model.trees.start.to_dict(),
        "start_at": model.trees.start_at,
        "calibrator": model.calibrator.to_dict(),
        "horizon_days": model.horizon_days,
        "window_days": model.window_days,
        "settings_hash": model.settings_hash,
        "definition_hash": model.definition_hash,
        "feature_hashes": dict(model.feature_hashes),
        "report": dict(model.report),
        "inputs": dict(model.inputs),
    }
