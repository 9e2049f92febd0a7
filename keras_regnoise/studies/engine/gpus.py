"""Which GPUs a worker process of this machine may use."""

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


def share(gpus: list[str], worker: int, workers: int) -> list[str]:
    """Return the GPUs of one worker: its part, or one that it shares."""
    if workers >= len(gpus):
        return [gpus[worker % len(gpus)]]
    return gpus[worker::workers]
