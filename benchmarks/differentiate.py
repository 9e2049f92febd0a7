"""First and second derivatives as each backend takes them, of scalar functions."""

import contextlib
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

Function = Callable[[Any], Any]
BACKEND = keras.config.backend()


@dataclass(frozen=True)
class Tools:
    """The ways of a backend.

    Attributes:
        name: The backend.
        gradient: Turns a function into its gradient.
        tangent: Of a function at `x`, along `v`, forward.
        hessian_vectors: By name, ways to the Hessian at `x` times `v`.
        gradient_of_saving: The gradient at `x`, the function computed twice.
        mapped: A function of several points at once; none where a loop does it.
    """

    name: str
    gradient: Callable[[Function], Function]
    tangent: Callable[[Function, Any, Any], Any]
    hessian_vectors: dict[str, Callable[[Function, Any, Any], Any]]
    gradient_of_saving: Callable[[Function, Any], Any]
    mapped: Callable[[Function, Any], Any] | None = None


def _of_jax() -> Tools:
    import jax

    def hessian_vector(function: Function, x: Any, v: Any) -> Any:
        return jax.jvp(jax.grad(function), (x,), (v,))[1]

    return Tools(
        name="jax",
        gradient=jax.grad,
        tangent=lambda function, x, v: jax.jvp(function, (x,), (v,))[1],
        hessian_vectors={
            "forward over reverse": hessian_vector,
            "reverse over reverse": lambda f, x, v: jax.grad(
                lambda x: (jax.grad(f)(x) * v).sum()
            )(x),
            "forward over forward": lambda f, x, v: jax.grad(
                lambda x: jax.jvp(f, (x,), (v,))[1]
            )(x),
            "in a compiled function": lambda f, x, v: jax.jit(
                lambda x, v: hessian_vector(f, x, v)
            )(x, v),
        },
        mapped=lambda function, xs: jax.vmap(function)(xs),
        gradient_of_saving=lambda f, x: jax.grad(jax.checkpoint(f))(x),
    )


def _of_torch() -> Tools:
    import torch
    from torch.utils.checkpoint import checkpoint

    func = importlib.import_module("torch.func")

    def hessian_vector(function: Function, x: Any, v: Any) -> Any:
        return func.jvp(func.grad(function), (x,), (v,))[1]

    def twice_backward(function: Function, x: Any, v: Any) -> Any:
        x = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(function(x), x, create_graph=True)
        (found,) = torch.autograd.grad((gradient * v).sum(), x, allow_unused=True)
        return torch.zeros_like(x) if found is None else found

    def gradient_of_saving(function: Function, x: Any) -> Any:
        x = x.clone().requires_grad_()
        y = checkpoint(function, x, use_reentrant=False)
        return torch.autograd.grad(y, x)[0]

    return Tools(
        name="torch",
        gradient=lambda function: func.grad(function),
        tangent=lambda function, x, v: func.jvp(function, (x,), (v,))[1],
        hessian_vectors={
            "forward over reverse": hessian_vector,
            "reverse over reverse": lambda f, x, v: func.grad(
                lambda x: (func.grad(f)(x) * v).sum()
            )(x),
            "backward twice": twice_backward,
        },
        mapped=lambda function, xs: func.vmap(function)(xs),
        gradient_of_saving=gradient_of_saving,
    )


def _of_tensorflow() -> Tools:
    import tensorflow as tf

    def gradient(function: Function) -> Function:
        def of(x: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = function(x)
            found = tape.gradient(y, x)
            return tf.zeros_like(x) if found is None else found

        return of

    def tangent(function: Function, x: Any, v: Any) -> Any:
        with tf.autodiff.ForwardAccumulator(x, v) as accumulator:
            y = function(x)
        return accumulator.jvp(y, tf.UnconnectedGradients.ZERO)

    def inner(function: Function, v: Any) -> Function:
        return lambda x: tf.reduce_sum(gradient(function)(x) * v)

    return Tools(
        name="tensorflow",
        gradient=gradient,
        tangent=tangent,
        hessian_vectors={
            "forward over reverse": lambda f, x, v: tangent(gradient(f), x, v),
            "reverse over reverse": lambda f, x, v: gradient(inner(f, v))(x),
            "in a graph": lambda f, x, v: tf.function(gradient(inner(f, v)))(x),
        },
        gradient_of_saving=lambda f, x: gradient(tf.recompute_grad(f))(x),
    )


TOOLS = {"jax": _of_jax, "torch": _of_torch, "tensorflow": _of_tensorflow}[BACKEND]()


def held(layer: Any, x: Any) -> Function:
    """Return the scalar function of `x` that a layer's training output is.

    Every call draws the same: the layer's state is not moved.
    """
    layer(x)
    trainable = [v.value for v in layer.trainable_variables]
    others = [v.value for v in layer.non_trainable_variables]
    shape = layer.compute_output_shape(x.shape)
    mode = {"training": True} if "training" in _arguments(layer) else {}
    weights = np.random.default_rng(3).normal(size=shape)

    def function(x: Any) -> Any:
        y, _, losses = layer.stateless_call(
            trainable, others, x, return_losses=True, **mode
        )
        u = keras.ops.cast(weights, y.dtype)
        loss = sum(keras.ops.cast(loss, y.dtype) for loss in losses)
        return keras.ops.sum(u * y * y) + keras.ops.sum(u * y) + loss

    return function


def _arguments(layer: Any) -> set[str]:
    return set(inspect.signature(layer.call).parameters)


@contextlib.contextmanager
def double_precision() -> Iterator[None]:
    """Give JAX its float64."""
    if BACKEND != "jax":
        yield
        return
    import jax

    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", False)  # type: ignore[no-untyped-call]
