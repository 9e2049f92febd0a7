"""Tests of randomness that the files of this folder share.

The seeds are fixed, so that a test passes always or never. A good generator gives
a p-value below `SIGNIFICANCE` to one seed in ten thousand.
"""

import numpy as np
from scipy import stats

SIGNIFICANCE = 1e-4
_LEVELS = 16


def assert_plausible(pvalue):
    assert pvalue > SIGNIFICANCE, f"p = {pvalue:.1e}"


def assert_equally_frequent(values, number):
    """Chi-square test of integers in [0, number)."""
    counts = np.bincount(np.ravel(values), minlength=number)
    assert len(counts) == number
    assert_plausible(stats.chisquare(counts).pvalue)


def assert_independent(first, second):
    """Chi-square test of the pairs of two arrays of integers in [0, 16)."""
    pairs = np.ravel(first) * _LEVELS + np.ravel(second)
    table = np.bincount(pairs, minlength=_LEVELS**2).reshape(_LEVELS, _LEVELS)
    assert_plausible(stats.chi2_contingency(table, correction=False).pvalue)


def assert_standard_normal(z):
    """Compare the largest of independent numbers, and the sum of their squares."""
    limit = stats.norm.isf(SIGNIFICANCE / 2 / z.size)
    assert np.abs(z).max() < limit, f"{np.abs(z).max():.1f} standard errors"
    assert_plausible(stats.chi2.sf((z * z).sum(), z.size))


def assert_half_of_the_bits(changes, bits):
    """Test integers whose lowest `bits` bits are coins, by row and by bit."""
    shifts = np.arange(bits, dtype=changes.dtype)
    ones = np.stack([(row[:, None] >> shifts & 1).sum(axis=0) for row in changes])
    size = changes.shape[1]
    assert_standard_normal((ones - size / 2) / np.sqrt(size / 4))


def assert_unrelated(rows):
    """Correlate every row with every other, and with itself, at every shift.

    Times the root of its length, a correlation of independent rows is a standard
    normal number. The largest is compared with the quantile for as many numbers as
    there are, and those of unshifted pairs, squared and added up, with chi-square.
    """
    rows = np.asarray(rows, "float64")
    number, length = rows.shape
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows = rows / rows.std(axis=1, keepdims=True)
    spectra = np.fft.rfft(rows)
    largest, unshifted = 0.0, []
    for i in range(number):
        z = np.fft.irfft(spectra[i:] * spectra[i].conj(), length) / np.sqrt(length)
        unshifted.append(z[1:, 0])
        z[0, 0] = 0.0  # of the row with itself
        largest = max(largest, np.abs(z).max())
    comparisons = number * (number + 1) / 2 * length
    limit = stats.norm.isf(SIGNIFICANCE / 2 / comparisons)
    assert largest < limit, f"correlation of {largest:.1f} standard errors"
    assert_standard_normal(np.concatenate(unshifted))
