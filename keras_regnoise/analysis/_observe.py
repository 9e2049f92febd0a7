"""Running a model with some of its layers watched, or run in training mode."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import keras

from keras_regnoise._keras.hooks import replaced_call
from keras_regnoise.analysis._arrays import Array

Function = Callable[..., Any]
Reader = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class Tap:
    """What to take out of a model at one layer.

    Attributes:
        layer: The layer.
        read: Function of the arguments of its call, by name, and of the output;
            returns tensors.
    """

    layer: keras.Layer
    read: Reader


@dataclass(frozen=True)
class Observation:
    """What a model did with one batch.

    Attributes:
        outputs: Outputs of the model.
        readings: By the name of the tap, what it read at each call of its layer.
    """

    outputs: Any
    readings: dict[str, list[Any]]


class Observer:
    """Runs a model, compiled as Keras compiles `predict`, and collects readings.

    The model is another one while it runs, and not in between. `called` has the
    identities of the layers that were called in a forced mode. Weights that are not
    trained (moving statistics, random states) may change, see `preserved`.

    Args:
        model: A Keras model.
        taps: What to take out, by name; each must read something.
        in_training: Layers that run in training mode whatever the model runs in.
        in_inference: Layers that run in inference mode whatever calls them.
    """

    def __init__(
        self,
        model: keras.Model,
        taps: Mapping[str, Tap] | None = None,
        *,
        in_training: Iterable[keras.Layer] = (),
        in_inference: Iterable[keras.Layer] = (),
    ) -> None:
        self._taps = dict(taps or {})
        self._modes = [(layer, True) for layer in in_training]
        self._modes += [(layer, False) for layer in in_inference]
        self._readings: dict[str, list[Any]] = {}
        self.called: set[int] = set()

        def run(training: bool, inputs: Any) -> dict[str, Any]:
            self._readings.clear()
            outputs = model(inputs, training=training)
            return {"outputs": outputs, "readings": dict(self._readings)}

        self._compiled = {
            mode: _Compiled(model, partial(run, mode)) for mode in (False, True)
        }

    def __call__(self, batch: Any, training: bool = False) -> Observation:
        with self._watched():
            result = self._compiled[training].predict_on_batch(batch)
        readings = result["readings"]
        missing = [name for name in self._taps if name not in readings]
        if missing:
            raise ValueError(
                f"The model did not call these layers: {', '.join(missing)}. Choose "
                "layers that the model uses to compute its outputs."
            )
        # In the order of the layers, which a compiled function does not keep.
        ordered = {name: readings[name] for name in self._taps}
        return Observation(result["outputs"], ordered)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        with ExitStack() as stack:
            for name, tap in self._taps.items():
                record = partial(_recorded, tap.read, partial(self._record, name))
                stack.enter_context(replaced_call(tap.layer, record))
            for layer, mode in self._modes:
                notice = partial(self.called.add, id(layer))
                stack.enter_context(
                    replaced_call(layer, partial(_forced, mode, notice))
                )
            yield

    def _record(self, name: str, reading: Any) -> None:
        self._readings.setdefault(name, []).append(reading)


@contextmanager
def preserved(variables: Iterable[Any]) -> Iterator[Callable[[], None]]:
    """Restore the values of variables at the end, and when the function is called."""
    before = [(variable, value_of(variable)) for variable in variables]

    def restore() -> None:
        for variable, value in before:
            variable.assign(value)

    try:
        yield restore
    finally:
        restore()


def value_of(variable: Any) -> Array:
    """The value of a Keras variable, copied."""
    value: Array = keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(variable))
    return value.copy()


def readings_as_rows(observation: Observation) -> dict[str, Array]:
    """The readings by name; further calls of a layer get a number, as in `name:2`."""
    return {
        f"{name}:{number}" if number > 1 else name: value
        for name, values in observation.readings.items()
        for number, value in enumerate(values, start=1)
    }


class _Compiled(keras.Model):  # type: ignore[misc]
    """A function of the inputs of a model, run as Keras runs `predict_on_batch`."""

    def __init__(self, model: keras.Model, function: Function) -> None:
        super().__init__(name="observed", autocast=False)
        self.model = model
        self.function = function
        self.run_eagerly = model.run_eagerly

    def call(self, inputs: Any) -> Any:
        return self.function(inputs)


def _forced(training: bool, notice: Callable[[], None], call: Function) -> Function:
    signature = inspect.signature(call)

    @wraps(call)  # which keeps the signature, for the next to read
    def call_in_mode(*args: Any, **kwargs: Any) -> Any:
        notice()
        if "training" not in signature.parameters:
            return call(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        bound.arguments["training"] = training
        return call(*bound.args, **bound.kwargs)

    return call_in_mode


def _recorded(read: Reader, record: Callable[[Any], None], call: Function) -> Function:
    signature = inspect.signature(call)

    @wraps(call)
    def recorded_call(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        record(read(signature.bind(*args, **kwargs).arguments, outputs))
        return outputs

    return recorded_call
