import keras
import numpy as np
import pytest

from keras_regnoise import ICLayer, RotationOut
from tests.helpers import assert_within_standard_errors, to_numpy

RATE = 0.2


def correlated(count=20_000):
    z = np.random.default_rng(0).normal(size=(count, 4))
    return (3.0 + z @ np.linalg.cholesky(0.5 * np.eye(4) + 0.5)).astype("float32")


def test_is_normalization_then_dropout():
    x = correlated(512)
    layer = ICLayer(RATE, seed=1)
    y = to_numpy(layer(x, training=True))
    normalized = to_numpy(keras.layers.BatchNormalization()(x, training=True))
    kept = y != 0
    np.testing.assert_allclose(y[kept], normalized[kept] / (1 - RATE), rtol=1e-4)
    error = np.sqrt(RATE * (1 - RATE) / x.size)
    assert_within_standard_errors(kept.mean(), error, 1 - RATE)
    # The moving statistics moved, and inference has no noise.
    reference = keras.layers.BatchNormalization()
    reference(x, training=True)
    np.testing.assert_allclose(to_numpy(layer(x)), to_numpy(reference(x)), atol=1e-5)


def test_correlation_shrinks_by_the_keep_rate():
    # Equation 8, for units that normalization has centred.
    x = correlated()
    before = np.corrcoef(x.T)[0, 1]
    y = to_numpy(ICLayer(RATE, seed=1)(x, training=True))
    after = np.corrcoef(y.T)[0, 1]
    assert_within_standard_errors(after, 1 / np.sqrt(len(x)), (1 - RATE) * before)


@pytest.mark.parametrize(
    ("normalization", "kind"),
    [
        ("batch", keras.layers.BatchNormalization),
        ("layer", keras.layers.LayerNormalization),
        ("group", keras.layers.GroupNormalization),
        ("instance", keras.layers.GroupNormalization),
    ],
)
def test_normalizations(normalization, kind):
    x = np.random.default_rng(0).normal(2, 3, (6, 5, 5, 12)).astype("float32")
    layer = ICLayer(0.0, normalization)
    y = to_numpy(layer(x, training=True))
    assert isinstance(layer.normalization, kind)
    axes = {"batch": (0, 1, 2), "layer": 3, "group": (1, 2), "instance": (1, 2)}
    np.testing.assert_allclose(y.mean(axis=axes[normalization]), 0.0, atol=1e-2)
    np.testing.assert_allclose(y.std(axis=axes[normalization]), 1.0, atol=2e-2)


@pytest.mark.parametrize(("features", "groups"), [(64, 32), (48, 24), (30, 30), (7, 7)])
def test_most_groups_that_divide(features, groups):
    layer = ICLayer(0.1, "group")
    layer.build((None, 4, features))
    assert layer.normalization.groups == groups


def test_layers_given_are_used_and_saved_in_the_config():
    layer = ICLayer(
        normalization=keras.layers.LayerNormalization(epsilon=0.5),
        noise=keras.layers.GaussianNoise(0.3),
    )
    copy = ICLayer.from_config(layer.get_config())
    assert copy.normalization.epsilon == 0.5
    assert copy.noise.stddev == 0.3
    x = correlated(64)
    np.testing.assert_allclose(to_numpy(copy(x)), to_numpy(layer(x)))
    assert (to_numpy(copy(x, training=True)) != to_numpy(copy(x))).any()


def freeze_all(layer):
    layer.trainable = False


def freeze_normalization(layer):
    layer.normalization.trainable = False


@pytest.mark.parametrize("freeze", [freeze_all, freeze_normalization])
@pytest.mark.parametrize(
    "normalization", ["batch", keras.layers.BatchNormalization], ids=["named", "given"]
)
def test_a_frozen_layer_is_frozen_where_it_is_loaded(freeze, normalization, tmp_path):
    x = correlated(64)
    given = normalization if isinstance(normalization, str) else normalization()
    model = keras.Sequential([keras.Input((4,)), ICLayer(0.0, given)])
    freeze(model.layers[0])
    assert not model.layers[0].trainable_variables
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    assert not copy.layers[0].trainable_variables
    expected = to_numpy(model(x, training=True))
    np.testing.assert_allclose(to_numpy(copy(x, training=True)), expected, rtol=1e-6)
    assert not to_numpy(copy.layers[0].normalization.moving_mean).any()


def test_it_may_be_frozen_from_the_start_and_thawed():
    layer = ICLayer(0.0, trainable=False)
    layer.build((None, 4))
    assert not layer.trainable_variables
    assert layer.get_config()["trainable"] is False
    layer.trainable = True
    assert len(layer.trainable_variables) == 2
    assert ICLayer.from_config(layer.get_config()).normalization.trainable


def test_axis_reaches_both_parts():
    layer = ICLayer(0.0, noise="rotationout", axis=1)
    x = np.random.default_rng(0).normal(4, 2, (8, 6, 5, 5)).astype("float32")
    assert isinstance(layer.noise, RotationOut)
    assert layer.noise.axis == 1
    y = to_numpy(layer(x, training=True))
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), 0.0, atol=1e-4)


def test_masked_steps_stay_out_of_the_statistics():
    x = np.random.default_rng(0).normal(size=(16, 6, 4)).astype("float32")
    mask = np.ones((16, 6), bool)
    mask[:, 4:] = False
    polluted = np.where(mask[..., None], x, 1e3).astype("float32")
    layers = [ICLayer(RATE, seed=1) for _ in range(2)]
    first, second = (
        to_numpy(layer(data, training=True, mask=mask))[mask]
        for layer, data in zip(layers, (x, polluted), strict=True)
    )
    np.testing.assert_allclose(first, second, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalization": "none"}, r"'instance' or a Keras layer. Received.*'none'"),
        ({"noise": None}, r"'rotationout' or a Keras layer. Received: noise=None"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        ICLayer(**options)


def test_instance_normalization_of_vectors():
    with pytest.raises(ValueError, match=r"only one. Received: input_shape=\(4, 8\)"):
        ICLayer(normalization="instance")(np.ones((4, 8), "float32"))


def test_a_normalization_that_is_frozen_alone_leaves_the_noise_trained():
    layer = ICLayer(noise=keras.layers.Dense(4))
    layer.normalization.trainable = False
    layer.build((None, 4))
    copy = ICLayer.from_config(layer.get_config())
    copy.build((None, 4))
    assert len(layer.trainable_variables) == len(copy.trainable_variables) == 2
    assert not copy.normalization.trainable
