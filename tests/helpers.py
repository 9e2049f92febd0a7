"""What the tests share: the same three lines on every backend."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
from keras import ops

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data"


def to_numpy(x):
    return ops.convert_to_numpy(x)


def golden(name):
    """Load one of the cases made with the papers' authors' own code."""
    arrays = dict(np.load(DATA / f"{name}.npz"))
    arrays["meta"] = json.loads(str(arrays["meta"]))
    return arrays


def dot(x, weights):
    """Scalar whose gradient in `x` is `weights`."""
    return ops.sum(ops.multiply(x, ops.convert_to_tensor(weights)))


def gradient(function, *arguments):
    """Gradients of the scalar `function(*arguments)`, one per argument."""
    tensors = [ops.convert_to_tensor(a) for a in arguments]
    backend = keras.config.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(*tensors)
        gradients = tape.gradient(value, tensors)
    elif backend == "jax":
        import jax

        gradients = jax.grad(function, argnums=tuple(range(len(tensors))))(*tensors)
    else:
        import torch

        tensors = [t.detach().requires_grad_(True) for t in tensors]
        gradients = torch.autograd.grad(function(*tensors), tensors)
    return [to_numpy(g) for g in gradients]


class InTraining(keras.layers.Wrapper):
    """A layer that trains, whatever is done with its model."""

    def call(self, inputs):
        return self.layer(inputs, training=True)


def outputs_of_calls(layer, x, calls):
    """Outputs of a layer in training, by call; compiled, as eager ones take long."""
    inputs = keras.Input(batch_shape=x.shape)
    model = keras.Model(inputs, InTraining(layer)(inputs))
    batches = np.broadcast_to(x, (calls, *x.shape)).reshape(-1, *x.shape[1:])
    y = model.predict(batches, batch_size=len(x), verbose=0)
    return y.reshape(calls, len(x), *y.shape[1:])


def assert_close(actual, expected, tolerance=1e-5):
    """Compare relative to the largest expected entry."""
    actual, expected = to_numpy(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


def assert_within_standard_errors(estimate, standard_error, expected, number=4.0):
    """Compare entry by entry, in units of the standard error of the estimate."""
    z = np.abs(np.asarray(estimate) - expected) / np.maximum(standard_error, 1e-12)
    assert np.max(z) < number, f"largest deviation: {np.max(z):.1f} standard errors"


CODE = re.compile(r"```python\n(.*?)```(?:\n\n```\n(.*?)```)?", re.DOTALL)


def run_page(name, other_output=()):
    """Run the Python code of a page of docs; returns the page and the code's names.

    What a block prints must be what the page shows under it, but for decimal fractions
    and spaces; nothing where it shows nothing. Not so the blocks with a text out of
    `other_output`, which tests run on a smaller setting.
    """
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    keras.backend.clear_session(free_memory=False)  # layers get their first names
    names = {}
    for code, shown in CODE.findall(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)
        assert not ("print(" in code and not shown), f"no output of {code}"
        if not any(text in code for text in other_output):
            assert without_fractions(printed.getvalue()) == without_fractions(shown)
    return page, names


def without_fractions(text):
    """Replace what may differ between backends and machines."""
    text = re.sub(r"-?\d+\.\d*(e[-+]?\d+)?", "N", text)
    return re.sub(r"\s+", " ", re.sub(r"\[\s+", "[", text)).strip()


def run_python(code, *arguments, **environment):
    """Run Python code in a fresh process and return what it prints."""
    variables = {
        **os.environ,
        "KERAS_BACKEND": keras.config.backend(),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **environment,
    }
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=variables,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout
