import keras
import numpy as np
import pytest
from keras import ops

from keras_regnoise.ops import rotate
from keras_regnoise.ops.rotate import centered_rotation, rotation_gradient
from tests.helpers import assert_close, dot, golden, gradient, to_numpy

GOLDEN = (
    "rotation_conv_gaussian_r30",
    "rotation_c30_uniform_r50",
    "rotation_warmup250_gaussian_r30",
)


def golden_rotation(name, data_format):
    """Arrays of a case in the given layout, with the tangents made to broadcast."""
    case = golden(name)
    arrays = {k: case[k] for k in ("x", "gy", "y", "gx")}
    if data_format == "channels_last":
        arrays = {k: np.moveaxis(v, 1, -1) for k, v in arrays.items()}
    return (
        *arrays.values(),
        case["index1"],
        case["index2"],
        case["theta"].reshape(-1, 1, 1, 1),
        -1 if data_format == "channels_last" else 1,
    )


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
@pytest.mark.parametrize("name", GOLDEN)
def test_matches_the_authors_code_with_autodiff_through_the_centre(name, data_format):
    x, gy, y, gx, partner, sign, tangent, axis = golden_rotation(name, data_format)
    others = [i for i in range(4) if i != axis % 4]

    def output(x):
        center = ops.mean(x, axis=others, keepdims=True)
        return rotate(x, partner, sign, tangent, center, axis)

    assert_close(output(x), y)
    assert_close(gradient(lambda x: dot(output(x), gy), x)[0], gx)


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
@pytest.mark.parametrize("name", GOLDEN)
def test_matches_the_authors_code_with_the_written_gradient(name, data_format):
    x, gy, y, gx, partner, sign, tangent, axis = golden_rotation(name, data_format)
    count = x.size / x.shape[axis]
    weights = ops.full((1, 1, 1, 1), 1 / count, dtype="float32")
    draws = [ops.convert_to_tensor(v) for v in (partner, sign, tangent)]

    output, residuals = centered_rotation(
        ops.convert_to_tensor(x), *draws, weights, axis
    )
    assert_close(output, y)
    gy = ops.convert_to_tensor(gy)
    assert_close(rotation_gradient(gy, *residuals, axis=axis), gx)


@pytest.mark.parametrize("per_sample", [False, True])
@pytest.mark.parametrize("axis", [-1, 1])
def test_written_gradient_equals_autodiff(per_sample, axis):
    rng = np.random.default_rng(1)
    x, gy = rng.normal(size=(2, 3, 5, 4, 5)).astype("float32")
    partner = np.array([[1, 0, 4, 3, 2], [4, 2, 1, 3, 0], [0, 3, 4, 1, 2]])
    sign = np.array([[1, -1, 1, 0, -1], [1, -1, 1, 0, -1], [0, 1, 1, -1, -1]])
    if not per_sample:
        partner, sign = partner[0], sign[0]
    shape = [3, 5, 4, 5]
    shape[axis] = 1
    tangent = rng.normal(size=shape).astype("float32")
    weights = rng.uniform(size=shape).astype("float32")
    weights /= weights.sum()
    others = [i for i in range(4) if i != axis % 4]

    def output(x):
        weighted = ops.multiply(x, ops.convert_to_tensor(weights))
        center = ops.sum(weighted, axis=others, keepdims=True)
        return rotate(x, partner, sign, tangent, center, axis)

    draws = (partner, sign.astype("float32"), tangent, weights)
    draws = [ops.convert_to_tensor(v) for v in draws]
    y, residuals = centered_rotation(ops.convert_to_tensor(x), *draws, axis)
    assert_close(y, to_numpy(output(x)))
    expected = gradient(lambda x: dot(output(x), gy), x)[0]
    actual = rotation_gradient(ops.convert_to_tensor(gy), *residuals, axis=axis)
    assert_close(actual, expected)


def test_equals_the_rotation_matrix_of_the_paper():
    # Equation 1 divided by cos(theta), features 0 and 2, 1 and 3 in the pairs.
    theta, d = 0.3, 4
    matrix = np.eye(d) * np.cos(theta)
    for first, second in ((0, 2), (1, 3)):
        matrix[first, second] = np.sin(theta)
        matrix[second, first] = -np.sin(theta)
    x = np.random.default_rng(0).normal(size=(7, d)).astype("float32")
    y = rotate(x, [2, 3, 0, 1], [1, 1, -1, -1], np.tan(theta))
    assert_close(y, x @ matrix.T / np.cos(theta))


def test_is_differentiable_in_tangent_and_center():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4)).astype("float32")
    tangent = rng.normal(size=(3, 1)).astype("float32")
    center = rng.normal(size=(4,)).astype("float32")
    partner, sign = [1, 0, 3, 2], np.array([1, -1, -1, 1], "float32")

    def loss(tangent, center):
        return ops.sum(rotate(x, partner, sign, tangent, center))

    d_tangent, d_center = gradient(loss, tangent, center)
    deviation = sign * (x - center)[:, partner]
    assert_close(d_tangent, deviation.sum(axis=1, keepdims=True))
    assert_close(d_center, -(tangent.sum() * sign)[partner])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_keeps_the_dtype(dtype):
    x = ops.ones((2, 4), dtype=dtype)
    y = rotate(x, [1, 0, 3, 2], [1.0, -1.0, 1.0, -1.0], 0.5, ops.zeros((4,)))
    assert keras.backend.standardize_dtype(y.dtype) == dtype
    assert to_numpy(ops.cast(y, "float32")).tolist() == [[1.5, 0.5, 1.5, 0.5]] * 2


def test_unpaired_feature_and_single_feature_stay():
    y = rotate([[1.0, 2.0, 3.0]], [1, 0, 2], [1, -1, 0], 1.0)
    assert to_numpy(y).tolist() == [[3.0, 1.0, 3.0]]
    assert to_numpy(rotate([[5.0]], [0], [0], 1.0)).tolist() == [[5.0]]
