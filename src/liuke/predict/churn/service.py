"""Use cases of churn prediction: propose a horizon, train and judge, score a day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from liuke.kernel.progress import Progress, SilentProgress
from liuke.kernel.results import NotEnoughData
from liuke.kernel.shop import ShopProfile
from liuke.predict.churn import horizon, promotion
from liuke.predict.churn.category_horizons import category_horizons
from liuke.predict.churn.config import ChurnSettings
from liuke.predict.churn.contracts import ChurnReport, ChurnRun
from liuke.predict.churn.errors import NoModelError
from liuke.predict.churn.evidence import read_evidence
from liuke.predict.churn.horizon import HorizonProposal
from liuke.predict.churn.origins import Origin, observe, read_origins
from liuke.predict.churn.ports import FeatureBuilder, Moment, Past, Strata, Treatments
from liuke.predict.churn.scoring import SCORES, score_table
from liuke.predict.churn.shelf import ModelShelf
from liuke.predict.churn.storage import ChurnModel
from liuke.predict.churn.tables import CHURN_SCORES
from liuke.predict.churn.training import Fitted, fit_population
from liuke.predict.churn.treatment import Treated
from liuke.predict.evaluation import OriginPlan, plan_origins
from liuke.store.lake import Lake

# Settings that don't change what a model learns.
_OF_USE_ONLY = {"retrain_days", "num_threads", "n_reasons", "max_explained", "max_model_age_days"}


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
    features : FeatureBuilder
        What the model reads, such as :class:`TagFeatures`.
    strata : Strata
        Parts by which the report tells apart, such as :class:`TagStrata` of the shop's tags.
    treatments : Treatments, optional
        Tells whom strategies contacted. Default: nobody.
    """

    def __init__(
        self,
        history: Past,
        lake: Lake,
        shop: ShopProfile,
        settings: ChurnSettings,
        models_dir: Path,
        features: FeatureBuilder,
        strata: Strata,
        treatments: Treatments | None = None,
    ) -> None:
        self._history = history
        self._lake = lake
        self._shop = shop
        self._settings = settings
        self._shelf = ModelShelf(models_dir / "churn")
        self._features = features
        self._treatments = treatments or (lambda _as_of: Treated.nobody())
        self._strata = strata

    @property
    def models(self) -> ModelShelf:
        """The shop's churn models: which there are, which is in use, and why."""
        return self._shelf

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

    def evaluate(
        self,
        as_of: date,
        rng_seed: int = 0,
        progress: Progress | None = None,
        horizon_days: int | None = None,
        window_days: int | None = None,
    ) -> ChurnReport | NotEnoughData:
        """Judge the procedure for active buyers and for all customers, without keeping a model.

        Parameters
        ----------
        horizon_days, window_days : int, optional
            Instead of the settings, to compare with somebody else's protocol.
        """
        chosen = {"horizon_days": horizon_days, "window_days": window_days}
        asked = self._settings.model_copy(update={key: days for key, days in chosen.items() if days is not None})
        other = ChurnService(
            self._history,
            self._lake,
            self._shop,
            asked,
            self._shelf.folder.parent,
            self._features,
            self._strata,
            self._treatments,
        )
        with closing(self._history.at(as_of)) as later:
            report = other._train(later, rng_seed, progress or SilentProgress(), ("active", "all"), save=False)
            if isinstance(report, NotEnoughData):
                return report
            rng = np.random.default_rng(rng_seed)
            return replace(report, categories=category_horizons(self._history, later, report.horizon, asked, rng))

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
        model = self._shelf.latest(moment.as_of)
        if model is None or not model.reads(self._features.hashes):
            raise NoModelError(
                f"there is no churn model for {moment.as_of} with the present features",
                hint="train one with `liuke run`",
            )
        progress = progress or SilentProgress()
        seen = observe(moment, self._features, model.horizon_days, model.window_days)
        return score_table(
            model,
            seen,
            self._features,
            self._settings,
            self._shop.currency,
            progress,
            lambda customers: read_evidence(moment, customers),
        )

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
            nothing = isinstance(outcome, NotEnoughData) and not self._has_model(as_of)
            scores = SCORES.empty_table() if nothing else self._score(here, progress)
        self._lake.ensure(CHURN_SCORES)
        self._lake.overwrite(CHURN_SCORES.name, scores, {"as_of": as_of}, f"churn:{as_of}", {})
        version = scores["model_version"][0].as_py() if scores.num_rows else None
        return ChurnRun(scores, outcome, version)

    def _has_model(self, as_of: date) -> bool:
        """Tell whether a model is in use that can still be asked: a thin period doesn't take it away."""
        model = self._shelf.latest(as_of)
        return (
            model is not None
            and (as_of - model.as_of).days <= self._settings.max_model_age_days
            and model.reads(self._features.hashes)
        )

    def _has_fresh_model(self, as_of: date) -> bool:
        """Tell whether the last training was lately, by the present settings, and left a model that can be used."""
        trained, model = self._shelf.last_trained(as_of), self._shelf.latest(as_of)
        return (
            trained is not None
            and model is not None
            and (as_of - trained.as_of).days < self._settings.retrain_days
            and trained.definition_hash == self._features.definition_hash
            and trained.settings_hash == self._settings_hash
            and model.reads(self._features.hashes)
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
                reason_zh=f"数据不足，无法预测流失：{plan.reason_zh}",
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
        days, window = proposal.horizon_days, self._settings.window_days or proposal.horizon_days
        treated = self._treatments(later.as_of)
        origins = read_origins(
            self._history,
            later,
            self._features,
            plan.cutoffs,
            days,
            window,
            progress,
            treated,
            self._strata,
            self._settings.max_customers,
        )
        progress.start("churn: training", len(populations))
        fits = self._fit(origins, populations, days, rng_seed, progress)
        if isinstance(fits, NotEnoughData):
            progress.finish("not enough data")
            return fits
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
        model = self._model(later, fits[0], days, window)
        report = replace(report, model_version=model.version)
        if save:
            self._keep(replace(model, report=report.to_dict()), fits[0], rng_seed)
        progress.finish(f"AUROC {report.active.learner.auroc.value:.3f}")
        return report

    def _fit(
        self, origins: Sequence[Origin], populations: Sequence[str], days: int, rng_seed: int, progress: Progress
    ) -> list[Fitted] | NotEnoughData:
        """Fit each population; the first has to have enough data, others are left out if they haven't."""
        fits: list[Fitted] = []
        for population in populations:
            fitted = fit_population(
                population,
                origins,
                self._features.families,
                days,
                rng_seed,
                self._settings.num_threads,
                self._settings.min_class,
            )
            progress.advance()
            if isinstance(fitted, Fitted):
                fits.append(fitted)
            elif not fits:
                return fitted
        return fits

    def _model(self, later: Moment, fitted: Fitted, horizon_days: int, window_days: int) -> ChurnModel:
        names = set(fitted.trees.names)
        return ChurnModel(
            as_of=later.as_of,
            trees=fitted.trees,
            calibrator=fitted.calibrator,
            horizon_days=horizon_days,
            window_days=window_days,
            settings_hash=self._settings_hash,
            definition_hash=self._features.definition_hash,
            feature_hashes={name: told for name, told in self._features.hashes.items() if name in names},
            report={},
            inputs=dict(later.inputs),
        )

    def _keep(self, model: ChurnModel, fitted: Fitted, rng_seed: int) -> None:
        """Keep a trained model, and take it into use if it may take the place of the one in use."""
        old = self._shelf.latest(model.as_of, before_training_of=model.as_of)
        usable = old is not None and old.reads(self._features.hashes) and old.horizon_days == model.horizon_days
        self._shelf.save(model)
        self._shelf.decide(promotion.decide(model, fitted, old, usable, rng_seed))
