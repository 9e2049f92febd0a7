"""What every module of this folder offers; mypy checks each against it."""

from typing import TYPE_CHECKING, Protocol, Self

import keras

from keras_regnoise._typing import Function, Size, Sizes, Tensor, TensorLike


class Recorder(Protocol):
    """The mean of a value that is computed inside training steps.

    Attributes:
        has_gradient: Whether a step has taken a gradient of what `update` returned.
    """

    has_gradient: bool

    def update(self, value: Tensor) -> Tensor:
        """Record a value; return it, to be added to the loss."""
        ...

    def result(self) -> float:
        """Return the mean."""
        ...

    def reset(self) -> None:
        """Start again."""


class MakesRecorder(Protocol):
    """The class of a backend's recorder."""

    def __call__(self, model: keras.Model) -> Recorder:
        """Make one for the training steps of a model."""
        ...


class Draw(Protocol):
    """Draws that depend on seed and stream, and on nothing else.

    The seed is the two integers of a `SeedGenerator`; the stream separates several
    draws made with one seed.
    """

    def __call__(self, shape: Sizes, seed: Tensor, stream: int = 0) -> Tensor:
        """Return float32 of the given shape."""
        ...


class Bernoulli(Protocol):
    """As `Draw`, of booleans."""

    def __call__(
        self, shape: Sizes, rate: Tensor, seed: Tensor, stream: int = 0
    ) -> Tensor:
        """Return True with probability `rate`, a float or a scalar tensor."""
        ...


class Unseeded(Protocol):
    """The framework's own generator, for the length of a `with` block."""

    def __enter__(self) -> Self:
        """Remember where it is."""
        ...

    def __exit__(self, *exception: object) -> None:
        """Put it back."""

    def seed(self, seed: int) -> None:
        """Start anew from a seed."""

    def has_drawn(self) -> bool:
        """Whether something was drawn since `seed`."""
        ...


class MakesUnseeded(Protocol):
    """The class of a framework's own generator."""

    def __call__(self) -> Unseeded:
        """Make one."""
        ...


class Backend(Protocol):
    """A module of this folder."""

    @property
    def Unseeded(self) -> MakesUnseeded:  # noqa: N802
        """The framework's own generator."""
        ...

    @property
    def Recorder(self) -> MakesRecorder:  # noqa: N802
        """The recorder of means."""
        ...

    @property
    def uniform(self) -> Draw:
        """In [0, 1), 24 bits."""
        ...

    @property
    def normal(self) -> Draw:
        """Standard normal."""
        ...

    @property
    def bernoulli(self) -> Bernoulli:
        """Of a rate."""
        ...

    def as_tensor(self, x: TensorLike) -> Tensor:
        """Return a tensor of an array, a variable, a list or a number."""
        ...

    def local_seed(self, seed: Tensor) -> Tensor:
        """Return the seed of this replica."""
        ...

    def renew_programs(self, variable: keras.Variable) -> None:
        """Have what is compiled with a variable built anew when it next runs."""

    def compiled(self, function: Function) -> Function:
        """Return `(x, *tensors, **options)`, compiled where that pays."""
        ...

    def permutation(
        self, size: Size, seed: Tensor, stream: int
    ) -> tuple[Tensor, Tensor]:
        """Return a random permutation of `size` numbers, and its inverse."""
        ...

    def once(self, draw: Tensor) -> Tensor:
        """Return a draw, finite or below 2**24, computed once for all who use it."""
        ...

    def shared(self, function: Function) -> Function:
        """Return `(*tensors, **options)`, traced once for all sizes.

        For what is small beside the tensors of a layer, and may be traced often: where
        tracing costs something, all layers then share one program.
        """
        ...

    def piece(self, function: Function) -> Function:
        """Return `(x, *tensors, **options)`, compiled or shared, as pays for `x`."""
        ...

    def kernel(
        self,
        forward: Function,
        backward: Function,
        tangent: Function | None = None,
        *,
        in_pieces: bool = False,
    ) -> Function:
        """Make one differentiable operation of a forward and a backward function.

        Args:
            forward: `(x, *tensors, **options) -> (y, residuals)`; only `x` gets a
                gradient.
            backward: `(gradient, *residuals, **options) -> gradient of x`.
            tangent: `(tangent of x, *residuals, **options) -> tangent of y`, of which
                `backward` is the adjoint. Defaults to `backward`.
            in_pieces: Whether both consist of what is `shared` and of a `piece`, and
                need not be compiled as a whole.
        """
        ...

    def leading_rows(self, x: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Return `x` and its first rows, which share one gradient."""
        ...

    def add_turned(
        self, x: Tensor, tangent: Tensor, sign: Tensor, partners: Tensor
    ) -> Tensor:
        """Return `x + tangent * sign * partners`, of which `partners` is used up."""
        ...

    def take(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        """Take along an axis by a vector of indices, all of them in bounds."""
        ...

    def look_up(self, table: Tensor, indices: Tensor) -> Tensor:
        """Take from a vector by indices of any shape, all of them in bounds."""
        ...

    def take_per_sample(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        """Take along an axis by `indices` (batch, size), other ones for each sample."""
        ...

    def variance(self, x: Tensor, size: int) -> Tensor:
        """Return the unbiased variance over the first axis, of `size` rows."""
        ...

    def weighted_sum(self, x: Tensor, weights: Tensor) -> Tensor:
        """Return the sum of `x * weights` over all axes but the last."""
        ...

    def weighted_sums(self, x: Tensor, weights: Tensor) -> Tensor:
        """Return those sums of each sample, of rank 3 or more: (batch, features)."""
        ...


if TYPE_CHECKING:
    from keras_regnoise._backend import jax, plain, tensorflow, torch

    _of_jax: Backend = jax
    _of_plain: Backend = plain
    _of_tensorflow: Backend = tensorflow
    _of_torch: Backend = torch
