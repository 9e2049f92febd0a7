"""What can be found out about a network and its data before anything is trained."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import keras

from keras_regnoise._keras.sublayers import every_layer
from keras_regnoise.datasets import DataSet
from keras_regnoise.studies._text import clean_line
from keras_regnoise.studies.input_error import InputError

_SPARSE = "sparse_categorical_crossentropy"
_LONGEST = 300  # characters of the reason of an error


def check_sizes(network: keras.Model, data: DataSet, batches: Iterable[int]) -> None:
    """Raise `InputError` if inputs, batches or classes do not fit.

    Args:
        network: The network; of one that is not built yet nothing is known.
        data: The data set.
        batches: The batch sizes of the training and of the evaluations.
    """
    training, evaluation = batches
    if training > data.sizes["train"]:
        raise InputError(
            f"The batch size must be at most {data.sizes['train']}, the examples of "
            f"the training split. Received: {training}"
        )
    if not network.built or not getattr(network, "inputs", None):
        return
    for name, expected, shape in _inputs(network, data.shape):
        if not _fits(expected[1:], shape):
            raise InputError(
                f"The model's input {name!r} takes examples of the shape "
                f"{expected[1:]}. Received data of the shape {shape}"
            )
        if expected[0] is not None:
            _check_fixed(expected[0], data, training, evaluation)
    _check_classes(network, data)


def _inputs(network: keras.Model, shape: Any) -> Iterator[tuple[str, Any, Any]]:
    """Pair the shapes of inputs with those of the data, as `fit` does."""
    inputs = network.inputs
    names = [tensor.name for tensor in inputs]
    if isinstance(shape, Mapping):
        if missing := [name for name in names if name not in shape]:
            raise InputError(
                f"The model has the inputs {', '.join(names)}, and the data have no "
                f"{', '.join(missing)}. Received: {', '.join(shape)}"
            )
        shapes = [shape[name] for name in names]
    else:
        shapes = shape if isinstance(shape, list) else [shape]
    if len(shapes) != len(inputs):
        raise InputError(
            f"The model has {len(inputs)} inputs ({', '.join(names)}), and the data "
            f"have {len(shapes)}. Several are a dict or a list of arrays"
        )
    for tensor, one in zip(inputs, shapes, strict=True):
        yield tensor.name, tuple(tensor.shape), tuple(one)


def _fits(expected: Sequence[int | None], shape: Sequence[int | None]) -> bool:
    # Keras adds a last axis of one, or takes it away.
    if abs(len(expected) - len(shape)) == 1:
        longer, shorter = sorted((expected, shape), key=len, reverse=True)
        return longer[-1] == 1 and _fits(longer[:-1], shorter)
    return len(expected) == len(shape) and all(
        known in (None, size) or size is None
        for known, size in zip(expected, shape, strict=True)
    )


def _check_fixed(fixed: int, data: DataSet, training: int, evaluation: int) -> None:
    parts = {part: size for part, size in data.sizes.items() if part != "train"}
    rests = [part for part, size in parts.items() if size % evaluation]
    if {training, evaluation} != {fixed} or rests:
        raise InputError(
            f"The model takes batches of {fixed} examples only. Received batches of "
            f"{training} to train and {evaluation} to evaluate, and splits of "
            f"{', '.join(f'{size} ({part})' for part, size in parts.items())}: choose "
            "that batch size and splits that are multiples of it, or a model of any"
        )


def _check_classes(network: keras.Model, data: DataSet) -> None:
    outputs = getattr(network, "outputs", None) or []
    if len(outputs) == 1 and _is_sparse(network.loss) and data.classes > 1:
        units = outputs[0].shape[-1]
        if units is not None and units < data.classes:
            raise InputError(
                f"The model has {units} outputs, and {data.name} has "
                f"{data.classes} classes, counted from 0"
            )


def _is_sparse(loss: Any) -> bool:
    kind = keras.losses.SparseCategoricalCrossentropy
    function = keras.losses.sparse_categorical_crossentropy
    return isinstance(loss, kind) or loss is function or loss == _SPARSE


def rehearse(network: keras.Model, batches: Any) -> dict[str, float]:
    """Measure what one call takes, and leave the network as it was.

    Returns:
        What the network measures.

    Raises:
        InputError: If it can't, with the reason in one line.
    """
    # Such as the state of noise that is drawn in inference.
    states = network.non_trainable_variables if network.built else []
    before = [keras.ops.convert_to_numpy(variable) for variable in states]
    try:
        measured = network.evaluate(batches, steps=1, verbose=0, return_dict=True)
    except Exception as error:
        reason = clean_line(f"{type(error).__name__}: {error}")
        if len(reason) > _LONGEST:
            reason = f"{reason[: _LONGEST - 3]}..."
        raise InputError(
            f"The model can't be evaluated on the data: {reason}"
        ) from error
    for variable, value in zip(states, before, strict=True):
        variable.assign(value)
    for layer in every_layer(network):  # whose state Keras does not list
        if isinstance(layer, keras.layers.RNN) and layer.stateful:
            layer.reset_state()
    return dict(measured)
