import keras
import numpy as np
import pytest
from keras import layers

from keras_regnoise.layers import ICLayer
from keras_regnoise.placement import KERAS_NOISE, fold, strip
from tests.placement.models import predict, randomize

VECTOR, SERIES, IMAGE, VOLUME = (5,), (9, 4), (8, 8, 4), (5, 5, 5, 2)
AFTER = [
    (VECTOR, layers.Dense(6)),
    (SERIES, layers.Dense(6, use_bias=False)),
    (SERIES, layers.Conv1D(6, 3, padding="causal", use_bias=False)),
    (IMAGE, layers.Conv2D(6, 3, padding="same", strides=2)),
    (IMAGE, layers.Conv2D(6, 3, groups=2, dilation_rate=2)),
    (VOLUME, layers.Conv3D(6, 2, padding="same")),
    (SERIES, layers.Conv1DTranspose(6, 3, strides=2)),
    (IMAGE, layers.Conv2DTranspose(6, 3, strides=2, padding="same", use_bias=False)),
    (VOLUME, layers.Conv3DTranspose(6, 2)),
    (SERIES, layers.DepthwiseConv1D(3, depth_multiplier=2, padding="same")),
    (IMAGE, layers.DepthwiseConv2D(3, depth_multiplier=3, use_bias=False)),
    (SERIES, layers.SeparableConv1D(6, 3)),
    (IMAGE, layers.SeparableConv2D(6, 3, depth_multiplier=2, padding="same")),
]
BEFORE = [
    (VECTOR, layers.Dense(6, "relu", use_bias=False)),
    (SERIES, layers.Dense(6)),
    (SERIES, layers.Conv1D(6, 3)),
    (IMAGE, layers.Conv2D(6, 3, strides=2, use_bias=False)),
    (IMAGE, layers.Conv2D(6, 3, groups=2, dilation_rate=2, activation="relu")),
    (IMAGE, layers.Conv2D(6, 1, strides=2, padding="same")),
    (VOLUME, layers.Conv3D(6, 2)),
    (SERIES, layers.DepthwiseConv1D(3, depth_multiplier=2)),
    (IMAGE, layers.DepthwiseConv2D(3, depth_multiplier=3, use_bias=False)),
    (SERIES, layers.SeparableConv1D(6, 3)),
    (IMAGE, layers.SeparableConv2D(6, 3, depth_multiplier=2, use_bias=False)),
]


def fresh(layer):
    return type(layer).from_config(layer.get_config())


def sequential(shape, *stack):
    return randomize(keras.Sequential([keras.Input(shape), *stack]))


def batch(shape):
    return np.random.default_rng(0).normal(size=(3, *shape)).astype("float32")


def norms(model):
    flat = model._flatten_layers(include_self=False)
    return sum(isinstance(layer, layers.BatchNormalization) for layer in flat)


def assert_folds(model, shape, left=0):
    folded, x = fold(model), batch(shape)
    assert norms(folded) == left
    np.testing.assert_allclose(predict(folded, x), predict(model, x), atol=1e-4)
    return folded


@pytest.mark.parametrize(
    ("shape", "layer"), AFTER, ids=lambda v: getattr(v, "name", "")
)
def test_normalization_after_a_weight_layer(shape, layer):
    stack = [fresh(layer), layers.BatchNormalization(), layers.ReLU()]
    assert_folds(sequential(shape, *stack), shape)


@pytest.mark.parametrize(
    ("shape", "layer"), BEFORE, ids=lambda v: getattr(v, "name", "")
)
def test_normalization_before_a_weight_layer(shape, layer):
    stack = [layers.ReLU(), layers.BatchNormalization(), fresh(layer)]
    assert_folds(sequential(shape, *stack), shape)


@pytest.mark.parametrize(
    "options", [{"scale": False}, {"center": False}, {"scale": False, "center": False}]
)
def test_normalization_without_scale_or_shift(options):
    stack = [layers.BatchNormalization(**options) for _ in range(2)]
    model = sequential(IMAGE, layers.ReLU(), stack[0], layers.Conv2D(4, 3), stack[1])
    assert_folds(model, IMAGE)


def test_several_normalizations_in_a_row():
    norm = layers.BatchNormalization
    after = [layers.Conv2D(6, 3), norm(), norm(), layers.ReLU()]
    assert_folds(sequential(IMAGE, *after), IMAGE)
    before = [layers.ReLU(), norm(), norm(), layers.Conv2D(6, 3)]
    assert_folds(sequential(IMAGE, *before), IMAGE)


@pytest.mark.skipif(
    keras.config.backend() == "tensorflow", reason="no channels_first on a CPU"
)
def test_channels_first():
    stack = [
        layers.BatchNormalization(axis=1),
        layers.Conv2D(6, 3, data_format="channels_first"),
        layers.BatchNormalization(axis=1),
    ]
    assert_folds(sequential((4, 8, 8), *stack), (4, 8, 8))


@pytest.mark.parametrize(
    "stack",
    [
        # The border sees zeros, not the shift.
        [layers.BatchNormalization(), layers.Conv2D(6, 3, padding="same")],
        [layers.BatchNormalization(), layers.DepthwiseConv2D(3, padding="same")],
        [layers.BatchNormalization(), layers.Conv2DTranspose(6, 3)],
        # Something stands between.
        [layers.Conv2D(6, 3, activation="relu"), layers.BatchNormalization()],
        [layers.Conv2D(6, 3), layers.ReLU(), layers.BatchNormalization()],
        [layers.BatchNormalization(), layers.ReLU(), layers.Conv2D(6, 3)],
        # Another axis.
        [layers.Conv2D(6, 3), layers.BatchNormalization(axis=1)],
        [layers.BatchNormalization(axis=2), layers.Dense(6)],
    ],
    ids=lambda stack: "-".join(layer.name for layer in stack),
)
def test_left_alone_where_it_is_not_exact(stack):
    assert_folds(sequential(IMAGE, *map(fresh, stack)), IMAGE, left=1)


class Doubled(layers.Dense):
    def call(self, inputs):
        return 2 * super().call(inputs)


def test_subclasses_are_left_alone():
    stack = [Doubled(4), layers.BatchNormalization(), Doubled(3)]
    assert_folds(sequential(VECTOR, *stack), VECTOR, left=1)


def test_left_alone_where_the_tensor_between_is_used_elsewhere():
    x = inputs = keras.Input(VECTOR)
    dense = layers.Dense(6)(x)
    norm = layers.BatchNormalization()(dense)
    branch = layers.BatchNormalization()(layers.ReLU()(norm))
    outputs = [layers.Add()([dense, norm]), layers.Dense(2)(branch), branch]
    model = randomize(keras.Model(inputs, outputs))
    folded, x = fold(model), batch(VECTOR)
    assert norms(folded) == 2
    for actual, expected in zip(predict(folded, x), predict(model, x), strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_left_alone_where_a_layer_is_called_twice():
    x = inputs = keras.Input(VECTOR)
    dense, norm = layers.Dense(5), layers.BatchNormalization()
    x = norm(dense(x))
    x = layers.ReLU()(dense(x))
    x = norm(layers.ReLU()(x))
    x = layers.BatchNormalization(trainable=False)(layers.Dense(5)(x), training=True)
    model = randomize(keras.Model(inputs, x))
    assert_folds(model, VECTOR, left=2)


def test_nested_models_are_folded_inside():
    inner = keras.Sequential(
        [keras.Input(VECTOR), layers.Dense(5), layers.BatchNormalization()]
    )
    x = inputs = keras.Input(VECTOR)
    x = layers.BatchNormalization()(inner(inner(x)))  # not across the border
    assert_folds(randomize(keras.Model(inputs, x)), VECTOR, left=1)


def test_ic_layer_folds_after_strip():
    model = sequential(
        IMAGE, layers.ReLU(), ICLayer(0.1), layers.Conv2D(6, 3), layers.ReLU()
    )
    stripped = strip(model)
    assert norms(stripped) == 1
    folded = assert_folds(stripped, IMAGE)
    x = batch(IMAGE)
    np.testing.assert_allclose(predict(folded, x), predict(model, x), atol=1e-4)


def test_dropout_between_has_to_go_first():
    stack = [layers.Conv2D(6, 3), layers.Dropout(0.1), layers.BatchNormalization()]
    model = sequential(IMAGE, *stack)
    assert norms(fold(model)) == 1
    assert_folds(strip(model, also=KERAS_NOISE), IMAGE)


def test_original_is_untouched_and_unbuilt_models_pass():
    model = sequential(
        VECTOR, layers.Dense(3, use_bias=False), layers.BatchNormalization()
    )
    before, x = [w.copy() for w in model.get_weights()], batch(VECTOR)
    folded = fold(model)
    for layer in folded.layers:
        layer.set_weights([0 * w for w in layer.get_weights()])
    assert not predict(folded, x).any()
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    unbuilt = keras.Sequential([layers.Dense(3), layers.BatchNormalization()])
    assert norms(fold(unbuilt)) == 1
