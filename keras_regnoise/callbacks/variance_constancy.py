import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras

from keras_regnoise import _backend
from keras_regnoise._keras.graph import maker_of
from keras_regnoise._keras.hooks import clear_losses, replaced_attribute
from keras_regnoise._keras.kinds import is_activation, is_activation_layer
from keras_regnoise.regularizers import VarianceConstancy as Regularizer


class VarianceConstancy(keras.callbacks.Callback):  # type: ignore[misc]
    """Trains with the Variance Constancy Loss (VCL) for the length of one `fit`.

    For a model that was built and compiled without it. While a training step runs, the
    loss is taken before every activation but those that make the model's outputs;
    between the steps and afterwards the model is as it was, also when `fit` raises.
    (If a later callback raises at the beginning of a batch, the model still calls its
    own train function, but through this callback, until its next step.) The loss
    of each layer is in the epoch's `logs` (and so in the history) under
    `"variance_constancy/<layer name>"`.

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
            activation.

    Reference:
        [Regularizing by the Variance of the Activations' Sample-Variances](
        https://arxiv.org/abs/1811.08764), equation 17. The paper also clips the norm
        of each variable's gradient to 1: `optimizer(clipnorm=1.0)`.

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

    def on_train_begin(self, logs: Any = None) -> None:
        # Kept, because on JAX every access to `self.model` would sync the state.
        self._trained = model = self.model
        self._targets = _targets(model, self.layers)
        self._recorders = {path: _backend.Recorder(model) for path in self._targets}
        # A second train function, traced with the loss; the model keeps its own.
        self._original = _without_leftover(model.train_function)
        # Of a step that is new to jax.jit, which would hand out the plain trace again.
        step = functools.partial(model.train_step)
        with replaced_attribute(model, "train_step", step):
            model.make_train_function(force=True)
        self._penalized = model.train_function
        model.train_function = self._original
        self._history = model.history

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        # `fit` does not tell callbacks that it raised. So the model is never changed
        # for longer than a step, and the step itself cleans up.
        if _owner(self._trained.train_function) not in (None, self):
            raise ValueError(
                "Only one VarianceConstancy callback can act in one `fit`. Received: "
                "several. Name the layers of all of them in one: layers=[...]."
            )
        self._trained.train_function = self._step

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for path, recorder in self._recorders.items():
            if logs is not None:
                logs[f"variance_constancy/{path}"] = recorder.result()
            recorder.reset()

    def on_train_end(self, logs: Any = None) -> None:
        self._trained = self._original = self._penalized = self._history = None
        self._targets, self._recorders = {}, {}

    def _step(self, *arguments: Any) -> Any:
        self._trained.train_function = self._original
        if self._trained.history is not self._history:
            # Left behind by a `fit` that raised between the batch's begin and here.
            return self._original(*arguments)
        with contextlib.ExitStack() as stack:
            for path, layer in self._targets.items():
                stack.enter_context(self._attached(layer, self._recorders[path]))
            return self._penalized(*arguments)

    @contextlib.contextmanager
    def _attached(self, layer: keras.layers.Layer, recorder: Any) -> Iterator[None]:
        def penalize(x: Any) -> None:
            loss = self.regularizer.penalty(x)
            recorder.update(keras.ops.stop_gradient(loss))
            layer.add_loss(loss)

        name, wrap = _place(layer)
        with replaced_attribute(layer, name, wrap(getattr(layer, name), penalize)):
            try:
                yield
            finally:
                clear_losses(layer)


def _owner(function: Any) -> "VarianceConstancy | None":
    """Return the callback whose step stands in for a train function, if any."""
    owner = getattr(function, "__self__", None)
    return owner if isinstance(owner, VarianceConstancy) else None


def _without_leftover(function: Any) -> Any:
    """Return the model's own train function, also after a `fit` that raised."""
    while (owner := _owner(function)) is not None:
        function = owner._original
    return function


def _place(layer: keras.layers.Layer) -> tuple[str, Callable[..., Any]]:
    """Where a layer has its pre-activation: attribute to wrap, and on which side."""
    if is_activation_layer(layer):
        return "call", _before
    if is_activation(layer):
        return "activation", _before
    return "call", _after


def _before(function: Callable[..., Any], hook: Callable[[Any], None]) -> Any:
    @functools.wraps(function)
    def wrapped(x: Any, *arguments: Any, **keywords: Any) -> Any:
        hook(x)
        return function(x, *arguments, **keywords)

    return wrapped


def _after(function: Callable[..., Any], hook: Callable[[Any], None]) -> Any:
    @functools.wraps(function)
    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        outputs = function(*arguments, **keywords)
        hook(outputs)
        return outputs

    return wrapped


def _targets(
    model: keras.Model, names: tuple[str, ...] | None
) -> dict[str, keras.layers.Layer]:
    """Find the layers to take the loss at, by their path in the model."""
    layers = dict(_leaves(model))
    if names is None:
        outputs = _output_layers(model)
        found = {
            path: layer
            for path, layer in layers.items()
            if is_activation(layer) and layer not in outputs
        }
        if not found:
            raise ValueError(
                "The model has no hidden activation to take the Variance Constancy "
                "Loss before. Name the layers whose output it should be taken of: "
                f"layers=[...], out of {list(layers)}. Received: layers=None"
            )
        return found
    unknown = [name for name in names if name not in layers]
    if unknown:
        raise ValueError(
            f"`layers` must be names of layers of model '{model.name}': "
            f"{list(layers)}. Received: layers={list(names)}, of which {unknown} "
            f"are not among them."
        )
    return {name: layers[name] for name in names}


def _leaves(model: keras.Model, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer, f"{prefix}{layer.name}/")
        else:
            yield f"{prefix}{layer.name}", layer


def _output_layers(model: keras.Model) -> list[Any]:
    """Return the layers that make the outputs of a functional or Sequential model."""
    found: list[Any] = []
    for output in keras.tree.flatten(getattr(model, "outputs", None) or []):
        operation = maker_of(output)
        if isinstance(operation, keras.Model):
            found += _output_layers(operation)
        else:
            found.append(operation)
    return found
