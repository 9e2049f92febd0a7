from typing import Any

import keras
from keras.optimizers.schedules import LearningRateSchedule

from keras_regnoise._keras.kinds import noise_layers
from keras_regnoise._keras.sublayers import paths
from keras_regnoise.callbacks._own_losses import OwnLosses
from keras_regnoise.layers import VarianceConstancy
from keras_regnoise.regularizers import VarianceConstancy as Regularizer

_AMOUNTS = ("rate", "scale", "stddev")


class LogNoise(keras.callbacks.Callback):  # type: ignore[misc]
    """Logs how much noise and how much Variance Constancy Loss each layer adds.

    At the end of an epoch `logs`, and so the history, get the rate that the next
    training step will use under `"rate/<path of the layer>"`, also of a schedule and of
    a layer whose rate was changed; `"scale/..."` of `UniformNoise`, and `"stddev/..."`
    of `WeightNoise` and `keras.layers.GaussianNoise`. Keras's dropouts are there too.

    A `VarianceConstancy` layer, and a layer with that regularizer, has under
    `"variance_constancy/<path>"` the mean over its calls in the epoch's training steps
    of what it added to the loss, its weight included; nothing where that is in no
    gradient.
    `keras_regnoise.callbacks.VarianceConstancy` logs the same of its layers. In such a
    model, every `fit` with this callback compiles its training step anew.

    Put it before the callbacks that read the logs: `keras.callbacks.TensorBoard` draws
    a curve for every layer then, `keras.callbacks.CSVLogger` writes a column.

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

    def on_train_begin(self, logs: Any = None) -> None:
        layers = {path: x for path, x in paths(self.model) if _has_loss(x)}
        self._own_losses = OwnLosses(self.model, layers) if layers else None

    def on_train_end(self, logs: Any = None) -> None:
        if self._own_losses is not None:
            self._own_losses.remove(self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is None:
            return
        if self._own_losses is not None:
            for path, loss in self._own_losses.result().items():
                logs[f"variance_constancy/{path}"] = loss
        noise = {id(layer) for layer in noise_layers(self.model)}
        for path, layer in paths(self.model):
            if id(layer) in noise:
                logs.update(_amounts(path, layer))


def _has_loss(layer: keras.Layer) -> bool:
    regularizer = getattr(layer, "activity_regularizer", None)
    return isinstance(layer, VarianceConstancy) or isinstance(regularizer, Regularizer)


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
        value = keras.ops.convert_to_numpy(layer.amounts[0].at(step))
    return float(value)
