"""Sums of doubles that do not depend on the order of rows, and so not on threads.

Each value is put on a grid so fine that the largest possible sum still fits into 127 bits, and the whole numbers on
that grid are added exactly. Whole numbers (counts, minor units) lie on the grid of ones. With n rows the grid's step
is about 2⁻¹²⁵·n times the largest value: finer than a double's own last digit for all values that matter to the sum.
"""

from __future__ import annotations

from fractions import Fraction
from math import frexp

_BITS = 125  # of 127: one for rounding to the grid, one for the exponent's own rounding
_SMALL = 2.0**62  # whole numbers below this are multiplied and added as BIGINT
_STEPS = 1000  # exponents beyond it are no doubles any more


def exact_sum(factors: tuple[str, ...], bounds: tuple[tuple[float, bool], ...], rows: int) -> tuple[str, int]:
    """Return SQL that sums a product exactly, and the exponent of its grid.

    Parameters
    ----------
    factors
        SQL of the columns, one or two, DOUBLE or NULL.
    bounds
        Of each: largest absolute value, and whether all are whole numbers.
    rows
        At most so many are added.

    Returns
    -------
    tuple of (str, int)
        SQL of a HUGEINT (NULL over no rows), and k: the sum is that number divided by 2**k.

    Examples
    --------
    >>> exact_sum(("x",), ((3.0, True),), 10)
    ('sum((x)::BIGINT)', 0)
    """
    bound = 1.0
    for largest, _ in bounds:
        bound *= largest
    if bound < _SMALL and all(whole for _, whole in bounds):
        return f"sum({' * '.join(f'({factor})::BIGINT' for factor in factors)})", 0
    bits = frexp(bound)[1] + rows.bit_length()
    k = max(-_STEPS, min(_STEPS, _BITS - bits))
    product = " * ".join(f"({factor})" for factor in factors)
    return f"sum((({product}) * {2.0**k!r}::DOUBLE)::HUGEINT)", k


def number(total: int | None, k: int) -> float:
    """Return a sum as a number: exact as an int on the grid of ones, else the nearest double."""
    if total is None:
        return 0
    return int(total) if k == 0 else float(Fraction(int(total)) / Fraction(2) ** k)
