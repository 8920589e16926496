"""Use cases of churn prediction: propose a horizon, train and judge, score a day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from liuke.kernel.money import minor_exponent
from liuke.kernel.progress import Progress, SilentProgress
from liuke.kernel.results import NotEnoughData
from liuke.kernel.shop import ShopProfile
from liuke.predict.churn import horizon, reasons
from liuke.predict.churn.config import ChurnSettings
from liuke.predict.churn.contracts import ChurnReport, ChurnRun
from liuke.predict.churn.errors import NoModelError
from liuke.predict.churn.evidence import Evidence, read_evidence
from liuke.predict.churn.features import TagFeatures
from liuke.predict.churn.horizon import HorizonProposal
from liuke.predict.churn.origins import Observation, observe, read_origins
from liuke.predict.churn.ports import FeatureBuilder, Moment, Past
from liuke.predict.churn.storage import ChurnModel, ModelStore
from liuke.predict.churn.tables import CHURN_SCORES
from liuke.predict.churn.training import Fitted, fit_population, margin_if_staying
from liuke.predict.evaluation import OriginPlan, plan_origins
from liuke.store.lake import Lake

# Settings that don't change what a model learns.
_OF_USE_ONLY = {"retrain_days", "num_threads", "n_reasons"}

_SCORES = pa.schema(
    [
        ("as_of", pa.date32()),
        ("customer_id", pa.int64()),
        ("probability", pa.float64()),
        ("horizon_days", pa.int32()),
        ("expected_margin_minor", pa.int64()),
        ("model_version", pa.string()),
        ("reasons", pa.string()),
    ]
)


class ChurnService:
    """Predicts churn for one shop.

    Parameters
    ----------
    history : Past
        Opens moments of the shop's past.
    lake : Lake
        Where ``churn_scores`` is written.
    shop : ShopProfile
        For the currency.
    settings : ChurnSettings
    models_dir : Path
        The workspace's models folder; models lie in ``churn/`` below it.
    features : FeatureBuilder, optional
        Default: ``features.yaml`` of this room.
    """

    def __init__(
        self,
        history: Past,
        lake: Lake,
        shop: ShopProfile,
        settings: ChurnSettings,
        models_dir: Path,
        features: FeatureBuilder | None = None,
    ) -> None:
        self._history = history
        self._lake = lake
        self._shop = shop
        self._settings = settings
        self._models = ModelStore(models_dir / "churn")
        self._features = features or TagFeatures.shipped()

    def propose_horizon(self, moment: Moment) -> HorizonProposal | NotEnoughData:
        """Propose the horizon from the repurchase intervals known at a moment."""
        return horizon.propose_horizon(moment, self._settings)

    def train_and_evaluate(
        self,
        as_of: date,
        rng_seed: int = 0,
        progress: Progress | None = None,
        populations: Sequence[str] = ("active",),
        save: bool = True,
    ) -> ChurnReport | NotEnoughData:
        """Train on past moments, judge on the newest complete one, keep the model.

        Parameters
        ----------
        as_of : date
            Nothing of this day or later is used.
        rng_seed : int
            Of the learner and of the bootstrap.
        populations : sequence of str
            ``active`` first (it is the one that is scored), then ``all`` if wanted.
        save : bool
            Whether the model is kept for scoring.

        Raises
        ------
        LeakageError
            If a feature knows the outcome.
        """
        progress = progress or SilentProgress()
        with closing(self._history.at(as_of)) as later:
            return self._train(later, rng_seed, progress, populations, save)

    def evaluate(self, as_of: date, rng_seed: int = 0, progress: Progress | None = None) -> ChurnReport | NotEnoughData:
        """Judge the procedure for active buyers and for all customers, without keeping a model."""
        return self.train_and_evaluate(as_of, rng_seed, progress, populations=("active", "all"), save=False)

    def score(self, as_of: date, progress: Progress | None = None) -> pa.Table:
        """Score every active buyer with the newest model trained for ``as_of`` or earlier.

        Returns
        -------
        pyarrow.Table
            Rows of ``churn_scores``, ordered by customer; none if nobody bought within the window.

        Raises
        ------
        NoModelError
            If there is no model yet; train one first.
        """
        with closing(self._history.at(as_of)) as moment:
            return self._score(moment, progress)

    def _score(self, moment: Moment, progress: Progress | None) -> pa.Table:
        as_of = moment.as_of
        model = self._models.latest(as_of)
        if model is None or model.definition_hash != self._features.definition_hash:
            raise NoModelError(
                f"there is no churn model for {as_of} with the present features", hint="train one with `liuke run`"
            )
        progress = progress or SilentProgress()
        progress.start("churn: scores", 1)
        seen = observe(moment, self._features, model.horizon_days, model.window_days)
        scores = self._scores(model, seen, read_evidence(moment, seen.summary.customer_id[seen.active]))
        progress.advance()
        progress.finish(f"{scores.num_rows:,} active buyers")
        return scores

    def run(
        self, as_of: date, rng_seed: int = 0, progress: Progress | None = None, moment: Moment | None = None
    ) -> ChurnRun:
        """Score a day, training first if the newest model is too old, and write ``churn_scores`` of the day.

        Parameters
        ----------
        moment : Moment, optional
            An open moment of ``as_of``; it stays open.
        """
        outcome: ChurnReport | NotEnoughData | None = None
        with nullcontext(moment) if moment is not None else closing(self._history.at(as_of)) as here:
            if not self._has_fresh_model(as_of):
                outcome = self._train(here, rng_seed, progress or SilentProgress(), ("active",), True)
            scores = _SCORES.empty_table() if isinstance(outcome, NotEnoughData) else self._score(here, progress)
        self._lake.ensure(CHURN_SCORES)
        self._lake.overwrite(CHURN_SCORES.name, scores, {"as_of": as_of}, f"churn:{as_of}", {})
        version = scores["model_version"][0].as_py() if scores.num_rows else None
        return ChurnRun(scores, outcome, version)

    def _has_fresh_model(self, as_of: date) -> bool:
        model = self._models.latest(as_of)
        return (
            model is not None
            and (as_of - model.as_of).days < self._settings.retrain_days
            and model.definition_hash == self._features.definition_hash
            and model.settings_hash == self._settings_hash
        )

    @property
    def _settings_hash(self) -> str:
        told = self._settings.model_dump(exclude=_OF_USE_ONLY)
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    def _plan(self, later: Moment) -> tuple[HorizonProposal, OriginPlan] | NotEnoughData:
        proposal = self.propose_horizon(later)
        if isinstance(proposal, NotEnoughData):
            return proposal
        days = proposal.horizon_days
        plan = plan_origins(
            proposal.rhythm.first_day,
            min(later.as_of, proposal.rhythm.end),
            days,
            warm_up_days=self._settings.window_days or days,
            max_train=self._settings.max_train_origins,
        )
        if isinstance(plan, NotEnoughData):
            return replace(
                plan,
                reason_zh=f"数据不足,无法预测流失:{plan.reason_zh}",
                reason_en=f"not enough data to predict churn: {plan.reason_en}",
            )
        return proposal, plan

    def _train(
        self, later: Moment, rng_seed: int, progress: Progress, populations: Sequence[str], save: bool
    ) -> ChurnReport | NotEnoughData:
        planned = self._plan(later)
        if isinstance(planned, NotEnoughData):
            return planned
        proposal, plan = planned
        window = self._settings.window_days or proposal.horizon_days
        origins = read_origins(
            self._history, later, self._features, plan.cutoffs, proposal.horizon_days, window, progress
        )
        progress.start("churn: training", len(populations))
        fits: list[Fitted] = []
        for population in populations:
            fitted = fit_population(
                population,
                origins,
                self._features.families,
                proposal.horizon_days,
                rng_seed,
                self._settings.num_threads,
                self._settings.min_class,
            )
            progress.advance()
            if isinstance(fitted, NotEnoughData):
                if not fits:
                    progress.finish("not enough data")
                    return fitted
                continue
            fits.append(fitted)
        report = ChurnReport(
            as_of=later.as_of,
            horizon=proposal,
            window_days=window,
            plan=plan,
            populations=tuple(fitted.report for fitted in fits),
            model_version="",
            definition_hash=self._features.definition_hash,
            n_features=len(fits[0].trees.names),
            currency=self._shop.currency,
        )
        model = ChurnModel(
            as_of=later.as_of,
            trees=fits[0].trees,
            calibrator=fits[0].calibrator,
            horizon_days=proposal.horizon_days,
            window_days=window,
            settings_hash=self._settings_hash,
            definition_hash=self._features.definition_hash,
            report={},
            inputs=dict(later.inputs),
        )
        report = replace(report, model_version=model.version)
        if save:
            self._models.save(replace(model, report=report.to_dict()))
        progress.finish(f"AUROC {report.active.learner.auroc.value:.3f}")
        return report

    def _scores(self, model: ChurnModel, seen: Observation, evidence: Mapping[int, tuple[Evidence, ...]]) -> pa.Table:
        known = seen.features[seen.active]
        n = len(known)
        if not n or seen.purchases is None:
            return _SCORES.empty_table()
        margin = margin_if_staying(seen.summary, seen.purchases, model.horizon_days)[seen.active]
        book = reasons.Phrasebook.shipped(
            self._features.titles, self._features.money, 10 ** minor_exponent(self._shop.currency), model.horizon_days
        )
        explained = reasons.explain(
            model.trees.contributions(known),
            known,
            model.trees.names,
            self._features.families,
            book,
            self._settings.n_reasons,
            [evidence.get(customer, ()) for customer in seen.summary.customer_id[seen.active].tolist()],
        )
        columns = [
            pa.array([seen.cutoff] * n, pa.date32()),
            pa.array(seen.summary.customer_id[seen.active]),
            pa.array(model.probability(known)),
            pa.array([model.horizon_days] * n, pa.int32()),
            pa.array(np.rint(margin).astype(np.int64)),
            pa.array([model.version] * n),
            pa.array([reasons.to_json(row) for row in explained], pa.string()),
        ]
        return pa.table(columns, schema=_SCORES)
