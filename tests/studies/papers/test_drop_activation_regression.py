import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")

import keras_regnoise as krn
from keras_regnoise.datasets.user import from_function
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.drop_activation_regression import STUDY
from keras_regnoise.studies.papers.models.drop_activation_regression import (
    points,
    x_sin_x,
)


def test_every_seed_has_points_of_its_own_and_the_same_grid():
    one, other = points("step", 1), points("step", 2)
    assert (one["train"].x != other["train"].x).all()
    assert (one["train"].x != one["validation"].x).all()
    np.testing.assert_array_equal(one["test"].x, other["test"].x)
    assert set(np.unique(one["test"].y)) == {-1.0, 0.0, 1.0}
    noise = np.concatenate(
        [points("step", seed)["train"].y[:, 0] for seed in range(200)]
    )
    x = np.concatenate([points("step", seed)["train"].x[:, 0] for seed in range(200)])
    residuals = noise - np.sign(x)
    assert abs(residuals.std() - 0.3) < 4 * 0.3 / np.sqrt(2 * len(x))


@pytest.mark.parametrize(
    ("arm", "kind"),
    [
        ("Drop-Activation", krn.DropActivation),
        ("RReLU", krn.RandomizedLeakyReLU),
        ("LeakyReLU", keras.layers.LeakyReLU),
        ("Dropout 0.1", keras.layers.Dropout),
    ],
)
def test_it_trains_on_the_points_of_the_seed(arm, kind):
    recipe = STUDY.recipe("smoke")
    data = from_function(x_sin_x, "x sin x")
    model = STUDY.load_model()(recipe, data)
    (cell,) = STUDY.cells("smoke", [f"x sin x: {arm}"], [5])
    hp = hyperparameters(cell)
    network = model.build(hp)
    assert sum(isinstance(layer, kind) for layer in network.layers) == 3
    found = model.fit(hp, network)
    np.testing.assert_array_equal(model.data.train.x, points("x sin x", 5)["train"].x)
    test = points("x sin x", 5)["test"]
    error = np.mean((network.predict(test.x, verbose=0) - test.y) ** 2)
    assert found["test_loss"] == pytest.approx(error, rel=1e-4)
