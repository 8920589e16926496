"""Do the arms' sizes fit the draw (SRM)? If not, no comparison of them is worth anything."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, gammaln

from liuke.learn.inference.contracts import SplitEvidence
from liuke.learn.inference.errors import InferenceError

DEFAULT_CONCENTRATION = 10_000.0  # Lindon & Malek's software: shares are expected within about ± 1 point of the draw's


def sample_ratio_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Return how surprising the arms' sizes are under the shares that were drawn (SRM), at one look.

    Parameters
    ----------
    counts
        Units per arm.
    shares
        Intended shares in the same order; scaled to add up to 1.

    Returns
    -------
    float
        The p-value of Pearson's chi-square test; 1 with fewer than two arms or no units.

    Examples
    --------
    >>> round(sample_ratio_p([1000, 1200], [0.5, 0.5]), 9)
    2.0079e-05

    References
    ----------
    Fabijan, A. et al. (2019), Diagnosing sample ratio mismatch in online controlled experiments, KDD.
    """
    observed, wanted = _checked(counts, shares)
    if len(observed) < 2 or observed.sum() == 0:
        return 1.0
    expected = observed.sum() * wanted
    return float(chdtrc(len(observed) - 1, ((observed - expected) ** 2 / expected).sum()))


def sample_ratio_evidence(
    counts: Sequence[int], shares: Sequence[float], concentration: float = DEFAULT_CONCENTRATION
) -> float:
    """Return the Bayes factor against the intended shares: an e-value, safe at every look.

    Parameters
    ----------
    counts
        Units per arm so far.
    shares
        Intended shares; scaled to add up to 1.
    concentration
        Strength of the belief that a broken split is still near the intended one; units of the prior.

    Notes
    -----
    Dirichlet(c·θ₀) against θ = θ₀: Γ(c)/Γ(c + n) · Π Γ(c·θ₀ᵢ + xᵢ)/Γ(c·θ₀ᵢ) / Π θ₀ᵢ^xᵢ. The order in which units came
    does not matter, so the counts of any look are enough.

    References
    ----------
    Lindon, M. and Malek, A. (2022), Anytime-valid inference for multinomial count data, NeurIPS, eq. 5.
    """
    observed, wanted = _checked(counts, shares)
    if concentration <= 0:
        raise InferenceError(f"A concentration of {concentration} is no prior.", hint="Use a number above zero.")
    return exp(min(700.0, _log_bayes_factor(observed, wanted, concentration)))


def sample_ratio_sequential(
    counts_by_look: ArrayLike,
    shares: Sequence[float],
    *,
    cumulative: bool = False,
    concentration: float = DEFAULT_CONCENTRATION,
) -> SplitEvidence:
    """Return how well the arms' sizes fit the draw, valid at all looks together.

    Parameters
    ----------
    counts_by_look
        Units per look and arm, shape (looks, arms): new ones, or all so far if ``cumulative``.
    shares
        Intended shares; scaled to add up to 1.

    References
    ----------
    Lindon, M. and Malek, A. (2022), Anytime-valid inference for multinomial count data, NeurIPS.
    """
    table = np.atleast_2d(np.asarray(counts_by_look, dtype=np.float64))
    so_far = table if cumulative else np.cumsum(table, axis=0)
    factors = [sample_ratio_evidence(row.tolist(), shares, concentration) for row in so_far]
    path, best = [], 1.0
    for factor in factors:
        best = max(best, factor)
        path.append(1 / best)
    return SplitEvidence(path[-1] if path else 1.0, factors[-1] if factors else 1.0, tuple(path))


def _checked(counts: Sequence[int], shares: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    observed, wanted = np.asarray(counts, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    if len(observed) != len(wanted) or not (wanted > 0).all():
        raise InferenceError("Each arm needs a positive share to check the split.", hint="Pass one share per arm.")
    if not (np.isfinite(observed) & (observed >= 0)).all():
        raise InferenceError("An arm's size is below zero or no number.", hint="Pass counts of units.")
    return observed, wanted / wanted.sum()


def _log_bayes_factor(observed: NDArray[np.float64], wanted: NDArray[np.float64], concentration: float) -> float:
    prior = concentration * wanted
    log_marginal = (
        gammaln(concentration)
        - gammaln(concentration + observed.sum())
        + (gammaln(prior + observed) - gammaln(prior)).sum()
    )
    return float(log_marginal - (observed * np.log(wanted)).sum())
