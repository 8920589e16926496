"""Does the effect differ between groups of customers? Asked honestly: corrected, and as one question first.

Among twenty segments one looks special by luck. The interaction test asks whether the segments differ at all; the
corrected p-values say which stand out from zero. Segments have to be known before the trial began.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import chdtrc

from liuke.learn.inference.contracts import ArmMean, Difference, Heterogeneity, SegmentEffect
from liuke.learn.inference.errors import InferenceError
from liuke.learn.inference.means import compare_means
from liuke.learn.inference.moments import Moments
from liuke.learn.inference.multiplicity import adjust_p_values
from liuke.learn.inference.proportions import compare_proportions

Arms = tuple[Moments, Moments] | tuple[ArmMean, ArmMean]


def segment_effects(
    segments: Mapping[str, Arms],
    level: float = 0.95,
    *,
    correction: str = "holm",
    shares: bool = False,
    least_units: int = 2,
) -> Heterogeneity:
    """Compare treated with control in every segment, corrected for asking of all.

    Parameters
    ----------
    segments
        Treated and control by segment.
    correction
        As of ``adjust_p_values``; ``holm`` when one false alarm is too many, ``bh`` to look for leads.
    shares
        The sums are of zeros and ones: Newcombe's interval instead of Welch's.
    least_units
        Segments with fewer units in an arm are left out and named.

    Notes
    -----
    Q = Σ w·(d − d̄)² with w = 1/SE² and d̄ the weighted mean; chi-square with k − 1 degrees of freedom if the effect
    is the same everywhere. I² = max(0, (Q − k + 1)/Q).

    References
    ----------
    Cochran, W. G. (1954), The combination of estimates from different experiments, Biometrics 10, 101-129.
    Higgins, J. P. T. and Thompson, S. G. (2002), Statistics in Medicine 21, 1539-1558.
    """
    if least_units < 2:
        raise InferenceError("A segment needs at least 2 units per arm.", hint="Raise least_units.")
    kept = {name: arms for name, arms in segments.items() if min(arms[0].n, arms[1].n) >= least_units}
    left_out = tuple(
        (name, f"{arms[0].n} and {arms[1].n} units; each arm needs {least_units}")
        for name, arms in segments.items()
        if name not in kept
    )
    found = {name: _compare(arms, level, shares) for name, arms in kept.items()}
    adjusted = adjust_p_values([shown.p_value for shown, _ in found.values()], correction)
    effects = [
        SegmentEffect(name, kept[name][0].n, kept[name][1].n, shown, float(p))
        for (name, (shown, _)), p in zip(found.items(), adjusted, strict=True)
    ]
    q, freedom, p_value, i_squared = same_effect([plain for _, plain in found.values()])
    effects.sort(key=lambda effect: (effect.difference.p_value, effect.segment))
    return Heterogeneity(tuple(effects), left_out, q, freedom, p_value, i_squared, correction)


def same_effect(differences: list[Difference]) -> tuple[float, int, float, float]:
    """Return Cochran's Q, its degrees of freedom, its p-value and I²; differences without variation are left out."""
    usable = [d for d in differences if d.standard_error > 0]
    if len(usable) < 2:
        return 0.0, 0, 1.0, 0.0
    values = np.array([d.value for d in usable])
    weights = np.array([d.standard_error for d in usable]) ** -2.0
    middle = float(weights @ values / weights.sum())
    q, freedom = float(weights @ (values - middle) ** 2), len(usable) - 1
    return q, freedom, float(chdtrc(freedom, q)), max(0.0, (q - freedom) / q) if q else 0.0


def _compare(arms: Arms, level: float, shares: bool) -> tuple[Difference, Difference]:
    treated, control = arms
    if shares and isinstance(treated, Moments) and isinstance(control, Moments):
        return compare_proportions(treated, control, level), compare_proportions(treated, control, level, method="wald")
    plain = compare_means(treated, control, level)
    return plain, plain
