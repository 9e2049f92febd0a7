import keras
import numpy as np
import pytest
from keras import ops

from keras_regnoise.ops import drop_activation
from tests.helpers import assert_close, dot, golden, gradient, to_numpy


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_matches_the_authors_code(data_format):
    case = golden("dropact_conv_p95")
    if data_format == "channels_last":
        case = {k: v if k == "meta" else np.moveaxis(v, 1, -1) for k, v in case.items()}
    relu = keras.activations.relu

    def loss(x):
        return dot(drop_activation(x, case["mask"], relu), case["gy"])

    assert_close(drop_activation(case["x"], case["mask"], relu), case["y"])
    assert_close(gradient(loss, case["x"])[0], case["gx"])


def test_mask_of_any_dtype_and_any_activation():
    x = np.array([-2.0, -1.0, 0.5], "float32")
    for dtype in ("bool", "int32", "float32"):
        y = drop_activation(x, np.array([0, 1, 1]).astype(dtype), ops.tanh)
        assert_close(y, [-2.0, np.tanh(-1.0), np.tanh(0.5)])
    assert (to_numpy(drop_activation(x, np.zeros(3), ops.tanh)) == x).all()
