import keras
import numpy as np
import pytest
from keras import layers

from keras_regnoise import CrossNormalization, ICLayer
from keras_regnoise.analysis import (
    VarianceShift,
    recalibrate_batch_normalization,
    rescale_running_variance,
    variance_shift,
)
from tests.analysis.models import (
    EVERY_KIND,
    assert_same_state,
    flat,
    inputs,
    state,
    train,
)
from tests.helpers import to_numpy


class Doubling(layers.Layer):
    """Noise without chance: doubles in training."""

    def call(self, x, training=False):
        return 2.0 * x if training else x


def test_by_hand():
    # The first sees x and 2 x. The second sees, in training, twice what the batch
    # statistics make of the first: variance 4 v / (v + epsilon); and at inference what
    # the moving statistics, mean 0 and variance 1, make of it.
    model = keras.Sequential(
        [
            keras.Input((1,)),
            Doubling(),
            layers.BatchNormalization(name="a", epsilon=0.5),
            Doubling(),
            layers.BatchNormalization(name="b", epsilon=0.5),
        ]
    )
    x = np.array([[0.0], [1.0], [2.0], [3.0]], "float32")  # variance 1.25
    before = state(model)
    shifts = variance_shift(model, x)
    assert_same_state(before, state(model))
    a, b = shifts["a"], shifts["b"]
    np.testing.assert_allclose(a.training, [5.0])
    np.testing.assert_allclose(a.inference, [1.25])
    np.testing.assert_allclose(b.training, [4 * 5.0 / 5.5], rtol=1e-6)
    np.testing.assert_allclose(b.inference, [1.25 / 1.5], rtol=1e-6)
    assert a.mean == a.max == 4.0


def test_variances_are_those_of_all_batches_together():
    model = keras.Sequential(
        [keras.Input((6,)), layers.BatchNormalization(name="norm")]
    )
    x = inputs(100) + np.arange(100, dtype="float32")[:, None]  # batches differ in mean
    shift = variance_shift(model, x, batch_size=15)["norm"]
    np.testing.assert_allclose(shift.inference, x.var(axis=0), rtol=1e-5)
    np.testing.assert_allclose(shift.training, x.var(axis=0), rtol=1e-5)
    generated = variance_shift(model, iter(np.split(x, 10)))["norm"]
    np.testing.assert_allclose(generated.inference, shift.inference, rtol=1e-5)


def test_centred_dropout_before_normalization_shifts_by_one_over_p():
    # The paper's claim on zero-centred Dropout-a, for any weights.
    x = inputs(20_000) - inputs(20_000).mean(axis=0)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(4, use_bias=False),
            layers.Dropout(0.5, seed=1),
            layers.BatchNormalization(name="norm"),
        ]
    )
    shift = variance_shift(model, x, batch_size=2000)["norm"]
    np.testing.assert_allclose(shift.ratio, 2.0, rtol=0.06)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_the_model_is_left_as_found(kind):
    model = EVERY_KIND[kind]()
    train(model)
    before = state(model)
    shifts = variance_shift(model, inputs(16), batch_size=8)
    assert_same_state(before, state(model))
    expected = {
        "sequential": 1,
        "nested": ["encoder/norm", "ic/normalization", "head/norm"],
        "subclassed": ["norm", "ic/normalization"],
    }[kind]
    assert len(shifts) == expected or sorted(shifts) == sorted(expected)
    for shift in shifts.values():
        assert np.isfinite(shift.ratio).all()
    model.fit(inputs(8), np.zeros(model.predict(inputs(8), verbose=0).shape), verbose=0)


def test_noise_is_another_in_every_batch():
    # One mask for all batches would leave whole units at 0 variance or far from 4.
    model = flat(layers.Dropout(0.5), layers.BatchNormalization(name="norm"))
    x = np.tile(inputs(1), (400, 1))
    shift = variance_shift(model, x, batch_size=1)["norm"]
    assert (shift.training > 0).all()
    np.testing.assert_allclose(shift.inference, 0.0, atol=1e-10)


def test_ratio():
    shift = VarianceShift(
        np.array([1.0, 4.0, 0.0, 1.0]), np.array([2.0, 1.0, 0.0, 0.0])
    )
    assert shift.ratio.tolist() == [2.0, 4.0, 1.0, np.inf]


def test_statistics_of_other_layers_stand_still():
    """Those of a pass in training mode are none of the next one's without noise."""
    x = (10.0 * inputs(320)).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((6,)),
            CrossNormalization(momentum=0.5),
            layers.SpectralNormalization(layers.Dense(4, kernel_initializer="ones")),
            layers.BatchNormalization(name="norm"),
        ]
    )
    before = [to_numpy(v) for v in model.variables]
    shift = variance_shift(model, x)["norm"]
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(to_numpy(variable), value)
    expected = to_numpy(model.layers[1](model.layers[0](x))).var(axis=0)
    np.testing.assert_allclose(shift.inference, expected, rtol=1e-4)


def test_a_constant_has_no_shift():
    model = keras.Sequential([keras.Input((2,)), layers.BatchNormalization(name="n")])
    x = np.full((150, 2), [0.1, 0.7], "float32")
    assert variance_shift(model, x, batch_size=50)["n"].max == 1.0


def test_axis_and_mask():
    x = keras.Input((2, 5))
    y = layers.BatchNormalization(axis=1, name="norm")(x)
    data = np.random.default_rng(0).normal(size=(30, 2, 5)).astype("float32")
    shift = variance_shift(keras.Model(x, y), data)["norm"]
    np.testing.assert_allclose(shift.inference, data.var(axis=(0, 2)), rtol=1e-5)

    data[:, 1] = 0.0  # a masked step
    x = keras.Input((2, 5))
    y = layers.BatchNormalization(name="norm")(layers.Masking()(x))
    shift = variance_shift(keras.Model(x, y), data)["norm"]
    np.testing.assert_allclose(shift.inference, data[:, 0].var(axis=0), rtol=1e-5)


def test_recalibration_of_one_layer_is_exact():
    model = flat(layers.Dropout(0.5), layers.BatchNormalization(name="norm"))
    train(model)
    x = inputs(100)
    kernel = to_numpy(model.get_layer("first").kernel)
    assert recalibrate_batch_normalization(model, iter(np.split(x, 10))) == 1
    norm = model.get_layer("norm")
    entering = to_numpy(model.get_layer("first")(x))
    np.testing.assert_allclose(to_numpy(norm.moving_mean), entering.mean(0), rtol=1e-4)
    variance = to_numpy(norm.moving_variance)
    np.testing.assert_allclose(variance, entering.var(axis=0), rtol=1e-4)
    np.testing.assert_array_equal(to_numpy(model.get_layer("first").kernel), kernel)


def test_recalibration_of_a_layer_that_is_called_again_goes_on_until_it_settles():
    dense, norm = layers.Dense(5, activation="tanh"), layers.BatchNormalization()
    x, entering = keras.Input((5,)), []
    y = x
    for _ in range(3):
        entering.append(dense(y))
        y = norm(entering[-1])
    model = keras.Model(x, y)
    data = np.random.default_rng(0).normal(size=(60, 5)).astype("float32")
    assert recalibrate_batch_normalization(model, data, max_passes=2) == 2
    assert recalibrate_batch_normalization(model, data) > 2
    seen = np.concatenate([to_numpy(t) for t in keras.Model(x, entering)(data)])
    np.testing.assert_allclose(to_numpy(norm.moving_mean), seen.mean(0), atol=1e-3)
    np.testing.assert_allclose(to_numpy(norm.moving_variance), seen.var(0), rtol=1e-3)
    with pytest.warns(UserWarning, match="may change after 1 passes"):
        recalibrate_batch_normalization(model, iter([data]))


def test_a_shared_layer_of_two_inputs_needs_one_pass_and_one_that_finds_no_change():
    norm, inputs = layers.BatchNormalization(), [keras.Input((3,)) for _ in range(2)]
    model = keras.Model(inputs, [norm(tensor) for tensor in inputs])
    data = np.random.default_rng(0).normal(size=(2, 40, 3)).astype("float32")
    assert recalibrate_batch_normalization(model, [*data]) == 2
    both = np.concatenate(data)
    np.testing.assert_allclose(to_numpy(norm.moving_variance), both.var(0), rtol=1e-4)


@pytest.mark.parametrize("kind", ["nested", "subclassed"])
def test_recalibration_of_many_layers_is_exact(kind):
    model = EVERY_KIND[kind]()
    train(model)
    x = inputs(96)
    passes = recalibrate_batch_normalization(model, x, batch_size=32)
    assert 1 < passes <= 3
    # What each layer sees at inference now is what it has recorded.
    for path, shift in variance_shift(model, x).items():
        layer = model
        for name in path.split("/"):
            layer = next(
                inner
                for inner in layer._flatten_layers(include_self=False, recursive=False)
                if inner.name == name
            )
        recorded = to_numpy(layer.moving_variance)
        np.testing.assert_allclose(recorded, shift.inference, rtol=1e-3)


def test_the_first_pass_normalizes_by_the_batch():
    # With one batch of all data that is exact for every layer.
    model = flat(
        layers.BatchNormalization(name="a"),
        layers.Dropout(0.5),
        layers.BatchNormalization(name="b"),
    )
    train(model)
    x = inputs(64)
    assert recalibrate_batch_normalization(model, x, batch_size=64, max_passes=1) == 1
    shift = variance_shift(model, x)["b"]
    recorded = to_numpy(model.get_layer("b").moving_variance)
    np.testing.assert_allclose(recorded, shift.inference, rtol=1e-4)


def test_recalibration_touches_nothing_else():
    model = EVERY_KIND["nested"]()
    train(model)
    before = state(model)
    recalibrate_batch_normalization(model, inputs(40))
    after = state(model)
    moved = [
        variable.name
        for variable, a, b in zip(model.variables, before[0], after[0], strict=True)
        if (a != b).any()
    ]
    assert set(moved) == {"moving_mean", "moving_variance"}
    assert len(moved) == 6
    assert before[1:] == after[1:]


def test_recalibration_makes_the_outputs_those_of_the_data():
    # Statistics of other data, then of these: outputs of mean 0 and variance 1.
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(4), layers.BatchNormalization(epsilon=1e-6)]
    )
    x = inputs(200)
    recalibrate_batch_normalization(model, 5.0 + 3.0 * x)
    np.testing.assert_allclose(model.predict(x, verbose=0).std(axis=0), 1 / 3, 1e-3)
    recalibrate_batch_normalization(model, x)
    outputs = model.predict(x, verbose=0)
    np.testing.assert_allclose(outputs.mean(axis=0), 0.0, atol=1e-3)
    np.testing.assert_allclose(outputs.std(axis=0), 1.0, rtol=1e-3)


def test_rescaling_the_running_variance():
    model = EVERY_KIND["nested"]()
    train(model)
    norms = [model.get_layer("head").get_layer("norm"), model.get_layer("ic")]
    before = [to_numpy(layer.moving_variance) for layer in (norms[0],)]
    before.append(to_numpy(norms[1].normalization.moving_variance))
    rescale_running_variance(model, 0.2, ["head/norm"])
    np.testing.assert_allclose(to_numpy(norms[0].moving_variance), 0.8 * before[0])
    after = to_numpy(norms[1].normalization.moving_variance)
    np.testing.assert_array_equal(after, before[1])


def test_renormalization():
    model = keras.Sequential(
        [keras.Input((6,)), layers.BatchNormalization(renorm=True, name="norm")]
    )
    x = inputs(50)
    recalibrate_batch_normalization(model, x)
    rescale_running_variance(model, 0.75, "norm")
    deviation = to_numpy(model.get_layer("norm").moving_stddev)
    np.testing.assert_allclose(deviation, x.std(axis=0) / 2, rtol=1e-4)


def hidden():
    inner = layers.TimeDistributed(layers.BatchNormalization(name="deep"))
    return keras.Sequential([keras.Input((4, 6)), inner])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: variance_shift(flat(), inputs()), r"no BatchNormalization"),
        (lambda m: variance_shift(hidden(), inputs()), r"time-distributed.*deep"),
        (
            lambda m: recalibrate_batch_normalization(m, iter([inputs()])),
            r"only once.*max_passes=1",
        ),
        (
            lambda m: recalibrate_batch_normalization(m, inputs(), max_passes=0),
            r"max_passes=0",
        ),
        (lambda m: rescale_running_variance(m, 0.1, "first"), r"Received also: first"),
        (lambda m: rescale_running_variance(m, 1.0, "a"), r"rate=1.0"),
    ],
)
def test_bad_arguments(call, message):
    model = flat(layers.BatchNormalization(name="a"), ICLayer(0.1))
    with pytest.raises(ValueError, match=message):
        call(model)
