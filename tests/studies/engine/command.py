"""Runs the command in processes of its own, as a user does."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import keras

HERE = Path(__file__).parent
TINY, TROUBLED = HERE / "tiny_study.py", HERE / "troubled_study.py"
ROOT = HERE.parents[2]
BACKEND = keras.config.backend()


def start(*arguments, **environment):
    """Start the command; its output goes to a pipe."""
    # What a shell starts in the background ignores SIGINT, and so do its children.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    variables = os.environ | {
        "KERAS_BACKEND": BACKEND,
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "keras_regnoise_command", *map(str, arguments)],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def command(*arguments, **environment):
    """Run the command and return its exit code, stdout and stderr."""
    process = start(*arguments, **environment)
    output, errors = process.communicate(timeout=600)
    return process.returncode, output, errors


def records(directory):
    """Return the records in a folder, by cell."""
    files = sorted((Path(directory) / "cells").glob("[!.]*.json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


def metrics(directory):
    """Return what must not depend on how a run was interrupted."""
    return {
        name: (record["status"], record["metrics"], record["history"])
        for name, record in records(directory).items()
    }
