"""How each backend runs what is timed.

Every module here offers the same names:

- ``device_name()``: the accelerator, or "" on a CPU;
- ``wait(result)``: block until a result has been computed;
- ``copy(x, g)``: a function that copies both;
- ``layer_step(mode, layers, x, g)``: a function that applies the layers to `x` in
  training, propagates the gradient `g` back, and returns the output and the gradients
  with respect to `x` and to all weights;
- ``train_step(mode, model, x, y)``: a function that trains the model on a batch and
  returns the loss;
- ``step_bytes(mode, model, x, y)``: the peak memory up to the end of such a step;
- ``residuals(layers, x, g)``: the output, and the arrays kept for the backward pass;
- ``graph_operations(model)``: how often each operation is in the exported graph.
"""

import importlib
from typing import Any

import keras


def load(backend: str) -> Any:
    """Return the module of a backend."""
    return importlib.import_module(f"benchmarks.backends.{backend}")


def apply(layers: list[Any], x: Any) -> Any:
    """Apply layers in training, without the cost of a model around them."""
    for layer in layers:
        x = layer(x, training=True)
    return x


def loss_function() -> Any:
    return keras.losses.SparseCategoricalCrossentropy()


def optimizer(model: keras.Model) -> Any:
    """Return an optimizer whose steps are so small that nothing overflows."""
    sgd = keras.optimizers.SGD(1e-6, momentum=0.9)
    sgd.build(model.trainable_variables)
    return sgd
