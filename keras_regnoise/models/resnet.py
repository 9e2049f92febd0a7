"""ResNet, ResNet-B, PreActResNet and WideResNet for small images; ResNet-50."""

from collections.abc import Sequence
from typing import Unpack

import keras

from keras_regnoise._arguments import check_integer
from keras_regnoise.models._depth import units_per_stage
from keras_regnoise.models._options import ResidualOptions
from keras_regnoise.models._residual import (
    Conv,
    basic,
    bottleneck,
    halving_stages,
    residual_network,
)
from keras_regnoise.models._units import BASELINE, PREACTIVATION, Unit

_WIDTHS = (64, 128, 256, 512)


def resnet(
    depth: int = 20,
    unit: Unit = BASELINE,
    *,
    bottlenecks: bool = False,
    **options: Unpack[ResidualOptions],
) -> keras.Model:
    """Build the residual network for CIFAR with the unit of your choice.

    Three stages of 16, 32 and 64 filters (four times that behind a bottleneck). The
    unit decides what kind of network it is: `("conv", "norm", "relu")` is ResNet,
    `("norm", "relu", "conv")` PreActResNet, and `IC_UNITS[1]` to `IC_UNITS[3]` are
    the units of the IC layer's paper. What stands before the weight in the unit
    follows the last addition once more, because the classifier is a weight layer too.

    Args:
        depth: Number of weight layers: 6n + 2, or 9n + 2 with bottlenecks.
        unit: Order of the layers around a convolution, or of the whole unit.
        bottlenecks: Units of three convolutions (ResNet-B) instead of two.
        **options: `shortcut`, `classes`, `input_shape`, `seed` and `name`, see
            `ResidualOptions`; what the words of the unit stand for: `activation`,
            `noise`, `noise_stages` and `layers`, see `WordOptions`.

    Returns:
        A functional `keras.Model` from images to class probabilities.

    Raises:
        TypeError: If an argument is unknown.
        ValueError: If the depth does not fit, or a word has no meaning.

    Reference:
        He et al., Deep Residual Learning for Image Recognition, 2016, section 4.2.
        Chen et al., Rethinking the Usage of Batch Normalization and Dropout, 2019,
        section 4.1, figure 3.

    Example:
        >>> from keras_regnoise.layers import SpatialRotationOut
        >>> model = resnet(
        ...     20,
        ...     ("noise", "conv", "norm", "relu"),
        ...     noise=lambda: SpatialRotationOut(0.1),
        ...     noise_stages=(3,),
        ... )
        >>> model.output_shape
        (None, 10)
    """
    convs, per_unit = (bottleneck, 9) if bottlenecks else (basic, 6)
    units = units_per_stage(depth, per_unit, 2)
    stages = halving_stages(convs, units, (16, 32, 64))
    name = f"resnet{'_b' if bottlenecks else ''}{depth}"
    return residual_network(stages, unit, name, stem=Conv(16), **options)


def preact_resnet(
    depth: int = 164,
    unit: Unit = PREACTIVATION,
    *,
    bottlenecks: bool = True,
    **options: Unpack[ResidualOptions],
) -> keras.Model:
    """Build PreActResNet: `resnet` with pre-activation units of three convolutions.

    Args:
        depth: Number of weight layers: 9n + 2, or 6n + 2 without bottlenecks.
        unit: See `resnet`.
        bottlenecks: See `resnet`.
        **options: See `resnet`.

    Returns:
        A functional `keras.Model` from images to class probabilities.

    Reference:
        He et al., Identity Mappings in Deep Residual Networks, 2016.

    Example:
        >>> preact_resnet(11).output_shape
        (None, 10)
    """
    if options.get("name") is None:
        options["name"] = f"preact_resnet{depth}"
    return resnet(depth, unit, bottlenecks=bottlenecks, **options)


def wide_resnet(
    depth: int = 28,
    width: int = 10,
    unit: Unit = PREACTIVATION,
    **options: Unpack[ResidualOptions],
) -> keras.Model:
    """Build a wide residual network, WRN-`depth`-`width`.

    Args:
        depth: Number of convolutions with the three projections, 6n + 4. The count
            of `resnet`, 6n + 2, is understood too: 20 and 22 are one network.
        width: Widening factor k of the stages of 16k, 32k and 64k filters.
        unit: See `resnet`.
        **options: See `resnet`.

    Returns:
        A functional `keras.Model` from images to class probabilities.

    Raises:
        ValueError: If the depth does not fit, or a word has no meaning.

    Reference:
        Zagoruyko and Komodakis, Wide Residual Networks, 2016.

    Example:
        >>> from keras import layers
        >>> model = wide_resnet(
        ...     16,
        ...     2,
        ...     ("norm", "relu", "noise", "conv"),
        ...     noise=lambda: layers.SpatialDropout2D(0.3),
        ...     noise_stages=(2, 3),
        ... )
        >>> sum(isinstance(layer, layers.SpatialDropout2D) for layer in model.layers)
        8
    """
    depth = check_integer("depth", depth, "the number of weight layers")
    counted_with_projections = depth + 2 if depth % 6 == 2 else depth
    units = units_per_stage(counted_with_projections, 6, 4)
    stages = halving_stages(basic, units, (16 * width, 32 * width, 64 * width))
    name = f"wide_resnet{depth}_{width}"
    return residual_network(stages, unit, name, stem=Conv(16), **options)


def resnet18(unit: Unit = BASELINE, **options: Unpack[ResidualOptions]) -> keras.Model:
    """Build ResNet-18 for small images.

    A 3x3 convolution, and four stages of two units of 64 to 512 filters; the stem of
    the network for ImageNet would leave little of 32 x 32 pixels.

    Args:
        unit: See `resnet`.
        **options: See `resnet`; here `shortcut` defaults to `("conv", "norm")`.

    Returns:
        A functional `keras.Model` from images to class probabilities.

    Raises:
        ValueError: If a word has no meaning.

    Reference:
        He et al., Deep Residual Learning for Image Recognition, 2016, table 1;
        DeVries and Taylor, Improved Regularization of Convolutional Neural Networks
        with Cutout, 2017, who train it on CIFAR.

    Example:
        >>> resnet18(classes=100).output_shape
        (None, 100)
    """
    options.setdefault("shortcut", ("conv", "norm"))
    stages = halving_stages(basic, 2, _WIDTHS)
    return residual_network(stages, unit, "resnet18", stem=Conv(64), **options)


def imagenet_resnet(
    units: Sequence[int] = (3, 4, 6, 3),
    unit: Unit = BASELINE,
    **options: Unpack[ResidualOptions],
) -> keras.Model:
    """Build the residual network for ImageNet, by default ResNet-50.

    A strided 7x7 convolution, max pooling, and four stages of bottlenecks of 64 to 512
    filters, which papers call Res2 to Res5.

    Args:
        units: Number of units of every stage; `(3, 4, 23, 3)` is ResNet-101.
        unit: See `resnet`.
        **options: See `resnet`; here `shortcut` defaults to `("conv", "norm")`,
            `input_shape` to `(224, 224, 3)` and `classes` to 1000.

    Returns:
        A functional `keras.Model` from images to class probabilities.

    Raises:
        ValueError: If there are not four numbers, or a word has no meaning.

    Reference:
        He et al., Deep Residual Learning for Image Recognition, 2016, table 1.

    Example:
        >>> imagenet_resnet((1, 1, 1, 1), classes=5, input_shape=(64, 64, 3)).name
        'resnet14'
    """
    if len(units) != len(_WIDTHS):
        raise ValueError(
            "`units` must hold a number for each of the four stages, such as "
            f"(3, 4, 6, 3). Received: {units!r}"
        )
    stages = [
        [bottleneck(width, 2 if stage and not i else 1) for i in range(count)]
        for stage, (width, count) in enumerate(zip(_WIDTHS, units, strict=True))
    ]
    options.setdefault("shortcut", ("conv", "norm"))
    options.setdefault("input_shape", (224, 224, 3))
    options.setdefault("classes", 1000)
    name = f"resnet{3 * sum(units) + 2}"
    stem = Conv(64, 7, 2)
    return residual_network(stages, unit, name, stem=stem, pool_stem=True, **options)
