"""A saved model is built anew, and keeps what training does not change."""

import keras
import numpy as np
import pytest

from keras_regnoise import tuning


def saved(tmp_path, compiled=True, frozen=False):
    normalization = keras.layers.Normalization()
    normalization.adapt(np.arange(40.0).reshape(10, 4))
    model = keras.Sequential(
        [
            keras.Input((4,)),
            normalization,
            keras.layers.Dense(8, "relu", trainable=not frozen),
            keras.layers.Dense(1),
        ]
    )
    if compiled:
        model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
    model.save(tmp_path / "model.keras")
    return model


def test_weights_are_new_and_follow_the_seed(tmp_path):
    old = saved(tmp_path)
    build_model = tuning.from_file(tmp_path / "model.keras")
    kernels = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        kernels.append(build_model().layers[-1].get_weights()[0])
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])
    assert not np.array_equal(kernels[0], old.layers[-1].get_weights()[0])


def test_it_is_compiled_as_it_was(tmp_path):
    saved(tmp_path)
    model = tuning.from_file(tmp_path / "model.keras")()
    assert model.loss == "mse"
    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(0.02)
    assert "mae" in model.evaluate(
        np.zeros((2, 4)), np.zeros(2), return_dict=True, verbose=0
    )


def test_adapted_and_frozen_layers_keep_their_weights(tmp_path):
    old = saved(tmp_path, frozen=True)
    new = tuning.from_file(tmp_path / "model.keras")()
    for number in (0, 1):
        for one, other in zip(
            old.layers[number].get_weights(),
            new.layers[number].get_weights(),
            strict=True,
        ):
            assert np.array_equal(one, other)


def test_what_is_no_compiled_model(tmp_path):
    saved(tmp_path, compiled=False)
    with pytest.raises(ValueError, match="not compiled"):
        tuning.from_file(tmp_path / "model.keras")()
    with pytest.raises(ValueError, match="no file"):
        tuning.from_file(tmp_path / "other.keras")()
    (tmp_path / "broken.keras").write_text("nothing")
    with pytest.raises(ValueError, match="can't be loaded"):
        tuning.from_file(tmp_path / "broken.keras")()
