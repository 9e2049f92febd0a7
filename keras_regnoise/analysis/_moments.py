"""Moments of a stream, merged batch by batch in float64.

Reference: Pébay, Formulas for Robust, One-Pass Parallel Computation of Covariances and
Arbitrary-Order Statistical Moments, 2008.
"""

from typing import Any

import numpy as np

from keras_regnoise.analysis._arrays import Array, Range, feature_rows


class Variance:
    """Count, mean and variance of each feature."""

    def __init__(self) -> None:
        self.count: Any = 0.0
        self.mean: Any = 0.0
        self._squares: Any = 0.0

    def merge(self, count: Any, mean: Any, variance: Any) -> None:
        """Add samples that are known by their own count, mean and variance."""
        count = np.asarray(count, "float64")
        total = self.count + count
        share = count / np.maximum(total, 1.0)
        delta = mean - self.mean
        self.mean = self.mean + delta * share
        self._squares = self._squares + variance * count + delta**2 * self.count * share
        self.count = total

    @property
    def variance(self) -> Array:
        """Population variance, over the count and not the count less 1."""
        return np.asarray(self._squares / np.maximum(self.count, 1.0))


class Covariance:
    """Count, mean and covariance of the features."""

    def __init__(self) -> None:
        self.count = 0
        self.mean: Any = 0.0
        self._products: Any = 0.0
        self._range = Range()

    def update(self, x: Any, axis: int = -1) -> None:
        """Add samples."""
        rows = feature_rows(x, axis)
        self._range.update(rows)
        mean = rows.mean(axis=0)
        rows -= mean
        delta, total = mean - self.mean, self.count + len(rows)
        between = np.outer(delta, delta) * (self.count * len(rows) / total)
        self._products = self._products + rows.T @ rows + between
        self.mean = self.mean + delta * (len(rows) / total)
        self.count = total

    @property
    def covariance(self) -> Array:
        """Population covariance."""
        varies = ~self._range.is_constant
        found = self._products / max(self.count, 1)
        return np.where(np.outer(varies, varies), found, 0.0)


class FourthMoments:
    """Count, mean and central moments of each feature up to the fourth."""

    def __init__(self) -> None:
        self.count = 0
        self.mean: Any = 0.0
        self._sums: tuple[Any, Any, Any] = (0.0, 0.0, 0.0)
        self._range = Range()

    def update(self, x: Any, axis: int = -1) -> None:
        """Add samples."""
        rows = feature_rows(x, axis)
        self._range.update(rows)
        a, b = self.count, len(rows)
        mean = rows.mean(axis=0)
        rows -= mean
        squares = rows**2
        a2, a3, a4 = self._sums
        b2, b3, b4 = (s.sum(axis=0) for s in (squares, squares * rows, squares**2))
        n = a + b
        d = (mean - self.mean) / n
        self._sums = (
            a2 + b2 + d**2 * (a * b * n),
            a3 + b3 + d**3 * (a * b * (a - b) * n) + 3 * d * (a * b2 - b * a2),
            a4
            + b4
            + d**4 * (a * b * (a * a - a * b + b * b) * n)
            + 6 * d**2 * (a * a * b2 + b * b * a2)
            + 4 * d * (a * b3 - b * a3),
        )
        self.mean = self.mean + d * b
        self.count = n

    @property
    def kurtosis(self) -> Array:
        """Fourth moment over the squared variance; NaN where nothing varies."""
        squares, _, fourth = self._sums
        varies = (squares > 0.0) & ~self._range.is_constant
        safe = np.where(varies, squares, 1.0)
        return np.where(varies, self.count * fourth / safe**2, np.nan)
