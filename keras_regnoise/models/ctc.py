"""Recurrent network for speech with connectionist temporal classification."""

from typing import Any, Unpack

import keras

from keras_regnoise._arguments import check_integer
from keras_regnoise.models._options import WordOptions
from keras_regnoise.models._units import Unit, label
from keras_regnoise.models._vocabulary import Vocabulary, WeightFactory


def lstm_ctc(
    depth: int = 4,
    unit: Unit = ("lstm",),
    *,
    width: int = 512,
    classes: int = 137,
    input_shape: tuple[int | None, int] = (None, 40),
    seed: int | None = None,
    name: str | None = None,
    **words: Unpack[WordOptions],
) -> Any:
    """Build the bidirectional LSTM network for connectionist temporal classification.

    Its layers are the stages. The output holds logits for `keras.losses.CTC`, whose
    blank is class 0.

    Args:
        depth: Number of bidirectional layers.
        unit: Order of the layers around an LSTM, such as `("noise", "lstm")`.
        width: Units of an LSTM in each direction.
        classes: Number of labels with the blank.
        input_shape: Number of time steps, or `None`, and of features.
        seed: See `ImageOptions`.
        name: Name of the model.
        **words: See `WordOptions`.

    Returns:
        A functional `keras.Model` from `(batch, time, features)` to logits of shape
        `(batch, time, classes)`.

    Raises:
        ValueError: If there is no layer, or a word has no meaning.

    Reference:
        RotationOut as a Regularization Method for Neural Network, 2020, A.5.

    Example:
        Noise between the layers:

        >>> from keras_regnoise.layers import SpatialRotationOut
        >>> model = lstm_ctc(
        ...     unit=("noise", "lstm"),
        ...     width=8,
        ...     noise=lambda: SpatialRotationOut(0.2),
        ...     noise_stages=(2, 3, 4),
        ... )
        >>> model.output_shape
        (None, None, 137)
    """
    depth = check_integer("depth", depth, "the number of layers", minimum=1)
    vocabulary = Vocabulary(
        unit, weights=1, stages=depth, seed=seed, weight="lstm", **words
    )
    x = inputs = keras.Input(input_shape, name="frames")
    for stage in range(1, depth + 1):
        steps = label(vocabulary.words(stage), f"layer{stage}")
        x = vocabulary.apply(x, steps, [_bidirectional(vocabulary, width)])
    outputs = vocabulary.classifier(vocabulary.final(x), classes, activation=None)
    return keras.Model(inputs, outputs, name=name or f"lstm_ctc{depth}")


def _bidirectional(vocabulary: Vocabulary, width: int) -> WeightFactory:
    def lstm(name: str, *, backwards: bool) -> Any:
        return keras.layers.LSTM(
            width,
            return_sequences=True,
            go_backwards=backwards,
            kernel_initializer=vocabulary.initializer(
                f"{name}_kernel", "glorot_uniform"
            ),
            recurrent_initializer=vocabulary.initializer(
                f"{name}_recurrent", "orthogonal"
            ),
            name=name,
        )

    def build(name: str) -> Any:
        # A copy made by Bidirectional would start from the forward layer's weights.
        return keras.layers.Bidirectional(
            lstm(f"{name}_forward", backwards=False),
            backward_layer=lstm(f"{name}_backward", backwards=True),
            name=name,
        )

    return build
