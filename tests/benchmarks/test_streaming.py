"""The sets that are written for it are read as the real ones."""

import keras
import pytest

pytest.importorskip("tensorflow_datasets")
pytest.importorskip("importlib_resources")

from benchmarks import image_files, streaming
from benchmarks.cases import Plan
from keras_regnoise.datasets import _image_files, _images

pytestmark = pytest.mark.skipif(
    keras.config.backend() not in ("tensorflow", "jax"), reason="the same on each"
)


@pytest.mark.parametrize("name", streaming._SETS)
def test_a_set_is_written_and_streamed(name, tmp_path, monkeypatch):
    for module in (_images, _image_files):
        monkeypatch.setattr(module, "STREAM_ABOVE", module.STREAM_ABOVE)  # put back
    monkeypatch.setattr(image_files, "_DIFFERENT", 20)
    streaming._SETS[name].write(tmp_path, 80)
    found = streaming.stream(name, tmp_path, streaming.Looks(32, 96))
    assert {type(value) for value in found.values()} == {float}
    assert found["batch_s"] > 0
    # In megabytes: a process with TensorFlow, and not all images of the set twice.
    assert 100 < found["early"] <= found["late"] + 50


def test_a_batch_is_compared_with_its_step(monkeypatch):
    seconds = {
        name: {"batch_s": 0.5, "early": 900.0, "late": 901.0}
        for name in streaming._SETS
    }
    asked = []

    def in_own_process(name, looks):
        asked.append((name, looks))
        return seconds[name]

    monkeypatch.setattr(streaming, "_in_own_process", in_own_process)
    steps = {32: 2.0, 4: 0.25}
    monkeypatch.setattr(streaming, "step_seconds", lambda shape, batch: steps[batch])
    rows = list(streaming.measure("jax", Plan()))
    assert [name for name, _ in asked] == [row.layer for row in rows]
    assert [row.ratio_to_reference for row in rows] == [0.25, 0.25, 2.0]
    assert [row.meets_target for row in rows] == [True, True, False]
    assert {(row.reference_megabytes, row.megabytes) for row in rows} == {(900, 901)}


@pytest.mark.tensorflow
def test_a_step_takes_time():
    seconds = streaming.step_seconds((32, 32, 3), 2)
    assert type(seconds) is float  # what a file of results can hold
    assert seconds > 0.001
