"""Signals to processes of their own; how a run ends is a test of the engine's."""

import json
import signal
import time

import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("distributed")
pytest.importorskip("sklearn")

from tests.studies.engine.command import TINY, command, start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("pause", [0.3, 0.6, 1.0, 1.5, 2.2, 3.0])
def test_a_signal_at_any_moment_gives_no_traceback(number, pause):
    process = start("describe", TINY)
    time.sleep(pause)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors
    assert process.returncode in (0, 1)


def test_json_is_alone_on_stdout():
    code, output, errors = command("plan", TINY, "--no-cost", "--format", "json")
    assert code == 0, errors
    assert len(json.loads(output)) == 8
