"""Edits of models whose layers hand on a mask."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_regnoise as krn
from keras_regnoise._keras.graph import walk
from keras_regnoise.placement import (
    fold,
    insert,
    plan,
    replace,
    replace_activations,
    strip,
)
from tests.placement.models import predict, randomize


def tokens(*rest):
    return [
        keras.Input((None,), dtype="int32"),
        layers.Embedding(20, 6, mask_zero=True, name="embedding"),
        *rest,
    ]


def tail():
    return [
        krn.ICLayer(0.1, name="ic"),
        layers.Bidirectional(layers.LSTM(4), name="lstm"),
        krn.RotationOut(0.1, name="rotation"),
        layers.Dense(3, "relu", name="dense"),
        layers.BatchNormalization(name="norm"),
        layers.Dense(2, name="head"),
    ]


def sequential():
    return keras.Sequential(tokens(*tail()))


def nested():
    inner = keras.Sequential(tokens(layers.GRU(5, return_sequences=True)), name="inner")
    return keras.Sequential([keras.Input((None,), dtype="int32"), inner, *tail()])


def functional():
    inputs, *rest = tokens(*tail())
    x = inputs
    for layer in rest:
        x = layer(x)
    return keras.Model(inputs, x)


def masking():
    return keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            layers.Embedding(20, 6, name="embedding"),
            layers.Masking(name="masking"),
            layers.TimeDistributed(layers.Dense(5)),
            *tail(),
        ]
    )


def explicit():
    """A mask that the model computes itself."""
    inputs = keras.Input((None,), dtype="int32")
    x = layers.Embedding(20, 6, name="embedding")(inputs)
    x = layers.LSTM(4, name="lstm")(x, mask=inputs > 5)
    x = layers.Dense(3, "relu", name="dense")(krn.RotationOut(0.1)(x))
    return keras.Model(inputs, layers.Dense(2, name="head")(x))


def attention():
    inputs = keras.Input((None,), dtype="int32")
    x = layers.Embedding(20, 6, mask_zero=True, name="embedding")(inputs)
    y = layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    x = layers.Add()([x, y])
    x = layers.Dense(3, "relu", name="dense")(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, layers.Dense(2, name="head")(x))


MODELS = (sequential, nested, functional, masking, explicit, attention)


def data():
    x = np.random.default_rng(0).integers(1, 20, (4, 5)).astype("int32")
    x[1:, 2:], x[2:, 1:] = 0, 0
    return x


EDITS = {
    "insert": lambda m: insert(m, lambda la: krn.RotationOut(0.1), before=layers.Dense),
    "replace": lambda m: replace(
        m, "dense", lambda layer: krn.WeightNoise(layer, stddev=0.1)
    ),
    "replace_activations": lambda m: replace_activations(
        m, "relu", lambda layer: krn.DropActivation(rate=0.0)
    ),
    "strip": strip,
    "fold": fold,
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("build", MODELS)
def test_masks_are_as_before(build, edit):
    model, x = randomize(build()), data()
    new = EDITS[edit](model)
    np.testing.assert_allclose(predict(new, x), predict(model, x), atol=1e-5)
    changed = x.copy()
    changed[:, -1] = 7  # the mask is seen
    assert np.abs(predict(model, x) - predict(model, changed)).max() > 1e-4


@pytest.mark.parametrize("build", MODELS)
def test_edits_do_not_pile_up_operations(build):
    model = build()
    count = len(walk(model))
    noisy = (
        insert(model, lambda layer: krn.UniformNoise(0.1), before=layers.LSTM)
        if (build is explicit)
        else insert(model, lambda layer: krn.UniformNoise(0.1), before=layers.Dense)
    )
    assert len(walk(strip(noisy))) <= count
    assert len(walk(fold(strip(noisy)))) <= count


@pytest.mark.parametrize("build", MODELS)
def test_the_plan_is_what_is_done(build):
    model = build()
    made = plan(model, lambda layer: krn.RotationOut(0.1), before=layers.Dense)
    new = EDITS["insert"](model)
    assert len(walk(new)) - len(walk(model)) == len(made)


def test_masks_no_more_when_the_embedding_makes_none():
    model, x = randomize(functional()), data()
    new = replace(model, "embedding", lambda layer: layers.Embedding(20, 6))
    new.get_layer("embedding").set_weights(model.get_layer("embedding").get_weights())
    assert np.abs(predict(new, x) - predict(model, x)).max() > 1e-4
