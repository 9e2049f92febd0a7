"""Which arms of a search are one model."""

import keras
import pytest

pytest.importorskip("keras_tuner")

from keras_regnoise.tuning._alike import distinct_arms
from keras_regnoise.tuning._recompile import recompile

KINDS = ("none", "smooth", "decay")


def build(values):
    """Noise that is in how the model is compiled, and in no layer."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    smoothing = values["noise_rate"] if values["noise"] == "smooth" else 0.0
    model.compile(loss=keras.losses.BinaryCrossentropy(label_smoothing=smoothing))
    return model


def test_noise_of_ones_own_is_not_merged_by_its_layers():
    arms = [{"noise": kind, "noise_rate": 0.1} for kind in KINDS]
    arms[0].pop("noise_rate")
    built = []

    def noted(values):
        built.append(values["noise"])
        return build(values)

    assert len(distinct_arms(arms, noted)) == 3
    assert built == ["smooth", "decay"]  # which checks them, too


@pytest.mark.parametrize("scales", [False, True])
def test_the_loss_is_scaled_where_it_was(scales):
    def model():
        layer = keras.layers.Dense(2, dtype="mixed_float16")
        return keras.Sequential([keras.Input((4,)), layer], name="model")

    original, copy = model(), model()
    for one in (original, copy):
        one.dtype_policy = keras.DTypePolicy("mixed_float16")
    original.compile("sgd", "mse", auto_scale_loss=scales)
    kind = keras.optimizers.LossScaleOptimizer
    assert isinstance(original.optimizer, kind) == scales
    assert isinstance(recompile(copy, original).optimizer, kind) == scales
