"""What a worker tells of the cell that it trains."""

from types import SimpleNamespace

import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("distributed")
pytest.importorskip("sklearn")

from keras_regnoise.studies.engine import cell as cells
from keras_regnoise.studies.run import write_manifest
from tests.studies.engine.test_training import TINY, cell, trainer


@pytest.mark.parametrize(("pause", "told"), [(0.0, [1, 2, 3]), (1e6, [1])])
def test_epochs_are_told_now_and_then(tmp_path, monkeypatch, pause, told):
    """An epoch of one step takes a millisecond; so did every message of it."""
    messages = []
    worker = SimpleNamespace(log_event=lambda topic, text: messages.append(text))
    monkeypatch.setattr(cells, "get_worker", lambda: worker)
    monkeypatch.setattr(cells, "_TELL_S", pause)
    work = trainer(TINY, tmp_path)
    chosen = cell(work, "none")
    write_manifest(tmp_path, work.run.manifest)
    record = cells.train_cell(tmp_path, chosen, chosen.arm.values, None)
    assert record.status == "done", record.error
    assert messages == [{"cell": chosen.id, "epoch": n, "of": 3} for n in told]
