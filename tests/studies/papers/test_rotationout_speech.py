"""Table 4 of RotationOut: noise in recurrent networks, and how they are decoded."""

import dataclasses

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras_regnoise as krn
from keras_regnoise.datasets import load
from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.models.rotationout_speech import (
    VariationalWeightDrop,
    decoded,
    edit_distance,
    texts,
)
from keras_regnoise.studies.papers.published import published
from tests.helpers import to_numpy

STUDY = registry.find("rotationout-speech")[0]
GROUP = "BiLSTM, digit lines"


@pytest.fixture(scope="module")
def lines():
    return load("digit-lines", examples=50, validation_examples=20, test_examples=20)


def model_of(arm, data, **options):
    (cell,) = STUDY.cells("smoke", [f"{GROUP}: {arm}"], [0])
    recipe = dataclasses.replace(STUDY.recipe("smoke"), epochs=1)
    recipe = dataclasses.replace(recipe, options={**recipe.options, **options})
    return STUDY.load_model()(recipe, data), hyperparameters(cell)


def built(arm, data, **options):
    model, hp = model_of(arm, data, **options)
    return model.build(hp)


def test_the_lines_are_written_with_the_digits_of_their_split(lines):
    assert lines.shape == (55, 8)
    assert lines.classes == 11
    digits = load("digits").test
    known = {
        image[..., 0].T.tobytes(): label for image, label in zip(*digits, strict=True)
    }
    for x, y in zip(*lines.test, strict=True):
        found = []
        column = 0
        while column + 8 <= 55:
            label = known.get(np.ascontiguousarray(x[column : column + 8]).tobytes())
            found += [] if label is None else [label + 1]
            column += 1 if label is None else 8
        assert found == y[y > 0].tolist()
        assert 3 <= len(found) <= 5
    again = load("digit-lines", examples=50, validation_examples=20, test_examples=20)
    assert again.fingerprint == lines.fingerprint


@pytest.mark.parametrize(
    ("arm", "between", "weights"),
    [
        ("none", None, None),
        ("Dropout 0.9", (keras.layers.Dropout, 0.1), None),
        ("Weight Drop 0.8", None, (krn.WeightNoise, 0.2)),
        ("Variational Weight Drop 0.8", None, (VariationalWeightDrop, 0.2)),
        ("Locked Drop 0.7", (keras.layers.SpatialDropout1D, 0.3), None),
        (
            "Locked Drop 0.8 + Variational Weight Drop 0.8",
            (keras.layers.SpatialDropout1D, 0.2),
            (VariationalWeightDrop, 0.2),
        ),
        ("RotationOut", (krn.SpatialRotationOut, 0.2), None),
        (
            "RotationOut + Variational Weight Drop 0.9",
            (krn.SpatialRotationOut, 0.2),
            (VariationalWeightDrop, 0.1),
        ),
    ],
)
def test_where_the_noise_of_an_arm_stands(arm, between, weights, lines):
    layers = built(arm, lines, depth=3, width=4).layers
    names = [type(layer) for layer in layers]
    recurrent = weights[0] if weights else keras.layers.Bidirectional
    noise = between[0] if between else None
    # Not before the first layer, which takes the input.
    expected = [keras.layers.InputLayer, recurrent]
    expected += [kind for kind in (noise, recurrent) * 2 if kind]
    assert names == [*expected, keras.layers.Dense]
    for kind, rate in filter(None, (between, weights)):
        found = [layer for layer in layers if type(layer) is kind]
        assert {round(layer.rate, 9) for layer in found} == {rate}
        assert len({layer.seed for layer in found}) == len(found)
        if kind is recurrent:
            assert {layer.noisy_weights for layer in found} == {("recurrent_kernel",)}


def test_arms_of_one_seed_start_from_the_same_weights(lines):
    arms = ("none", "Weight Drop 0.8", "RotationOut + Variational Weight Drop 0.9")
    first, *others = (built(arm, lines).get_weights() for arm in arms)
    for other in others:
        for one, two in zip(first, other[: len(first)], strict=True):
            np.testing.assert_array_equal(one, two)


def test_variational_weight_drop_drops_columns():
    layer = VariationalWeightDrop(
        keras.layers.LSTM(50), rate=0.2, weights=("recurrent_kernel",), seed=1
    )
    layer.build((None, 5, 3))
    (kernel,) = layer.noisy_variables()
    noisy = to_numpy(layer._noisy(kernel, 0.2, layer.next_draw()[1], 0))
    dropped = (noisy == 0).all(0)
    np.testing.assert_allclose(
        noisy[:, ~dropped], to_numpy(kernel)[:, ~dropped] / 0.8, rtol=1e-5
    )
    # 200 gates, each dropped with probability 0.2.
    assert abs(dropped.mean() - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 200)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ([], [], 0),
        ([1, 2], [], 2),
        ([], [1, 2, 3], 3),
        ([1, 2, 3], [1, 2, 3], 0),
        ([1, 2, 3], [2, 3, 4], 2),
        (list(map(ord, "kitten")), list(map(ord, "sitting")), 3),
        (list(map(ord, "saturday")), list(map(ord, "sunday")), 3),
    ],
)
def test_edit_distance(one, other, distance):
    assert edit_distance(one, other) == edit_distance(other, one) == distance


@pytest.mark.parametrize(
    "decoder",
    [{}, {"strategy": "beam_search", "beam_width": 4}],
    ids=["greedy", "beam"],
)
def test_decoding(decoder):
    """Repeated labels are one, unless a blank stands between them."""
    paths = np.array([[1, 1, 0, 1, 2, 2], [0, 0, 0, 3, 0, 0]])
    logits = 20.0 * np.eye(4, dtype="float32")[paths]
    assert decoded(logits, **decoder) == [[1, 1, 2], [3]]


def test_a_beam_finds_what_greedy_decoding_misses():
    # At each of two steps the blank is likeliest, but 1 somewhere is likelier than
    # blanks alone: 1 - 0.6 ** 2 = 0.64.
    logits = np.log(np.array([[[0.6, 0.4], [0.6, 0.4]]], "float32"))
    assert decoded(logits) == [[]]
    assert decoded(logits, strategy="beam_search", beam_width=4) == [[1]]


def test_training_measures_both_decoders(lines):
    model, hp = model_of("RotationOut + Variational Weight Drop 0.9", lines, width=4)
    metrics = model.fit(hp, model.build(hp))
    assert {STUDY.metric, STUDY.objective, "beam_edit_distance"} <= metrics.keys()
    lengths = [len(text) for text in texts(lines.test.y)]
    assert metrics["error_rate"] == pytest.approx(
        metrics["edit_distance"] / np.mean(lengths)
    )


def test_training_follows_the_paper(lines):
    recipe = STUDY.recipe("paper")
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (80, 32, 1e-3)
    assert recipe.options == {"depth": 4, "width": 512, "beam_width": 100}
    model, hp = model_of("none", lines)
    network = model.build(hp)
    assert isinstance(network.loss, keras.losses.CTC)
    rates = [float(to_numpy(v)) for v in network.optimizer._learning_rate.values]
    np.testing.assert_allclose(rates, [1e-3, 2e-4], rtol=1e-5)
    assert {v.regularizer.l2 for v in network.trainable_variables} == {0.5e-5}
    values = [(n.arm, n.value) for n in published("rotationout_table4")]
    assert [(n.arm, n.value) for n in STUDY.published] == values
    assert [arm.name for arm in STUDY.arms[:8]] == [name for name, _ in values]
