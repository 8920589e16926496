"""Four warning levels by expected profit and capacity, silent-decline detectors, and how past warnings came out."""

from liuke.predict.early_warning.backtest import Warned, WeekOfWarnings, backtest_table, relive, summarise
from liuke.predict.early_warning.config import WarningSettings
from liuke.predict.early_warning.contracts import LEVEL_NAMES_ZH, Capacity, Graded, Level, LevelTotal
from liuke.predict.early_warning.drift import Behaviour, Watched, detect
from liuke.predict.early_warning.intervened import INTERVENED_WORDS, Intervened, intervened, intervened_table
from liuke.predict.early_warning.phrases import BEHAVIOUR_NAMES
from liuke.predict.early_warning.ports import Moment
from liuke.predict.early_warning.service import grade, totals
from liuke.predict.early_warning.tables import INTERVENTIONS, WARNING_BACKTEST, WARNING_THRESHOLDS, WARNINGS

__all__ = [
    "BEHAVIOUR_NAMES",
    "INTERVENED_WORDS",
    "INTERVENTIONS",
    "LEVEL_NAMES_ZH",
    "WARNINGS",
    "WARNING_BACKTEST",
    "WARNING_THRESHOLDS",
    "Behaviour",
    "Capacity",
    "Graded",
    "Intervened",
    "Level",
    "LevelTotal",
    "Moment",
    "Warned",
    "WarningSettings",
    "Watched",
    "WeekOfWarnings",
    "backtest_table",
    "detect",
    "grade",
    "intervened",
    "intervened_table",
    "relive",
    "summarise",
    "totals",
]
