"""Is the difference between arms real, and how sure are we? Pure statistics: sums in, estimates with intervals out."""

from liuke.learn.inference.contracts import (
    Adjusted,
    ArmMean,
    Belief,
    Difference,
    Guard,
    Heterogeneity,
    NonInferiority,
    Permutation,
    Plan,
    Return,
    SegmentEffect,
    SequentialDifference,
    SplitEvidence,
    Trend,
)
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.means import arm_mean, compare_means, welch
from liuke.learn.inference.moments import Moments, MultiMoments, PairMoments
from liuke.learn.inference.proportions import compare_proportions, proportion_interval, proportions
from liuke.learn.inference.sample_ratio import sample_ratio_evidence, sample_ratio_p, sample_ratio_sequential

__all__ = [
    "Adjusted",
    "ArmMean",
    "Belief",
    "Difference",
    "Guard",
    "Heterogeneity",
    "InferenceError",
    "Moments",
    "MultiMoments",
    "NonInferiority",
    "PairMoments",
    "Permutation",
    "Plan",
    "Return",
    "SegmentEffect",
    "SequentialDifference",
    "SplitEvidence",
    "Trend",
    "arm_mean",
    "compare_means",
    "compare_proportions",
    "proportion_interval",
    "proportions",
    "sample_ratio_evidence",
    "sample_ratio_p",
    "sample_ratio_sequential",
    "welch",
]
