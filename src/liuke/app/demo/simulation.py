"""The demo's last page: which document the console shows, and how it is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from liuke.app.bootstrap import Application
from liuke.app.demo.comparison import beside, entered, outcomes, true_effects
from liuke.app.demo.contracts import DemoSettings
from liuke.app.demo.translation import Translation
from liuke.collect.identity import IDENTITY_MAP
from liuke.decide.strategies import Strategy, entries_of
from liuke.learn.experiments import EFFECTS
from liuke_sim import Shop


def measured_beside_true(
    app: Application, shop: Shop, translation: Translation, received: Collection[str], as_of: date
) -> list[dict[str, Any]]:
    """Compare the read-out of a day with the shop's truth.

    Parameters
    ----------
    received : collection of str
        Strategies of which the shop's customers received a message; the others changed nothing.
    as_of : date
        A day for which the loop has run; the shop must have lived until it.

    Returns
    -------
    list of dict
        A row per strategy and metric, see ``comparison.beside``.
    """
    merged = app.lake.arrow(IDENTITY_MAP.name)
    joined = dict(zip(merged["identity_id"].to_pylist(), merged["customer_id"].to_pylist(), strict=True))
    effects = app.lake.arrow(EFFECTS.name, {"as_of": as_of}).to_pylist()
    actual = shop.purchases()
    rows = []
    for strategy in app.strategies:
        horizon = strategy.goal.horizon_days
        with app.operations.read() as connection:
            who = entered(entries_of(connection, strategy.id), joined, horizon, as_of)
        without = shop.purchases(("without", strategy.id)) if strategy.id in received else actual
        happened, would_have = (outcomes(world, translation, joined, who, horizon) for world in (actual, without))
        truths = true_effects(who, happened, would_have)
        rows += [beside(row, truths.get(row["metric"])) for row in effects if row["strategy"] == strategy.id]
    return rows


def document(
    effects: Sequence[Mapping[str, Any]],
    strategies: Sequence[Strategy],
    settings: DemoSettings,
    as_of: date,
    counts: Mapping[str, int],
) -> dict[str, Any]:
    """Return what the console's last page shows.

    Parameters
    ----------
    effects : sequence of mapping
        From ``measured_beside_true``.
    counts : mapping of str to int
        ``contacts`` and ``untranslated``.
    """
    names = {one.id: {"zh": one.name.zh, "en": one.name.en} for one in strategies}
    return {
        "as_of": as_of.isoformat(),
        "customers": settings.customers,
        "weeks": settings.weeks,
        "seed": settings.seed,
        **counts,
        "effects": [dict(row) | names[row["strategy"]] for row in effects],
    }
