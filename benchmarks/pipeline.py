"""Whether the images are ready before the training step asks for them.

python -m benchmarks.pipeline [--batches N] [--steps N]
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from benchmarks import machine
from keras_regnoise import models
from keras_regnoise.datasets import Split
from keras_regnoise.datasets.data_set import SPLITS, DataSet, from_splits

BATCH_SIZE = 128
_WARM_UP = 3
AUGMENTATIONS: tuple[tuple[str, ...], ...] = (
    (),
    ("pad_crop",),
    ("flip",),
    ("pad_crop", "flip"),
    ("pad_crop", "flip", "cutout"),
    ("randaugment",),
    ("pad_crop", "flip", "randaugment"),
)


def random_images(count: int) -> DataSet:
    """Return images of CIFAR's size; what is in them does not matter here."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (count, 32, 32, 3), "uint8")
    part = Split(pixels, random.integers(0, 10, count))
    return from_splits("random", dict.fromkeys(SPLITS, part), 10)


def batch_seconds(data: DataSet, names: Sequence[str], count: int) -> float:
    """Return the mean time of a batch, with nothing else running."""
    batches = iter(data.batches("train", BATCH_SIZE, seed=0, augmentation=names))
    for _ in itertools.islice(batches, _WARM_UP):
        pass
    start = time.perf_counter()
    for _ in itertools.islice(batches, count):
        pass
    return (time.perf_counter() - start) / count


class Steps(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes when every step of `fit` ends.

    Args:
        warm_up: The first steps, which do not count.
    """

    def __init__(self, warm_up: int = _WARM_UP) -> None:
        super().__init__()
        self._warm_up = warm_up

    def on_train_begin(self, logs: Any = None) -> None:
        self.ends: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.ends.append(time.perf_counter())

    def median(self) -> float:
        """Return the median time of a step, without the first ones."""
        return statistics.median(np.diff(self.ends[self._warm_up :]))


def step_seconds(
    model: keras.Model, data: DataSet, names: Sequence[str], count: int
) -> float:
    """Return the median time of a training step in `fit`."""
    steps = Steps()
    batches = data.batches("train", BATCH_SIZE, seed=0, augmentation=names)
    total = count + _WARM_UP + 1
    model.fit(batches, steps_per_epoch=total, verbose=0, callbacks=[steps])
    return steps.median()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline")
    parser.add_argument("--batches", type=int, default=60, help="batches to time")
    parser.add_argument("--steps", type=int, default=12, help="steps to time")
    options = parser.parse_args()
    most = max(options.batches, options.steps) + _WARM_UP + 1
    data = random_images(BATCH_SIZE * most)
    model = models.resnet(20, seed=0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    step_seconds(model, data, (), 1)  # compiles
    base = step_seconds(model, data, (), options.steps)
    print(f"{keras.config.backend()}, {machine.cores()} cores, {machine.processor()}")
    print(machine.versions())
    print(f"ResNet-20, batch {BATCH_SIZE}: {1e3 * base:.0f} ms per step\n")
    print("| augmentation | images/s | batch, ms | batch / step | step in fit, ms |")
    print("|---|---|---|---|---|")
    for names in AUGMENTATIONS:
        seconds = batch_seconds(data, names, options.batches)
        fitted = step_seconds(model, data, names, options.steps)
        print(
            f"| {' + '.join(names) or 'none'} | {BATCH_SIZE / seconds:,.0f} "
            f"| {1e3 * seconds:.1f} | {seconds / base:.3f} | {1e3 * fitted:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
