"""The average precision of COCO."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Boxes = Mapping[str, Array]
THRESHOLDS = tuple(np.arange(50, 100, 5) / 100)
_RECALLS = np.linspace(0.0, 1.0, 101)


def average_precision(
    found: Sequence[Boxes],
    wanted: Sequence[Boxes],
    thresholds: Sequence[float] = THRESHOLDS,
) -> float:
    """Return the mean precision over recalls, classes and thresholds.

    A box that was found is right if it covers a box of its class that no box with
    more confidence has taken, with an intersection over union of the threshold or more.
    Precision at a recall is the largest at that recall or above it, read at 101
    recalls.

    Args:
        found: For every image `"boxes"`, `(n, 4)`, left, top, right and bottom,
            `"labels"`, `(n,)`, and `"confidence"`, `(n,)`.
        wanted: For every image the boxes and labels that are there.
        thresholds: Those of the intersection over union; 0.5 to 0.95 as in COCO.

    Returns:
        A share; NaN if no box is wanted.

    Reference:
        Lin et al., Microsoft COCO: Common Objects in Context, 2014, and its released
        evaluation. All sizes, all that was found; crowds are not known here.

    Example:
        >>> import numpy as np
        >>> box = {"boxes": np.array([[0, 0, 4, 4]]), "labels": np.array([1])}
        >>> average_precision([{**box, "confidence": np.array([0.9])}], [box])
        1.0
    """
    labels = sorted({int(one) for boxes in wanted for one in boxes["labels"]})
    each = [
        _of_class(label, found, wanted, threshold)
        for label in labels
        for threshold in thresholds
    ]
    return float(np.mean(each)) if each else float("nan")


def _of_class(
    label: int, found: Sequence[Boxes], wanted: Sequence[Boxes], threshold: float
) -> float:
    confidences, hits, count = [], [], 0
    for ours, theirs in zip(found, wanted, strict=True):
        mine = ours["labels"] == label
        boxes = theirs["boxes"][theirs["labels"] == label]
        count += len(boxes)
        order = np.argsort(-ours["confidence"][mine], kind="stable")
        confidences.append(ours["confidence"][mine][order])
        hits.append(_hits(overlaps(ours["boxes"][mine][order], boxes), threshold))
    order = np.argsort(-np.concatenate(confidences), kind="stable")
    right = np.cumsum(np.concatenate(hits)[order])
    precision = right / np.arange(1, len(right) + 1)
    # The largest at that recall or above it.
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(right / count, _RECALLS - 1e-9)
    return float(np.append(precision, 0.0)[place].mean())


def _hits(shares: Array, threshold: float) -> Array:
    """Give every box that was found the best one that is left, in order."""
    left = shares.copy()
    hits = np.zeros(len(shares))
    for number, row in enumerate(left):
        if row.size and row.max() >= threshold:
            left[:, row.argmax()] = -1.0
            hits[number] = 1.0
    return hits


def overlaps(some: Array, others: Array) -> Array:
    """Return intersection over union of every pair, `(n, m)`."""
    corner = np.maximum(some[:, None, :2], others[None, :, :2])
    opposite = np.minimum(some[:, None, 2:], others[None, :, 2:])
    shared = np.clip(opposite - corner, 0, None).prod(-1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(-1) for boxes in (some, others)]
    union = areas[0][:, None] + areas[1][None] - shared
    shares: Array = shared / np.where(union > 0, union, 1.0)
    return shares
