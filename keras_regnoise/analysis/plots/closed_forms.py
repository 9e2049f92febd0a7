"""Figures of the closed forms."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_regnoise.analysis.batch_norm_nonlinearity import batch_norm_nonlinearity
from keras_regnoise.analysis.coadaptation import predicted_coadaptation
from keras_regnoise.analysis.drop_activation import drop_activation_shift_ratio
from keras_regnoise.analysis.plots._axes import REFERENCE, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def batch_norm(
    batch_sizes: Sequence[int] = (2, 4, 8, 32), ax: "Axes | None" = None
) -> "Axes":
    """Draw what BatchNormalization makes of a value in training, on average.

    Args:
        batch_sizes: Sizes of the batch, a line for each.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = ax or new_axes()
    x = np.linspace(-4.0, 4.0, 161)
    ax.plot(x, x, **REFERENCE, label="at inference")
    for size in batch_sizes:
        ax.plot(x, batch_norm_nonlinearity(x, size), label=f"batch of {size}")
    ax.set_xlabel("value")
    ax.set_ylabel("expected output of BatchNormalization")
    ax.legend()
    return ax


def drop_activation_shift(ax: "Axes | None" = None) -> "Axes":
    """Draw the variance shift of DropActivation in theory.

    Args:
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = ax or new_axes()
    rates = np.linspace(0.0, 0.999, 200)
    ax.plot(rates, [drop_activation_shift_ratio(float(rate)) for rate in rates])
    ax.axhline(1.0, **REFERENCE)
    ax.set_xlabel("rate")
    ax.set_ylabel("variance at inference / in training")
    return ax


def coadaptation_factor(
    dims: Sequence[int] = (4, 8, 32), ax: "Axes | None" = None
) -> "Axes":
    """Draw by how much noise reduces co-adaptation in theory.

    Args:
        dims: Numbers of features, a line of RotationOut for each.
        ax: Axes to draw on. Defaults to new ones.

    Returns:
        The axes.
    """
    ax = ax or new_axes()
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
