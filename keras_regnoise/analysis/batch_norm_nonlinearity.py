import math
from typing import Any

import numpy as np

from keras_regnoise._arguments import check_integer
from keras_regnoise.analysis._arrays import Array


def batch_norm_nonlinearity(
    x: Any, batch_size: int, num_samples: int = 20_000, seed: int | None = 0
) -> Array:
    """Expected output of BatchNormalization in training, by the value of its input.

    At inference BatchNormalization is linear; here in training it is not, the less so
    the larger the batch: a value is part of the statistics that normalize it, and the
    output stays below `sqrt(batch_size - 1)`.

    Args:
        x: Values of one unit, any shape; those of the other samples of the batch are
            standard normal.
        batch_size: Samples of a batch, 2 or more.
        num_samples: Monte Carlo draws of the rest of the batch. Defaults to 20,000,
            for a standard error of about 0.007 and less.
        seed: Seed of the draws, which all values of `x` share. Defaults to 0.

    Returns:
        Array of the shape of `x`, float64: the expectation without scale and shift.

    Raises:
        ValueError: If `batch_size` or `num_samples` is no integer or too small.

    Reference:
        RotationOut as a Regularization Method for Neural Network, equation 28 and
        figure 3.

    Differences from the paper: the mean and the variance of the other samples are
    drawn from their own distributions instead of through `batch_size - 1` samples.

    Example:

    >>> batch_norm_nonlinearity([-1.0, 0.0, 4.0], batch_size=4).round(1).tolist()
    [-1.0, 0.0, 1.6]
    """
    others = check_integer("batch_size", batch_size, minimum=2) - 1
    num_samples = check_integer("num_samples", num_samples, minimum=1)
    random = np.random.default_rng(seed)
    means = random.normal(size=num_samples) / math.sqrt(others)
    variances = np.zeros(num_samples)
    if others > 1:
        variances = random.chisquare(others - 1, num_samples) / others
    # Mirrored, so that the expectation is odd in x, as it must be.
    means, variances = np.append(means, -means), np.append(variances, variances)
    values = np.asarray(x, "float64")
    outputs = [_normalized(v, means, variances, others + 1) for v in values.flat]
    return np.reshape(outputs, values.shape)


def _normalized(x: float, means: Array, variances: Array, batch_size: int) -> float:
    deviation = x - means
    scale = np.sqrt(variances + deviation**2 / batch_size)
    ratio = deviation / np.where(scale > 0.0, scale, 1.0)
    return math.sqrt(1.0 - 1.0 / batch_size) * float(ratio.mean())
