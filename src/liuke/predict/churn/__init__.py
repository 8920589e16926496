"""Who will not buy again within the horizon, with what probability, why, and what is at stake?"""

from liuke.predict.churn.category_report import CategoryHorizons
from liuke.predict.churn.config import ChurnSettings
from liuke.predict.churn.contracts import ChurnReport, ChurnRun, PopulationReport
from liuke.predict.churn.errors import NoModelError
from liuke.predict.churn.features import TagFeatures, TagStrata
from liuke.predict.churn.group_rhythm import GroupRhythm
from liuke.predict.churn.horizon import HorizonProposal, propose_horizon
from liuke.predict.churn.page import churn_page
from liuke.predict.churn.population import read_outcomes
from liuke.predict.churn.reason_words import GRADUATED, SILENT_DRIFT, ReasonFamily, reason_words
from liuke.predict.churn.reasons import Reason
from liuke.predict.churn.service import ChurnService
from liuke.predict.churn.shelf import Decision, ModelShelf
from liuke.predict.churn.tables import CHURN_SCORES
from liuke.predict.churn.treatment import Treated

__all__ = [
    "CHURN_SCORES",
    "GRADUATED",
    "SILENT_DRIFT",
    "CategoryHorizons",
    "ChurnReport",
    "ChurnRun",
    "ChurnService",
    "ChurnSettings",
    "Decision",
    "GroupRhythm",
    "HorizonProposal",
    "ModelShelf",
    "NoModelError",
    "PopulationReport",
    "Reason",
    "ReasonFamily",
    "TagFeatures",
    "TagStrata",
    "Treated",
    "churn_page",
    "propose_horizon",
    "read_outcomes",
    "reason_words",
]
