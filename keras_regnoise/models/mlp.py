"""Fully connected networks: the UCI classifier and the x sin(x) regressor."""

from collections.abc import Sequence
from typing import Any, Unpack

import keras

from keras_regnoise.models._options import WordOptions
from keras_regnoise.models._units import Unit, label
from keras_regnoise.models._vocabulary import Vocabulary

HIDDEN: Unit = ("dense", "relu")


def mlp(
    depth: int = 4,
    unit: Unit = HIDDEN,
    *,
    width: int = 256,
    classes: int,
    input_shape: tuple[int, ...],
    seed: int | None = None,
    name: str | None = None,
    **words: Unpack[WordOptions],
) -> Any:
    """Build the classifier for tables, a stack of equal hidden layers.

    Hidden layers are the stages. The unit is the arm: `("dense", "relu")` has no
    normalization, `("dense", "norm", "relu")` is batchnorm, `("dense", "vcl", "relu")`
    the Variance Constancy Loss.

    Args:
        depth: Number of hidden layers.
        unit: Order of the layers around a fully connected layer.
        width: Units of every hidden layer.
        classes: Number of classes.
        input_shape: The number of features, in a tuple.
        seed: See `ImageOptions`.
        name: Name of the model.
        **words: See `WordOptions`.

    Returns:
        A functional `keras.Model` from features to class probabilities.

    Raises:
        ValueError: If there is no hidden layer, or a word has no meaning.

    Reference:
        Littwin and Wolf, Regularizing by the Variance of the Activations'
        Sample-Variances, 2018, section 3, paragraph on UCI.

    Example:
        The paper's dropout of one half behind the last hidden layer:

        >>> from keras import layers
        >>> model = mlp(
        ...     8,
        ...     ("dense", "norm", "relu", "noise"),
        ...     activation="elu",
        ...     noise=lambda: layers.Dropout(0.5),
        ...     noise_stages=(8,),
        ...     classes=3,
        ...     input_shape=(21,),
        ... )
        >>> model.output_shape
        (None, 3)
    """
    return _network(
        (width,) * depth,
        unit,
        (classes, "softmax"),
        input_shape,
        seed,
        name or f"mlp{depth}",
        words,
    )


def regressor(
    widths: Sequence[int] = (1000, 800, 200),
    unit: Unit = HIDDEN,
    *,
    outputs: int = 1,
    input_shape: tuple[int] = (1,),
    seed: int | None = None,
    name: str = "regressor",
    **words: Unpack[WordOptions],
) -> Any:
    """Build the network that Drop-Activation's paper fits to x sin(x).

    Args:
        widths: Units of each hidden layer, which are the stages.
        unit: See `mlp`, as the arguments that follow.
        outputs: Number of real outputs.
        input_shape: See `mlp`.
        seed: See `ImageOptions`.
        name: Name of the model.
        **words: See `WordOptions`.

    Returns:
        A functional `keras.Model` from features to real outputs.

    Raises:
        ValueError: If there is no hidden layer, or a word has no meaning.

    Reference:
        Liang et al., Drop-Activation, 2018, section 5.1, figure 3.

    Example:
        >>> from keras_regnoise.layers import DropActivation
        >>> model = regressor(activation=lambda: DropActivation(rate=0.05))
        >>> model.output_shape
        (None, 1)
    """
    return _network(widths, unit, (outputs, None), input_shape, seed, name, words)


def _network(
    widths: Sequence[int],
    unit: Unit,
    output: tuple[int, str | None],
    input_shape: tuple[int, ...],
    seed: int | None,
    name: str,
    words: WordOptions,
) -> Any:
    if not widths:
        raise ValueError(
            "The network must have at least one hidden layer. Received none."
        )
    vocabulary = Vocabulary(
        unit, weights=1, stages=len(widths), seed=seed, weight="dense", **words
    )
    x = inputs = keras.Input(input_shape, name="features")
    for stage, width in enumerate(widths, start=1):
        steps = label(vocabulary.words(stage), f"hidden{stage}")
        x = vocabulary.apply(x, steps, [vocabulary.dense(width)])
    outputs = vocabulary.classifier(vocabulary.final(x), *output)
    return keras.Model(inputs, outputs, name=name)
