from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_regnoise._arguments import check_integer
from keras_regnoise.analysis._arrays import Array


@dataclass(frozen=True)
class Calibration:
    """Confidence of a classifier against its accuracy, bin by bin.

    Attributes:
        edges: Limits of the bins of confidence, `(bins + 1,)`.
        counts: Examples in each bin, `(bins,)`.
        confidence: Mean confidence in each bin, NaN in an empty one.
        accuracy: Share of right answers in each bin, NaN in an empty one.
        error: Expected calibration error: the mean of `|accuracy - confidence|` over
            the bins, by their counts.

    Example:

    >>> calibration([[0.9, 0.1], [0.9, 0.1]], [0, 1], bins=10).error
    0.4
    """

    edges: Array
    counts: Array
    confidence: Array
    accuracy: Array
    error: float


def calibration(probabilities: Any, labels: Any, bins: int = 15) -> Calibration:
    """Compare the confidence of a classifier with its accuracy.

    Args:
        probabilities: Class probabilities `(samples, classes)`.
        labels: Integer classes `(samples,)`.
        bins: Number of bins of equal width. Defaults to 15.

    Returns:
        The bins, and the expected calibration error.

    Raises:
        ValueError: If the shapes do not fit, or the rows of `probabilities` do not sum
            to 1, as those of logits do not.

    Reference:
        Guo et al., On Calibration of Modern Neural Networks, 2017.

    Example:

    >>> calibration([[0.5, 0.5], [0.5, 0.5]], [0, 1]).error
    0.0
    """
    probabilities, labels = np.asarray(probabilities, "float64"), np.asarray(labels)
    bins = check_integer("bins", bins, minimum=1)
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise ValueError(
            "`probabilities` must be of shape (samples, classes) and `labels` of shape "
            f"(samples,). Received: shapes {probabilities.shape} and {labels.shape}"
        )
    sums = probabilities.sum(axis=1)
    if not np.allclose(sums, 1.0, atol=1e-3):
        raise ValueError(
            "Every row of `probabilities` must sum to 1. Received sums from "
            f"{sums.min():.3g} to {sums.max():.3g}. Of logits take the softmax first."
        )
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums_of = [np.bincount(place, v, minlength=bins) for v in (confidence, is_right)]
    mean_confidence, accuracy = (
        np.divide(s, counts, out=np.full(bins, np.nan), where=counts > 0)
        for s in sums_of
    )
    error = np.abs(sums_of[1] - sums_of[0]).sum() / len(labels)
    return Calibration(edges, counts, mean_confidence, accuracy, float(error))
