import keras
import numpy as np
import pytest
from keras import layers

import keras_regnoise as krn
from keras_regnoise.placement import set_rate
from tests.helpers import to_numpy


class Own(layers.Layer):
    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x):
        return self.inner(x)


def everywhere():
    inner = keras.Sequential(
        [
            keras.Input((3, 6)),
            krn.RotationOut(0.1, name="deep"),
            layers.SpatialDropout1D(0.1, name="spatial"),
        ],
        name="inner",
    )
    return keras.Sequential(
        [
            keras.Input((3, 6)),
            inner,
            krn.ICLayer(0.1, name="ic"),
            krn.ICLayer(noise=layers.Dropout(0.1, name="chosen"), name="mine"),
            layers.TimeDistributed(krn.DropPath(0.1, name="path"), name="wrapper"),
            Own(layers.GaussianDropout(0.1, name="gaussian"), name="own"),
            krn.DropConnect(layers.Dense(6), 0.1, name="connect"),
            krn.WeightNoise(layers.Dense(6), rate=0.1, name="weights"),
            krn.DropActivation("relu", 0.1, name="act"),
            layers.Dropout(0.1, name="last"),
        ]
    )


PATHS = [
    *("inner/deep", "inner/spatial", "ic", "mine/chosen", "wrapper/path"),
    *("own/gaussian", "connect", "weights", "act", "last"),
]


def test_every_layer_with_a_rate_has_the_new_one():
    model = everywhere()
    assert set_rate(model, 0.3) == PATHS
    assert model.get_layer("ic").noise.rate == 0.3
    assert model.get_layer("wrapper").layer.rate == 0.3
    assert model.get_layer("last").rate == 0.3
    assert model.get_layer("ic").get_config()["rate"] == 0.3


def test_an_activation_of_a_layer_has_a_rate_too():
    noise = krn.DropActivation("relu", 0.1, name="noise")
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, activation=noise, name="dense"),
            layers.Activation(noise, name="again"),
        ]
    )
    assert set_rate(model, 0.3) == ["dense/noise"]
    assert noise.rate == 0.3


def test_layers_are_chosen_by_name_path_and_class():
    model = everywhere()
    assert set_rate(model, 0.3, name="inner/.*") == ["inner/deep", "inner/spatial"]
    assert set_rate(model, 0.3, name="deep") == ["inner/deep"]
    assert set_rate(model, 0.4, kinds=layers.Dropout) == [
        *("inner/spatial", "mine/chosen", "last")
    ]
    assert set_rate(model, 0.5, kinds=(krn.ICLayer, krn.DropPath), name="ic") == ["ic"]
    assert model.get_layer("inner").get_layer("deep").rate == 0.3


def test_two_layers_of_one_path_are_both_meant():
    class Two(layers.Layer):
        def __init__(self):
            super().__init__()
            self.parts = [krn.RotationOut(0.1, name="a") for _ in range(2)]

        def call(self, x):
            return x

    layer = Two()
    set_rate(keras.Sequential([layer]), 0.3)
    assert [part.rate for part in layer.parts] == [0.3, 0.3]


@pytest.mark.parametrize(
    ("rate", "options", "message"),
    [
        (1.5, {}, r"`rate` must be a float in \[0, 1\)"),
        (float("nan"), {}, "`rate`"),
        (0.2, {"name": "rotation"}, r"rate: RotationOut 'inner/deep', Spatial"),
        (0.2, {"kinds": layers.Dense}, r"kinds=Dense \(1\)"),
        (0.2, {"kinds": "Dropout"}, "`kinds` must be a layer class"),
        (0.2, {"name": "("}, "regular expression"),
        (keras.optimizers.schedules.CosineDecay(0.1, 9), {}, "takes no schedule"),
    ],
)
def test_nothing_is_changed_by_what_is_not_valid(rate, options, message):
    model = everywhere()
    with pytest.raises(ValueError, match=message):
        set_rate(model, rate, **options)
    assert {la.rate for _, la in _with_rates(model)} == {0.1}


def _with_rates(model):
    from keras_regnoise.placement.set_rate import _with_rate

    return _with_rate(model, "", set())


def test_models_without_a_rate():
    noise = [layers.GaussianNoise(0.1), krn.UniformNoise(0.1)]
    noise += [krn.WeightNoise(layers.Dense(6), stddev=0.1)]
    noise += [layers.MultiHeadAttention(2, 2, dropout=0.1), layers.LSTM(2, dropout=0.1)]
    with pytest.raises(ValueError, match="rate: none"):
        set_rate(keras.Sequential(noise), 0.2)
    with pytest.raises(ValueError, match="must be a Keras model"):
        set_rate(layers.Dropout(0.1), 0.2)


def test_a_dropout_of_keras_made_with_rate_zero_is_refused():
    model = keras.Sequential([krn.RotationOut(0.1, name="a"), layers.Dropout(0.0)])
    with pytest.raises(ValueError, match="was made with a rate of 0"):
        set_rate(model, 0.2)
    assert model.layers[0].rate == 0.1
    assert set_rate(model, 0.0) == ["a", model.layers[1].name]


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Dropout(0.2),
        lambda: krn.RotationOut(0.2),
        lambda: keras.Sequential([layers.GaussianDropout(0.2)]),
    ],
    ids=["Keras", "ours", "nested"],
)
def test_it_holds_in_compiled_steps(make, jit):
    """Training and evaluating, the same model and one that holds it."""
    if jit and keras.config.backend() == "torch":
        pytest.skip("torch.compile takes a minute")
    model = keras.Sequential([keras.Input((8,)), make(), layers.Rescaling(1.0)])
    outer = keras.Sequential([keras.Input((8,)), model])
    x = np.random.default_rng(0).normal(size=(32, 8)).astype("float32")

    def losses():
        return [float(m.train_on_batch(x, x)) for m in (model, outer)]

    for each in (model, outer):
        each.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=jit)
    before = losses()
    set_rate(model, 0.9)
    after = losses()
    assert all(b > 3.0 * a > 0.0 for a, b in zip(before, after, strict=True))
    set_rate(outer, 0.0)
    assert losses() == [0.0, 0.0]
    set_rate(outer, 0.2)
    assert all(loss > 0.0 for loss in losses())


def test_it_holds_from_the_next_epoch_in_fit():
    model = keras.Sequential([keras.Input((8,)), layers.Dropout(0.2, name="drop")])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = np.random.default_rng(0).normal(size=(32, 8)).astype("float32")

    class Off(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            set_rate(self.model, (0.2, 0.0, 0.2)[epoch])

    history = model.fit(x, x, epochs=3, batch_size=16, verbose=0, callbacks=[Off()])
    assert [loss > 0.0 for loss in history.history["loss"]] == [True, False, True]


def test_the_inference_of_drop_activation_follows():
    model = keras.Sequential([keras.Input((2,)), krn.DropActivation("elu", 0.2)])
    x = np.full((2, 2), -1.0, "float32")
    before = model.predict(x, verbose=0)
    set_rate(model, 0.6)
    expected = to_numpy(keras.ops.multiply(0.6, x) + 0.4 * keras.ops.elu(x))
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5)
    assert np.abs(expected - before).max() > 0.01
