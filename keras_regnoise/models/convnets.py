"""Plain convolutional networks: the 11-layer ELU network and a small ConvNet."""

from collections.abc import Sequence
from typing import Any, Unpack

import keras

from keras_regnoise._seeds import derived_seed
from keras_regnoise.models._options import WordOptions
from keras_regnoise.models._units import BASELINE, Unit, label
from keras_regnoise.models._vocabulary import Vocabulary

# Filters and kernel sizes of the stacks. The first stack is never widened.
_ELU_STACKS = (
    ((192, 5),),
    ((192, 1), (240, 3)),
    ((240, 1), (260, 2)),
    ((260, 1), (280, 2)),
    ((280, 1), (300, 2)),
    ((300, 1),),
)


def elu_network(
    unit: Unit = ("conv", "relu"),
    *,
    widening: int = 2,
    dropout: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
    classes: int = 10,
    input_shape: tuple[int | None, ...] = (32, 32, 3),
    seed: int | None = None,
    name: str = "elu_network",
    **words: Unpack[WordOptions],
) -> Any:
    """Build the 11-layer network in which activations and normalizations compete.

    Six stacks of convolutions, which are the stages: 192, 2x192, 2x240, ... 2x300
    filters, each of the first five followed by max pooling. The unit is the arm:
    `("conv", "relu")` has no normalization, `("conv", "norm", "relu")` is batchnorm,
    `("conv", "vcl", "relu")` the Variance Constancy Loss.

    Args:
        unit: Order of the layers around a convolution.
        widening: Factor of all widths but the first. The released code of the
            Variance Constancy Loss has 2, the network of Clevert et al. 1.
        dropout: Drop rate behind each of the six stacks.
        classes: Number of classes.
        input_shape: Height, width and channels. Larger images are averaged behind
            the fifth stack.
        seed: See `ImageOptions`.
        name: Name of the model.
        **words: See `WordOptions`; here `activation` defaults to `"elu"`.

    Returns:
        A functional `keras.Model` from images to class probabilities.

    Raises:
        ValueError: If there are not six drop rates, or a word has no meaning.

    Reference:
        Littwin and Wolf, Regularizing by the Variance of the Activations'
        Sample-Variances, 2018, section 3.
        Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear
        Units, 2016, section 4.2.

    Example:
        >>> elu_network(("conv", "norm", "relu"), activation="relu").output_shape
        (None, 10)
    """
    if len(dropout) != len(_ELU_STACKS):
        raise ValueError(
            f"`dropout` must hold {len(_ELU_STACKS)} rates, one for each stack. "
            f"Received: dropout={dropout}"
        )
    words.setdefault("activation", "elu")
    vocabulary = Vocabulary(
        unit, weights=1, stages=len(_ELU_STACKS), seed=seed, **words
    )
    x = inputs = keras.Input(input_shape, name="images")
    for stage, (stack, rate) in enumerate(zip(_ELU_STACKS, dropout, strict=True), 1):
        factor = widening if stage > 1 else 1
        convs = [vocabulary.conv(factor * width, kernel) for width, kernel in stack]
        steps = label(vocabulary.words(stage) * len(stack), f"stack{stage}")
        x = vocabulary.apply(x, steps, convs)
        x = _pool_and_drop(x, stage, rate, seed)
    x = keras.layers.Flatten(name="flatten")(vocabulary.final(x))
    return keras.Model(inputs, vocabulary.classifier(x, classes), name=name)


def _pool_and_drop(x: Any, stage: int, rate: float, seed: int | None) -> Any:
    if stage < len(_ELU_STACKS):
        x = keras.layers.MaxPooling2D(
            2, padding="same", data_format="channels_last", name=f"stack{stage}_pool"
        )(x)
    if stage == len(_ELU_STACKS) - 1:
        x = keras.layers.GlobalAveragePooling2D(
            keepdims=True, data_format="channels_last", name="pool"
        )(x)
    if rate:
        name = f"stack{stage}_dropout"
        x = keras.layers.Dropout(rate, seed=derived_seed(seed, name), name=name)(x)
    return x


def convnet(
    filters: Sequence[int] = (32, 64, 128),
    unit: Unit = BASELINE,
    *,
    hidden: int = 128,
    classes: int = 10,
    input_shape: tuple[int, ...] = (32, 32, 3),
    seed: int | None = None,
    name: str = "convnet",
    **words: Unpack[WordOptions],
) -> Any:
    """Build the small network on which Drop-Activation's rate was chosen.

    One block per entry of `filters`, which are the stages: a 3x3 convolution in its
    unit and average pooling. Two fully connected layers follow.

    Args:
        filters: Filters of each block. The paper names none.
        unit: Order of the layers around a convolution.
        hidden: Units of the first fully connected layer. The paper names none.
        classes: Number of classes.
        input_shape: Height, width and channels.
        seed: See `ImageOptions`.
        name: Name of the model.
        **words: See `WordOptions`.

    Returns:
        A functional `keras.Model` from images to class probabilities.

    Raises:
        ValueError: If a word has no meaning.

    Reference:
        Liang et al., Drop-Activation, 2018, section 4.2.1.

    Example:
        >>> from keras_regnoise.layers import DropActivation
        >>> model = convnet((4, 8, 8), activation=lambda: DropActivation(rate=0.05))
        >>> sum(isinstance(layer, DropActivation) for layer in model.layers)
        4
    """
    vocabulary = Vocabulary(unit, weights=1, stages=len(filters), seed=seed, **words)
    x = inputs = keras.Input(input_shape, name="images")
    for stage, width in enumerate(filters, start=1):
        steps = label(vocabulary.words(stage), f"stage{stage}")
        x = vocabulary.apply(x, steps, [vocabulary.conv(width)])
        x = keras.layers.AveragePooling2D(
            2, padding="same", data_format="channels_last", name=f"stage{stage}_pool"
        )(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = vocabulary.dense(hidden)("hidden_dense")(x)
    x = vocabulary.apply(x, label(("relu",), "hidden"))
    return keras.Model(inputs, vocabulary.classifier(x, classes), name=name)
