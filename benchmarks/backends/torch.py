"""torch: eager calls."""

import collections
from collections.abc import Callable
from typing import Any

import keras
import torch

from benchmarks.backends import apply, loss_function, optimizer
from benchmarks.machine import peak_bytes

# Around every layer Keras emits casts to the dtype that the tensor has already.
_NOT_AN_OPERATION = ("aten._assert_tensor_metadata", "aten.to.")


def device_name() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


def wait(result: Any) -> None:
    del result
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def copy(x: Any, g: Any) -> Callable[[], Any]:
    return lambda: (x.clone(), g.clone())


def layer_step(mode: str, layers: list[Any], x: Any, g: Any) -> Callable[[], Any]:
    del mode
    x = x.detach().requires_grad_()
    weights = [v.value for layer in layers for v in layer.trainable_variables]

    def step() -> Any:
        y = apply(layers, x)
        return y.detach(), torch.autograd.grad(y, [x, *weights], g)

    return step


def train_step(mode: str, model: keras.Model, x: Any, y: Any) -> Callable[[], Any]:
    del mode
    variables, loss, sgd = model.trainable_variables, loss_function(), optimizer(model)

    def step() -> Any:
        model.zero_grad()
        total = loss(y, model(x, training=True)) + sum(model.losses)
        total.backward()
        with torch.no_grad():
            sgd.apply([v.value.grad for v in variables], variables)
        return total.detach()

    return step


def step_bytes(mode: str, model: keras.Model, x: Any, y: Any) -> int:
    step = train_step(mode, model, x, y)
    for _ in range(2):
        step()
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return peak_bytes()


def residuals(layers: list[Any], x: Any, g: Any) -> tuple[Any, list[Any]]:
    del g
    kept: list[Any] = []
    x = x.detach().requires_grad_()

    def pack(tensor: Any) -> Any:
        kept.append(tensor.detach())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        y = apply(layers, x)
    return y.detach(), kept


def graph_operations(model: keras.Model) -> collections.Counter[str]:
    model.eval()
    x = keras.ops.zeros((8, *model.input_shape[1:]))
    exported = torch.export.export(model, (x,))
    names = [str(n.target) for n in exported.graph.nodes if n.op == "call_function"]
    return collections.Counter(n for n in names if not n.startswith(_NOT_AN_OPERATION))
