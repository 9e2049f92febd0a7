import itertools

import numpy as np
import pytest

from keras_regnoise.analysis import (
    coadaptation,
    correlation,
    covariance_coadaptation,
    noise_covariance,
    predicted_coadaptation,
)
from tests.helpers import assert_within_standard_errors


def inputs(count=60, dim=6, seed=0):
    """Samples of zero mean, correlated."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, dim)) @ random.normal(size=(dim, dim))
    return x - x.mean(axis=0)


def rotations(dim):
    """All signed pairings of an even number of features, as matrices."""
    if dim == 0:
        return [np.zeros((0, 0))]
    found = []
    for partner, sign in itertools.product(range(1, dim), (1.0, -1.0)):
        rest = [i for i in range(1, dim) if i != partner]
        for inner in rotations(dim - 2):
            matrix = np.zeros((dim, dim))
            matrix[0, partner], matrix[partner, 0] = sign, -sign
            matrix[np.ix_(rest, rest)] = inner
            found.append(matrix)
    return found


def enumerated_noise(kind, rate, x):
    """Covariance of the noise on one vector over all draws; the tangent is +-sigma."""
    dim, strength = len(x), rate / (1 - rate)
    if kind == "dropout":
        masks = np.array(list(itertools.product((0.0, 1.0), repeat=dim)))
        weights = ((1 - rate) ** masks * rate ** (1 - masks)).prod(axis=1)
        noise = x * (masks / (1 - rate) - 1.0)
    else:
        noise = np.array([np.sqrt(strength) * m @ x for m in rotations(dim)])
        weights = np.full(len(noise), 1 / len(noise))
    np.testing.assert_allclose(weights @ noise, 0.0, atol=1e-12)
    return noise.T @ (weights[:, None] * noise)


@pytest.mark.parametrize("kind", ["dropout", "rotationout"])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_noise_covariance_is_lemma_1_by_enumeration(kind, rate):
    x = inputs()[:3] + 1.0  # any mean
    expected = np.mean([enumerated_noise(kind, rate, row) for row in x], axis=0)
    np.testing.assert_allclose(noise_covariance(kind, rate, x), expected, atol=1e-10)
    single = enumerated_noise(kind, rate, x[0])
    np.testing.assert_allclose(noise_covariance(kind, rate, x[0]), single, atol=1e-10)


@pytest.mark.parametrize("kind", ["dropout", "rotationout"])
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.95])
def test_predicted_coadaptation_is_exact(kind, rate):
    # 0.95: a keep rate below 1 / D, where the printed form is negative.
    x = inputs() + 3.0
    total = np.cov(x.T, bias=True) + noise_covariance(kind, rate, x, center=True)
    factor = covariance_coadaptation(total) / coadaptation(x)
    np.testing.assert_allclose(predicted_coadaptation(kind, rate, 6), factor)
    assert factor > 0


@pytest.mark.parametrize(
    ("rate", "expected"), [(0.1, 0.890909), (0.3, 0.672727), (0.95, 0.036364)]
)
def test_known_factors_of_rotationout(rate, expected):
    np.testing.assert_allclose(
        predicted_coadaptation("rotationout", rate, 12), expected, atol=1e-6
    )


@pytest.mark.parametrize("kind", ["dropout", "rotationout"])
def test_layers_have_the_predicted_coadaptation(kind):
    import keras

    from keras_regnoise import RotationOut

    rate, groups = 0.3, 20
    x = inputs(20_000, 8).astype("float32")
    layer = keras.layers.Dropout(rate, seed=1)
    if kind == "rotationout":
        layer = RotationOut(rate, center=False, permutation="sample", seed=1)
    y = keras.ops.convert_to_numpy(layer(x, training=True))
    ratios = [
        coadaptation(a) / coadaptation(b)
        for a, b in zip(np.split(y, groups), np.split(x, groups), strict=True)
    ]
    error = np.std(ratios, ddof=1) / np.sqrt(groups)
    assert_within_standard_errors(
        np.mean(ratios), error, predicted_coadaptation(kind, rate, 8)
    )


def test_coadaptation_of_arrays():
    x = np.random.default_rng(0).normal(size=(5, 4, 4, 3)) * [1.0, 10.0, 3.0] + 5.0
    covariance = np.cov(x.reshape(-1, 3).T)
    off = np.abs(covariance).sum() - np.trace(covariance)
    expected = off / np.trace(covariance)
    np.testing.assert_allclose(coadaptation(x), expected)
    np.testing.assert_allclose(coadaptation(np.moveaxis(x, -1, 1), axis=1), expected)
    assert coadaptation(np.ones((4, 3))) == 0.0


def test_correlation():
    x = np.random.default_rng(0).normal(size=(50, 4))
    x[:, 1] += x[:, 0]
    np.testing.assert_allclose(correlation(x), np.corrcoef(x.T), atol=1e-12)
    np.testing.assert_allclose(correlation(1e-200 * x), np.corrcoef(x.T), atol=1e-12)
    x[:, 3] = 7.0  # does not vary
    expected = np.eye(4)[3]
    np.testing.assert_array_equal(correlation(x)[3], expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coadaptation(np.ones(3)), r"samples, ..., features.*\(3,\)"),
        (lambda: coadaptation(np.ones((2, 3)), axis=2), r"axis=2"),
        (lambda: coadaptation(np.ones((0, 3))), r"at least one.*\(0, 3\)"),
        (lambda: covariance_coadaptation(np.ones((2, 3))), r"square.*\(2, 3\)"),
        (lambda: predicted_coadaptation("noise", 0.1, 4), r"'dropout'.*'noise'"),
        (lambda: predicted_coadaptation("dropout", 1.0, 4), r"rate=1.0"),
        (lambda: predicted_coadaptation("rotationout", 0.1, 1), r"2 or more.*dim=1"),
        (lambda: noise_covariance("dropout", 0.1, [1.0], True), r"not centred"),
        (lambda: noise_covariance("dropout", -0.1, [1.0]), r"rate=-0.1"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
