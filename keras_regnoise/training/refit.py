import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np

from keras_regnoise._arguments import check_choice, check_integer
from keras_regnoise._data import input_batches, input_shapes
from keras_regnoise._keras.sublayers import every_layer
from keras_regnoise.layers._base.seeded_layer import SeededLayer
from keras_regnoise.training._examples import (
    arguments,
    both,
    check_data,
    steps_of,
    whole,
)

_STRATEGIES = ("restart", "continue")
_PATIENCE = 5


Model: TypeAlias = keras.Model | Callable[[], keras.Model]


@dataclass(frozen=True)
class Refit:
    """What `refit` returns.

    Attributes:
        model: The model, trained on all data.
        first: History of the run that was stopped early.
        second: History of the run on all data.
        epochs: Epochs of the first run up to its best weights.
        steps: Training steps of the first run up to its best weights.
        target_loss: Training loss at the best weights, the goal of `"continue"`; None
            for `"restart"`.
        is_complete: Whether the second run ended as it should: after `steps` steps, or
            with a validation loss of at most `target_loss`; False where it met its
            limit of epochs first.
    """

    model: keras.Model
    first: keras.callbacks.History
    second: keras.callbacks.History
    epochs: int
    steps: int
    target_loss: float | None
    is_complete: bool


def refit(
    model: Model,
    train: Any,
    validation: Any,
    *,
    strategy: str = "restart",
    epochs: int = 100,
    max_epochs: int | None = None,
    early_stopping: keras.callbacks.EarlyStopping | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **fit: Any,
) -> Refit:
    """Train with early stopping, then use the validation data for training too.

    Early stopping needs data that the model is not trained on. Once it has told when to
    stop, they can serve:

    - `strategy="restart"`: train again from the start on all data, for as many steps
      as the first run took to its best weights.
    - `strategy="continue"`: go on from the best weights on all data until the loss of
      the validation data is down to that of the training data when it was stopped. It
      may never get there; `max_epochs` is the limit.

    Args:
        model: Function without arguments that returns a compiled model, called for
            each start; or a compiled and built model, which is set back to the weights
            it came with (the optimizer's too) to start again.
        train: `(x, y)` or `(x, y, sample_weight)`, arrays, DataFrames or nested arrays;
            or a `tf.data.Dataset`, a `keras.utils.PyDataset` or a torch `DataLoader` of
            such batches.
        validation: The same for the validation data. The batches of data sets are
            mixed with those of `train`, in a new order in every epoch unless
            `shuffle=False`.
        strategy: `"restart"` (default) or `"continue"`.
        epochs: Most epochs of the first run. Defaults to 100.
        max_epochs: Most epochs of the second run of `"continue"`. Defaults to None, as
            many as `epochs`.
        early_stopping: A `keras.callbacks.EarlyStopping` that restores the best
            weights. Defaults to None: one on `"val_loss"` with a patience of 5.
        callbacks: Other callbacks of both runs.
        **fit: Other arguments of both calls of `model.fit`, such as `batch_size`.

    Returns:
        A `Refit` with the model and what happened.

    Raises:
        ValueError: For another strategy, for an `early_stopping` that does not restore
            the best weights, for data that cannot be read anew in every epoch or are of
            two kinds, or if the first run never had a value to compare.

    Reference:
        Deep Learning (Goodfellow, Bengio and Courville), algorithms 7.2 and 7.3;
        Regularizations for Deep Models (early stopping).

    Differences from the book: in `"restart"` a model that is given as such starts again
    from the same initial weights. In `"continue"` the loss is measured after each
    epoch, or as often as `validation_freq` says; the optimizer goes on with the state
    it had when it was stopped, because EarlyStopping restores the weights only. The
    steps are those of the optimizer, whatever the model's `steps_per_execution`, which
    is 1 in the second run of `"restart"`.

    Example:

    >>> import numpy as np
    >>> def build():
    ...     model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    ...     model.compile("sgd", "mse")
    ...     return model
    >>> x, y = np.ones((12, 2)), np.ones((12, 1))
    >>> result = refit(build, (x[:8], y[:8]), (x[8:], y[8:]), epochs=3, verbose=0)
    >>> len(result.first.epoch), result.is_complete
    (3, True)
    """
    _check(strategy, epochs, max_epochs)
    check_data(train, validation, fit)
    stopping = _early_stopping(early_stopping)
    start = _starter(model)
    trained = start()
    next(input_batches(whole(train), input_shapes(trained)))  # raises if unreadable
    held_out = {"validation_data": whole(validation)}
    options = {**arguments(train), **fit, **held_out, "epochs": epochs}
    first = trained.fit(callbacks=[*callbacks, stopping], **options)
    best = _best_epochs(stopping)
    steps = best * steps_of(train, first)
    everything = {**fit, **both(train, validation, shuffle=fit.get("shuffle", True))}
    limit: _StopAfterSteps | _StopBelow
    if strategy == "restart":
        trained, limit = start(), _StopAfterSteps(steps)
        everything["epochs"] = steps  # an epoch is a step or more: the callback ends it
        with _single_steps(trained):
            second = trained.fit(callbacks=[*callbacks, limit], **everything)
    else:
        limit = _StopBelow(_loss(trained, train, fit.get("batch_size")))
        options = {**everything, **held_out, "epochs": max_epochs or epochs}
        second = trained.fit(callbacks=[*callbacks, limit], **options)
    target = getattr(limit, "target", None)
    return Refit(trained, first, second, best, steps, target, limit.is_reached)


@contextlib.contextmanager
def _single_steps(model: keras.Model) -> Iterator[None]:
    """Let a model take its training steps one by one, to stop after any of them."""
    before = model.steps_per_execution
    if before == 1:
        yield
        return
    model.steps_per_execution = 1
    model.train_function = model.test_function = None  # made for another number
    try:
        yield
    finally:
        model.steps_per_execution = before
        model.train_function = model.test_function = None


class _StopAfterSteps(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, steps: int) -> None:
        super().__init__()
        self._left = steps

    @property
    def is_reached(self) -> bool:
        return self._left <= 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._left -= 1
        if self.is_reached:
            self.model.stop_training = True


class _StopBelow(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, target: float) -> None:
        super().__init__()
        self.target = target
        self.is_reached = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        loss = (logs or {}).get("val_loss", math.inf)  # none between validations
        self.is_reached = loss <= self.target
        if self.is_reached:
            self.model.stop_training = True


def _loss(model: keras.Model, data: Any, batch_size: int | None) -> float:
    values = model.evaluate(
        **arguments(data), batch_size=batch_size, verbose=0, return_dict=True
    )
    return float(values["loss"])


def _starter(model: Model) -> Callable[[], keras.Model]:
    """Return a function that gives the model as it is before training."""
    if not isinstance(model, keras.Model):
        return model
    optimizer = getattr(model, "optimizer", None)
    if not model.built or optimizer is None:
        raise ValueError(
            "A model that is given as such must be compiled and built, so that it can "
            "be set back to where it started. Start it with keras.Input, or give a "
            "function that builds and compiles it. Received: model="
            f"{type(model).__name__} '{model.name}', built={model.built}, "
            f"compiled={optimizer is not None}"
        )
    optimizer.build(model.trainable_variables)
    variables = [*model.variables, *optimizer.variables]
    values = [np.copy(keras.ops.convert_to_numpy(variable)) for variable in variables]
    amounts = [
        (amount, amount.value)
        for layer in every_layer(model)
        if isinstance(layer, SeededLayer)
        for amount in layer.amounts
    ]

    def start() -> keras.Model:
        for amount, of_noise in amounts:  # which a callback may have changed
            amount.set(of_noise)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return model

    return start


def _best_epochs(stopping: keras.callbacks.EarlyStopping) -> int:
    if stopping.best is None or math.isnan(stopping.best):
        raise ValueError(
            "Early stopping never had a value to compare, so it cannot tell when to "
            "stop. Monitor 'val_loss' or a metric that the model was compiled with, "
            "from an epoch that is run. Received: "
            f"early_stopping.monitor={stopping.monitor!r}, best={stopping.best}"
        )
    return int(stopping.best_epoch) + 1


def _early_stopping(given: Any) -> keras.callbacks.EarlyStopping:
    if given is None:
        return keras.callbacks.EarlyStopping(
            patience=_PATIENCE, restore_best_weights=True
        )
    if not isinstance(given, keras.callbacks.EarlyStopping) or not (
        given.restore_best_weights
    ):
        raise ValueError(
            "`early_stopping` must be a keras.callbacks.EarlyStopping with "
            f"restore_best_weights=True. Received: early_stopping={given!r}"
        )
    return given


def _check(strategy: Any, epochs: Any, max_epochs: Any) -> None:
    check_choice("strategy", strategy, _STRATEGIES)
    check_integer("epochs", epochs, minimum=1)
    if max_epochs is not None:
        check_integer("max_epochs", max_epochs, minimum=1)
