"""Which arm is a customer in, and what did the contact change? Assignment by chance and the read-out that it allows."""

from liuke.learn.experiments.allocator import GLOBAL_EXPERIMENT, HashAllocator, export_assignments
from liuke.learn.experiments.assignment import Draw, draw_arms, unit_interval
from liuke.learn.experiments.config import ExperimentSettings
from liuke.learn.experiments.contracts import Effect, Reading, Verdict
from liuke.learn.experiments.errors import ExperimentError
from liuke.learn.experiments.read_out import effects_table, read_out
from liuke.learn.experiments.tables import ASSIGNMENTS, EFFECTS, assignments
from liuke.learn.inference import Difference, Moments, proportions, sample_ratio_p, welch

__all__ = [
    "ASSIGNMENTS",
    "EFFECTS",
    "GLOBAL_EXPERIMENT",
    "Difference",
    "Draw",
    "Effect",
    "ExperimentError",
    "ExperimentSettings",
    "HashAllocator",
    "Moments",
    "Reading",
    "Verdict",
    "assignments",
    "draw_arms",
    "effects_table",
    "export_assignments",
    "proportions",
    "read_out",
    "sample_ratio_p",
    "unit_interval",
    "welch",
]
