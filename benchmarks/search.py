"""What a search adds to training: `python -m benchmarks.search`.

Prints the wall time of a search of ten cells of 10 s over the sum of their trainings,
and the memory of the process that searches after the first of a hundred cells and
after the last.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

_STUDY = Path(__file__).with_name("waiting_study.py")


def _start(directory: Path, scale: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "keras_regnoise_command", "run", str(_STUDY)]
    return subprocess.Popen(
        [*command, "--scale", scale, "--out", str(directory), "--no-models"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _records(directory: Path) -> list[Path]:
    return list((directory / "cells").glob("[!.]*.json"))


def overhead(directory: Path) -> float:
    """Return the wall time of a search over the sum of its trainings."""
    begin = time.perf_counter()
    if _start(directory, "short").wait():
        raise RuntimeError("the search failed")
    wall = time.perf_counter() - begin
    records = [json.loads(file.read_text()) for file in _records(directory)]
    fits = [record["fit_seconds"] for record in records]
    print(f"{len(fits)} cells of {min(fits):.1f} to {max(fits):.1f} s")
    ratio: float = wall / sum(fits)
    print(f"wall time / sum of the trainings: {ratio:.3f} (at most 1.15)")
    return ratio


def growth(directory: Path) -> float:
    """Return by how many MB the searching process grows over a hundred cells."""
    process = _start(directory, "smoke")
    driver = psutil.Process(process.pid)
    sizes: list[float] = []
    while process.poll() is None:
        if _records(directory):
            try:
                sizes.append(driver.memory_info().rss / 1e6)
            except psutil.NoSuchProcess:
                break
        time.sleep(0.2)
    if process.returncode:
        raise RuntimeError("the search failed")
    # At the end it draws the report, which the search itself does not.
    searching = sizes[: int(0.9 * len(sizes))]
    print(f"{len(_records(directory))} cells; the process that searches has")
    print(f"{searching[0]:.0f} MB after the first, {max(searching):.0f} MB at most")
    return max(searching) - searching[0]


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        is_fast = overhead(Path(name) / "overhead") <= 1.15
        is_small = growth(Path(name) / "growth") <= 200
    return 0 if is_fast and is_small else 1


if __name__ == "__main__":
    sys.exit(main())
