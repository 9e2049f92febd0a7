"""A single vector is its own mean: centred noise is about the origin instead."""

import warnings

import keras
import numpy as np
import pytest
from keras import ops

import keras_regnoise as krn
from tests.helpers import assert_close, gradient, to_numpy

KINDS = {
    "rotation": lambda **kwargs: krn.RotationOut(0.5, **kwargs),
    "rotation_sample": lambda **kwargs: krn.RotationOut(
        0.5, permutation="sample", **kwargs
    ),
    "rotation_axis_1": lambda **kwargs: krn.RotationOut(0.5, axis=1, **kwargs),
    "spatial": lambda **kwargs: krn.SpatialRotationOut(0.5, **kwargs),
    "centered_dropout": lambda **kwargs: krn.CenteredDropout(0.5, **kwargs),
    "centered_dropout_spatial": lambda **kwargs: krn.CenteredDropout(
        0.5, spatial=True, **kwargs
    ),
}
SHAPES = {"rotation_axis_1": (8, 1), "spatial": (1, 8)}
parametrize = pytest.mark.parametrize("kind", KINDS)


def one(kind):
    x = np.random.default_rng(0).normal(3.0, 1.0, (1, *SHAPES.get(kind, (8,))))
    return x.astype("float32")


def noisy(layer, x, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return to_numpy(layer(x, training=True, **kwargs))


@parametrize
def test_it_has_noise_and_keeps_its_mean(kind):
    layer, x = KINDS[kind](seed=1), one(kind)
    draws = np.stack([noisy(layer, x) for _ in range(400)])
    deviation = draws.std(axis=0)
    assert (deviation > 0.5).all()
    assert np.abs((draws.mean(axis=0) - x) / (deviation / 20.0)).max() < 4.5


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "dropout" not in kind])
def test_it_is_the_noise_about_the_origin(kind):
    x = one(kind)
    assert_close(
        noisy(KINDS[kind](seed=1), x), noisy(KINDS[kind](seed=1, center=False), x)
    )


def test_centered_dropout_is_dropout():
    x = one("centered_dropout")
    y = noisy(krn.CenteredDropout(0.5, seed=1), x)
    assert set(np.round(y / x, 4).ravel()) == {0.0, 2.0}


@parametrize
def test_its_gradient(kind):
    x = one(kind)
    weights = np.random.default_rng(1).normal(size=x.shape).astype("float32")

    def value(x):
        y = KINDS[kind](seed=1)(x, training=True)
        return ops.sum(y * ops.convert_to_tensor(weights))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (analytic,) = gradient(value, x)
        # The noise is linear in `x` as long as there is no mean.
        basis = np.eye(8, dtype="float32").reshape(8, *x.shape)
        numeric = [float(to_numpy(value(ops.convert_to_tensor(e)))) for e in basis]
    assert_close(analytic.ravel(), np.array(numeric))


@parametrize
def test_two_vectors_have_a_mean(kind):
    x = np.concatenate([one(kind)] * 2)
    assert_close(noisy(KINDS[kind](seed=1), x), x)  # both are at the mean


def test_one_unmasked_step():
    x = np.random.default_rng(0).normal(3.0, 1.0, (2, 3, 8)).astype("float32")
    mask = np.zeros((2, 3), bool)
    mask[1, 1] = True
    for layer in (krn.RotationOut(0.5, seed=1), krn.CenteredDropout(0.5, seed=1)):
        y = noisy(layer, x, mask=ops.convert_to_tensor(mask))
        assert np.abs(y - x)[1, 1].max() > 0.1


@parametrize
@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_last_batch_of_one_in_a_compiled_step(kind, jit_compile):
    if jit_compile and keras.config.backend() == "torch":
        pytest.skip("torch.compile is not what is tested here")
    x = np.concatenate([one(kind)] * 3)
    shape = x.shape[1:]
    identity = keras.layers.Dense(shape[-1], kernel_initializer="identity")
    layers = [keras.Input(shape), identity, KINDS[kind](seed=1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=jit_compile)
    losses = []
    record = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: losses.append(logs["loss"])
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, x, batch_size=2, shuffle=False, verbose=0, callbacks=[record])
    first, mean_of_both = losses  # the second is a mean over three examples
    assert first < 1e-9
    assert mean_of_both > 0.05


@parametrize
def test_a_warning_once_for_each_layer(kind):
    layer, x = KINDS[kind](name="mine"), one(kind)
    with pytest.warns(UserWarning, match="'mine' got a batch of one vector"):
        layer(x, training=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "keras_regnoise|.*batch of one")
        layer(x, training=True)
        KINDS[kind]()(x)  # nothing to say at inference
        KINDS[kind]()(np.concatenate([x, x]), training=True)
        if "rotation" in kind:
            KINDS[kind](center=False)(x, training=True)


def test_positions_of_one_sample_have_a_mean():
    x = np.random.default_rng(0).normal(3.0, 1.0, (1, 5, 8)).astype("float32")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "keras_regnoise|.*batch of one")
        for layer in (krn.SpatialRotationOut(0.5), krn.CenteredDropout(0.5)):
            assert np.abs(to_numpy(layer(x, training=True)) - x).max() > 0.1


def test_the_function():
    x, mask = [[1.0, 2.0]], [[0.0, 2.0]]
    assert to_numpy(krn.ops.centered_dropout(x, mask)).tolist() == [[0.0, 4.0]]
