import gc
import tracemalloc

import keras
import numpy as np
import pytest
from keras import layers

from keras_regnoise import RotationOut
from keras_regnoise.analysis import (
    activations,
    coadaptation,
    coadaptation_by_layer,
    kurtosis,
    kurtosis_by_layer,
    sample_activations,
)
from tests.analysis.models import (
    EVERY_KIND,
    assert_same_state,
    flat,
    inputs,
    state,
    train,
)

MEBIBYTE = 2**20


def collected(stream):
    batches = list(stream)
    return {key: np.concatenate([b[key] for b in batches]) for key in batches[0]}


def test_outputs_of_layers_are_those_of_the_model_up_to_them():
    model, x = EVERY_KIND["nested"](), inputs(16)
    train(model)
    before = state(model)
    found = collected(
        activations(model, x, ["encoder/dense", "ic", layers.Dropout], batch_size=8)
    )
    assert_same_state(before, state(model))
    assert list(found) == ["encoder/dense", "ic", "head/noise"]
    encoder, ic = model.get_layer("encoder"), model.get_layer("ic")
    dense = encoder.get_layer("dense")
    expected = {
        "encoder/dense": keras.ops.convert_to_numpy(dense(x)),
        "ic": keras.ops.convert_to_numpy(ic(encoder(x))),
    }
    for path, values in expected.items():
        np.testing.assert_allclose(found[path], values, rtol=1e-5, atol=1e-6)


def test_names_classes_and_layers_mean_the_same():
    model, x = EVERY_KIND["nested"](), inputs(4)
    layer = model.get_layer("encoder").get_layer("act")
    for meant in ("act", "encoder/act", layer, type(layer), [layer]):
        assert list(next(activations(model, x, meant))) == ["encoder/act"]
    assert list(next(activations(model, x, "dense"))) == ["encoder/dense", "head/dense"]


def test_layers_of_a_subclassed_model_and_of_several_calls():
    model, x = EVERY_KIND["subclassed"](), inputs(4)
    found = next(activations(model, x, ["dense", "ic/normalization"]))
    assert list(found) == ["dense", "dense:2", "ic/normalization"]
    first = keras.ops.convert_to_numpy(model.dense(x))
    np.testing.assert_allclose(found["dense"], first, rtol=1e-5)
    second = keras.ops.convert_to_numpy(model.dense(np.tanh(first)))
    np.testing.assert_allclose(found["dense:2"], second, rtol=1e-4)


def test_noise():
    model, x = (
        flat(RotationOut(0.3, name="noise"), layers.BatchNormalization()),
        inputs(),
    )
    clean, noisy = (
        collected(activations(model, x, "noise", noise=noise))["noise"]
        for noise in (False, True)
    )
    first = keras.ops.convert_to_numpy(model.get_layer("first")(x))
    np.testing.assert_allclose(clean, first, rtol=1e-5, atol=1e-6)
    assert (noisy != clean).mean() > 0.9  # all but what rounding undoes


def test_what_is_done_to_the_model_between_batches_stays():
    model, x = (
        flat(RotationOut(0.3, name="noise"), layers.BatchNormalization()),
        inputs(),
    )
    stream = activations(model, x, "noise", noise=True)
    next(stream)
    model.compile("sgd", "mse")
    model.fit(x, np.zeros((len(x), 3)), verbose=0)
    trained = state(model)
    next(stream)
    stream.close()
    assert_same_state(trained, state(model))


def test_an_error_that_is_kept_rolls_back_no_training():
    model, x = flat(layers.BatchNormalization()), inputs()
    with pytest.raises(ValueError, match="max_features") as kept:
        coadaptation_by_layer(model, x, "first", max_features=1)
    model.compile("sgd", "mse")
    model.fit(x, np.zeros((len(x), 3)), verbose=0)
    trained = state(model)
    del kept
    gc.collect()
    assert_same_state(trained, state(model))


@pytest.mark.parametrize("eagerly", [False, True])
def test_streams_of_one_model_do_not_mix(eagerly):
    model, x = flat(RotationOut(0.3, name="noise", seed=1)), inputs(80)
    model.compile("sgd", "mse", run_eagerly=eagerly)
    alone = [list(activations(model, x, "noise", noise=n)) for n in (False, True)]
    streams = [activations(model, x, "noise", noise=n) for n in (False, True)]
    together = [*zip(*streams, strict=True)]
    for clean, noisy, both in zip(*alone, together, strict=True):
        np.testing.assert_array_equal(clean["noise"], both[0]["noise"])
        np.testing.assert_array_equal(noisy["noise"], both[1]["noise"])


def test_the_noise_is_another_in_every_batch():
    model = flat(RotationOut(0.3, name="noise"))
    x = np.tile(inputs(32), (2, 1))
    first, second = activations(model, x, "noise", noise=True)
    assert np.abs(first["noise"] - second["noise"]).max() > 0.1


@pytest.mark.parametrize("noise", [False, True])
def test_by_layer_is_of_all_data(noise):
    model, x = flat(layers.ReLU(), RotationOut(0.2, name="noise")), inputs(200)
    names = ["first", "last"]
    stream = activations(model, x, names, noise=False)
    whole = collected(stream)
    found = coadaptation_by_layer(model, x, names, noise=noise, batch_size=50)
    units = kurtosis_by_layer(model, x, names, noise=noise, batch_size=50)
    assert list(found) == list(units) == names
    for name in names if not noise else names[:1]:  # the noise is behind the first
        np.testing.assert_allclose(found[name], coadaptation(whole[name]), rtol=1e-5)
        np.testing.assert_allclose(units[name], kurtosis(whole[name]), rtol=1e-4)
    if noise:
        assert found["last"] != pytest.approx(coadaptation(whole["last"]), rel=1e-3)


def test_by_layer_of_images_and_of_all_weight_layers():
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(4, 3, name="conv"),
            layers.Flatten(),
            layers.Dense(3, name="dense"),
        ]
    )
    x = np.random.default_rng(0).normal(size=(30, 6, 6, 2)).astype("float32")
    whole = collected(activations(model, x, ["conv", "dense"]))
    found = coadaptation_by_layer(model, x)
    assert found == pytest.approx({k: coadaptation(v) for k, v in whole.items()})
    assert {k: v.shape for k, v in kurtosis_by_layer(model, x).items()} == {
        "conv": (4,),
        "dense": (3,),
    }
    by_row = coadaptation_by_layer(model, x, "conv", axis=1)
    assert by_row["conv"] == pytest.approx(coadaptation(whole["conv"], axis=1))


def test_sample_is_uniform_and_bounded():
    model = keras.Sequential([keras.Input((1,)), layers.Activation("linear", name="a")])
    x = np.arange(1000.0)[:, None]
    found = sample_activations(model, x, "a", 200, batch_size=90)["a"]
    assert found.shape == (200, 1)
    assert len(np.unique(found)) == 200
    error = np.sqrt(1000**2 / 12 / 200)
    assert abs(found.mean() - 499.5) < 4 * error
    everything = sample_activations(model, x, "a", 5000)["a"]
    np.testing.assert_array_equal(np.sort(everything, axis=0), x)


@pytest.mark.parametrize(
    "measure", ["activations", "coadaptation", "kurtosis", "sample"]
)
def test_data_of_any_length_pass_through_little_memory(measure):
    model = flat(dim=1024)
    batch = inputs(128, 1024)  # 0.5 MiB, of which there are 200

    def batches():
        for _ in range(200):
            yield batch + 0.0

    def run(data):
        if measure == "activations":
            for _ in activations(model, data, "first"):
                pass
        elif measure == "sample":
            sample_activations(model, data, "first", 100)
        else:
            by_layer = {
                "coadaptation": coadaptation_by_layer,
                "kurtosis": kurtosis_by_layer,
            }[measure]
            by_layer(model, data, "first")

    run([batch])  # what compiling takes does not count
    tracemalloc.start()
    run(batches())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * MEBIBYTE  # of 100


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: activations(m, inputs(), "nothing"), r"'nothing'.*Layers: first"),
        (lambda m: activations(m, inputs(), []), r"No layer was named"),
        (lambda m: list(activations(m, [], "first")), r"holds no batch"),
        (lambda m: list(activations(m, 3.0, "first")), r"Received: 3.0"),
        (lambda m: activations(print, inputs(), "first"), r"must be a Keras model"),
        (
            lambda m: coadaptation_by_layer(m, inputs(), max_features=4),
            r"covariance of 'first' would have 8 rows",
        ),
        (
            lambda m: coadaptation_by_layer(flat_without_weights(), inputs()),
            r"no layer with a kernel",
        ),
        (lambda m: sample_activations(m, inputs(), "first", 0), r"max_samples=0"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call(flat())


def flat_without_weights():
    return keras.Sequential([keras.Input((6,)), layers.ReLU()])


def test_a_layer_that_is_not_called():
    class Idle(keras.Model):
        def __init__(self):
            super().__init__()
            self.used, self.idle = layers.Dense(2), layers.Dense(2, name="idle")

        def call(self, x):
            return self.used(x)

    model = Idle()
    model.idle.build((None, 6))
    model(inputs(2))
    with pytest.raises(ValueError, match=r"did not call these layers: idle"):
        list(activations(model, inputs(4), "idle"))


def test_layers_inside_loops_are_not_offered():
    model = keras.Sequential([keras.Input((4, 6)), layers.LSTM(3, name="lstm")])
    x = np.zeros((2, 4, 6))
    assert next(activations(model, x, "lstm"))["lstm"].shape == (2, 3)
    with pytest.raises(ValueError, match=r"recurrent.*cannot be seen"):
        activations(model, x, layers.LSTMCell)
