"""What stands round a Keras model works with noise in it."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_regnoise as krn
from tests.helpers import to_numpy

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(64, 6)).astype("float32")
Y = (X[:, 0] > 0).astype("int32")


def network(hidden=8):
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(hidden, name="first"),
            krn.VarianceConstancy(name="constancy"),
            krn.DropActivation("relu", 0.1, seed=1, name="relu"),
            krn.RotationOut(0.2, seed=2, name="rotation"),
            layers.Dense(2, activation="softmax", name="head"),
        ]
    )


def compiled(model, optimizer="adam"):
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_summary():
    lines = []
    network().summary(print_fn=lines.append, line_length=100)
    text = "\n".join(lines)
    for name in ("VarianceConstancy", "DropActivation", "RotationOut"):
        assert name in text
    assert "Total params: 82 " in text  # 56 + 8 betas + 18: noise has none
    assert "Non-trainable params: 0 (0.00 B)" in text


def test_graph_of_the_model():
    pytest.importorskip("pydot")
    graph = keras.utils.model_to_dot(
        network(), show_shapes=True, show_layer_names=True
    ).to_string()
    for word in ("RotationOut", "rotation", "DropActivation", "VarianceConstancy"):
        assert word in graph
    assert graph.count("(None, 8)") >= 6


def test_scikit_learn():
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def build(X, y, rate=0.0):  # noqa: N803
        return compiled(
            keras.Sequential(
                [
                    keras.Input(X.shape[1:]),
                    layers.Dense(8, activation="relu"),
                    krn.RotationOut(rate, seed=1),
                    layers.Dense(y.shape[1], activation="softmax"),
                ]
            ),
        )

    def build_one_hot(X, y, rate=0.0):  # noqa: N803
        model = build(X, y, rate)
        model.compile("adam", "categorical_crossentropy")
        return model

    classifier = keras.wrappers.SKLearnClassifier(
        build_one_hot,
        model_kwargs={"rate": 0.0},
        fit_kwargs={"epochs": 2, "verbose": 0},
    )
    grid = GridSearchCV(
        make_pipeline(StandardScaler(), clone(classifier)),
        {"sklearnclassifier__model_kwargs": [{"rate": 0.0}, {"rate": 0.3}]},
        cv=2,
        error_score="raise",
    ).fit(X, Y)
    scores = grid.cv_results_["mean_test_score"]
    assert scores.shape == (2,)
    assert np.isfinite(scores).all()
    fitted = grid.best_estimator_[-1].model_
    one, other = (keras.ops.convert_to_numpy(fitted(X[:4])) for _ in range(2))
    np.testing.assert_array_equal(one, other)  # no noise in use


@pytest.mark.parametrize("wrap", [None, krn.WeightNoise, krn.DropConnect])
def test_lora(wrap, tmp_path):
    dense = layers.Dense(8, name="adapted")
    options = {krn.WeightNoise: {"stddev": 0.1}, krn.DropConnect: {"rate": 0.3}}
    noisy = dense if wrap is None else wrap(dense, seed=3, **options[wrap])
    model = keras.Sequential(
        [keras.Input((6,)), noisy, krn.RotationOut(0.2, seed=2), layers.Dense(2)]
    )
    dense.enable_lora(2)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    before = to_numpy(dense._kernel)
    model.fit(X, Y, epochs=2, verbose=0)
    np.testing.assert_array_equal(to_numpy(dense._kernel), before)  # frozen
    assert np.any(to_numpy(dense.lora_kernel_b) != 0)
    plain = krn.placement.strip(model)
    np.testing.assert_allclose(to_numpy(plain(X)), to_numpy(model(X)), atol=1e-6)
    model.save(tmp_path / "lora.keras")
    loaded = keras.saving.load_model(tmp_path / "lora.keras")
    np.testing.assert_allclose(to_numpy(loaded(X)), to_numpy(model(X)), atol=1e-6)


def test_exponential_moving_average():
    def trained(use_ema):
        keras.utils.set_random_seed(1)
        optimizer = keras.optimizers.SGD(0.1, use_ema=use_ema, ema_momentum=0.9)
        model = compiled(network(), optimizer)
        model.fit(X, Y, batch_size=16, epochs=1, verbose=0)
        state = to_numpy(model.get_layer("rotation").seed_generator.state)
        return model.get_weights(), state

    (averaged, state), (last, state_without) = trained(True), trained(False)
    assert all(np.any(a != b) for a, b in zip(averaged, last, strict=True))
    np.testing.assert_array_equal(state, state_without)  # never averaged
    assert state[1] == 4


@pytest.mark.tensorflow
def test_tensorboard_shows_rates_and_losses_by_layer(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing import event_accumulator
    from tensorboard.util import tensor_util

    rising = keras.optimizers.schedules.PolynomialDecay(0.0, 8, 0.4)
    model = compiled(
        keras.Sequential(
            [
                keras.Input((6,)),
                layers.Dense(8, name="first"),
                krn.VarianceConstancy(name="constancy"),
                layers.Activation("relu", name="relu"),
                krn.RotationOut(rising, seed=1, name="rotation"),
                layers.Dropout(0.3, name="dropout"),
                layers.Dense(2, activation="softmax"),
            ]
        )
    )
    board = keras.callbacks.TensorBoard(tmp_path)
    ours = [krn.callbacks.VarianceConstancy(), krn.callbacks.LogNoise()]
    model.fit(X, Y, batch_size=16, epochs=2, verbose=0, callbacks=[*ours, board])
    events = event_accumulator.EventAccumulator(str(tmp_path / "train")).Reload()

    def curve(tag):
        return [
            float(tensor_util.make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)
        ]

    assert curve("epoch_rate/rotation") == pytest.approx([0.2, 0.4])
    assert curve("epoch_rate/dropout") == pytest.approx([0.3, 0.3])
    for name in ("relu", "constancy"):
        losses = curve(f"epoch_variance_constancy/{name}")
        assert len(losses) == 2
        assert min(losses) > 0
