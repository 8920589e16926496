"""Where the choice of a value model lies: one folder per day and content, trees as text beside a JSON of all else.

A folder is written beside its place and renamed, so a killed run leaves no half model, and the same data give the same
folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from liuke.kernel.results import Estimate
from liuke.predict.clv.contracts import ModelChoice, TotalError
from liuke.predict.clv.models.covariates import CovariateValue

CHOICE_FILE = "choice.json"
TREE_FILES = ("buying.txt", "margin.txt")


@dataclass(frozen=True)
class KeptModel:
    """A choice for use; ``learnt`` is there if covariates were chosen."""

    choice: ModelChoice
    learnt: CovariateValue | None
    settings_hash: str

    @property
    def version(self) -> str:
        """Day, model and content: the same data give the same version."""
        trees = self.learnt.texts if self.learnt is not None else ()
        content = json.dumps([asdict(self.choice), self.settings_hash, trees], default=str)
        return f"{self.choice.as_of}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


class ValueModelStore:
    """The choices of one workspace.

    Parameters
    ----------
    folder : Path
        Made when the first choice is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, model: KeptModel) -> None:
        """Keep a choice; keeping it twice leaves one."""
        place = self.folder / model.version
        if place.is_dir():
            return
        partial = self.folder / f".partial-{model.version}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name, text in zip(TREE_FILES, model.learnt.texts if model.learnt is not None else (), strict=False):
            (partial / name).write_text(text, encoding="utf-8")
        described = {"settings_hash": model.settings_hash, "choice": asdict(model.choice)}
        (partial / CHOICE_FILE).write_text(json.dumps(described, default=str, ensure_ascii=False), encoding="utf-8")
        os.replace(partial, place)

    def latest(self, as_of: date, settings_hash: str, num_threads: int = 1) -> KeptModel | None:
        """Return the newest choice made for a day or earlier, under the same settings; None if there is none."""
        kept = [path for path in self.folder.glob("[0-9]*") if path.name[:10] <= as_of.isoformat()]
        for path in sorted(kept, reverse=True):
            described = json.loads((path / CHOICE_FILE).read_text(encoding="utf-8"))
            if described["settings_hash"] == settings_hash:
                return KeptModel(_choice(described["choice"]), _trees(path, num_threads), settings_hash)
        return None


def _choice(plain: dict[str, Any]) -> ModelChoice:
    gain, judged = plain["gain"], plain["judged_from"]
    return ModelChoice(
        **{
            **plain,
            "as_of": date.fromisoformat(plain["as_of"]),
            "judged_from": date.fromisoformat(judged) if judged else None,
            "gain": Estimate(**gain) if gain else None,
            "total_error": TotalError(**plain["total_error"]),
        }
    )


def _trees(path: Path, num_threads: int) -> CovariateValue | None:
    texts = [(path / name).read_text(encoding="utf-8") for name in TREE_FILES if (path / name).is_file()]
    return CovariateValue.of_texts(texts[0], texts[1], num_threads) if len(texts) == len(TREE_FILES) else None
