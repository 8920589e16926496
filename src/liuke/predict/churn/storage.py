"""Where models lie: one folder per version, LightGBM's text beside a JSON of all else.

A version is named by the day it was trained for and by its content, so the same data give the same version. A folder is
written beside its place and renamed, so a killed run leaves no half model.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liuke.predict.churn.models.boosted_trees import BoostedTrees
from liuke.predict.evaluation import Calibrator

FloatArray = npt.NDArray[np.float64]

TREES_FILE = "trees.txt"
DESCRIPTION_FILE = "model.json"
START_FIELDS = ("start_at", "slope", "intercept", "centre")


@dataclass(frozen=True)
class ChurnModel:
    """A model for use.

    Attributes
    ----------
    as_of : date
        The day it was trained for: it knows nothing later.
    settings_hash, definition_hash : str
        Of what it was trained with; a change calls for a new model.
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
    report: dict[str, Any]
    inputs: dict[str, int | None]

    @property
    def version(self) -> str:
        """Day and content: the same data give the same version."""
        trees = self.trees
        start = [getattr(trees, name) for name in START_FIELDS]
        content = [trees.text, start, self.calibrator.to_dict(), self.horizon_days, self.window_days]
        return f"{self.as_of.isoformat()}-{hashlib.sha256(json.dumps(content).encode()).hexdigest()[:8]}"

    def probability(self, features: FloatArray) -> FloatArray:
        """Return calibrated churn probabilities, shape (n_customers,)."""
        return self.calibrator(self.trees.probability(features))


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
        """Write a model and make it the one of its day; saving it twice leaves one."""
        place = self.folder / model.version
        if not place.is_dir():
            partial = self.folder / f".partial-{model.version}"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            (partial / TREES_FILE).write_text(model.trees.text, encoding="utf-8")
            (partial / DESCRIPTION_FILE).write_text(_description(model), encoding="utf-8")
            os.replace(partial, place)
        pointer = self.folder / f"{model.as_of.isoformat()}.version"
        partial_pointer = pointer.with_suffix(".partial")
        partial_pointer.write_text(model.version, encoding="utf-8")
        os.replace(partial_pointer, pointer)
        return place

    def latest(self, as_of: date) -> ChurnModel | None:
        """Return the newest model trained for ``as_of`` or earlier, None if there is none."""
        days = sorted(path.stem for path in self.folder.glob("*.version") if path.stem <= as_of.isoformat())
        if not days:
            return None
        return self.load((self.folder / f"{days[-1]}.version").read_text(encoding="utf-8"))

    def load(self, version: str) -> ChurnModel:
        """Read a model by its version."""
        text = (self.folder / version / TREES_FILE).read_text(encoding="utf-8")
        told = json.loads((self.folder / version / DESCRIPTION_FILE).read_text(encoding="utf-8"))
        return ChurnModel(
            as_of=date.fromisoformat(told["as_of"]),
            trees=BoostedTrees(text, tuple(told["features"]), told["rounds"], **told["start"]),
            calibrator=Calibrator.from_dict(told["calibrator"]),
            horizon_days=told["horizon_days"],
            window_days=told["window_days"],
            settings_hash=told["settings_hash"],
            definition_hash=told["definition_hash"],
            report=told["report"],
            inputs=told["inputs"],
        )


def _description(model: ChurnModel) -> str:
    return json.dumps(
        {
            "as_of": model.as_of.isoformat(),
            "features": list(model.trees.names),
            "rounds": model.trees.rounds,
            "start": {name: getattr(model.trees, name) for name in START_FIELDS},
            "calibrator": model.calibrator.to_dict(),
            "horizon_days": model.horizon_days,
            "window_days": model.window_days,
            "settings_hash": model.settings_hash,
            "definition_hash": model.definition_hash,
            "report": model.report,
            "inputs": model.inputs,
        },
        ensure_ascii=False,
        indent=1,
    )
