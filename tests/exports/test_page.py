"""docs/exports.md: its code runs, and what it says cannot be done still cannot."""

import keras
import numpy as np
import pytest

from tests.helpers import run_page, run_python

pytestmark = pytest.mark.tensorflow

SERVE = """
import sys
sys.modules["keras"] = sys.modules["keras_regnoise"] = None
import numpy as np, tensorflow as tf
served = tf.saved_model.load(sys.argv[1])
for batch in (1, 3):
    x = np.random.default_rng(0).normal(size=(batch, 8)).astype("float32")
    quiet = served.serve(x).numpy()
    draws = np.stack([served.monte_carlo(x).numpy() for _ in range(400)])
    assert (served.serve(x).numpy() == quiet).all()
    assert len(np.unique(draws[:, 0, 0])) > 390
    error = draws.std(0) / 20
    print(np.abs((draws.mean(0) - quiet) / error).max())
"""


def test_noise_on_is_a_second_signature(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, names = run_page("exports.md")
    assert (names["spread"].numpy() > 0.0).all()
    for deviation in run_python(SERVE, tmp_path / "with_noise").split():
        assert float(deviation) < 4.0  # the noise is unbiased after a linear layer


def saved(layer, shape, file, file_format):
    model = keras.Sequential([keras.Input(shape), layer])
    model(np.zeros((2, *shape), "float32"))
    model.export(file, format=file_format, verbose=False)
    return str(file)


def test_gelu_has_no_onnx(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    layer = keras.layers.Activation("gelu")
    file = saved(layer, (4,), tmp_path / "model.onnx", "onnx")
    with pytest.raises(Exception, match="Erfc"):
        runtime.InferenceSession(file)


def test_a_loop_in_litert_needs_the_flex_delegate(tmp_path):
    import tensorflow as tf

    file = saved(keras.layers.LSTM(4), (5, 3), tmp_path / "model.tflite", "litert")
    interpreter = tf.lite.Interpreter(file)
    with pytest.raises(RuntimeError, match="Flex"):
        interpreter.allocate_tensors()
