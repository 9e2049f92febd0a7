"""torch: the framework's own generator, seeded per call, and an autograd function."""

import hashlib
import math
from collections.abc import Callable
from typing import Any

import keras
import torch

from keras_regnoise._backend._torch_functions import Kernel, Outside, Split
from keras_regnoise._typing import Function, Size, Sizes, Tensor, TensorLike


def local_seed(seed: Tensor) -> Tensor:
    """Nothing to do: Keras runs one replica per process on torch."""
    return seed


@torch.compiler.disable
def _generator(seed: Tensor, stream: int, device: torch.device) -> torch.Generator:
    # Hashed, because the sum of seed and step, which would also be a legal seed,
    # makes layer 1 at step n + 1 draw what layer 2 draws at step n.
    words = [*map(int, seed.tolist()), stream]
    digest = hashlib.blake2b(repr(words).encode(), digest_size=8).digest()
    generator = torch.Generator(device=device)
    generator.manual_seed(int.from_bytes(digest, "little") >> 1)
    return generator


def _draw(
    draw: Callable[..., torch.Tensor], shape: Sizes, seed: Tensor, stream: int
) -> Tensor:
    device = seed.device
    if device.type == "meta":  # Keras infers shapes there, without values
        return torch.empty(shape, dtype=torch.float32, device=device)

    def drawn(seed: Tensor) -> Tensor:
        options = {"device": device, "dtype": torch.float32}
        return draw(tuple(shape), generator=_generator(seed, stream, device), **options)

    return Outside.apply(drawn, seed)  # type: ignore[no-untyped-call]


def uniform(shape: Sizes, seed: Tensor, stream: int = 0) -> Tensor:
    """float32 in [0, 1), 24 bits."""
    return _draw(torch.rand, shape, seed, stream)


def _words(count: int, seed: Tensor, stream: int) -> Tensor:
    """At least so many random int16.

    A 64-bit draw serves four: half the time of a float for each.
    """
    if seed.device.type == "meta":
        return torch.empty(count, dtype=torch.int16, device=seed.device)

    def drawn(seed: Tensor) -> Tensor:
        words = torch.empty((count + 3) // 4, dtype=torch.int64, device=seed.device)
        generator = _generator(seed, stream, seed.device)
        return words.random_(-(2**63), None, generator=generator)

    words: Tensor = Outside.apply(drawn, seed)  # type: ignore[no-untyped-call]
    return words.view(torch.int16)


def bernoulli(shape: Sizes, rate: Tensor, seed: Tensor, stream: int = 0) -> Tensor:
    """True with probability `rate` in steps of 2^-16, a float or a scalar tensor."""
    count = math.prod(shape)
    draws = _words(count, seed, stream)[:count].view(tuple(shape))
    threshold = torch.round(torch.as_tensor(rate, device=seed.device) * 2**16) - 2**15
    return draws < threshold.clamp(max=2**15 - 1).to(torch.int16)


def normal(shape: Sizes, seed: Tensor, stream: int = 0) -> Tensor:
    """Standard normal float32."""
    return _draw(torch.randn, shape, seed, stream)


def permutation(size: Size, seed: Tensor, stream: int) -> tuple[Tensor, Tensor]:
    """Return a random permutation, int64 as indices are here, and its inverse, int32.

    Both of shape (size,).
    """
    device = seed.device
    if device.type == "meta":
        empty = torch.empty(size, dtype=torch.int64, device=device)
        return empty, empty.int()

    def drawn(seed: Tensor) -> Tensor:
        generator = _generator(seed, stream, device)
        return torch.randperm(size, generator=generator, device=device)

    order = Outside.apply(drawn, seed)  # type: ignore[no-untyped-call]
    positions = torch.arange(size, device=device, dtype=torch.int32)
    return order, torch.empty_like(positions).index_copy(0, order, positions)


def as_tensor(x: TensorLike) -> Tensor:
    """Return a tensor of an array, a variable, a list or a number."""
    return keras.ops.convert_to_tensor(x)


def renew_programs(variable: keras.Variable) -> None:
    """Nothing to do: every step runs Python, or guards the attributes that it read."""


def compiled(function: Function) -> Function:
    """Nothing to do: torch runs eagerly, or Keras compiles the whole model."""
    return function


def once(draw: Tensor) -> Tensor:
    """Nothing to do: what is computed is kept."""
    return draw


def shared(function: Function) -> Function:
    """Nothing to do: tracing is cheap here."""
    return function


def piece(function: Function) -> Function:
    """Nothing to do: it is part of what is compiled."""
    return function


def kernel(
    forward: Function,
    backward: Function,
    tangent: Function | None = None,
    *,
    in_pieces: bool = False,
) -> Function:
    """Make one differentiable operation of a forward and a backward function.

    Args:
        forward: `(x, *tensors, **options) -> (y, residuals)`; only `x` gets a gradient.
        backward: `(gradient, *residuals, **options) -> gradient of x`.
        tangent: `(tangent of x, *residuals, **options) -> tangent of y`, of which
            `backward` is the adjoint. Defaults to `backward`.
        in_pieces: No matter here.
    """
    del in_pieces
    functions = forward, backward, tangent or backward

    def operation(x: Tensor, *tensors: Tensor, **options: Any) -> Tensor:
        apply: Any = Kernel.apply
        return apply(functions, options, x, *tensors)[0]

    return operation


def look_up(table: Tensor, indices: Tensor) -> Tensor:
    """Take from a vector by indices of any shape."""
    return table.index_select(0, indices.reshape(-1)).view(indices.shape)


def take(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Take along an axis by a vector of indices."""
    if axis != x.ndim - 1 or x.ndim < 3:
        return torch.index_select(x, axis, indices)
    # Ten times faster from a matrix.
    taken = torch.index_select(x.reshape(-1, x.shape[-1]), 1, indices)
    return taken.reshape(*x.shape[:-1], indices.shape[0])


def add_turned(x: Tensor, tangent: Tensor, sign: Tensor, partners: Tensor) -> Tensor:
    """`x + tangent * sign * partners`, of which `partners` is used up."""
    return torch.addcmul(x, tangent, partners.mul_(sign))


def take_per_sample(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Take along an axis by `indices` (batch, size), other ones for each sample."""
    shape = [1] * x.ndim
    shape[0], shape[axis] = indices.shape
    # Expanded, not copied: the indices would take twice the memory of `x`.
    return torch.gather(x, axis, indices.long().reshape(shape).expand(x.shape))


def leading_rows(x: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return `x` and a copy of its first `count` rows.

    The gradient of the copy is added to the first rows of the gradient of `x`, where a
    slice would add a tensor of the size of `x` that is mostly zeros.
    """
    split: Any = Split.apply
    whole, rows = split(x, count)
    return whole, rows


def variance(x: Tensor, size: int) -> Tensor:
    """Unbiased variance over the first axis, which has `size` rows."""
    deviation = x - x.sum(0) / size  # torch.var takes three times as long
    return deviation.square().sum(0) / (size - 1)


def weighted_sum(x: Tensor, weights: Tensor) -> Tensor:
    """Sum `x` (..., features) over all but its last axis, in the dtype of `weights`.

    Args:
        x: Tensor.
        weights: Tensor that broadcasts against `x`, of size 1 on the last axis.
    """
    weights = weights.expand(*x.shape[:-1], 1).reshape(-1)
    return torch.mv(x.reshape(-1, x.shape[-1]).t().to(weights.dtype), weights)


def weighted_sums(x: Tensor, weights: Tensor) -> Tensor:
    """Sum each sample of `x` (batch, ..., features), in the dtype of `weights`."""
    weights = weights.expand(*x.shape[:-1], 1).flatten(1, -2).transpose(1, 2)
    return torch.matmul(weights, x.flatten(1, -2).to(weights.dtype)).squeeze(1)


class Unseeded:
    """torch's global generator, from which Keras's `Dropout` without a seed draws.

    In the context it can be seeded; afterwards it is as it was.
    """

    def __enter__(self) -> "Unseeded":
        self._fork = torch.random.fork_rng()
        self._fork.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._fork.__exit__(*exception)

    def seed(self, seed: int) -> None:
        """Start anew from a seed."""
        torch.manual_seed(seed)
        self._seeded = self._states()

    def has_drawn(self) -> bool:
        """Whether something was drawn since `seed`."""
        return any(
            not torch.equal(before, now)
            for before, now in zip(self._seeded, self._states(), strict=True)
        )

    def _states(self) -> list[torch.Tensor]:
        devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        return [torch.get_rng_state(), *devices]


class Recorder:
    """Mean of a value computed inside the training steps of `model`.

    `has_gradient` is true once a step has taken a gradient of what `update` returned.
    """

    def __init__(self, model: keras.Model) -> None:
        del model
        self._mean = keras.metrics.Mean()
        self.has_gradient = False

    def update(self, value: Tensor) -> Tensor:
        """Record a value; return it, to be added to the loss."""
        self._mean.update_state(value.detach())
        if value.requires_grad:
            value.register_hook(self._notice)
        return value

    def _notice(self, gradient: torch.Tensor) -> None:
        self.has_gradient = True

    def result(self) -> float:
        return float(self._mean.result())

    def reset(self) -> None:
        self._mean.reset_state()
