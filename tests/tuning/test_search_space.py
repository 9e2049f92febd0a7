import keras
import pytest
from keras import layers

pytest.importorskip("keras_tuner")

import keras_tuner

from keras_regnoise.tuning import (
    NoiseHyperModel,
    enumerate_space,
    noise,
    search_space,
)
from tests.tuning.spaces import hyperparameters


def plain():
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(4, "relu"), layers.Dense(2)]
    )


def own(hp):
    hp.Choice("width", [1, 2])
    return plain()


class Own(keras_tuner.HyperModel):
    def build(self, hp):
        return own(hp)


def test_a_model_without_hyperparameters_gets_noise():
    space = search_space(plain)
    assert isinstance(space, NoiseHyperModel)
    assert enumerate_space(space) == enumerate_space(NoiseHyperModel(plain))


@pytest.mark.parametrize("build", [own, Own()])
def test_a_space_of_its_own_is_that(build):
    assert enumerate_space(search_space(build)) == [{"width": 1}, {"width": 2}]


@pytest.mark.parametrize("build", [own, Own()])
@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"layers": ("dropout",)}, 1 + 3 * 2),
        ({"rates": (0.4,)}, 1 + 2 * 2),
        ({"placements": ("before_head",)}, 1 + 2 * 3),
        (
            {"layers": ("dropout",), "rates": (0.4,), "placements": ("before_head",)},
            2,
        ),
    ],
)
def test_nothing_that_was_given_is_void(build, given, number):
    space = enumerate_space(search_space(build, **given))
    assert len(space) == 2 * number
    values = [point for point in space if point["noise"] != "none"]
    kinds = given.get("layers", ("dropout", "rotationout"))
    assert {v["noise"] for v in values} == set(kinds)
    if "rates" in given:
        assert {v["noise_rate"] for v in values} == {0.4}
    if "placements" in given:
        assert {v["noise_placement"] for v in values} == {"before_head"}


def test_noise_of_its_own_is_not_doubled():
    def build(hp):
        x = inputs = keras.Input((4,))
        x = noise(hp, "noise", rates=(0.2,), layers=("dropout",))(layers.Dense(4)(x))
        return keras.Model(inputs, layers.Dense(2)(x))

    model = search_space(build).build(hyperparameters(noise="dropout", noise_rate=0.2))
    assert sum(isinstance(layer, layers.Dropout) for layer in model.layers) == 1
