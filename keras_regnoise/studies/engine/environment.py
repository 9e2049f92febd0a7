"""What a figure depends on besides the code of the study."""

import functools
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import keras

from keras_regnoise._version import __version__


def environment(precision: str, jit: bool) -> dict[str, Any]:
    """Describe where a cell was trained, for its record."""
    backend = keras.config.backend()
    return {
        "keras_regnoise": __version__,
        "commit": commit(),
        "keras": keras.__version__,
        "backend": f"{backend} {version(backend)}",
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores",
        "device": device(),
        "precision": precision,
        "jit": jit,
    }


def version(package: str) -> str:
    """Return the version of an installed package, or `""`."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def device() -> str:
    """Name the device that the backend trains on, and how many there are."""
    backend = keras.config.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        names = [str(d.get("device_name", "GPU")) for d in details]
    elif backend == "jax":
        import jax

        names = [d.device_kind for d in jax.devices() if d.platform != "cpu"]
    elif backend == "torch":
        import torch

        names = [
            torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())
        ]
    else:
        names = []
    return f"{len(names)} x {names[0]}" if names else "cpu"


def peak_device_memory() -> int | None:
    """Return the largest memory of a GPU that this process has used, in bytes.

    None without a GPU. On JAX and torch, cells that share a process share the peak.
    """
    backend = keras.config.backend()
    if device() == "cpu":
        return None
    if backend == "tensorflow":
        import tensorflow as tf

        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])
    if backend == "jax":
        import jax

        return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    import torch

    return int(torch.cuda.max_memory_allocated())


@functools.cache
def commit() -> str:
    """Return the commit of a checkout of this package, `""` outside of one."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return ""
    try:
        command = ["git", "-C", str(root), "describe", "--always", "--dirty"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip()
