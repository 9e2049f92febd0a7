import numpy as np
import pytest

from keras_regnoise.ops import centered_dropout
from tests.helpers import assert_close, dot, golden, gradient


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_matches_the_authors_code(data_format):
    case = golden("centered_dropout_conv_center_r30")
    axis = 1
    if data_format == "channels_last":
        case = {k: v if k == "meta" else np.moveaxis(v, 1, -1) for k, v in case.items()}
        axis = -1

    def loss(x):
        return dot(centered_dropout(x, case["mask"], axis), case["gy"])

    assert_close(centered_dropout(case["x"], case["mask"], axis), case["y"])
    assert_close(gradient(loss, case["x"])[0], case["gx"])


def test_keeping_everything_is_the_identity():
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    assert_close(centered_dropout(x, np.ones((3, 4))), x)
