"""Student's t distribution.

Without SciPy, whose import takes longer than all of a report's table.
"""

import math
from functools import cache

_ALPHA = 0.05


def two_sided_p(t: float, freedom: float) -> float:
    """Return the probability of a value at least as far from 0 as `t`.

    Args:
        t: Value of the statistic.
        freedom: Degrees of freedom, 1 or more, perhaps not whole.

    Example:

    >>> round(two_sided_p(4.3027, 2), 4)
    0.05
    """
    whole = freedom + t * t
    return _beta(freedom / whole, t * t / whole, freedom / 2, 0.5)


@cache
def critical(freedom: float, alpha: float = _ALPHA) -> float:
    """Return what a value is beyond with probability `alpha`, on either side.

    Args:
        freedom: Degrees of freedom, 1 or more, perhaps not whole.
        alpha: The probability, of both sides together.

    Example:

    >>> round(critical(2), 4), round(critical(2, 0.01), 4)
    (4.3027, 9.9248)
    """
    low, high = 0.0, 16.0
    while two_sided_p(high, freedom) > alpha:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        if two_sided_p(middle, freedom) > alpha:
            low = middle
        else:
            high = middle
    return high


def _beta(x: float, y: float, a: float, b: float) -> float:
    """Return the regularized incomplete beta function I_x(a, b); `y` is 1 - x."""
    if 0.0 in (x, y):
        return x
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly
        return 1 - _beta(y, x, b, a)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    logarithm += a * math.log(x) + b * math.log(y)
    return math.exp(logarithm) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """Evaluate the continued fraction of `_beta` from its front (Lentz's method).

    Reference:
        NIST Digital Library of Mathematical Functions, 8.17.22 and 3.10(iii).
    """
    value = c = 1.0
    d = 0.0
    for step in range(1, 1000):
        m, odd = divmod(step, 2)
        if odd:
            factor = -(a + m) * (a + b + m) / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            factor = m * (b - m) / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + factor * x * d)
        c = 1 + factor * x / c
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value
