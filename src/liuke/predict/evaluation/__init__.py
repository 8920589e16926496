"""Is a model any good? Rolling origins, calibration, honest measures and a leakage canary, shared by all models."""

from liuke.predict.evaluation.amounts import AmountScore, AmountTenth, judge_amounts, normalised_gini, rmse_gain
from liuke.predict.evaluation.bootstrap import bootstrap_auroc_difference, bootstrap_loss_gain, bootstrap_ranking
from liuke.predict.evaluation.calibration import Calibrator, fit_calibrator, fit_platt, log_odds
from liuke.predict.evaluation.canary import Leak, find_leaks, refuse_leaks
from liuke.predict.evaluation.comparing import LEAST_AUROC, LEAST_ERROR_SHARE, Standing, standing
from liuke.predict.evaluation.drift import Drift, drifts, population_stability
from liuke.predict.evaluation.errors import EvaluationDataError, LeakageError
from liuke.predict.evaluation.origins import MIN_ORIGINS, OriginPlan, plan_origins
from liuke.predict.evaluation.probabilities import (
    ReliabilityRow,
    brier_score,
    calibration_error,
    log_loss,
    reliability_table,
)
from liuke.predict.evaluation.ranking import (
    auroc,
    auroc_of_counts,
    average_precision,
    lift_at,
    precision_at_recall,
    recall_at_precision,
)
from liuke.predict.evaluation.scorecard import STATED_PRECISION, STATED_RECALL, Scorecard, jsonable, judge

__all__ = [
    "LEAST_AUROC",
    "LEAST_ERROR_SHARE",
    "MIN_ORIGINS",
    "STATED_PRECISION",
    "STATED_RECALL",
    "AmountScore",
    "AmountTenth",
    "Calibrator",
    "Drift",
    "EvaluationDataError",
    "Leak",
    "LeakageError",
    "OriginPlan",
    "ReliabilityRow",
    "Scorecard",
    "Standing",
    "auroc",
    "auroc_of_counts",
    "average_precision",
    "bootstrap_auroc_difference",
    "bootstrap_loss_gain",
    "bootstrap_ranking",
    "brier_score",
    "calibration_error",
    "drifts",
    "find_leaks",
    "fit_calibrator",
    "fit_platt",
    "jsonable",
    "judge",
    "judge_amounts",
    "lift_at",
    "log_loss",
    "log_odds",
    "normalised_gini",
    "plan_origins",
    "population_stability",
    "precision_at_recall",
    "recall_at_precision",
    "refuse_leaks",
    "reliability_table",
    "rmse_gain",
    "standing",
]
