"""The cells of a run for TensorBoard's HParams tab."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.run import Record, Run
from keras_regnoise.studies.study import Value

_SUFFIX = ".keras_regnoise"


def write_tensorboard(run: Run, directory: Path | str) -> Path:
    """Write logs for `tensorboard --logdir DIRECTORY`.

    The root has the experiment's description; every cell has a folder with its arm,
    seed and values, its metrics and its learning curves (as `epoch/...`). Earlier
    logs of this function in the folder are replaced; others stay.

    Args:
        run: The run.
        directory: Folder of the logs.

    Raises:
        ImportError: If tensorboard is not installed.
    """
    try:
        from tensorboard.plugins.hparams import summary_v2
    except ImportError as error:
        raise ImportError(
            "Logs for TensorBoard need the package tensorboard, which is not "
            "installed. Install it with: pip install tensorboard"
        ) from error
    run, directory = readable(run), Path(directory)
    for file in directory.rglob(f"events.out.tfevents.*{_SUFFIX}"):
        file.unlink()
    names = dict.fromkeys(name for record in run.records for name in _values(record))
    config = summary_v2.hparams_config_pb(
        [summary_v2.HParam(name) for name in names],
        [summary_v2.Metric(name) for name in run.metrics],
    )
    with _writer(directory) as write:
        write(config, 0)
    for record in run.records:
        with _writer(directory / record.cell) as write:
            write(summary_v2.hparams_pb(_values(record), trial_id=record.cell), 0)
            _write_scalars(write, run, record)
            write(_end(record.done), 0)
    return directory


def _values(record: Record) -> dict[str, Value]:
    return {
        "arm": record.arm,
        "group": record.group,
        "seed": record.seed,
        **{f"hp_{name}": value for name, value in record.values.items()},
    }


def _write_scalars(write: Any, run: Run, record: Record) -> None:
    from tensorboard.compat.proto.summary_pb2 import Summary

    last = max((len(values) for values in record.history.values()), default=1) - 1
    for name, value in record.metrics.items():
        write(Summary(value=[Summary.Value(tag=name, simple_value=value)]), last)
    for name, values in record.history.items():
        stride = run.stride(name)
        for epoch, value in enumerate(values):
            if value is not None:
                tag = f"epoch/{name}"
                part = Summary.Value(tag=tag, simple_value=float(value))
                write(Summary(value=[part]), stride * (epoch + 1) - 1)


def _end(done: bool) -> Any:
    # tensorboard's own function for this one needs TensorFlow.
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    status = api_pb2.STATUS_SUCCESS if done else api_pb2.STATUS_FAILURE
    content = plugin_data_pb2.HParamsPluginData(
        session_end_info=plugin_data_pb2.SessionEndInfo(
            status=status, end_time_secs=time.time()
        )
    )
    value = Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(content),
        tensor=metadata.NULL_TENSOR,
    )
    return Summary(value=[value])


@contextmanager
def _writer(directory: Path) -> Iterator[Any]:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(directory), filename_suffix=_SUFFIX)

    def write(content: Any, step: int) -> None:
        event = Event(wall_time=time.time(), step=step)
        event.summary.CopyFrom(content)
        writer.add_event(event)

    try:
        yield write
    finally:
        writer.close()
