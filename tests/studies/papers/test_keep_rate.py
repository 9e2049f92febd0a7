import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras_regnoise as krn
from keras_regnoise import datasets
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.keep_rate import STUDY
from tests.helpers import to_numpy

METHODS = tuple(dict.fromkeys(arm.values["noise"] for arm in STUDY.arms[1:]))


def build(method, rate, seed):
    (cell,) = (
        cell
        for cell in STUDY.cells("short", seeds=[seed])
        if (cell.arm.values["noise"], cell.arm.values["rate"]) == (method, rate)
    )
    data = datasets.load("digits", examples=100)
    model = STUDY.load_model()(STUDY.recipe("short"), data)
    return model.build(hyperparameters(cell))


def test_grid():
    cells = STUDY.cells("short")
    assert len(cells) == len({cell.id for cell in cells}) == 5 * (1 + 5 * 4)
    assert {c.arm.values["rate"] for c in cells} == {0.0, 0.05, 0.1, 0.2, 0.3}
    quick = STUDY.cells("smoke")
    assert len(quick) == 2 * (1 + 5 * 2)
    assert {cell.id for cell in quick} < {cell.id for cell in cells}


@pytest.mark.parametrize("method", METHODS)
def test_noise_is_where_it_says(method):
    model = build(method, 0.2, 0)
    kinds = {
        "Dropout": [keras.layers.Dropout] * 3,
        "RotationOut": [krn.RotationOut] * 3,
        "SpatialRotationOut": [krn.SpatialRotationOut] * 2 + [krn.RotationOut],
        "ICLayer": [krn.ICLayer] * 3,
        "DropActivation": [krn.DropActivation] * 3,
    }[method]
    noise = [layer for layer in model.layers if isinstance(layer, tuple(set(kinds)))]
    assert [type(layer) for layer in noise] == kinds
    assert all(layer.rate == 0.2 for layer in noise)
    assert len({layer.seed for layer in noise}) == 3
    if method != "DropActivation":
        names = [layer.name for layer in model.layers]
        before = [names[names.index(layer.name) + 1] for layer in noise]
        assert before == ["conv2", "conv3", "head"]


def test_cells_of_one_seed_are_paired():
    def kernels(*cell):
        layers = build(*cell).layers
        return [
            w for layer in layers if hasattr(layer, "kernel") for w in layer.weights
        ]

    reference = kernels("none", 0.0, 1)
    for method in METHODS:
        for ours, theirs in zip(kernels(method, 0.3, 1), reference, strict=True):
            assert (to_numpy(ours) == to_numpy(theirs)).all()
    other = kernels("none", 0.0, 2)
    assert (to_numpy(other[0]) != to_numpy(reference[0])).any()


def test_without_noise_it_learns():
    (cell,) = STUDY.cells("short", ["none"], [0])
    model = STUDY.load_model()(STUDY.recipe("short"), datasets.load("digits"))
    keras.utils.set_random_seed(0)
    hp = hyperparameters(cell)
    metrics = model.fit(hp, model.build(hp))
    assert metrics["test_accuracy"] >= 0.95
    assert set(metrics) >= {"val_accuracy", "train_loss", "test_loss"}
    assert all(np.isfinite(value) for value in metrics.values())
