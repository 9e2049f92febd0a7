"""ResNeXt for small images."""

from collections.abc import Sequence
from functools import partial
from typing import Unpack

import keras

from keras_regnoise.models._depth import units_per_stage
from keras_regnoise.models._options import ResidualOptions
from keras_regnoise.models._residual import Conv, halving_stages, residual_network
from keras_regnoise.models._units import BASELINE, Unit


def resnext(
    depth: int = 29,
    cardinality: int = 8,
    base_width: int = 64,
    unit: Unit = BASELINE,
    **options: Unpack[ResidualOptions],
) -> keras.Model:
    """Build ResNeXt-`depth` (`cardinality`x`base_width`d) for CIFAR.

    Bottlenecks whose middle convolution is split into groups.

    Args:
        depth: Number of weight layers, 9n + 2.
        cardinality: Number of groups.
        base_width: Filters of one group in the first stage.
        unit: See `resnet`.
        **options: See `resnet`; here `shortcut` defaults to `("conv", "norm")`, as in
            the authors' code.

    Returns:
        A functional `keras.Model` from images to class probabilities.

    Raises:
        ValueError: If the depth does not fit, or a word has no meaning.

    Reference:
        Xie et al., Aggregated Residual Transformations for Deep Neural Networks,
        2017, section 5.3.

    Example:
        >>> resnext(11, cardinality=2, base_width=4).output_shape
        (None, 10)
    """
    units = units_per_stage(depth, 9, 2)
    convs = partial(_aggregated, cardinality, base_width)
    stages = halving_stages(convs, units, (64, 128, 256))
    name = f"resnext{depth}_{cardinality}x{base_width}d"
    options.setdefault("shortcut", ("conv", "norm"))
    return residual_network(stages, unit, name, stem=Conv(64), **options)


def _aggregated(
    cardinality: int, base_width: int, filters: int, strides: int
) -> Sequence[Conv]:
    inner = cardinality * (filters * base_width // 64)
    return (
        Conv(inner, 1),
        Conv(inner, 3, strides, groups=cardinality),
        Conv(4 * filters, 1),
    )
