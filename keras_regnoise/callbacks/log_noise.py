from typing import Any

import keras
from keras.optimizers.schedules import LearningRateSchedule

from keras_regnoise._keras.kinds import noise_layers
from keras_regnoise._keras.sublayers import paths
from keras_regnoise.layers._base.amount import Amount

_AMOUNTS = ("rate", "scale", "stddev")


class LogNoise(keras.callbacks.Callback):  # type: ignore[misc]
    """Logs how much noise each layer adds, beside the loss.

    At the end of an epoch `logs`, and so the history, get the rate that the next
    training step will use under `"rate/<path of the layer>"`, also of a schedule and of
    a layer whose rate was changed; `"scale/..."` of `UniformNoise`, and `"stddev/..."`
    of `WeightNoise` and `keras.layers.GaussianNoise`. Keras's dropouts are there too.

    Put it before the callbacks that read the logs: `keras.callbacks.TensorBoard` draws
    a curve for every layer then, `keras.callbacks.CSVLogger` writes a column.
    `keras_regnoise.callbacks.VarianceConstancy` logs the loss of every layer in the
    same way.

    Example:

    >>> model = keras.Sequential(
    ...     [keras.layers.Dropout(0.3, name="noise"), keras.layers.Dense(1)]
    ... )
    >>> model.compile("sgd", "mse")
    >>> x, y = keras.random.normal((8, 4)), keras.random.normal((8, 1))
    >>> history = model.fit(x, y, verbose=0, callbacks=[LogNoise()])
    >>> history.history["rate/noise"]
    [0.3]
    """

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is None:
            return
        noise = {id(layer) for layer in noise_layers(self.model)}
        for path, layer in paths(self.model):
            if id(layer) in noise:
                logs.update(_amounts(path, layer))


def _amounts(path: str, layer: Any) -> dict[str, float]:
    values = {name: getattr(layer, name, None) for name in _AMOUNTS}
    return {
        f"{name}/{path}": _now(layer, value)
        for name, value in values.items()
        if value is not None
    }


def _now(layer: Any, value: Any) -> float:
    if isinstance(value, LearningRateSchedule):
        step = keras.ops.convert_to_tensor(layer.seed_generator.state)[1]
        amount = next(held for held in vars(layer).values() if isinstance(held, Amount))
        value = keras.ops.convert_to_numpy(amount.at(step))
    return float(value)
