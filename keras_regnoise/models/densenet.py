"""DenseNet-BC for small images."""

from typing import Any, Unpack

import keras

from keras_regnoise.models._depth import units_per_stage
from keras_regnoise.models._options import WordOptions
from keras_regnoise.models._units import PREACTIVATION, Unit, label
from keras_regnoise.models._vocabulary import Vocabulary


def densenet(
    depth: int = 100,
    growth: int = 12,
    unit: Unit = PREACTIVATION,
    *,
    classes: int = 10,
    input_shape: tuple[int | None, ...] = (32, 32, 3),
    seed: int | None = None,
    name: str | None = None,
    **words: Unpack[WordOptions],
) -> Any:
    """Build DenseNet-BC-`depth`-`growth` for CIFAR.

    Three dense blocks, which are the stages. Every unit of a block is a 1x1 and a 3x3
    convolution; between blocks, a 1x1 convolution halves the channels.

    Args:
        depth: Number of weight layers, 6n + 4.
        growth: Channels that every unit adds.
        unit: Order of the layers around a convolution, or of the whole unit.
        classes: See `ImageOptions`, as the arguments that follow.
        input_shape: See `ImageOptions`.
        seed: See `ImageOptions`.
        name: See `ImageOptions`.
        **words: See `WordOptions`.

    Returns:
        A functional `keras.Model` from images to class probabilities.

    Raises:
        ValueError: If the depth does not fit, or a word has no meaning.

    Reference:
        Huang et al., Densely Connected Convolutional Networks, 2017, section 3.

    Example:
        >>> densenet(10, 4).output_shape
        (None, 10)
    """
    units = units_per_stage(depth, 6, 4)
    vocabulary = Vocabulary(unit, weights=2, stages=3, seed=seed, **words)
    inputs = keras.Input(input_shape, name="images")
    x = vocabulary.stem(inputs, vocabulary.conv(2 * growth))
    for stage in (1, 2, 3):
        if stage > 1:
            x = _transition(x, vocabulary, stage - 1)
        for number in range(1, units + 1):
            x = _dense_unit(x, vocabulary, growth, stage, number)
    x = vocabulary.final(x)
    x = keras.layers.GlobalAveragePooling2D(data_format="channels_last", name="pool")(x)
    outputs = vocabulary.classifier(x, classes)
    return keras.Model(inputs, outputs, name=name or f"densenet{depth}_{growth}")


def _dense_unit(
    x: Any, vocabulary: Vocabulary, growth: int, stage: int, number: int
) -> Any:
    name = f"stage{stage}_unit{number}"
    convs = [vocabulary.conv(4 * growth, kernel=1), vocabulary.conv(growth)]
    y = vocabulary.apply(x, label(vocabulary.words(stage), name), convs)
    return keras.layers.Concatenate(axis=-1, name=f"{name}_concat")([x, y])


def _transition(x: Any, vocabulary: Vocabulary, stage: int) -> Any:
    name = f"stage{stage}_transition"
    conv = vocabulary.conv(x.shape[-1] // 2, kernel=1)
    x = vocabulary.apply(x, label(vocabulary.single(stage), name), [conv])
    return keras.layers.AveragePooling2D(
        2, padding="same", data_format="channels_last", name=f"{name}_pool"
    )(x)
