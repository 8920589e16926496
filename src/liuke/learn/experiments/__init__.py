"""Which arm is a customer in, and what did the contact change? Assignment by chance and the read-out that it allows."""

from liuke.learn.analysis import Verdict
from liuke.learn.experiments.allocator import GLOBAL_EXPERIMENT, HashAllocator
from liuke.learn.experiments.assignment import Draw, arms_at, draw_arms, in_stretch, seat_points, unit_interval
from liuke.learn.experiments.config import ExperimentSettings
from liuke.learn.experiments.contracts import Effect, EndReason, Reading, TrialState
from liuke.learn.experiments.defaults import default_trial, open_trials
from liuke.learn.experiments.document import Trial, parse_trial, trial_from
from liuke.learn.experiments.errors import ExperimentError, NoSuchTrialError
from liuke.learn.experiments.outcomes import OUTCOMES, Outcome
from liuke.learn.experiments.pilot import Balance, GroupSums, Pilot, balance_of, choose_pilot, group_sums
from liuke.learn.experiments.planning import Baseline, MetricPlan, PlanningFacts, plan_sizes, planning_facts
from liuke.learn.experiments.propensity_log import export_assignments
from liuke.learn.experiments.read_out import effects_table, read_out
from liuke.learn.experiments.reading import Gain, TrialReading, read_trial, reading_tree
from liuke.learn.experiments.record import Act, TrialBook, TrialEvent, TrialRecord
from liuke.learn.experiments.rollout import Move, next_move
from liuke.learn.experiments.service import DeskReading, TrialDesk
from liuke.learn.experiments.tables import ASSIGNMENTS, EFFECTS, assignments
from liuke.learn.experiments.unit_table import UnitInputs
from liuke.learn.inference import Difference, Moments, proportions, sample_ratio_p, welch

__all__ = [
    "ASSIGNMENTS",
    "EFFECTS",
    "GLOBAL_EXPERIMENT",
    "OUTCOMES",
    "Act",
    "Balance",
    "Baseline",
    "DeskReading",
    "Difference",
    "Draw",
    "Effect",
    "EndReason",
    "ExperimentError",
    "ExperimentSettings",
    "Gain",
    "GroupSums",
    "HashAllocator",
    "MetricPlan",
    "Moments",
    "Move",
    "NoSuchTrialError",
    "Outcome",
    "Pilot",
    "PlanningFacts",
    "Reading",
    "Trial",
    "TrialBook",
    "TrialDesk",
    "TrialEvent",
    "TrialReading",
    "TrialRecord",
    "TrialState",
    "UnitInputs",
    "Verdict",
    "arms_at",
    "assignments",
    "balance_of",
    "choose_pilot",
    "default_trial",
    "draw_arms",
    "effects_table",
    "export_assignments",
    "group_sums",
    "in_stretch",
    "next_move",
    "open_trials",
    "parse_trial",
    "plan_sizes",
    "planning_facts",
    "proportions",
    "read_out",
    "read_trial",
    "reading_tree",
    "sample_ratio_p",
    "seat_points",
    "trial_from",
    "unit_interval",
    "welch",
]
