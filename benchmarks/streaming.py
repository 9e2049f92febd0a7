"""How fast images are read that stay in their files, and in how much memory.

ImageNet and COCO are written in their formats, read by `datasets.load`, and compared
with the training step of ResNet-50 on images of that size. Each is read in a process of
its own, so that its memory is known; nothing else runs then.
"""

import functools
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import psutil

from benchmarks import image_files
from benchmarks.cases import Plan
from benchmarks.pipeline import Steps
from benchmarks.record import Row
from benchmarks.targets import STREAMING
from keras_regnoise import datasets
from keras_regnoise.datasets import _image_files, _images

_MEGABYTE = 2.0**20
_TIMED_TOGETHER = 256  # examples: batches come in bursts
_STEPS = 4


@dataclass(frozen=True)
class Looks:
    """After how many examples the memory is looked at; the second look is the end."""

    early: int = 1000
    late: int = 5000


@dataclass(frozen=True)
class _Set:
    name: str
    write: Callable[[Path, int], None]
    shape: tuple[int, int, int]
    batch_size: int
    augmentation: tuple[str, ...] = ("flip",)


_SETS = {
    "imagenet2012 in folders": _Set(
        "imagenet2012", image_files.imagenet_folders, (224, 224, 3), 32
    ),
    "imagenet2012 in records": _Set(
        "imagenet2012", image_files.imagenet_records, (224, 224, 3), 32
    ),
    "coco/2017": _Set("coco/2017", image_files.coco, (640, 640, 3), 4, ()),
}


def measure(backend: str, plan: Plan) -> Iterator[Row]:
    looks = Looks(200, 400) if plan.quick else Looks()
    step = functools.cache(step_seconds)
    for name, of in list(_SETS.items())[: 1 if plan.quick else None]:
        found = _in_own_process(name, looks)
        seconds, of_step = found["batch_s"], step(of.shape, of.batch_size)
        ratio = seconds / of_step
        height, width, channels = of.shape
        yield Row(
            "streaming",
            backend,
            backend,
            name,
            f"{height}x{width}x{channels}, batch {of.batch_size}",
            plan.dtype,
            median_ms=1e3 * seconds,
            reference=STREAMING.reference,
            reference_ms=1e3 * of_step,
            ratio_to_reference=ratio,
            target=STREAMING.limit,
            meets_target=ratio <= STREAMING.limit,
            megabytes=found["late"],
            reference_megabytes=found["early"],
            note=f"memory after {looks.late} and after {looks.early} examples",
        )


def step_seconds(shape: tuple[int, ...], batch_size: int) -> float:
    """Return the median time of a training step of ResNet-50."""
    model = keras.applications.ResNet50(weights=None, input_shape=shape, classes=10)
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).random((batch_size, *shape), "float32")
    steps = Steps(warm_up=1)
    count = _STEPS + 2
    batches = ((x, np.arange(batch_size) % 10) for _ in range(count))
    model.fit(batches, steps_per_epoch=count, verbose=0, callbacks=[steps])
    return float(steps.median())


def _in_own_process(name: str, looks: Looks) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        _SETS[name].write(Path(folder), looks.late + looks.early)
        arguments = [name, folder, str(looks.early), str(looks.late)]
        command = [sys.executable, "-m", "benchmarks.streaming", *arguments]
        environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def stream(name: str, folder: Path, looks: Looks) -> dict[str, float]:
    """Read a set that was written into a folder.

    Returns:
        `batch_s`, the median time of a batch, and `early` and `late`, the memory of
        this process in megabytes at both looks.
    """
    of = _SETS[name]
    as_if_it_were_the_whole_set()
    data = datasets.load(of.name, folder)
    ends: list[float] = []
    memory: list[float] = []
    batches = data.batches("train", of.batch_size, seed=0, augmentation=of.augmentation)
    for number, _ in enumerate(_endless(batches), 1):
        ends.append(time.perf_counter())
        for look in (looks.early, looks.late)[len(memory) :]:
            if number * of.batch_size >= look:
                memory.append(psutil.Process().memory_info().rss / _MEGABYTE)
        if len(memory) == 2:
            break
    together = min(_TIMED_TOGETHER, looks.early) // of.batch_size
    steady = np.diff(ends[looks.early // of.batch_size :: together])
    seconds = float(statistics.median(steady)) / together
    return {"batch_s": seconds, "early": memory[0], "late": memory[1]}


def as_if_it_were_the_whole_set() -> None:
    modules: tuple[Any, ...] = (_image_files, _images)
    for module in modules:
        module.STREAM_ABOVE = 0


def _endless(batches: keras.utils.PyDataset) -> Iterator[Any]:
    return itertools.chain.from_iterable(itertools.repeat(batches))


if __name__ == "__main__":
    _, chosen, place, *counts = sys.argv
    print(json.dumps(stream(chosen, Path(place), Looks(*map(int, counts)))))
