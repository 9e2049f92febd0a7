"""JAX: `jax.jit`, with the state of the layers passed from call to call."""

import collections
import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras

from benchmarks.backends import apply, loss_function, optimizer


def device_name() -> str:
    device = jax.devices()[0]
    return "" if device.platform == "cpu" else str(device.device_kind)


def wait(result: Any) -> None:
    jax.block_until_ready(result)  # type: ignore[no-untyped-call]


def _in_order(step: Callable[[], Any]) -> Callable[[], Any]:
    """Make calls on a CPU, which would run several at once, wait for each other."""

    def run() -> Any:
        result = step()
        wait(result)
        return result

    return step if device_name() else run


def copy(x: Any, g: Any) -> Callable[[], Any]:
    step = jax.jit(lambda x, g: (jnp.copy(x), jnp.copy(g)))
    return _in_order(lambda: step(x, g))


def _values(variables: Any) -> list[Any]:
    return [variable.value for variable in variables]


def _apply(layers: list[Any], weights: Any, states: Any, x: Any) -> Any:
    trainable, others = _variables(layers)
    mapping = [*zip(trainable, weights, strict=True), *zip(others, states, strict=True)]
    with keras.StatelessScope(mapping) as scope:
        y = apply(layers, x)
    return y, [scope.get_current_value(variable) for variable in others]


def _variables(layers: list[Any]) -> tuple[list[Any], list[Any]]:
    trainable = [v for layer in layers for v in layer.trainable_variables]
    others = [v for layer in layers for v in layer.non_trainable_variables]
    return trainable, others


def layer_step(mode: str, layers: list[Any], x: Any, g: Any) -> Callable[[], Any]:
    del mode
    weights, states = map(_values, _variables(layers))

    @jax.jit
    def step(weights: Any, states: Any, x: Any, g: Any) -> Any:
        y, backward, states = jax.vjp(
            lambda weights, x: _apply(layers, weights, states, x),
            weights,
            x,
            has_aux=True,
        )
        of_weights, of_x = backward(g)
        return y, [of_x, *of_weights], states

    def run() -> Any:
        nonlocal states
        y, gradients, states = step(weights, states, x, g)
        return y, gradients

    return _in_order(run)


def _step_of(model: keras.Model) -> tuple[Any, Any]:
    loss, sgd = loss_function(), optimizer(model)

    def total(weights: Any, state: Any, x: Any, y: Any) -> Any:
        outputs, state, losses = model.stateless_call(
            weights, state, x, training=True, return_losses=True
        )
        return loss(y, outputs) + sum(losses), state

    def step(variables: Any, x: Any, y: Any) -> Any:
        weights, state, slots = variables
        (value, state), gradients = jax.value_and_grad(total, has_aux=True)(
            weights, state, x, y
        )
        weights, slots = sgd.stateless_apply(slots, gradients, weights)
        return value, (weights, state, slots)

    groups = model.trainable_variables, model.non_trainable_variables, sgd.variables
    return step, tuple(map(_values, groups))


def train_step(mode: str, model: keras.Model, x: Any, y: Any) -> Callable[[], Any]:
    del mode
    step, variables = _step_of(model)
    return _training(step, variables, x, y)


def joint_step(models: list[keras.Model], x: Any, y: Any) -> Callable[[], Any]:
    """Train models that differ in variables alone, each on a batch of its own, in one.

    Seeds and rates are variables too.
    """
    step, _ = _step_of(models[0])
    of_each = [_step_of(model)[1] for model in models]
    variables = jax.tree.map(lambda *values: jnp.stack(values), *of_each)
    return _training(jax.vmap(step), variables, x, y)


def _training(step: Any, variables: Any, x: Any, y: Any) -> Callable[[], Any]:
    step = jax.jit(step, donate_argnums=0)

    def run() -> Any:
        nonlocal variables
        value, variables = step(variables, x, y)
        return value

    return _in_order(run)


def step_bytes(mode: str, model: keras.Model, x: Any, y: Any) -> int:
    del mode
    step, variables = _step_of(model)
    step = jax.jit(step, donate_argnums=0)
    analysis: Any = step.lower(variables, x, y).compile().memory_analysis()
    return int(analysis.temp_size_in_bytes)


def residuals(layers: list[Any], x: Any, g: Any) -> tuple[Any, list[Any]]:
    del g
    weights, states = map(_values, _variables(layers))

    @jax.jit
    def forward(x: Any) -> Any:
        y, backward, _ = jax.vjp(
            lambda x: _apply(layers, weights, states, x), x, has_aux=True
        )
        return y, jax.tree.leaves(backward)

    y, kept = forward(x)
    return y, kept


def graph_operations(model: keras.Model) -> collections.Counter[str]:
    weights, state = map(
        _values, (model.trainable_variables, model.non_trainable_variables)
    )

    def infer(x: Any) -> Any:
        return model.stateless_call(weights, state, x, training=False)[0]

    x = jnp.zeros((8, *model.input_shape[1:]))
    module = jax.export.export(jax.jit(infer))(x).mlir_module()
    return collections.Counter(re.findall(r"stablehlo\.\w+", module))
