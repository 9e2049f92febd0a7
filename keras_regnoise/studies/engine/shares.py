"""Which GPUs and CPU cores a worker process of this machine may use."""

import os
import subprocess


def visible_gpus() -> list[str]:
    """Return the NVIDIA GPUs that this process may use, by index."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [gpu for gpu in chosen.split(",") if gpu.strip() not in ("", "-1")]
    try:
        listing = subprocess.run(
            ["nvidia-smi", "--list-gpus"], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = [line for line in listing.stdout.splitlines() if line.startswith("GPU")]
    return [str(index) for index in range(len(lines))]


def visible_cores() -> list[str]:
    """Return the CPU cores that this process may use; none where that can't be told."""
    if not hasattr(os, "sched_getaffinity"):
        return []
    return [str(core) for core in sorted(os.sched_getaffinity(0))]


def share(devices: list[str], worker: int, workers: int) -> list[str]:
    """Return the devices of one worker: its part, or one that it shares."""
    if workers >= len(devices):
        return [devices[worker % len(devices)]]
    return devices[worker::workers]
