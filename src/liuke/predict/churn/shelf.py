"""Which model is in use from which day on, and why: an append-only history beside the models."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from liuke.predict.churn.errors import NoModelError
from liuke.predict.churn.storage import ChurnModel, ModelStore
from liuke.predict.evaluation import jsonable

HISTORY_FILE = "history.json"


@dataclass(frozen=True)
class Decision:
    """Which model was taken into use from a day on, and why.

    Attributes
    ----------
    as_of : date
    action : str
        ``first``, ``promoted``, ``kept`` (the trained one was not better), ``replaced`` (the old one could no longer
        be used), ``chosen`` or ``rolled back`` (by a person).
    trained : str or None
        Version that was trained for it; None if a person decided.
    active : str
        Version in use from that day on.
    against : str or None
        The model that was in use before.
    gain : dict or None
        Log-loss saved by the trained one on the same customers: value, low, high, n.
    """

    as_of: date
    action: str
    trained: str | None
    active: str
    against: str | None
    gain: Mapping[str, Any] | None
    reason_zh: str
    reason_en: str


class ModelShelf(ModelStore):
    """The models of one workspace with the decisions about them; the history is one file, replaced whole."""

    def decide(self, decision: Decision) -> None:
        """Write down a decision; one about a newly trained model replaces an earlier one of the same day."""
        kept = [one for one in self.history() if not (one.as_of == decision.as_of and one.trained and decision.trained)]
        told = [asdict(one) | {"as_of": one.as_of.isoformat()} for one in (*kept, decision)]
        told.sort(key=lambda one: str(one["as_of"]))
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f".partial-{HISTORY_FILE}"
        partial.write_text(json.dumps(jsonable(told), ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(partial, self.folder / HISTORY_FILE)

    def history(self, as_of: date | None = None) -> list[Decision]:
        """Return the decisions, oldest first; those of ``as_of`` or earlier if it is given."""
        file = self.folder / HISTORY_FILE
        if not file.is_file():
            return []
        told = json.loads(file.read_text(encoding="utf-8"))
        found = [Decision(**(one | {"as_of": date.fromisoformat(one["as_of"])})) for one in told]
        return [one for one in found if as_of is None or one.as_of <= as_of]

    def latest(self, as_of: date | None = None, before_training_of: date | None = None) -> ChurnModel | None:
        """Return the model in use at a day (default: at the end of the history), None if there is none.

        Parameters
        ----------
        before_training_of : date, optional
            Leave out what was decided about a model trained for this day: it is being trained again.
        """
        decisions = [one for one in self.history(as_of) if not (one.trained and one.as_of == before_training_of)]
        return self.load(decisions[-1].active) if decisions else None

    def last_trained(self, as_of: date) -> ChurnModel | None:
        """Return the model that was trained last, in use or not."""
        trained = [one.trained for one in self.history(as_of) if one.trained]
        return self.load(trained[-1]) if trained else None

    def choose(self, version: str, day: date, who: str) -> Decision:
        """Take a version into use from a day on, whatever the comparison said."""
        self.describe(version)
        before = self.history(day)
        return self._by_hand("chosen", version, before[-1].active if before else None, day, who)

    def roll_back(self, day: date, who: str) -> Decision:
        """Take the model into use again that was in use before the present one.

        Raises
        ------
        NoModelError
            If there was none before.
        """
        used = [one.active for one in self.history(day)]
        earlier = [version for version in used if version != used[-1]] if used else []
        if not earlier:
            raise NoModelError("there is no earlier churn model to go back to", hint="`liuke models list` shows all")
        return self._by_hand("rolled back", earlier[-1], used[-1], day, who)

    def _by_hand(self, action: str, version: str, old: str | None, day: date, who: str) -> Decision:
        zh = {"chosen": f"由 {who} 指定", "rolled back": f"由 {who} 回退"}[action]
        en = f"{action} by {who}"
        decision = Decision(day, action, None, version, old, None, zh, en)
        self.decide(decision)
        return decision
