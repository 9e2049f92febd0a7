import subprocess
import sys

import pytest

pytest.importorskip("keras_tuner")

from keras_regnoise.studies.engine.roles import CHIEF
from keras_regnoise.studies.engine.supervisor import Supervisor


def test_a_worker_that_comes_too_late_does_not_hold_up_a_finished_run(
    tmp_path, monkeypatch
):
    """All cells have ended and so has the chief: nobody will answer the worker."""
    programs = {CHIEF: "pass"}

    def start(name, index=0):
        program = programs.get(name, "import time; time.sleep(300)")
        return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)

    supervisor = Supervisor(tmp_path, 1, ("127.0.0.1", 1))
    monkeypatch.setattr(supervisor, "_start", start)
    monkeypatch.setattr(supervisor, "_await_chief", lambda: None)
    supervisor.run(lambda: 1, 1)
    assert supervisor.workers[0].process.returncode not in (None, 0)
