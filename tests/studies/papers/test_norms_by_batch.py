import keras
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras_regnoise as krn
from keras_regnoise import datasets
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.norms_by_batch import BATCHES, STUDY
from tests.helpers import to_numpy


@pytest.mark.parametrize(
    ("norm", "kind"),
    [
        ("BatchNormalization", keras.layers.BatchNormalization),
        ("CrossNormalization", krn.CrossNormalization),
        ("GroupNormalization", keras.layers.GroupNormalization),
    ],
)
def test_the_batch_sets_rate_and_momentum(norm, kind):
    data = datasets.load("digits", examples=100)
    for batch in BATCHES:
        group = f"batch {batch}"
        recipe = STUDY.recipe("short").of(group)
        assert recipe.batch_size == batch
        (cell,) = STUDY.cells("short", [f"{group}: {norm}"], [0])
        model = STUDY.load_model()(recipe, data).build(hyperparameters(cell))
        first = to_numpy(model.optimizer._learning_rate(0))
        assert float(first) == pytest.approx(0.1 * batch / 32)
        layers = [layer for layer in model.layers if isinstance(layer, kind)]
        assert len(layers) == 3
        if norm != "GroupNormalization":
            # As many examples are forgotten as at a batch of 32.
            assert layers[0].momentum ** (32 / batch) == pytest.approx(0.9)
