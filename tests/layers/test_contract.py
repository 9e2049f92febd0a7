"""What every layer of the package promises, on every backend."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_regnoise as krn
from tests.helpers import to_numpy
from tests.layers.cases import (
    CASES,
    NOISE_CASES,
    ONE_OF_EACH_KIND,
    SEED_CASES,
    parametrize,
    schedule,
)


def compiled(layers, **options):
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.05), "mse", **options)
    return model


def weights_of(case):
    """Weights that the layers of one test share; most layers have none."""
    layer = case.make()
    layer.build((None, *case.shape))
    return layer.get_weights()


def made_with(weights, case, **options):
    layer = case.make(**options)
    layer.build((None, *case.shape))
    layer.set_weights(weights)
    return layer


@parametrize(pytest)
def test_config_round_trip(case):
    layer = case.make(seed=3) if case.has_seed else case.make()
    config = layer.get_config()
    copy = type(layer).from_config(config)
    assert copy.get_config() == config
    serialized = keras.saving.serialize_keras_object(layer)
    assert serialized["registered_name"].startswith("keras_regnoise>")
    assert keras.saving.deserialize_keras_object(serialized).get_config() == config


@parametrize(pytest, NOISE_CASES)
def test_schedule_survives_the_config(case):
    config = case.make(rate=schedule()).get_config()
    assert isinstance(config["rate"], dict)
    copy = case.layer.from_config(config)
    assert copy.rate.get_config() == schedule().get_config()


@parametrize(pytest)
def test_inference_is_deterministic_and_shapes_are_kept(case):
    layer, x = case.make(), case.data()
    y = to_numpy(layer(x))
    assert y.shape == x.shape
    assert layer.compute_output_shape(x.shape) == x.shape
    assert (to_numpy(layer(x)) == y).all()
    if case.is_noise_only:
        assert (y == x).all()


@parametrize(pytest, NOISE_CASES)
def test_rate_zero_is_exact(case):
    layer, x = case.make(rate=0.0), case.data()
    layer.build((None, *case.shape))
    if case.layer is krn.ICLayer:
        expected = to_numpy(layer.normalization(x, training=True))
    elif case.layer is krn.DropActivation:
        expected = to_numpy(layer.activation(x))
    elif case.inner:
        expected = to_numpy(layer.layer(x))
    else:
        expected = x
    assert to_numpy(layer(x, training=True)).tobytes() == expected.tobytes()
    if case.layer is not krn.ICLayer:
        assert to_numpy(layer(x)).tobytes() == expected.tobytes()


@parametrize(pytest, SEED_CASES)
def test_same_seed_same_draws_and_none_differ(case):
    x, weights = case.data(64), weights_of(case)

    def draws(seed):
        layer = made_with(weights, case, seed=seed)
        return [to_numpy(layer(x, training=True)) for _ in range(3)]

    first, second = draws(5), draws(5)
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    assert (first[0] != first[1]).any()
    assert (first[0] != draws(6)[0]).any()
    assert (draws(None)[0] != draws(None)[0]).any()


@parametrize(pytest)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_dtypes(case, dtype):
    seed = {"seed": 1} if case.has_seed else {}
    weights = weights_of(case)
    layer = made_with(weights, case, dtype=dtype, **seed)
    x = ops.convert_to_tensor(case.data(), dtype=dtype)
    y = layer(x, training=True)
    assert keras.backend.standardize_dtype(y.dtype) == dtype
    reference = made_with(weights, case, **seed)
    expected = to_numpy(reference(ops.cast(x, "float32"), training=True))
    # The same draws whatever the dtype: only the arithmetic is rounded.
    y = to_numpy(ops.cast(y, "float32"))
    np.testing.assert_allclose(y, expected, rtol=0.05, atol=0.05)


@parametrize(pytest)
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains(case, policy):
    layers = [keras.Input(case.shape), case.make(dtype=policy)]
    layers += [keras.layers.Flatten(), keras.layers.Dense(1)]
    model = compiled(layers)
    x = case.data(8)
    history = model.fit(x, x.reshape(8, -1)[:, :1], epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


@parametrize(pytest)
def test_fit_decreases_the_loss_with_unknown_sizes(case):
    # torch.compile is not what is tested here.
    assert_fit_decreases_the_loss(case, keras.config.backend() != "torch")


@pytest.mark.skipif(keras.config.backend() == "torch", reason="as the test above")
@parametrize(pytest, CASES, (*ONE_OF_EACH_KIND, "vcl", "cross_normalization"))
def test_fit_decreases_the_loss_without_a_compiler(case):
    assert_fit_decreases_the_loss(case, jit_compile=False)


def assert_fit_decreases_the_loss(case, jit_compile):
    axis = getattr(case.make(), "axis", -1)
    free = set() if axis is None else {1, 2, 3} - {axis % (len(case.shape) + 1)}
    if case.layer is krn.VarianceConstancy:
        free = set(getattr(case.make(), "shared_axes", None) or ())
    shape = [None if i in free else s for i, s in enumerate(case.shape, 1)]
    inputs = keras.Input(shape)
    x = case.make()(inputs)
    axes = list(range(1, len(shape) + 1))
    outputs = ops.concatenate(
        [ops.mean(x, axes)[:, None], ops.max(x, axes)[:, None]], axis=-1
    )
    model = keras.Model(inputs, keras.layers.Dense(1)(outputs))
    model.compile(keras.optimizers.SGD(0.02), "mse", jit_compile=jit_compile)
    data = case.data(37)  # odd: the last batch is smaller
    target = np.full((37, 1), 10.0, "float32")
    before = model.evaluate(data, target, verbose=0)
    model.fit(data, target, batch_size=8, epochs=10, verbose=0)
    assert model.evaluate(data, target, verbose=0) < 0.5 * before


@pytest.mark.filterwarnings("ignore:.*got a batch of one vector")
@parametrize(pytest)
@pytest.mark.parametrize("batch", [0, 1])
def test_empty_and_single_batches(case, batch):
    if batch == 0 and case.name == "weight_drop_lstm":
        pytest.skip("Keras's LSTM takes no empty batch on TensorFlow")
    x = case.data(2)[:batch]
    layer = case.make()
    layer.build((None, *case.shape))
    for training in (False, True):
        y = to_numpy(layer(x, training=training))
        assert y.shape == x.shape
        assert np.isfinite(y).all()


@parametrize(pytest)
def test_inside_functional_subclassed_and_time_distributed(case):
    class Wrapped(keras.Model):
        def __init__(self):
            super().__init__()
            self.noise = case.make()
            self.flatten = keras.layers.Flatten()
            self.dense = keras.layers.Dense(1)

        def call(self, x, training=False):
            return self.dense(self.flatten(self.noise(x, training=training)))

    x = case.data(8)
    model = Wrapped()
    model.compile("sgd", "mse")
    model.fit(x, x.reshape(8, -1)[:, :1], verbose=0)
    assert np.isfinite(model.evaluate(x, x.reshape(8, -1)[:, :1], verbose=0))

    inputs = keras.Input((3, *case.shape))
    outputs = keras.layers.TimeDistributed(case.make())(inputs)
    outputs = keras.layers.Dense(1)(keras.layers.Flatten()(outputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    steps = np.stack([x, x, x], axis=1)
    assert model.predict(steps, verbose=0).shape == (8, 1)
    history = model.fit(steps, x.reshape(8, -1)[:, :1], verbose=0)
    assert np.isfinite(history.history["loss"]).all()


@parametrize(pytest, NOISE_CASES)
def test_schedule_changes_the_noise_and_is_counted(case):
    weights = weights_of(case)
    layer = made_with(weights, case, rate=schedule(), seed=1)
    x = case.data(64)
    reference = to_numpy(made_with(weights, case, rate=0.0)(x, training=True))

    def noise():
        return float(np.mean((to_numpy(layer(x, training=True)) - reference) ** 2))

    amounts = [noise() for _ in range(7)]
    # A product per sample rounds otherwise than one for the batch.
    assert max(amounts[:3]) <= (1e-12 if case.inner else 0.0)
    assert min(amounts[3:]) > 0.0
    assert np.mean(amounts[5:]) > np.mean(amounts[3:5])
    inner = layer.noise if case.layer is krn.ICLayer else layer
    if isinstance(inner, krn.layers.NoiseLayer):
        assert float(inner.current_rate()) == pytest.approx(0.4)
    to_numpy(layer(x))
    assert int(to_numpy(inner.seed_generator.state.value)[1]) == 7


def test_schedule_outside_its_range_is_clipped():
    class Wild(keras.optimizers.schedules.LearningRateSchedule):
        values = (-1.0, float("nan"), 1.0, 50.0)

        def __call__(self, step):
            return ops.take(ops.convert_to_tensor(self.values), ops.cast(step, "int32"))

        def get_config(self):
            return {}

    layer = krn.RotationOut(Wild())
    x = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
    outputs = [to_numpy(layer(x, training=True)) for _ in Wild.values]
    assert (outputs[0] == x).all()
    assert (outputs[1] == x).all()
    assert np.isfinite(outputs[2]).all()
    assert np.isfinite(outputs[3]).all()


@parametrize(pytest, [case for case in CASES if len(case.shape) == 2])
def test_masks_pass_through(case):
    x = case.data()
    x[:, -2:] = 0.0
    masked = keras.layers.Masking()(x)
    outputs = case.make()(masked, training=True)
    expected = np.ones(x.shape[:2], bool)
    expected[:, -2:] = False
    assert (to_numpy(outputs._keras_mask) == expected).all()


@parametrize(pytest, [case for case in CASES if case.layer is not krn.WeightNoise])
def test_integer_input(case):
    with pytest.raises(
        ValueError, match=r"floating-point input. Received: dtype=int32"
    ):
        case.make()(np.ones((4, *case.shape), "int32"))


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan"), float("inf"), "0.1"])
@parametrize(pytest, NOISE_CASES)
def test_bad_rate(case, rate):
    with pytest.raises(ValueError, match=r"float in \[0, 1\).*Received: rate="):
        case.make(rate=rate)


@pytest.mark.parametrize("seed", [-1, 2**31, 0.5, "1"])
@parametrize(pytest, SEED_CASES)
def test_bad_seed(case, seed):
    with pytest.raises(ValueError, match="Received: seed="):
        case.make(seed=seed)


@parametrize(pytest, [case for case in CASES if case.needs_feature_size])
def test_unknown_feature_size(case):
    with pytest.raises(ValueError, match=r"must know how many.*Received: input_shape="):
        case.make()(keras.Input([None] * len(case.shape)))


@parametrize(pytest)
def test_weights_are_only_those_that_are_trained_or_moving(case):
    layer = case.make()
    layer.build((None, *case.shape))
    expected = {
        krn.CrossNormalization: (2, 4),
        krn.DropConnect: (2,),
        krn.ICLayer: (2, 4),
        krn.VarianceConstancy: (1,),
        krn.WeightNoise: (2, 3),
        krn.ZCAWhitening: (3,),
    }
    assert len(layer.weights) in expected.get(case.layer, (0,))


def test_every_layer_is_covered():
    public = {getattr(krn.layers, name) for name in krn.layers.__all__}
    assert {case.layer for case in CASES} == public - {krn.layers.NoiseLayer}
