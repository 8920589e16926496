"""Is the difference between arms real, and how sure are we? Pure statistics: sums in, estimates with intervals out."""

from liuke.learn.inference.adjustment import adjust, compare_adjusted
from liuke.learn.inference.beliefs import chance_to_win, share_belief
from liuke.learn.inference.clusters import ClusterMoments, cluster_mean, compare_clusters, intraclass_correlation
from liuke.learn.inference.contracts import (
    Adjusted,
    Alternative,
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
from liuke.learn.inference.exact_shares import exact_difference, without_variation
from liuke.learn.inference.guard_rails import judge_margin, margin_of, non_inferiority
from liuke.learn.inference.lifts import adjusted_lift, fieller_interval, lift
from liuke.learn.inference.means import arm_mean, compare_means, share_mean, welch
from liuke.learn.inference.moments import Moments, MultiMoments, PairMoments
from liuke.learn.inference.multiplicity import adjust_p_values, adjusted_levels, benjamini_hochberg, holm
from liuke.learn.inference.power import (
    design_effect,
    duration_days,
    mde_means,
    mde_proportions,
    plan_clusters,
    plan_means,
    plan_proportions,
    power_means,
    power_proportions,
    sequential_inflation,
)
from liuke.learn.inference.proportions import compare_proportions, proportion_interval, proportions
from liuke.learn.inference.randomisation import permute_clusters, permute_units
from liuke.learn.inference.ratios import compare_ratios, ratio_mean
from liuke.learn.inference.returns import cost_benefit, with_cost
from liuke.learn.inference.sample_ratio import sample_ratio_evidence, sample_ratio_p, sample_ratio_sequential
from liuke.learn.inference.segments import segment_effects
from liuke.learn.inference.sequences import always_valid, compare_sequentially, tuning, width_at_plan
from liuke.learn.inference.strata import post_stratify
from liuke.learn.inference.timing import novelty, weekday_check
from liuke.learn.inference.winsorising import Caps, find_caps, winsorise

__all__ = [
    "Adjusted",
    "Alternative",
    "ArmMean",
    "Belief",
    "Caps",
    "ClusterMoments",
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
    "adjust",
    "adjust_p_values",
    "adjusted_levels",
    "adjusted_lift",
    "always_valid",
    "arm_mean",
    "benjamini_hochberg",
    "chance_to_win",
    "cluster_mean",
    "compare_adjusted",
    "compare_clusters",
    "compare_means",
    "compare_proportions",
    "compare_ratios",
    "compare_sequentially",
    "cost_benefit",
    "design_effect",
    "duration_days",
    "exact_difference",
    "fieller_interval",
    "find_caps",
    "holm",
    "intraclass_correlation",
    "judge_margin",
    "lift",
    "margin_of",
    "mde_means",
    "mde_proportions",
    "non_inferiority",
    "novelty",
    "permute_clusters",
    "permute_units",
    "plan_clusters",
    "plan_means",
    "plan_proportions",
    "post_stratify",
    "power_means",
    "power_proportions",
    "proportion_interval",
    "proportions",
    "ratio_mean",
    "sample_ratio_evidence",
    "sample_ratio_p",
    "sample_ratio_sequential",
    "segment_effects",
    "sequential_inflation",
    "share_belief",
    "share_mean",
    "tuning",
    "weekday_check",
    "welch",
    "width_at_plan",
    "winsorise",
    "with_cost",
    "without_variation",
]
