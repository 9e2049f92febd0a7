"""TensorFlow: a `tf.function`, as a plain graph or compiled by XLA."""

import collections
import tempfile
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from benchmarks.backends import apply, loss_function, optimizer
from benchmarks.machine import peak_bytes

# Every candidate is a function of its own: that this is a loop is meant.
tf.get_logger().setLevel("ERROR")


def device_name() -> str:
    for device in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        return str(details.get("device_name", "GPU"))
    return ""


def wait(result: Any) -> None:
    del result
    tf.test.experimental.sync_devices()


def copy(x: Any, g: Any) -> Callable[[], Any]:
    step = tf.function(lambda *tensors: [tf.raw_ops.DeepCopy(x=t) for t in tensors])
    return lambda: step(x, g)


def layer_step(mode: str, layers: list[Any], x: Any, g: Any) -> Callable[[], Any]:
    weights = [v.value for layer in layers for v in layer.trainable_variables]

    @tf.function(jit_compile=mode == "tensorflow-jit", autograph=False)
    def step(x: Any, g: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = apply(layers, x)
        return y, tape.gradient(y, [x, *weights], g)

    return lambda: step(x, g)


def train_step(mode: str, model: keras.Model, x: Any, y: Any) -> Callable[[], Any]:
    variables, loss, sgd = model.trainable_variables, loss_function(), optimizer(model)

    @tf.function(jit_compile=mode == "tensorflow-jit", autograph=False)
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            total = loss(y, model(x, training=True)) + sum(model.losses)
        sgd.apply(tape.gradient(total, [v.value for v in variables]), variables)
        return total

    return lambda: step(x, y)


def step_bytes(mode: str, model: keras.Model, x: Any, y: Any) -> int:
    step = train_step(mode, model, x, y)
    for _ in range(2):
        step()
    if device_name():
        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])
    return peak_bytes()


def residuals(layers: list[Any], x: Any, g: Any) -> tuple[Any, list[Any]]:
    @tf.function(autograph=False)
    def forward(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = apply(layers, x)
        # What a graph of the backward pass captures is what has to be kept for it.
        backward = tf.__internal__.FuncGraph("backward")
        with backward.as_default():
            tape.gradient(y, x, g)
        return y, [kept for kept, _ in backward.captures if kept.dtype != tf.resource]

    y, kept = forward(x)
    return y, kept


def graph_operations(model: keras.Model) -> collections.Counter[str]:
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", verbose=False)
        graph = tf.saved_model.load(folder).signatures["serving_default"].graph
    definition = graph.as_graph_def()
    bodies = [function.node_def for function in definition.library.function]
    nodes = [node for body in (definition.node, *bodies) for node in body]
    return collections.Counter(node.op for node in nodes)
