import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras_regnoise as krn
from keras_regnoise.datasets import Batches, Split, load_digits
from keras_regnoise.studies import keep_rate
from keras_regnoise.studies.keep_rate import METHODS, Cell, build_model, grid
from tests.helpers import to_numpy


def test_grid():
    cells = grid()
    assert len(cells) == len(set(cells)) == 3 * (1 + 5 * 4)
    assert {cell.rate for cell in cells} == {0.0, 0.05, 0.1, 0.2, 0.3}
    assert set(grid(quick=True)) < set(cells)
    assert len({str(cell) for cell in cells}) == len(cells)


@pytest.mark.parametrize("method", METHODS)
def test_noise_is_where_it_says(method):
    model = build_model(Cell(method, 0.2, 0))
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
    def kernels(cell):
        layers = build_model(cell).layers
        return [
            w for layer in layers if hasattr(layer, "kernel") for w in layer.weights
        ]

    reference = kernels(Cell("none", 0.0, 1))
    for method in METHODS:
        for ours, theirs in zip(kernels(Cell(method, 0.3, 1)), reference, strict=True):
            assert (to_numpy(ours) == to_numpy(theirs)).all()
    other = kernels(Cell("none", 0.0, 2))
    assert (to_numpy(other[0]) != to_numpy(reference[0])).any()


def test_batches_depend_on_the_seed_alone():
    data = Split(np.arange(10.0), np.arange(10))

    def epochs(seed):
        batches = Batches(data, 3, seed)
        keras.utils.set_random_seed(seed + 17)
        found = []
        for _ in range(2):
            found.append([batches[i][1].tolist() for i in range(len(batches))])
            batches.on_epoch_end()
        return found

    assert epochs(1) == epochs(1)
    assert epochs(1) != epochs(2)
    first, second = epochs(1)
    assert first != second
    assert len({y for batch in first for y in batch}) == 9  # none twice


def test_digits_are_split_once_and_for_all():
    parts = load_digits()
    assert [len(part.x) for part in parts] == [500, 297, 1000]
    for part in parts:
        assert np.bincount(part.y, minlength=10).min() >= 0.09 * len(part.y)
        assert part.x.min() == 0.0
        assert part.x.max() == 1.0
    again = load_digits()
    assert all((a.x == b.x).all() for a, b in zip(parts, again, strict=True))
    images = [image.tobytes() for part in parts for image in part.x]
    assert len(images) == 1797
    train, _, test = ({image.tobytes() for image in part.x} for part in parts)
    assert not train & test


def test_without_noise_it_learns():
    import keras_tuner

    space = keep_rate.KeepRate([Cell("none", 0.0, 0)])
    hp = keras_tuner.HyperParameters()
    metrics = space.fit(hp, space.build(hp))
    assert metrics["test_accuracy"] >= 0.95
    assert set(metrics) >= {"val_accuracy", "train_loss", "test_loss"}
