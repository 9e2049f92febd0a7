import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from keras_regnoise import _backend
from keras_regnoise._keras.hooks import clear_losses, replaced_attribute
from keras_regnoise._warn import warn
from keras_regnoise.callbacks._targets import place, targets
from keras_regnoise.regularizers import VarianceConstancy as Regularizer

# A GAN may train its generator only every few steps.
_STEPS_TO_WAIT = 10
# The methods of a model that call it in a training step of JAX's, and those that add
# the losses of its layers to the loss.
_CALLING = ("train_step", "compute_loss_and_updates")
_ADDING_LOSSES = (*_CALLING, "compute_loss")


class VarianceConstancy(keras.callbacks.Callback):  # type: ignore[misc]
    """Trains with the Variance Constancy Loss (VCL) for the length of one `fit`.

    For a model that was built and compiled without it. While a training step runs, the
    loss is taken before every activation but those that make the model's outputs, also
    where these are reshaped, cast or joined afterwards (of a subclassed model, whose
    outputs Keras does not know, before all: name them); between the steps and
    afterwards the model is as it was, also when `fit` raises.
    (If a later callback raises at the beginning of a batch, the model still calls its
    own train function, but through this callback, until its next step.) The loss
    of each layer, a mean over its calls, is in the epoch's `logs` (and so in the
    history) under `"variance_constancy/<layer name>"`.

    Args:
        weight: Factor of the loss, a float of 0 or more. Defaults to 0.01, the paper's.
        sample_size: Samples in each of the two subsets of the batch that are compared,
            an integer of 2 or more. Defaults to 2.
        beta: Positive float, not learned. Defaults to 1.0.
        layers: Names of the layers to take the loss at: before its activation if the
            layer has one, else of its output. Defaults to None, every activation that
            is, or ends, a layer of the model or of a nested model; not those inside
            wrappers, recurrent and custom layers.

    Raises:
        ValueError: At the beginning of `fit`, if the model has none of `layers`, or no
            activation. After the first epoch (or ten steps of it) if the loss has not
            been in a gradient, as in a model whose own `train_step` leaves out
            `self.losses`. If it is in that of some of the layers, the others have a
            warning and are not logged. (Behind frozen weights too, but on TensorFlow,
            where that cannot be seen.)

    Reference:
        [Regularizing by the Variance of the Activations' Sample-Variances](
        https://arxiv.org/abs/1811.08764), equation 17. The paper also clips the norm
        of each variable's gradient to 1: `optimizer(clipnorm=1.0)`.

    Without `fit`, in a loop of `train_on_batch`, it takes part as any callback does, by
    `keras.callbacks.CallbackList([callback], add_history=True, model=model)`, whose
    methods the loop calls.

    Difference from `keras_regnoise.layers.VarianceConstancy`: beta is fixed, and masks
    are not looked at.

    Example:

    >>> model = keras.Sequential(
    ...     [keras.layers.Dense(8, activation="relu", name="hidden"),
    ...      keras.layers.Dense(1)]
    ... )
    >>> model.compile("sgd", "mse")
    >>> x, y = keras.random.normal((32, 4)), keras.random.normal((32, 1))
    >>> history = model.fit(x, y, verbose=0, callbacks=[VarianceConstancy()])
    >>> sorted(history.history)
    ['loss', 'variance_constancy/hidden']
    """

    def __init__(
        self,
        weight: float = 0.01,
        sample_size: int = 2,
        beta: float = 1.0,
        layers: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self.regularizer = Regularizer(weight, sample_size, beta)
        if isinstance(layers, str):
            raise ValueError(
                "`layers` must be a list of layer names. "
                f"Received the string: layers={layers!r}. Use layers=[{layers!r}]."
            )
        if layers is not None and not (layers and isinstance(layers, list | tuple)):
            raise ValueError(
                "`layers` must be a list of one layer name or more, or None for every "
                f"activation. Received: layers={layers!r}"
            )
        self.layers = None if layers is None else tuple(layers)
        self._trained: Any = None  # the model, while it is trained

    def on_train_begin(self, logs: Any = None) -> None:
        # Kept, because on JAX every access to `self.model` would sync the state.
        self._trained = model = self.model
        self._targets = targets(model, self.layers)
        self._recorders = {path: _backend.Recorder(model) for path in self._targets}
        self._is_checked = False
        # A second train function, traced with the loss; the model keeps its own.
        model.train_function = _without_leftover(model.train_function)
        model.make_train_function()  # `fit` has called it, train_on_batch not yet
        self._original = model.train_function
        # A step that is new to jax.jit, which would hand out the plain trace again, and
        # that looks up the model's own when it is traced: LogNoise may begin later.
        with replaced_attribute(model, "train_step", lambda *x: model.train_step(*x)):
            model.make_train_function(force=True)
        self._penalized = model.train_function
        model.train_function = self._original
        self._history = _history(model)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._trained is None:
            raise ValueError(
                "The VarianceConstancy callback has not begun yet. In a loop of "
                "train_on_batch, call `callbacks = keras.callbacks.CallbackList("
                "[callback], model=model)` and `callbacks.on_train_begin()` before "
                "on_train_batch_begin()."
            )
        # `fit` does not tell callbacks that it raised. So the model is never changed
        # for longer than a step, and the step itself cleans up.
        if _owner(self._trained.train_function) not in (None, self):
            raise ValueError(
                "Only one VarianceConstancy callback can act in one `fit`. Received: "
                "several. Name the layers of all of them in one: layers=[...]."
            )
        self._trained.train_function = self._step

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch + 1 >= _STEPS_TO_WAIT:
            self._check_gradient()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._check_gradient()
        for path, recorder in self._recorders.items():
            if logs is not None and recorder.has_gradient:
                logs[f"variance_constancy/{path}"] = recorder.result()
            recorder.reset()

    def on_train_end(self, logs: Any = None) -> None:
        self._trained = self._original = self._penalized = self._history = None
        self._targets, self._recorders = {}, {}

    def _check_gradient(self) -> None:
        """Raise `ValueError` if the loss has had no effect, warn if in some layers."""
        recorders = self._recorders
        missing = [path for path in recorders if not recorders[path].has_gradient]
        if self._is_checked or not missing:
            return
        self._is_checked = True
        text = (
            "The Variance Constancy Loss of these layers has no effect, because it is "
            f"not in the gradient of a training step: {', '.join(missing)}. "
            f"{_reason(self._trained)}"
        )
        if len(missing) == len(recorders):
            raise ValueError(text)
        warn(f"{text} It is not logged.")

    def _step(self, *arguments: Any) -> Any:
        self._trained.train_function = self._original
        if _history(self._trained) is not self._history:
            # Left behind by a `fit` that raised between the batch's begin and here.
            return self._original(*arguments)
        with contextlib.ExitStack() as stack:
            for path, layer in self._targets.items():
                stack.enter_context(self._attached(layer, self._recorders[path]))
            return self._penalized(*arguments)

    @contextlib.contextmanager
    def _attached(self, layer: keras.Layer, recorder: Any) -> Iterator[None]:
        holder = self._holder(layer)

        def penalize(x: Any) -> None:
            # Past what LogNoise records: the layer may have a regularizer of its own.
            loss = recorder.update(self.regularizer.penalty(x))
            keras.Layer.add_loss(holder, loss)

        name, wrap = place(layer)
        with replaced_attribute(layer, name, wrap(getattr(layer, name), penalize)):
            try:
                yield
            finally:
                clear_losses(holder)

    def _holder(self, layer: keras.Layer) -> keras.Layer:
        """Return what the loss of a layer is added to: the model, where it collects it.

        In the stateless call of JAX's training step a layer that is called again drops
        the loss of its call before (Keras clears what it takes for an outermost layer).
        A step of the user's own may call another model, and has those of the layers.
        """
        is_lost = keras.config.backend() == "jax"
        own = _own_methods(self._trained, _CALLING)
        return self._trained if is_lost and not own else layer


def _history(model: keras.Model) -> Any:
    """Return what tells one `fit` from the next; None if there was none yet."""
    return getattr(model, "history", None)


def _own_methods(model: keras.Model, names: Sequence[str]) -> list[str]:
    """Name those of some methods that are of the user's own."""
    return [
        f"{type(model).__name__}.{name}"
        for name in names
        if getattr(type(model), name, None) is not getattr(keras.Model, name, None)
    ]


def _reason(model: keras.Model) -> str:
    """Say why the losses of layers are in no gradient, and what to write."""
    own = _own_methods(model, _ADDING_LOSSES)
    if not own:
        return (
            "Either no training step calls the layers, or no weight before them is "
            "trainable. Name others: layers=[...]."
        )
    return (
        f"{' or '.join(own)} leaves out the losses that layers add. Compute the loss "
        "with `self.compute_loss(x, y, y_pred)`, or add `sum(self.losses)` to the loss "
        "that the gradient is taken of (on JAX the losses are those that "
        "`self.stateless_call(..., return_losses=True)` returns)."
    )


def _owner(function: Any) -> "VarianceConstancy | None":
    """Return the callback whose step stands in for a train function, if any."""
    owner = getattr(function, "__self__", None)
    return owner if isinstance(owner, VarianceConstancy) else None


def _without_leftover(function: Any) -> Any:
    """Return the model's own train function, also after a `fit` that raised."""
    while (owner := _owner(function)) is not None:
        function = owner._original
    return function
