"""Are warnings right, early and explained? Simulated shops whose truth is known, read only here.

Each shop delivers its files, the product ingests them, trains, and lives five past weeks again with what was known
then: scores, silent declines, levels with hysteresis, reasons (`liuke warnings backtest` does the same). Only then
the truth is opened: who was drifting away, since when, why, who left for good, who had merely outgrown the shop.

Beside the product stand *recency* (days since the last purchase, calibrated one horizon earlier) and the same model
without sequences and trends; beside its reasons the model's attributions alone, and always naming the shop's
commonest true cause, which no real shop knows. Figures are per shop over its customer-weeks; the page gives their
mean over shops with twice its standard error. A score on a simulated shop says that the machinery works, not what a
real shop will see.

Results are kept per shop in `--work`, so that an interrupted run goes on where it stopped.

    python benchmarks/prove_warning.py --page docs/reference/warning-proof.md
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from warning_page import page

from liuke.app.bootstrap import Application
from liuke.app.demo.translation import Translation
from liuke.app.loop import DailyLoop
from liuke.app.warning_backtest import lifecycle_at
from liuke.collect.history import Moment
from liuke.collect.identity import IDENTITY_MAP
from liuke.kernel import NotEnoughData, SimulatedClock
from liuke.predict.churn import ChurnService, TagFeatures, TagStrata, read_outcomes
from liuke.predict.early_warning import Warned, relive, summarise
from liuke.predict.evaluation import (
    auroc,
    brier_score,
    calibration_error,
    fit_platt,
    precision_at_recall,
    recall_at_precision,
    reliability_table,
)
from liuke_sim import SOURCES_DIR, VARIANTS, Shop

ZONE = "Asia/Shanghai"
HISTORY_DAYS = 476
WEEKS = 5
RECALL, PRECISION = 0.3, 0.85
VARIANT_NAMES = ("plain", "noisy", "drifting", "misspecified")
SOURCES = (
    *("profiles", "children", "orders", "order_status", "social_orders", "social_status", "store", "products"),
    *("behaviour", "reviews", "chats", "surveys", "complaints"),
)
ALL_REASONS = 8
"""Reasons kept here, so that attributions alone can be ranked too; a shop keeps three."""
FULL, PLAIN_MODEL, RECENCY = "product", "without sequences and trends", "recency"
Figures = dict[str, float | None]


@dataclass(frozen=True)
class Job:
    """One shop."""

    variant: str
    seed: int
    customers: int


class KeptMoment:
    """A moment that stays open: a proof opens the same days many times."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self.as_of, self.connection, self.inputs = moment.as_of, moment.connection, moment.inputs

    def close(self) -> None:
        """Stay open."""

    def really_close(self) -> None:
        """Free what the moment holds."""
        self._moment.close()


class KeptPast:
    """The shop's past with every moment opened once."""

    def __init__(self, app: Application) -> None:
        self._history, self._kept = app.history, {}

    def at(self, as_of: date, known_at: Any = None) -> KeptMoment:
        """Return the moment of a day."""
        if as_of not in self._kept:
            self._kept[as_of] = KeptMoment(self._history.at(as_of))
        return self._kept[as_of]

    def close(self) -> None:
        """Free all."""
        for moment in self._kept.values():
            moment.really_close()


class CachedFeatures:
    """The shipped features, computed once per moment; some columns may be left out."""

    def __init__(self, shipped: TagFeatures, kept: dict[date, pa.Table], without: frozenset[str] = frozenset()) -> None:
        self._shipped, self._kept, self._without = shipped, kept, without
        self.definition_hash = f"{shipped.definition_hash}-{len(without)}"
        self.families, self.titles, self.money = shipped.families, shipped.titles, shipped.money
        self.hashes = {name: told for name, told in shipped.hashes.items() if name not in without}

    def __call__(self, moment: Moment) -> pa.Table:
        """Return the features of a moment."""
        if moment.as_of not in self._kept:
            self._kept[moment.as_of] = self._shipped(moment)
        return self._kept[moment.as_of].drop_columns(sorted(self._without))


def over_time(shipped: TagFeatures) -> frozenset[str]:
    """Name the features that hold a sequence, a trend or a decayed count, themselves or in what they are made of."""
    marks = ("'trend'", "'sequence'", "'decayed'")
    direct = {key for key, tag in shipped.definitions.items() if any(mark in str(tag.to_document()) for mark in marks)}
    made = {key for key, tag in shipped.definitions.items() if direct & set(tag.needs)} if direct else set()
    return frozenset(key for key in direct | made if not shipped.definitions[key].hidden)


def prove(job: Job) -> dict[str, Any]:
    """Take one shop through its weeks and compare with its truth."""
    began, folder = time.process_time(), Path(tempfile.mkdtemp(prefix="liuke-warning-"))
    try:
        app, shop = _workspace(folder, job)
        past = KeptPast(app)
        found = _measure(app, past, shop, folder, job)
        past.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found | {"variant": job.variant, "seed": job.seed, "cpu_seconds": time.process_time() - began}


def _workspace(folder: Path, job: Job) -> tuple[Application, Shop]:
    variant = VARIANTS[job.variant]
    end = variant.start + timedelta(days=HISTORY_DAYS)
    config = replace(variant, customers=job.customers, weekly_from=end, weeks=0, batch_days=HISTORY_DAYS)
    settings: dict[str, dict[str, Any]] = {
        "shop": {"name": "prove", "zone": ZONE, "currency": "CNY"},
        "churn": {"n_reasons": ALL_REASONS},
    }
    app = Application.create(folder / "shop", settings, SimulatedClock(ZONE, end), job.seed.to_bytes(32, "big"))
    for name in SOURCES:
        shutil.copyfile(SOURCES_DIR / f"{name}.yaml", app.workspace.sources_dir / f"{name}.yaml")
    shop = Shop.generate(config, job.seed)
    shop.write_history(app.workspace.path / "inbox")
    DailyLoop(app).run(end, only=("ingest", "resolve"))
    return app, shop


def _measure(app: Application, past: KeptPast, shop: Shop, folder: Path, job: Job) -> dict[str, Any]:
    end = shop.today
    with closing(past.at(end)) as moment:
        proposal = app.churn.propose_horizon(moment)
    if isinstance(proposal, NotEnoughData):
        return {"refused": proposal.reason_en}
    horizon = timedelta(days=proposal.horizon_days)
    shipped, kept = app.features, {}
    services = {
        name: ChurnService(
            past,
            app.lake,
            app.shop,
            app.settings.churn.model_copy(update={"horizon_days": proposal.horizon_days}),
            folder / "models" / str(number),
            CachedFeatures(shipped, kept, without),
            TagStrata(app.tags),
        )
        for number, (name, without) in enumerate({FULL: frozenset(), PLAIN_MODEL: over_time(shipped)}.items())
    }
    lived = relive(
        past,
        services[FULL],
        end,
        end - horizon,
        WEEKS,
        lifecycle_at(app),
        app.behaviours.active_names,
        app.settings.warning,
        job.seed,
        retrain_weeks=WEEKS + 1,
    )
    if isinstance(lived, NotEnoughData):
        return {"refused": lived.reason_en}
    first = lived[0].week - timedelta(days=7)
    services[PLAIN_MODEL].train_and_evaluate(first, job.seed)
    scores = {
        FULL: [week.scores["probability"].to_numpy() for week in lived],
        PLAIN_MODEL: [services[PLAIN_MODEL].score(week.week)["probability"].to_numpy() for week in lived],
        RECENCY: _recency(past, lived, first - horizon, proposal.horizon_days),
    }
    return {
        "horizon_days": proposal.horizon_days,
        "scored": sum(week.urgent.size for week in lived),
        "models": {name: _judged(lived, parts) for name, parts in scores.items()},
        "levels": _levels(lived),
        "truth": _against_truth(app, shop, folder, lived),
    }


def _judged(lived: list[Warned], parts: list[np.ndarray]) -> Figures:
    """Judge over all weeks; calibration on the last alone, since the bands hold for different customers only."""
    churned = np.concatenate([week.churned for week in lived]).astype(np.float64)
    probability = np.concatenate(parts)
    table = reliability_table(lived[-1].churned.astype(np.float64), parts[-1])
    inside = [row.inside for row in table]
    return {
        "base": float(churned.mean()),
        "auroc": auroc(churned, probability),
        "precision_at_recall": precision_at_recall(churned, probability, RECALL),
        "recall_at_precision": recall_at_precision(churned, probability, PRECISION),
        "brier": brier_score(churned, probability),
        "ece": calibration_error(table),
        "inside_band": float(np.mean(inside)) if inside else None,
    }


def _recency(past: KeptPast, lived: list[Warned], fit_on: date, horizon_days: int) -> list[np.ndarray]:
    """Return the probabilities that days since the last purchase give, calibrated on outcomes known by then."""
    with closing(past.at(fit_on + timedelta(days=horizon_days))) as later:
        with closing(past.at(fit_on)) as moment:
            ids, since = _since_last(moment)
        active = since <= horizon_days
        outcome = read_outcomes(later, ids[active], fit_on, horizon_days).churned
    curve = fit_platt(outcome, _risk(since[active], horizon_days))
    found = []
    for week in lived:
        with closing(past.at(week.week)) as moment:
            ids, since = _since_last(moment)
        own = since[np.searchsorted(ids, week.scores["customer_id"].to_numpy())]
        found.append(curve(_risk(own, horizon_days)))
    return found


def _risk(since: np.ndarray, horizon_days: int) -> np.ndarray:
    return since / (since + horizon_days)


def _since_last(moment: Moment) -> tuple[np.ndarray, np.ndarray]:
    sql = "SELECT customer_id, $as_of - max(occurred_on) AS since FROM purchases GROUP BY 1 ORDER BY 1"
    rows = moment.connection.execute(sql, {"as_of": moment.as_of}).fetchnumpy()
    return np.asarray(rows["customer_id"], dtype=np.int64), np.asarray(rows["since"], dtype=np.float64)


def _levels(lived: list[Warned]) -> Figures:
    weeks = [summarise(week) for week in lived]
    left = [week.first & week.churned & week.urgent for week in lived]
    lead = np.concatenate([week.lead_days[mask] for week, mask in zip(lived, left, strict=True)])
    warned, churned = sum(one.warned for one in weeks), sum(one.churned for one in weeks)
    hits, lost = sum(one.warned_churned for one in weeks), sum(one.value_churned_minor for one in weeks)
    fading = np.concatenate([_fading(week) for week in lived])
    checked = np.concatenate([_checked(week) for week in lived])
    gone = np.concatenate([week.churned for week in lived])
    return {
        "warned_share": warned / sum(one.scored for one in weeks),
        "precision": hits / warned if warned else None,
        "recall": hits / churned if churned else None,
        "watched_recall": (hits + sum(one.yellow_churned for one in weeks)) / churned if churned else None,
        "value_recall": sum(one.value_warned_minor for one in weeks) / max(lost, 1),
        "lead_n": float(lead.size),
        "lead_median": float(np.median(lead)) if lead.size else None,
        "lead_low": float(np.quantile(lead, 0.25)) if lead.size else None,
        "lead_in_time": float((lead >= 3).mean()) if lead.size else None,
        "fading_share": float(fading.mean()),
        "fading_churn": float(gone[fading].mean()) if fading.any() else None,
        "checked_churn": float(gone[checked].mean()) if checked.any() else None,
        "checked_share": float(checked.mean()),
    }


def _fading(week: Warned) -> np.ndarray:
    return np.array([bool(json.loads(text)["found"]) for text in week.warnings["drift"].to_pylist()], dtype=bool)


def _checked(week: Warned) -> np.ndarray:
    return np.array([bool(json.loads(text)["checked"]) for text in week.warnings["drift"].to_pylist()], dtype=bool)


# ---- the truth


@dataclass(frozen=True)
class Drifts:
    """Who was drifting away when: by customer, (from, to, cause, left)."""

    spells: Mapping[int, list[tuple[date, date, str, bool]]]
    graduated: Mapping[int, date]

    def cause(self, customer: int, day: date) -> str | None:
        """Return the cause that was driving a customer away on a day."""
        return next((cause for a, b, cause, _ in self.spells.get(customer, []) if a <= day < b), None)

    def leaves(self, customer: int, day: date) -> date | None:
        """Return the day on which the drift of that day ended in leaving."""
        return next((b for a, b, _, left in self.spells.get(customer, []) if a <= day < b and left), None)


def _drifts(app: Application, shop: Shop, folder: Path) -> Drifts:
    shop.write_truth(folder / "truth")
    members = shop.members()
    translation = Translation(members, app.cipher.pepper)
    merged = app.lake.arrow(IDENTITY_MAP.name)
    joined = dict(zip(merged["identity_id"].to_pylist(), merged["customer_id"].to_pylist(), strict=True))
    number = dict(zip(members["member_no"].to_pylist(), members["number"].to_pylist(), strict=True))

    def who(member: int) -> int:
        return int(translation.customers(np.array([number[member]]), joined)[0])

    spells: dict[int, list[tuple[date, date, str, bool]]] = {}
    for row in pyarrow.parquet.read_table(folder / "truth" / "truth_drifts.parquet").to_pylist():
        spell = (row["drift_started_on"], row["ended_on"], row["cause"], row["outcome"] == "left")
        spells.setdefault(who(row["member_no"]), []).append(spell)
    graduated: dict[int, date] = {}
    for row in pyarrow.parquet.read_table(folder / "truth" / "truth.parquet").to_pylist():
        if row["graduated_on"] is not None:
            graduated[who(row["member_no"])] = row["graduated_on"]
        if row["cause"] is None:
            continue
        if row["left_on"] is None:
            spells.setdefault(who(row["member_no"]), []).append(
                (row["drift_started_on"], date.max, row["cause"], False)
            )
        else:  # gone for good: the cause stays the cause
            spells.setdefault(who(row["member_no"]), []).append((row["left_on"], date.max, row["cause"], False))
    return Drifts(spells, graduated)


def _against_truth(app: Application, shop: Shop, folder: Path, lived: list[Warned]) -> dict[str, Any]:
    drifts = _drifts(app, shop, folder)
    rows = []
    for week in lived:
        columns = (week.warnings[name].to_pylist() for name in ("customer_id", "reasons", "graduated"))
        for customer, text, graduated, urgent, churned, new in zip(
            *columns, week.urgent.tolist(), week.churned.tolist(), week.first.tolist(), strict=True
        ):
            reasons = [one for one in json.loads(text) if one["direction"] == "raises"]
            leaves = drifts.leaves(customer, week.week)
            rows.append(
                {
                    "urgent": urgent,
                    "churned": churned,
                    "cause": drifts.cause(customer, week.week),
                    "told": [one["family"] for one in reasons],
                    "evident": [one["family"] for one in reasons if one["evidence"] >= 1],
                    "leaned": [one["family"] for one in sorted(reasons, key=lambda one: -one["attribution"])],
                    "days_before_leaving": (leaves - week.week).days if urgent and new and leaves else None,
                    "graduated": graduated,
                    "truly_graduated": drifts.graduated.get(customer, date.max) <= week.week,
                }
            )
    warned = [row for row in rows if row["urgent"]]
    adrift = [row for row in warned if row["cause"] is not None]
    left = [row for row in adrift if row["churned"]]
    everyone_adrift = [row for row in rows if row["cause"] is not None]
    before = [row["days_before_leaving"] for row in warned if row["days_before_leaving"] is not None]
    return {
        "adrift_share": len(everyone_adrift) / len(rows),
        "warned_adrift": len(adrift) / len(warned) if warned else None,
        "first": _share(adrift, lambda row: row["cause"] in row["told"][:1]),
        "first_two": _share(adrift, lambda row: row["cause"] in row["told"][:2]),
        "first_two_of_left": _share(left, lambda row: row["cause"] in row["told"][:2]),
        "named": _share(adrift, lambda row: bool(_causes(row["evident"]))),
        "first_when_named": _share(
            [row for row in adrift if _causes(row["evident"])], lambda row: _causes(row["evident"])[0] == row["cause"]
        ),
        "all_named": _share(everyone_adrift, lambda row: bool(_causes(row["evident"]))),
        "all_first_when_named": _share(
            [row for row in everyone_adrift if _causes(row["evident"])],
            lambda row: _causes(row["evident"])[0] == row["cause"],
        ),
        "all_commonest": _commonest([row["cause"] for row in everyone_adrift]),
        "all_first": _share(everyone_adrift, lambda row: row["cause"] in row["told"][:1]),
        "all_adrift_first_two": _share(everyone_adrift, lambda row: row["cause"] in row["told"][:2]),
        "attributions_first": _share(adrift, lambda row: row["cause"] in row["leaned"][:1]),
        "attributions_first_two": _share(adrift, lambda row: row["cause"] in row["leaned"][:2]),
        "commonest_first": _commonest([row["cause"] for row in adrift]),
        "days_before_leaving": float(np.median(before)) if before else None,
        "truly_graduated": sum(row["truly_graduated"] for row in rows) / len(rows),
        "graduated_recall": _share([row for row in rows if row["truly_graduated"]], lambda row: row["graduated"]),
        "graduated_precision": _share([row for row in rows if row["graduated"]], lambda row: row["truly_graduated"]),
    }


def _commonest(causes: list[str]) -> float | None:
    return max(causes.count(one) for one in set(causes)) / len(causes) if causes else None


def _causes(told: list[str]) -> list[str]:
    return [one for one in told if one not in ("silent_drift", "graduated", "benefits_unused")]


def _share(rows: list[dict[str, Any]], holds: Callable[[dict[str, Any]], bool]) -> float | None:
    return sum(holds(row) for row in rows) / len(rows) if rows else None


# ---- running


def main(arguments: list[str] | None = None) -> int:
    """Run what isn't there yet, write the page."""
    options = _options().parse_args(arguments)
    work = Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    commit = _commit()  # of the code that runs, whatever is committed meanwhile
    for seed in range(options.seed, options.seed + options.seeds):
        for variant in options.variants.split(","):
            kept = work / f"{variant}-{seed}-{options.customers}.json"
            if kept.exists():
                continue
            found = prove(Job(variant, seed, options.customers)) | {"commit": commit}
            kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
            said = found.get("refused") or f"AUROC {found['models'][FULL]['auroc']:.3f}"
            print(f"{variant} {seed}: {said} ({found['cpu_seconds']:.0f} s of CPU)", flush=True)
    results = [json.loads(path.read_text("utf-8")) for path in sorted(work.glob(f"*-{options.customers}.json"))]
    text = page(results, options.customers, WEEKS)
    print(text)
    if options.page:
        Path(options.page).write_text(text, encoding="utf-8")
    return 0


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=11, help="the first one; 1 to 10 were looked at while building")
    parser.add_argument("--customers", type=int, default=2_500)
    parser.add_argument("--variants", default=",".join(VARIANT_NAMES))
    parser.add_argument("--work", default="warning-proof", help="folder of results per shop; existing ones are kept")
    parser.add_argument("--page", help="write the result there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
