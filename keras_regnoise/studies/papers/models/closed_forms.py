"""The laws of the study: each side of one, for one draw of a problem."""

import math
from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Any

import keras
import numpy as np

from keras_regnoise import analysis
from keras_regnoise.layers import (
    CenteredDropout,
    CrossNormalization,
    DropActivation,
    ICLayer,
    RotationOut,
)
from keras_regnoise.studies.model import Fit, StudyModel
from keras_regnoise.studies.papers.closed_forms import FORMULA

Array = np.ndarray[Any, Any]
Values = Mapping[str, Any]
Random = np.random.Generator
Law = Callable[[Values, Random, int], float]
_FEATURES = 12  # of the regression
_EPSILON = 1e-12  # of normalizations: the formulas have none


class ClosedFormModel(StudyModel):
    """Nothing is trained: an epoch is a draw, and measures one side of a law."""

    shares_programs = False

    def law(self, name: str) -> Law:
        """Return what measures one side of a law, by a draw and the recipe's rows."""
        return _LAWS[name]

    def build(self, hp: Any) -> keras.Model:
        model = keras.Sequential([keras.Input((1,)), keras.layers.Identity()])
        model.compile(loss="mse")
        return model

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        law, rows = self.law(hp.get("law")), self.recipe.options["rows"]
        callbacks = keras.callbacks.CallbackList(list(fit.callbacks), model=model)
        values = list(fit.history.get("value", ()))
        callbacks.on_train_begin()
        for draw in range(fit.initial_epoch, self.recipe.epochs):
            callbacks.on_epoch_begin(draw)
            # The same problem for all sides of a law.
            random = np.random.default_rng((hp.get("seed"), draw))
            values.append(float(law(hp.values, random, rows)))
            callbacks.on_train_batch_end(0)
            callbacks.on_epoch_end(draw, {"value": values[-1]})
        callbacks.on_train_end()
        return {"value": fmean(values)}


def noisy(layer: keras.Layer, x: Array) -> Array:
    """Return what a layer puts out in training."""
    output = layer(keras.ops.convert_to_tensor(x.astype("float32")), training=True)
    return np.asarray(keras.ops.convert_to_numpy(output), "float64")


def seed_of(random: Random) -> int:
    """Draw the seed of a layer."""
    return int(random.integers(2**31))


def _layer(values: Values, random: Random, center: bool) -> keras.Layer:
    rate, seed = values["rate"], seed_of(random)
    if values["kind"] == "rotationout":
        return RotationOut(rate, center=center, permutation="sample", seed=seed)
    kind = CenteredDropout if center else keras.layers.Dropout
    return kind(rate, seed=seed)


def _covariance(values: Values, random: Random, rows: int) -> float:
    """Variance of the noise on one vector along a direction."""
    x, along = random.normal(size=(2, 16))
    along /= np.linalg.norm(along)
    if values["side"] == FORMULA:
        noise = analysis.noise_covariance(values["kind"], values["rate"], x)
        return float(along @ noise @ along)
    layer = _layer(values, random, center=False)
    errors = noisy(layer, np.tile(x, (rows, 1))) - x
    return float(((errors @ along) ** 2).mean())


def _coadaptation(values: Values, random: Random, rows: int) -> float:
    """Factor by which noise multiplies the co-adaptation."""
    rate, side, features = (values[name] for name in ("rate", "side", "features"))
    if side == "as printed":
        return float(1.0 - rate - rate / (features - 1))
    if side in (FORMULA, "of Dropout"):
        kind = "dropout" if side != FORMULA else values["kind"]
        return analysis.predicted_coadaptation(kind, rate, features)
    x = random.normal(size=(rows, features)) + random.normal(size=(rows, 1))
    y = noisy(_layer(values, random, center=True), x)
    return analysis.coadaptation(y) / analysis.coadaptation(x)


def _regression(values: Values, random: Random, rows: int) -> float:
    """How much of the true weights is left, on features of all scales alike."""
    kind, strength = values["kind"], values["rate"] / (1.0 - values["rate"])
    scales = 10.0 ** random.uniform(-1.5, 1.5, _FEATURES)
    x = random.normal(size=(50, _FEATURES)) * scales
    true = random.choice([-1.0, 1.0], _FEATURES) / scales
    y = x @ true + random.normal(size=50)
    gram = x.T @ x
    if values["side"] == FORMULA:
        solve = getattr(analysis, f"{kind}_regression")
        weights = solve(x, y, values["rate"]).weights
    elif values["side"] == "ridge":
        mean_strength = strength * np.trace(gram) / _FEATURES
        weights = np.linalg.solve(gram + mean_strength * np.eye(_FEATURES), x.T @ y)
    else:
        copies = max(1, rows // 50)
        layer = _layer(values, random, center=False)
        rows_of = noisy(layer, np.tile(x, (copies, 1)))
        right = rows_of.T @ np.tile(y, copies)
        weights = np.linalg.solve(rows_of.T @ rows_of, right)
    return float((weights * scales * np.sign(true)).mean())


def _correlation(values: Values, random: Random, rows: int) -> float:
    """Factor of the correlation of a pair."""
    if values["side"] == FORMULA:
        return float(1.0 - values["rate"])
    x = _pair(random, rows)
    y = noisy(_ic_layer(values, random), x)
    return float(analysis.correlation(y)[0, 1] / analysis.correlation(x)[0, 1])


def _information(values: Values, random: Random, rows: int) -> float:
    """Factor of the mutual information of a pair of eight levels, none of them 0."""
    if values["side"] == FORMULA:
        return float((1.0 - values["rate"]) ** 2)
    levels = np.digitize(_pair(random, rows), [-1.5, -1, -0.5, 0, 0.5, 1, 1.5]) - 3.5
    if values["side"] == "behind ReLU":
        levels = np.maximum(levels, 0.0)
        layer = keras.layers.Dropout(values["rate"], seed=seed_of(random))
    else:
        layer = _ic_layer(values, random)
    return _mutual_information(noisy(layer, levels)) / _mutual_information(levels)


def _pair(random: Random, rows: int) -> Array:
    x, y = random.normal(size=(2, rows))
    return np.stack([x, 0.6 * x + 0.8 * y], axis=1)


def _ic_layer(values: Values, random: Random) -> ICLayer:
    return ICLayer(values["rate"], seed=seed_of(random))


def _mutual_information(pair: Array) -> float:
    """Estimate the information of two discrete units, after Miller and Madow."""
    # As far as float32 tells values apart.
    parts = (pair[:, 0], pair[:, 1], pair)
    counts = [np.unique(p.round(3), axis=0, return_counts=True)[1] for p in parts]
    one, other, both = (_entropy(count) for count in counts)
    return one + other - both


def _entropy(counts: Array) -> float:
    shares = counts / counts.sum()
    bias = (len(counts) - 1) / (2 * counts.sum())
    return float(-(shares * np.log(shares)).sum() + bias)


def _shift(values: Values, random: Random, rows: int) -> float:
    """Variance behind a weight layer, at inference over training."""
    if values["side"] == FORMULA:
        return analysis.drop_activation_shift_ratio(values["rate"])
    x, weights = random.normal(size=(rows, 16)), random.normal(size=16)
    layer = DropActivation(rate=values["rate"], seed=seed_of(random))
    training = (noisy(layer, x) @ weights).var()
    inference = (_leaky(x, values["rate"]) @ weights).var()
    return float(inference / training)


def _leaky(x: Array, rate: float) -> Array:
    return np.maximum(x, 0.0) + rate * np.minimum(x, 0.0)


def _penalty(values: Values, random: Random, rows: int) -> float:
    """What the squared error in training has more than that at inference."""
    rate, side = values["rate"], values["side"]
    v, kernel = random.normal(size=16), np.abs(random.normal(size=(16, 3))) / 4.0
    if side == FORMULA:
        return float(analysis.drop_activation_penalty(v, kernel, rate))
    if side == "as printed":
        return float(analysis.printed_drop_activation_penalty(v, kernel, rate))
    layer = DropActivation(rate=rate, seed=seed_of(random))
    training = noisy(layer, np.tile(v, (rows, 1))) @ kernel
    y = inference = _leaky(v, rate) @ kernel  # the penalty does not depend on y
    return float(
        ((training - y) ** 2).sum(axis=1).mean() - ((inference - y) ** 2).sum()
    )


def _batch_norm(values: Values, random: Random, rows: int) -> float:
    """Expected output of BatchNormalization for one sample of a batch."""
    x, samples = values["x"], values["samples"]
    if values["side"] == FORMULA:
        seed = seed_of(random)
        return float(analysis.batch_norm_nonlinearity([x], samples, rows, seed)[0])
    if values["side"] == "the line y = x":
        return float(x)
    layer = keras.layers.BatchNormalization(epsilon=_EPSILON)
    return _of_first(layer, values, random, rows)


def _cross_norm(values: Values, random: Random, rows: int) -> float:
    """Expected output of CrossNormalization for one sample of a batch."""
    others = values["samples"] - 1
    if values["side"] != FORMULA:
        layer = CrossNormalization(epsilon=_EPSILON)
        return _of_first(layer, values, random, rows)
    # Of the root of a chi-squared variable over the number of the others.
    gamma = math.lgamma((others - 2) / 2) - math.lgamma((others - 1) / 2)
    return float(values["x"] * math.sqrt(others / 2.0) * math.exp(gamma))


def _of_first(layer: keras.Layer, values: Values, random: Random, rows: int) -> float:
    """Return the mean output of the first sample: every feature is a batch."""
    batches = random.normal(size=(values["samples"], rows))
    batches[0] = values["x"]
    return float(noisy(layer, batches)[0].mean())


_LAWS: dict[str, Law] = {
    "covariance": _covariance,
    "coadaptation": _coadaptation,
    "regression": _regression,
    "correlation": _correlation,
    "information": _information,
    "shift": _shift,
    "penalty": _penalty,
    "batch norm": _batch_norm,
    "cross norm": _cross_norm,
}
