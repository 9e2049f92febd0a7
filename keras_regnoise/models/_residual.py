"""Residual networks: stages of units of convolutions with shortcuts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

import keras

from keras_regnoise.models._options import WordOptions
from keras_regnoise.models._units import Unit, label, residual_steps
from keras_regnoise.models._vocabulary import Vocabulary

PROJECTION: Unit = ("conv",)


@dataclass(frozen=True)
class Conv:
    """The size of one convolution."""

    filters: int
    kernel: int = 3
    strides: int = 1
    groups: int = 1


Convs = Sequence[Conv]


def basic(filters: int, strides: int) -> Convs:
    """Return the two convolutions of a basic unit."""
    return Conv(filters, strides=strides), Conv(filters)


def bottleneck(filters: int, strides: int) -> Convs:
    """Return the three convolutions of a bottleneck, which is strided at its entry."""
    return Conv(filters, 1, strides), Conv(filters), Conv(4 * filters, 1)


def halving_stages(
    convs: Callable[[int, int], Convs], units: int, filters: Sequence[int]
) -> list[list[Convs]]:
    """Return stages of equal depth, each of which but the first halves the image."""
    return [
        [convs(width, 2 if stage and not unit else 1) for unit in range(units)]
        for stage, width in enumerate(filters)
    ]


def residual_network(
    stages: Sequence[Sequence[Convs]],
    unit: Unit,
    default_name: str,
    *,
    stem: Conv,
    pool_stem: bool = False,
    shortcut: Unit = PROJECTION,
    classes: int = 10,
    input_shape: tuple[int | None, ...] = (32, 32, 3),
    seed: int | None = None,
    name: str | None = None,
    **words: Unpack[WordOptions],
) -> keras.Model:
    """Build a residual network for images.

    Args:
        stages: The convolutions of every unit of every stage.
        unit: The words of a unit, see `keras_regnoise.models`.
        default_name: Name of the model if none is given.
        stem: The first convolution.
        pool_stem: Whether max pooling halves the images behind it.
        shortcut: See `ResidualOptions`.
        classes: See `ImageOptions`, as the arguments that follow.
        input_shape: See `ImageOptions`.
        seed: See `ImageOptions`.
        name: See `ImageOptions`.
        **words: What the words stand for, see `WordOptions`.

    Returns:
        A functional `keras.Model` that ends in class probabilities.

    Raises:
        ValueError: If a word has no meaning, or `shortcut` is no projection.
    """
    if shortcut and shortcut.count("conv") != 1:
        raise ValueError(
            '`shortcut` must be () or hold the word "conv" once, for example '
            f'("conv", "norm"). Received: shortcut={shortcut!r}'
        )
    vocabulary = Vocabulary(
        unit,
        weights=len(stages[0][0]),
        stages=len(stages),
        seed=seed,
        extra_words=shortcut,
        **words,
    )
    inputs = keras.Input(input_shape, name="images")
    first = vocabulary.conv(stem.filters, stem.kernel, stem.strides)
    x = vocabulary.stem(inputs, first)
    if pool_stem:
        x = keras.layers.MaxPooling2D(
            3, 2, padding="same", data_format="channels_last", name="stem_pool"
        )(x)
    for stage, units in enumerate(stages, start=1):
        for number, convs in enumerate(units, start=1):
            prefix = f"stage{stage}_unit{number}"
            x = _residual_unit(
                x, vocabulary, vocabulary.words(stage), convs, shortcut, prefix
            )
    x = vocabulary.final(x)
    x = keras.layers.GlobalAveragePooling2D(data_format="channels_last", name="pool")(x)
    return keras.Model(
        inputs, vocabulary.classifier(x, classes), name=name or default_name
    )


def _residual_unit(
    x: Any, vocabulary: Vocabulary, words: Unit, convs: Convs, shortcut: Unit, name: str
) -> Any:
    lead, branch, merged = residual_steps(words, name)
    strides = max(conv.strides for conv in convs)
    target = replace(convs[-1], kernel=1, strides=strides, groups=1)
    reshaped = strides > 1 or target.filters != x.shape[-1]
    if reshaped and shortcut:
        x = vocabulary.apply(x, lead)
    else:
        branch = lead + branch
    sizes = [
        vocabulary.conv(conv.filters, conv.kernel, conv.strides, conv.groups)
        for conv in convs
    ]
    y = vocabulary.apply(x, branch, sizes)
    if reshaped:
        x = _reshape(x, vocabulary, target, shortcut, f"{name}_shortcut")
    x = keras.layers.Add(name=f"{name}_add")([x, y])
    return vocabulary.apply(x, merged)


def _reshape(
    x: Any, vocabulary: Vocabulary, target: Conv, shortcut: Unit, name: str
) -> Any:
    """Bring the shortcut to the shape of the branch."""
    if shortcut:
        projection = vocabulary.conv(target.filters, target.kernel, target.strides)
        return vocabulary.apply(x, label(shortcut, name), [projection])
    x = keras.layers.AveragePooling2D(
        1, target.strides, data_format="channels_last", name=f"{name}_subsample"
    )(x)
    # Read as channels_first, the last axis is one that ZeroPadding2D can pad.
    padding = ((0, 0), (0, target.filters - x.shape[-1]))
    return keras.layers.ZeroPadding2D(
        padding, data_format="channels_first", name=f"{name}_pad"
    )(x)
