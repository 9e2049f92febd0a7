"""`doctor`: what a run would meet on this machine.

It needs Keras and NumPy alone, so that it can say what else is missing.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from keras_regnoise._version import __version__
from keras_regnoise.cli import extras
from keras_regnoise.cli.arguments import Commands, add_format
from keras_regnoise.cli.common import DONE, INCOMPLETE, show, write
from keras_regnoise.studies._text import clean_line
from keras_regnoise.studies.engine.backend import training_environment

_PACKAGES = (
    *("keras", "numpy", "tensorflow", "jax", "torch", "keras-tuner", "distributed"),
    *("tensorflow-datasets", "scikit-learn", "scipy", "matplotlib", "rich", "jinja2"),
    *("pyarrow", "tensorboard", "tf2onnx"),
)
_PATIENCE_S = 300


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "doctor", help="versions, backend, devices, jit, memory; what is missing"
    )
    add_format(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Print what there is and what is wrong."""
    facts = {"keras_regnoise": __version__, "python": platform.python_version()}
    facts |= {name: _version(name) or "not installed" for name in _PACKAGES}
    facts["machine"] = f"{platform.machine()}, {os.cpu_count()} CPU cores"
    facts |= _memory_and_disk()
    backend, problems = _backend()
    facts |= backend
    if lacking := extras.missing(extras.STUDIES):
        problems.append(extras.advice(lacking))
    rows = [{"what": name, "value": value} for name, value in facts.items()]
    rows += [{"what": "problem", "value": problem} for problem in problems]
    if options.format == "table":
        lines = [f"{row['what']:20} {clean_line(row['value'])}\n" for row in rows]
        write("".join(lines))
    else:
        show(rows, options.format)
    return INCOMPLETE if problems else DONE


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _memory_and_disk() -> dict[str, str]:
    facts = {"free disk here": f"{shutil.disk_usage('.').free / 1e9:.1f} GB"}
    info = Path("/proc/meminfo")
    if info.exists():
        lines = dict(line.split(":", 1) for line in info.read_text().splitlines())
        kilobytes = int(lines["MemAvailable"].split()[0])
        facts["free memory"] = f"{kilobytes / 1e6:.1f} GB"
    return facts


def _backend() -> tuple[dict[str, str], list[str]]:
    """Ask a process with the user's backend for facts; with what is wrong with it."""
    try:
        result = subprocess.run(
            [sys.executable, "-m", __name__],
            env=training_environment(),
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
        )
        lines = (result.stdout if result.returncode == 0 else result.stderr).split("\n")
        said = [line for line in lines if line.strip()] or ["it said nothing"]
    except subprocess.TimeoutExpired:
        return _no_start(f"it said nothing in {_PATIENCE_S} seconds")
    if result.returncode:
        return _no_start(said[-1])
    return dict(json.loads(said[-1])), []


def _no_start(reason: str) -> tuple[dict[str, str], list[str]]:
    lacking = [
        name for name in extras.BACKENDS if f"No module named {name!r}" in reason
    ]
    problem = f"the backend does not start: {reason}"
    problems = [f"{problem}. {extras.advice(lacking)}" if lacking else problem]
    return {"backend": f"does not start: {reason}"}, problems


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


if __name__ == "__main__":
    print(json.dumps(_ask()))
