"""What layers add to the loss in the training steps of one `fit`."""

import threading
from collections.abc import Callable
from typing import Any

import keras

from keras_regnoise import _backend


class OwnLosses:
    """Records the mean of what each of some layers adds to the loss, by path.

    `fit` does not tell callbacks that it raised. So what stays on the model then does
    nothing outside of a training step, and in one adds up what nobody reads.
    """

    def __init__(self, model: keras.Model, layers: dict[str, keras.Layer]) -> None:
        self._recorded = layers
        self._recorders = {path: _backend.Recorder(model) for path in layers}
        self._here = threading.local()  # replicas take their steps in threads
        for path, layer in layers.items():
            # Not setattr: the backends' layers keep a record of what is set on them.
            vars(layer)["add_loss"] = self._recording(layer, self._recorders[path])
        # One that a `fit` that raised has left, if any, gives way.
        self._step = getattr(model.train_step, "plain", model.train_step)
        vars(model)["train_step"] = self._marked(self._step)
        model.make_train_function(force=True)

    def result(self) -> dict[str, float]:
        """Return the mean of each layer whose loss is in a gradient, and start anew."""
        found = {
            path: recorder.result()
            for path, recorder in self._recorders.items()
            if recorder.has_gradient
        }
        for recorder in self._recorders.values():
            recorder.reset()
        return found

    def remove(self, model: keras.Model) -> None:
        """Leave model and layers as they were."""
        for layer in self._recorded.values():
            vars(layer).pop("add_loss", None)
        del vars(model)["train_step"]
        if self._step != model.train_step:  # the model had one that is not its class's
            vars(model)["train_step"] = self._step
        model.train_function = None  # the next `fit` makes it

    def _recording(self, layer: keras.Layer, recorder: Any) -> Callable[..., None]:
        def add_loss(loss: Any) -> None:
            if getattr(self._here, "in_step", False):
                loss = recorder.update(loss)
            type(layer).add_loss(layer, loss)

        return add_loss

    def _marked(self, step: Callable[..., Any]) -> Any:
        def train_step(*arguments: Any) -> Any:
            self._here.in_step = True
            try:
                return step(*arguments)
            finally:
                self._here.in_step = False

        train_step.plain = step  # type: ignore[attr-defined]
        return train_step
