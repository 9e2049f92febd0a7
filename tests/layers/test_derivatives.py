"""Derivatives of every layer, against differences of the same draw, in float64."""

import keras
import numpy as np
import pytest

from benchmarks.differentiate import TOOLS, double_precision, held
from tests.layers.cases import CASES

# Statistics are float32 in places (the loss of VarianceConstancy, Keras's
# normalizations on torch): 1e-7 / _STEP of rounding, beside _STEP**2 of curvature.
_STEP = 1e-3
_TOLERANCE = 2e-3  # of the largest
FEW = [
    case
    for case in CASES
    if case.name
    in ("rotation", "spatial_block", "drop_relu", "vcl", "centered_dropout")
]


@pytest.fixture(
    params=[case for case in CASES if "lstm" not in case.name],
    ids=lambda case: case.name,
)
def held_draw(request):
    """The function, a point away from the kinks of ReLU, and a direction."""
    case = request.param
    options = {"seed": 1} if case.has_seed else {}
    x = case.data(dtype="float64")
    x += 0.05 * np.sign(x)
    v = np.random.default_rng(1).normal(size=x.shape)
    with double_precision():
        layer = case.make(**options, dtype="float64")
        x, v = (keras.ops.convert_to_tensor(a, dtype="float64") for a in (x, v))
        yield held(layer, x), x, v


def skip_what_the_framework_lacks(request, way=""):
    name = request.node.callspec.params["held_draw"].name
    if way and TOOLS.name == "tensorflow" and name.startswith("ic_"):
        # Keras's BatchNormalization alone differs just as much.
        pytest.skip("tf.nn.moments stops the mean's gradient in the variance")
    if not way and TOOLS.name == "torch" and "conv" in name:
        pytest.skip("Keras's Conv2D asks for a channels-last copy, which vmap lacks")


def number(tensor):
    return keras.ops.convert_to_numpy(tensor)


def assert_near(found, expected):
    limit = _TOLERANCE * max(np.abs(expected).max(), 1e-3)
    np.testing.assert_allclose(number(found), expected, rtol=0, atol=limit)


def difference(function, x, v):
    """Return the derivative of a function along `v`, by central differences."""
    ahead, behind = function(x + _STEP * v), function(x - _STEP * v)
    return (number(ahead) - number(behind)) / (2 * _STEP)


def test_first_derivatives(held_draw):
    function, x, v = held_draw
    expected = difference(function, x, v)
    assert_near(TOOLS.tangent(function, x, v), expected)
    gradient = TOOLS.gradient(function)(x)
    assert_near(keras.ops.sum(gradient * v), expected)


@pytest.mark.parametrize(
    "way",
    [
        "forward over reverse",
        pytest.param("reverse over reverse", marks=pytest.mark.thorough),
    ],
)
def test_second_derivatives(held_draw, way, request):
    skip_what_the_framework_lacks(request, way)
    assert_second_derivative(way, *held_draw)


@pytest.mark.parametrize("way", list(TOOLS.hessian_vectors)[1:])
@pytest.mark.parametrize("held_draw", FEW, indirect=True, ids=lambda case: case.name)
def test_second_derivatives_in_other_ways(held_draw, way):
    assert_second_derivative(way, *held_draw)


def assert_second_derivative(way, function, x, v):
    expected = difference(TOOLS.gradient(function), x, v)
    found = TOOLS.hessian_vectors[way](function, x, v)
    assert_near(found, expected)


def test_a_gradient_that_computes_the_output_again(held_draw):
    function, x, _ = held_draw
    found = TOOLS.gradient_of_saving(function, x)
    assert_near(found, number(TOOLS.gradient(function)(x)))


@pytest.mark.skipif(TOOLS.mapped is None, reason="TensorFlow maps in Python")
def test_gradients_of_several_points_at_once(held_draw, request):
    skip_what_the_framework_lacks(request)
    function, x, v = held_draw
    gradient = TOOLS.gradient(function)
    points = keras.ops.stack([x, x + 0.01 * v])
    for found, point in zip(TOOLS.mapped(gradient, points), points, strict=True):
        assert_near(found, number(gradient(point)))
