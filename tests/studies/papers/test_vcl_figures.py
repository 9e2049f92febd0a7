import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise import analysis, datasets
from keras_regnoise.datasets.user import from_function
from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.models.vcl_clusters import _MEANS, clusters
from tests.helpers import to_numpy


def fitted(name, arm, data):
    study = registry.find(name)[0]
    model = study.load_model()(study.recipe("smoke"), data)
    (cell,) = study.cells("smoke", [arm], [0])
    hp = hyperparameters(cell)
    network = model.build(hp)
    return model.fit(hp, network), network, model


def test_the_cosine_is_that_with_the_projection_of_the_theorem():
    assert np.linalg.norm(_MEANS[0] - _MEANS[1]) == pytest.approx(4.0)
    data = from_function(clusters, "clusters")
    found, network, _ = fitted("vcl-clusters", "p = 0.25: untrained", data)
    kernel = to_numpy(network.get_layer("unit").kernel)
    along = _MEANS[0] - _MEANS[1]
    cosines = abs(along @ kernel) / 4.0 / np.linalg.norm(kernel, axis=0)
    assert found["cosine"] == pytest.approx(cosines.mean(), rel=1e-5)
    theorem = fitted("vcl-clusters", "p = 0.25: theorem", data)[0]
    assert theorem["cosine"] == pytest.approx(1.0)
    p = 0.25 * 0.75  # equation 9, at 4 standard deviations
    kurtosis = 3 + p * (1 - 6 * p) * 16**2 / (16 * p + 1) ** 2
    assert theorem["kurtosis"] == pytest.approx(kurtosis, abs=4 * 0.06)
    assert found["kurtosis"] > theorem["kurtosis"]
    # Of the same weights what is left is the other direction of the plane.
    other = fitted("vcl-clusters", "p = 0.10: untrained", data)[0]["cosine"]
    assert other == pytest.approx(np.sqrt(1 - cosines**2).mean(), rel=1e-5)


def test_vcl_alone_moves_the_units():
    data = from_function(clusters, "clusters")
    found, network, _ = fitted("vcl-clusters", "p = 0.25: trained", data)
    before = fitted("vcl-clusters", "p = 0.25: untrained", data)[0]["cosine"]
    assert found["cosine"] != before
    assert network.get_layer("vcl").sample_size == 10


def test_the_kurtosis_is_that_before_the_activations():
    data = datasets.load("ringnorm", examples=100, test_examples=100)
    found, network, model = fitted("vcl-kurtosis", "ringnorm: vcl", data)
    hidden = [x for x in network.layers if isinstance(x, keras.layers.Dense)][:-1]
    assert len(hidden) == 4
    before = keras.Model(network.inputs, [layer.output for layer in hidden])
    rows = np.concatenate(before.predict(model.data.test.x, verbose=0), axis=1)
    expected = np.nanmedian(analysis.kurtosis(rows))
    assert found["median_kurtosis"] == pytest.approx(expected, rel=1e-3)
