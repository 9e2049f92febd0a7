"""The laws of the lecture: each side of one, for one draw of a problem."""

from typing import Any

import keras
import numpy as np

from keras_regnoise.layers import DropConnect, WeightNoise
from keras_regnoise.studies.papers.laws import MEASURED
from keras_regnoise.studies.papers.lecture import EXPECTED
from keras_regnoise.studies.papers.models.closed_forms import (
    Array,
    ClosedFormModel,
    Law,
    Random,
    Values,
    noisy,
    seed_of,
)

_RATE, _DECAY, _STEPS = 0.05, 0.1, 50
_FACTOR = 10.0  # the a of BatchNormalization(aW)


class LectureModel(ClosedFormModel):
    """Nothing is trained but what a law trains: an epoch is a draw."""

    def law(self, name: str) -> Law:
        return _LAWS[name]


def _decay(values: Values, random: Random, rows: int) -> float:
    """What is left of the true weights after some steps of an optimizer."""
    del rows
    x, true = random.normal(size=(64, 5)), random.normal(size=5)
    y = x @ true + 0.1 * random.normal(size=64)
    is_penalty = values["side"] == EXPECTED
    dense = keras.layers.Dense(
        1,
        use_bias=False,
        kernel_initializer="zeros",
        kernel_regularizer=keras.regularizers.L2(_DECAY / 2) if is_penalty else None,
    )
    options = {} if is_penalty else {"weight_decay": _DECAY}
    if values["optimizer"] == "SGD":
        options["momentum"] = values["momentum"]
    kind = getattr(keras.optimizers, values["optimizer"])
    model = keras.Sequential([keras.Input((5,)), dense])
    model.compile(kind(_RATE, **options), "mse")
    model.fit(x, y[:, None], batch_size=64, epochs=_STEPS, shuffle=False, verbose=0)
    return float(_array(dense.kernel)[:, 0] @ true / (true @ true))


def _array(values: Any) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(values), "float64")


def _input_noise(values: Values, random: Random, rows: int) -> float:
    """What linear regression leaves of the true weights."""
    variance = values["variance"]
    x, true = random.normal(size=(50, 5)), random.normal(size=5)
    y = x @ true + random.normal(size=50)
    penalty = variance * len(x) * np.eye(5) * (values["side"] == EXPECTED)
    if values["side"] == MEASURED:
        copies = max(1, rows // len(x))
        layer = keras.layers.GaussianNoise(variance**0.5, seed=seed_of(random))
        x, y = noisy(layer, np.tile(x, (copies, 1))), np.tile(y, copies)
    weights = np.linalg.solve(x.T @ x + penalty, x.T @ y)
    return float(weights @ true / (true @ true))


def _weight_noise(values: Values, random: Random, rows: int) -> float:
    """What noise on the weights adds to a squared error, over its variance."""
    x, weights = random.normal(size=(20, 4)) / 2.0, 2.0 * random.normal(size=4)
    is_linear = values["activation"] == "linear"
    z = x @ weights
    f = z if is_linear else np.tanh(z)
    slope = np.ones_like(z) if is_linear else 1.0 - f**2
    norm = (x**2).sum(axis=1)
    if values["side"] != MEASURED:
        gradient = slope**2 * norm
        curvature = 0.0 if is_linear else -2.0 * f * slope * norm
        if values["side"] == EXPECTED:
            gradient = gradient + f * curvature
        return float(gradient.mean())
    # Every unit is a draw of the weights.
    dense = _same_units(rows, weights, values["activation"])
    layer = WeightNoise(dense, values["variance"] ** 0.5, seed=seed_of(random))
    more = (noisy(layer, x) ** 2).mean() - (f**2).mean()
    return float(more / values["variance"])


def _same_units(count: int, weights: Array, activation: str = "linear") -> Any:
    kernel = np.tile(weights[:, None], (1, count)).astype("float32")
    dense = keras.layers.Dense(count, activation, use_bias=False)
    dense.build((None, len(weights)))
    dense.kernel.assign(kernel)
    return dense


def _scale(values: Values, random: Random, rows: int) -> float:
    """A number of a network with BN(aWu): its output, or a weight's gradient."""
    del rows
    factor = 1.0 if values["side"] == EXPECTED else _FACTOR
    x, kernel = random.normal(size=(32, 6)), random.normal(size=(6, 4))
    along = random.normal(size=(6, 6))
    inner = keras.layers.Dense(6, use_bias=False, kernel_initializer="identity")
    outer = keras.layers.Dense(4, use_bias=False)
    norm = keras.layers.BatchNormalization(epsilon=1e-7, center=False, scale=False)
    model = keras.Sequential([keras.Input((6,)), inner, outer, norm])
    outer.kernel.assign(factor * kernel)
    target = random.normal(size=(32, 4))
    if values["what"] == "output":
        return float((noisy(model, x) * target).mean())
    # The gradient is what a step of SGD at rate 1 takes off.
    weight = outer.kernel if values["what"] == "kernel" else inner.kernel
    before = _array(weight)
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.train_on_batch(x, target)
    gradient = (before - _array(weight)) * (factor if weight is outer.kernel else 1.0)
    return float((gradient * along[:, : gradient.shape[1]]).sum())


def _drop_connect(values: Values, random: Random, rows: int) -> float:
    """Mean or variance of a unit whose connections drop."""
    x, weights = random.normal(size=(2, 8))
    weights /= np.linalg.norm(weights)
    rate, mean = values["rate"], float(x @ weights)
    if values["side"] == EXPECTED:
        variance = rate / (1.0 - rate) * float(weights**2 @ x**2)
        return mean if values["moment"] == 1 else variance
    layer = DropConnect(
        _same_units(rows, weights), rate, per="batch", seed=seed_of(random)
    )
    units = noisy(layer, x[None])[0]
    return float(
        units.mean() if values["moment"] == 1 else ((units - mean) ** 2).mean()
    )


_LAWS: dict[str, Law] = {
    "decay": _decay,
    "input noise": _input_noise,
    "weight noise": _weight_noise,
    "scale": _scale,
    "drop connect": _drop_connect,
}
