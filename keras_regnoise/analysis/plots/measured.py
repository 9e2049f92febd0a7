"""Figures of what was measured on a model."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from keras_regnoise._figures import grid_lines
from keras_regnoise.analysis._arrays import Array
from keras_regnoise.analysis.calibration import Calibration
from keras_regnoise.analysis.plots._axes import REFERENCE, new_axes
from keras_regnoise.analysis.variance_shift import VarianceShift

if TYPE_CHECKING:
    from matplotlib.axes import Axes

T = TypeVar("T")
OneOrMore: TypeAlias = Mapping[str, T] | Sequence[Mapping[str, T]]


def variance_shift(
    shifts: Mapping[str, OneOrMore[VarianceShift]], ax: "Axes | None" = None
) -> "Axes":
    """Draw the mean ratio of variances at each BatchNormalization.

    Args:
        shifts: What `variance_shift` returned, or a list of that for several runs, by
            the name of the line. Runs are dots, their mean the line.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    lines = {
        name: [{path: s.mean for path, s in run.items()} for run in _runs(value)]
        for name, value in shifts.items()
    }
    ax = _over_layers(lines, ax)
    ax.axhline(1.0, **REFERENCE)
    ax.set_ylabel("variance shift (1: none)")
    return ax


def coadaptation(
    values: Mapping[str, OneOrMore[float]], ax: "Axes | None" = None
) -> "Axes":
    """Draw the co-adaptation of each layer.

    Args:
        values: What `coadaptation_by_layer` returned, or a list of that for several
            runs, by the name of the line. Runs are dots, their mean the line.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = _over_layers({name: _runs(value) for name, value in values.items()}, ax)
    ax.set_ylabel("co-adaptation")
    ax.set_ylim(bottom=0)
    return ax


def kurtosis(values: Mapping[str, Array], ax: "Axes | None" = None) -> "Axes":
    """Draw the kurtosis of the units of each layer: median, quartiles and range.

    Args:
        values: What `kurtosis_by_layer` returned. Units that do not vary are left out.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = ax or new_axes()
    units = [array[np.isfinite(array)] for array in values.values()]
    color = ax.plot([], [])[0].get_color()
    parts = ("boxprops", "whiskerprops", "capprops", "medianprops")
    colors: dict[str, Any] = {part: {"color": color} for part in parts}
    ax.boxplot(units, positions=range(len(units)), whis=(0, 100), **colors)
    ax.axhline(3.0, **REFERENCE, label="Gaussian")
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter("{x:g}")
    _name_layers(ax, list(values))
    ax.set_ylabel("kurtosis of the units")
    ax.legend()
    return ax


def correlation(matrix: Any, ax: "Axes | None" = None) -> "Axes":
    """Draw a matrix of correlations, blue for negative and red for positive.

    Args:
        matrix: What `correlation` returned.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = ax or new_axes()
    image = ax.imshow(matrix, vmin=-1.0, vmax=1.0, cmap="RdBu_r")
    ax.figure.colorbar(image, ax=ax, label="correlation")
    ax.set_xlabel("unit")
    ax.set_ylabel("unit")
    return ax


def calibration(
    calibrations: Mapping[str, Calibration], ax: "Axes | None" = None
) -> "Axes":
    """Draw accuracy against confidence: on the diagonal a classifier is calibrated.

    Args:
        calibrations: What `calibration` returned, by the name of the classifier. The
            area of a dot is the share of the examples.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = ax or new_axes()
    ax.plot([0, 1], [0, 1], **REFERENCE)
    for name, bins in calibrations.items():
        used = bins.counts > 0
        confidence, accuracy = bins.confidence[used], bins.accuracy[used]
        label = f"{name} (error {bins.error:.3f})"
        (line,) = ax.plot(confidence, accuracy, label=label)
        share = bins.counts[used] / bins.counts.sum()
        color = line.get_color()
        ax.scatter(confidence, accuracy, 10 + 200 * share, color=color, alpha=0.6)
    ax.set_xlabel("confidence")
    ax.set_ylabel("accuracy")
    ax.legend()
    return ax


def _over_layers(
    lines: Mapping[str, Sequence[Mapping[str, float]]], ax: "Axes | None"
) -> "Axes":
    ax = ax or new_axes()
    paths = list(dict.fromkeys(path for v in lines.values() for r in v for path in r))
    for name, runs in lines.items():
        own = [path for path in paths if path in runs[0]]
        places = [paths.index(path) for path in own]
        values = np.array([[run[path] for path in own] for run in runs])
        label = f"{name} ({len(runs)} runs)" if len(runs) > 1 else name
        (line,) = ax.plot(places, values.mean(axis=0), label=label)
        color = line.get_color()
        for row in values:
            ax.plot(places, row, "o", color=color, markersize=3, alpha=0.6)
    _name_layers(ax, paths)
    ax.legend()
    return ax


def _runs(value: OneOrMore[T]) -> Sequence[Mapping[str, T]]:
    return [value] if isinstance(value, Mapping) else value


def _name_layers(ax: "Axes", paths: Sequence[str]) -> None:
    ax.set_xticks(range(len(paths)), paths, rotation=45, ha="right", fontsize=7)
    grid_lines(ax)
