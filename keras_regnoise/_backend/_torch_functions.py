"""Functions that tell torch their derivatives, and what they do under `vmap`."""

import inspect
from typing import Any

import torch

from keras_regnoise._typing import Function, Tensor


class Outside(torch.autograd.Function):
    """Runs a function outside of `torch.func.vmap`, inside of which nothing is drawn.

    The draws of all samples of a `vmap` are the same, as the seed is.
    """

    @staticmethod
    def forward(function: Function, seed: Tensor) -> Tensor:
        return function(seed)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Tensor) -> None:
        del inputs
        ctx.mark_non_differentiable(output)

    @staticmethod
    def vmap(info: Any, in_dims: Any, function: Function, seed: Tensor) -> Any:
        if in_dims[1] is not None:
            raise ValueError(
                f"torch.func.vmap over seeds ({info.batch_size}) is not supported: "
                "torch seeds its generator with one number. Use a loop."
            )
        return Outside.apply(function, seed), None  # type: ignore[no-untyped-call]


class Kernel(torch.autograd.Function):
    """Puts out `y`, which alone is differentiable, and the residuals."""

    generate_vmap_rule = True

    @staticmethod
    def forward(functions: Any, options: Any, x: Tensor, *tensors: Tensor) -> Any:
        y, residuals = functions[0](x, *tensors, **options)
        # What is an input or the output too can't be put out as it is.
        known = {id(y), *map(id, tensors)}
        return y, *(
            r.detach() if id(r) in known and r is not None else r for r in residuals
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.functions, ctx.options, _, *tensors = inputs
        ctx.arguments, residuals = len(tensors), output[1:]
        ctx.mark_non_differentiable(*(r for r in residuals if r is not None))
        ctx.save_for_backward(*residuals)
        ctx.save_for_forward(*residuals)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: Any) -> Any:  # type: ignore[override]
        backward = ctx.functions[1]
        gradient = backward(gradient, *ctx.saved_tensors, **ctx.options)
        return None, None, gradient, *(None for _ in range(ctx.arguments))

    @staticmethod
    def jvp(ctx: Any, _: Any, __: Any, moved: Tensor, *___: Any) -> Any:
        residuals = ctx.saved_tensors
        moved = ctx.functions[2](moved, *residuals, **ctx.options)
        return moved, *(None for _ in residuals)


class Split(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, count: int) -> Any:
        return x.view_as(x), x[:count].clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        del output
        ctx.count = inputs[1]

    @staticmethod
    def backward(ctx: Any, whole: Tensor, rows: Tensor) -> Any:  # type: ignore[override]
        return torch.cat([whole[: ctx.count] + rows, whole[ctx.count :]]), None

    @staticmethod
    def jvp(ctx: Any, moved: Tensor, _: Any) -> Any:
        return moved.view_as(moved), moved[: ctx.count].clone()


# torch binds the arguments in every call: a tenth of the time of a small layer, half of
# which is to find out what they are.
for _function in (Outside, Kernel, Split):
    vars(_function.forward)["__signature__"] = inspect.signature(_function.forward)
