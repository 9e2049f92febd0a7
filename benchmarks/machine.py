"""Where a figure is measured."""

import contextlib
import importlib.metadata
import os
import pathlib
import platform
import sys

_PACKAGES = ("keras", "numpy", "tensorflow", "tensorflow-cpu", "jax", "torch")


def processor() -> str:
    cpu_info = pathlib.Path("/proc/cpuinfo")
    if cpu_info.exists():
        for line in cpu_info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_busy() -> bool:
    """Whether other processes take more than a quarter of the cores."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > cores() / 4


def versions() -> str:
    found = [f"python {platform.python_version()}"]
    for package in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{package} {importlib.metadata.version(package)}")
    return ", ".join(found)


def peak_bytes() -> int:
    """Return the largest size that this process has had in memory."""
    import resource  # absent on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
