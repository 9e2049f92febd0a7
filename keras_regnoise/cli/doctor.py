"""`doctor`: what a run would meet on this machine."""

import argparse
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from keras_regnoise._version import __version__
from keras_regnoise.cli.common import DONE, INCOMPLETE, add_format, show
from keras_regnoise.studies.engine.backend import training_environment

_PACKAGES = (
    *("keras", "tensorflow", "jax", "torch", "keras-tuner", "tensorflow-datasets"),
    *("scikit-learn", "matplotlib", "rich", "pyarrow", "tensorboard", "tf2onnx"),
)
_NEEDED = ("keras_tuner", "six", "grpc", "sklearn", "matplotlib", "rich")


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "doctor", help="versions, backend, devices, jit, memory; what is missing"
    )
    add_format(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Print what there is and what is wrong."""
    from keras_regnoise.studies.engine.environment import version

    facts = {"keras_regnoise": __version__, "python": platform.python_version()}
    facts |= {name: version(name) or "not installed" for name in _PACKAGES}
    facts["machine"] = f"{platform.machine()}, {os.cpu_count()} CPU cores"
    facts |= _memory_and_disk()
    backend = _backend()
    facts |= backend
    problems = _problems(backend)
    rows = [{"what": key, "value": value} for key, value in facts.items()]
    rows += [{"what": "problem", "value": problem} for problem in problems]
    show(rows, options.format)
    return INCOMPLETE if problems else DONE


def _memory_and_disk() -> dict[str, str]:
    facts = {"free disk here": f"{shutil.disk_usage('.').free / 1e9:.1f} GB"}
    info = Path("/proc/meminfo")
    if info.exists():
        lines = dict(line.split(":", 1) for line in info.read_text().splitlines())
        kilobytes = int(lines["MemAvailable"].split()[0])
        facts["free memory"] = f"{kilobytes / 1e6:.1f} GB"
    return facts


def _backend() -> dict[str, str]:
    """Ask a process with the user's backend; this one runs on NumPy."""
    result = subprocess.run(
        [sys.executable, "-m", __name__],
        env=training_environment(),
        capture_output=True,
        text=True,
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["it said nothing"]
        return {"backend": f"does not start: {lines[-1]}"}
    return dict(json.loads(result.stdout.splitlines()[-1]))


def _ask() -> dict[str, str]:
    import keras

    from keras_regnoise.studies.engine.environment import device, version

    backend = keras.config.backend()
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return {
        "backend": f"{backend} {version(backend)}",
        "device": device(),
        "jit by default": "yes" if model.jit_compile else "no",
        "data format": keras.config.image_data_format(),
    }


def _problems(backend: dict[str, str]) -> list[str]:
    problems = [
        f"{name} is missing: pip install 'keras-regnoise[studies]'"
        for name in _NEEDED
        if importlib.util.find_spec(name) is None
    ]
    if backend["backend"].startswith("does not start"):
        problems.append(f"the backend {backend['backend']}")
    return problems


if __name__ == "__main__":
    print(json.dumps(_ask()))
