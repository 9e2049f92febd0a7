import math
import sys
from dataclasses import replace

import pytest

pytest.importorskip("rich")
pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

from keras_regnoise.studies import report
from tests.studies.report.synthetic import failed, first, published, toy


@pytest.mark.parametrize("count", [0, 5, 9])
def test_a_report_has_all_files(tmp_path, count):
    pytest.importorskip("pyarrow")
    run = first(toy(numbers=[published("none", 0.9)]), count)
    run = replace(run, directory=tmp_path)
    files = report.write_report(run)
    assert [file.name for file in files] == [
        "results.csv",
        "results.parquet",
        "summary.csv",
        "figure.png",
        *(["curves.png"] if count else []),
        "report.html",
    ]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert files[-1].read_text(encoding="utf-8") == report.html(run)


def events(directory):
    loader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_file_loader"
    )
    return [
        value
        for file in sorted(directory.glob("events.*"))
        for event in loader.RawEventFileLoader(str(file)).Load()
        for value in parsed(event).summary.value
    ]


def parsed(data):
    from tensorboard.compat.proto.event_pb2 import Event

    return Event.FromString(data)


def test_tensorboard_logs(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.plugins.hparams import metadata

    run = failed(toy({"none": [0.9], "Dropout 0.1": [0.8]}), 0)
    failure, done = (record.cell for record in run.records)
    for _ in range(2):  # the second replaces the first
        report.write_tensorboard(run, tmp_path)
    (config,) = events(tmp_path)
    experiment = metadata.parse_experiment_plugin_data(
        config.metadata.plugin_data.content
    )
    names = [info.name for info in experiment.hparam_infos]
    assert names == ["arm", "group", "seed", "hp_noise", "hp_rate"]
    assert "test_accuracy" in [m.name.tag for m in experiment.metric_infos]
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2

    start, *scalars, end = events(tmp_path / done)
    info = metadata.parse_session_start_info_plugin_data(
        start.metadata.plugin_data.content
    )
    assert info.hparams["arm"].string_value == "Dropout 0.1"
    assert info.hparams["hp_rate"].number_value == 0.1
    values = {value.tag: value.simple_value for value in scalars}
    assert values["test_accuracy"] == pytest.approx(0.8)
    assert values["epoch/val_accuracy"] == pytest.approx(0.8)
    assert len(scalars) == 3 + 2 * 3
    finished = metadata.parse_session_end_info_plugin_data
    assert finished(end.metadata.plugin_data.content).status == 1  # STATUS_SUCCESS

    *_, end = events(tmp_path / failure)
    assert finished(end.metadata.plugin_data.content).status == 2  # STATUS_FAILURE


def test_other_logs_stay_and_nan_is_written(tmp_path):
    pytest.importorskip("tensorboard")
    other = tmp_path / "events.out.tfevents.1.host"
    other.write_text("not ours")
    run = toy({"none": [math.nan]})
    report.write_tensorboard(run, tmp_path)
    assert other.read_text() == "not ours"
    scalars = {
        v.tag: v.simple_value for v in events(tmp_path / run.records[0].cell)[1:-1]
    }
    assert math.isnan(scalars["test_accuracy"])


def test_without_tensorboard_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.plugins.hparams", None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        report.write_tensorboard(toy(), tmp_path)
