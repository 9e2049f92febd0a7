"""Figures of what `keras_regnoise.analysis` measures, with Matplotlib.

Each function draws numbers on axes and returns the axes. `style` is the look, light or
dark:

```python
with plots.style(dark=True):
    axes = plots.variance_shift({"Dropout": shifts})
axes.figure.savefig("shift.png")
```
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from keras_regnoise.analysis._arrays import Array
from keras_regnoise.analysis.batch_norm_nonlinearity import batch_norm_nonlinearity
from keras_regnoise.analysis.calibration import Calibration
from keras_regnoise.analysis.coadaptation import predicted_coadaptation
from keras_regnoise.analysis.drop_activation import drop_activation_shift_ratio

__all__ = [
    "batch_norm",
    "calibration",
    "coadaptation",
    "coadaptation_factor",
    "correlation",
    "drop_activation_shift",
    "kurtosis",
    "style",
    "variance_shift",
]

# Told apart by readers of every colour vision, on white and on black.
_LIGHT = ("#4477aa", "#cc6677", "#228833", "#aa3377", "#b8860b", "#117799")
_DARK = ("#77aadd", "#ee8866", "#bbcc33", "#ffaabb", "#eedd88", "#44bb99")

_INKS = (
    "text.color",
    "axes.edgecolor",
    "axes.labelcolor",
    "xtick.color",
    "ytick.color",
)
_PAPERS = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")


@contextmanager
def style(dark: bool = False) -> Iterator[None]:
    """Give the figures made in the context one look.

    Args:
        dark: Whether the background is dark. Defaults to False.
    """
    plt = _pyplot()
    colors, ink, paper = _LIGHT, "#333333", "white"
    if dark:
        colors, ink, paper = _DARK, "#dddddd", "#16181d"
    settings = {
        **dict.fromkeys(_INKS, ink),
        **dict.fromkeys(_PAPERS, paper),
        "axes.prop_cycle": plt.cycler(color=colors),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 11,
        "figure.constrained_layout.use": True,
        "grid.color": ink,
        "grid.alpha": 0.2,
        "legend.frameon": False,
        "savefig.dpi": 150,
    }
    with plt.rc_context(settings):
        yield


def variance_shift(shifts: Mapping[str, Any], ax: Any = None) -> Any:
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
    ax.axhline(1.0, color="0.5", linewidth=1)
    ax.set_ylabel("variance shift (1: none)")
    return ax


def coadaptation(values: Mapping[str, Any], ax: Any = None) -> Any:
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


def kurtosis(values: Mapping[str, Array], ax: Any = None) -> Any:
    """Draw the kurtosis of the units of each layer: median, quartiles and range.

    Args:
        values: What `kurtosis_by_layer` returned. Units that do not vary are left out.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = _axes(ax)
    units = [array[np.isfinite(array)] for array in values.values()]
    color = ax.plot([], [])[0].get_color()
    parts = ("boxprops", "whiskerprops", "capprops", "medianprops")
    colors: dict[str, Any] = {part: {"color": color} for part in parts}
    ax.boxplot(units, positions=range(len(units)), whis=(0, 100), **colors)
    ax.axhline(3.0, color="0.5", linewidth=1, label="Gaussian")
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter("{x:g}")
    _name_layers(ax, list(values))
    ax.set_ylabel("kurtosis of the units")
    ax.legend()
    return ax


def correlation(matrix: Any, ax: Any = None) -> Any:
    """Draw a matrix of correlations, blue for negative and red for positive.

    Args:
        matrix: What `correlation` returned.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = _axes(ax)
    image = ax.imshow(matrix, vmin=-1.0, vmax=1.0, cmap="RdBu_r")
    ax.figure.colorbar(image, ax=ax, label="correlation")
    ax.set_xlabel("unit")
    ax.set_ylabel("unit")
    return ax


def calibration(calibrations: Mapping[str, Calibration], ax: Any = None) -> Any:
    """Draw accuracy against confidence: on the diagonal a classifier is calibrated.

    Args:
        calibrations: What `calibration` returned, by the name of the classifier. The
            area of a dot is the share of the examples.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = _axes(ax)
    ax.plot([0, 1], [0, 1], color="0.5", linewidth=1)
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


def batch_norm(batch_sizes: Sequence[int] = (2, 4, 8, 32), ax: Any = None) -> Any:
    """Draw what BatchNormalization makes of a value in training, on average.

    Args:
        batch_sizes: Sizes of the batch, a line for each.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = _axes(ax)
    x = np.linspace(-4.0, 4.0, 161)
    ax.plot(x, x, color="0.5", linewidth=1, label="at inference")
    for size in batch_sizes:
        ax.plot(x, batch_norm_nonlinearity(x, size), label=f"batch of {size}")
    ax.set_xlabel("value")
    ax.set_ylabel("expected output of BatchNormalization")
    ax.legend()
    return ax


def drop_activation_shift(ax: Any = None) -> Any:
    """Draw the variance shift of DropActivation in theory.

    Args:
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = _axes(ax)
    rates = np.linspace(0.0, 0.999, 200)
    ax.plot(rates, [drop_activation_shift_ratio(float(rate)) for rate in rates])
    ax.axhline(1.0, color="0.5", linewidth=1)
    ax.set_xlabel("rate")
    ax.set_ylabel("variance at inference / in training")
    return ax


def coadaptation_factor(dims: Sequence[int] = (4, 8, 32), ax: Any = None) -> Any:
    """Draw by how much noise reduces co-adaptation in theory.

    Args:
        dims: Numbers of features, a line of RotationOut for each.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = _axes(ax)
    rates = [float(rate) for rate in np.linspace(0.0, 0.999, 200)]
    dropout = [predicted_coadaptation("dropout", rate, 2) for rate in rates]
    ax.plot(rates, dropout, color="0.5", label="Dropout")
    for dim in dims:
        factors = [predicted_coadaptation("rotationout", rate, dim) for rate in rates]
        ax.plot(rates, factors, label=f"RotationOut, {dim} features")
    ax.set_xlabel("rate")
    ax.set_ylabel("co-adaptation after / before")
    ax.legend()
    return ax


def _over_layers(lines: Mapping[str, Sequence[Mapping[str, float]]], ax: Any) -> Any:
    ax = _axes(ax)
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


def _runs(value: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    return [value] if isinstance(value, Mapping) else value


def _name_layers(ax: Any, paths: Sequence[str]) -> None:
    ax.set_xticks(range(len(paths)), paths, rotation=45, ha="right", fontsize=7)
    ax.grid(axis="y")


def _axes(ax: Any) -> Any:
    return _pyplot().subplots()[1] if ax is None else ax


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Figures need Matplotlib, which is not installed. "
            "Install it with: pip install matplotlib"
        ) from error
    return plt
