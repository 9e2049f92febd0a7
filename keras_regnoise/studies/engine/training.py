"""Trains one cell in this process."""

import contextlib
import gc
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import keras_tuner

from keras_regnoise import datasets
from keras_regnoise.studies.engine.backup import CellBackup
from keras_regnoise.studies.engine.environment import environment, peak_device_memory
from keras_regnoise.studies.engine.stopwatch import Stopwatch, StopwatchStoppedError
from keras_regnoise.studies.folder import (
    FORMAT,
    Manifest,
    Record,
    backup_of,
    cell_of,
    model_of,
)
from keras_regnoise.studies.model import Fit
from keras_regnoise.studies.study import Cell, Recipe, Study


@dataclass(frozen=True)
class Options:
    """What the command line says about how to train.

    Attributes:
        precision: Dtype policy, such as `"float32"` or `"mixed_bfloat16"`.
        jit: Whether to compile with XLA; `"auto"` is Keras's choice.
        data_dir: Folder of the data sets, `""` for the default.
        distribute: Whether a cell uses all visible devices.
        save_model: Whether to keep the trained model.
    """

    precision: str = "float32"
    jit: Literal["auto", "on", "off"] = "auto"
    data_dir: str = ""
    distribute: bool = False
    save_model: bool = False


class DivergedError(Exception):
    """The loss became NaN or infinite."""


def load_data(study: Study, cell: Cell, recipe: Recipe, options: Options) -> Any:
    """Load the data set of a cell."""
    name = cell.arm.data or study.data
    if ":" in name:
        from keras_regnoise.datasets.user import from_function
        from keras_regnoise.studies.engine.tune import load_function

        return from_function(load_function(name), name)
    return datasets.load(
        name,
        options.data_dir or None,
        examples=recipe.examples,
        test_examples=recipe.test_examples,
        validation_examples=recipe.validation_examples,
    )


def hyperparameters(cell: Cell) -> keras_tuner.HyperParameters:
    """Return the values of a cell as keras-tuner hands them to `build`."""
    hp = keras_tuner.HyperParameters()
    hp.values = {**cell.arm.values, "arm": cell.arm.name, "seed": cell.seed}
    return hp


class Trainer:
    """Trains the cells of a run, one after the other, in this process.

    Args:
        study: The study.
        manifest: The run's manifest.
        directory: The run's folder.
        on_epoch: Told `(epoch, of)` after every epoch.
    """

    def __init__(
        self,
        study: Study,
        manifest: Manifest,
        directory: Path,
        on_epoch: Callable[[int, int], None] = lambda epoch, of: None,
    ) -> None:
        self.study = study
        self.scale = manifest["scale"]
        self.recipe = study.recipe(self.scale)
        self.options = Options(**manifest["options"])
        self.directory = directory
        self.on_epoch = on_epoch
        self._cells = {c["id"]: cell_of(c) for c in manifest["cells"]}
        self._data: tuple[str, Any] = ("", None)

    def train(self, identifier: str) -> Record:
        """Train a cell and return its record; whatever it raises is its failure."""
        cell, start = self._cells[identifier], time.perf_counter()
        keras.backend.clear_session()
        gc.collect()
        keras.config.set_dtype_policy(self.options.precision)
        model = self.study.model(self.recipe, self.data(cell))
        hp = hyperparameters(cell)
        backup = CellBackup(backup_of(self.directory, identifier))
        keras.utils.set_random_seed(cell.seed)
        with distribution(self.options.distribute):
            network = model.build(hp)
            if self.options.jit != "auto":
                network.jit_compile = self.options.jit == "on"
            callbacks = (backup, _Watch(self.on_epoch, self.recipe.epochs))
            fit_start = time.perf_counter()
            trained = backup.initial_epoch
            fit = Fit(callbacks, backup.initial_epoch, backup.history)
            metrics = model.fit(hp, network, fit)
        record = self._record(cell, metrics, backup.history, bool(network.jit_compile))
        record["fit_seconds"] = time.perf_counter() - fit_start
        examples = model.data.sizes["train"] * (self.recipe.epochs - trained)
        # Looks at the other parts included: what one waits for.
        record["examples_per_second"] = examples / record["fit_seconds"]
        record["device_memory"] = peak_device_memory()
        if self.options.save_model:
            save_model(network, model_of(self.directory, identifier))
        backup.remove()
        return record | {"seconds": time.perf_counter() - start}

    def time(self, identifier: str) -> float:
        """Estimate the seconds of a cell, from a few seconds of its training."""
        cell = self._cells[identifier]
        model = self.study.model(self.recipe, self.data(cell))
        hp = hyperparameters(cell)
        stopwatch = Stopwatch()
        with distribution(self.options.distribute):
            network = model.build(hp)
            if self.options.jit != "auto":
                network.jit_compile = self.options.jit == "on"
            with contextlib.suppress(StopwatchStoppedError):
                model.fit(hp, network, Fit((stopwatch,)))
        return stopwatch.estimate(model.steps)

    def data(self, cell: Cell) -> Any:
        """Return the data set of a cell; the last one is kept for the next cell."""
        name = cell.arm.data or self.study.data
        if self._data[0] != name:
            self._data = name, load_data(self.study, cell, self.recipe, self.options)
        return self._data[1]

    def _record(
        self, cell: Cell, metrics: dict[str, float], history: Any, jit: bool
    ) -> Record:
        if self.study.metric not in metrics:
            raise ValueError(
                f"The study's metric {self.study.metric!r} is not among those that "
                f"its model measured: {', '.join(metrics)}"
            )
        if bad := [k for k, value in metrics.items() if not math.isfinite(value)]:
            raise DivergedError(f"not finite at the end: {', '.join(bad)}")
        data = self._data[1]
        return {
            "format": FORMAT,
            "study": self.study.name,
            "scale": self.scale,
            "cell": cell.id,
            "arm": cell.arm.name,
            "group": cell.arm.group,
            "values": dict(cell.arm.values),
            "seed": cell.seed,
            "status": "done",
            "metrics": metrics,
            "history": history,
            "error": None,
            "traceback": None,
            "environment": environment(self.options.precision, jit),
            "data": {
                "name": data.name,
                "fingerprint": data.fingerprint,
                **data.sizes,
            },
        }


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports epochs, and ends a training that has diverged."""

    def __init__(self, on_epoch: Callable[[int, int], None], epochs: int) -> None:
        super().__init__()
        self._report, self._epochs = on_epoch, epochs

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise DivergedError(f"the loss became {loss} in epoch {epoch + 1}")
        self._report(epoch + 1, self._epochs)


@contextlib.contextmanager
def distribution(distribute: bool) -> Iterator[None]:
    """Train on all visible devices at once, data parallel."""
    backend = keras.config.backend()
    if not distribute:
        yield
    elif backend == "tensorflow":
        import tensorflow as tf

        devices = [d.name for d in tf.config.list_logical_devices("GPU")]
        with tf.distribute.MirroredStrategy(devices or _tf_cpus()).scope():
            yield
    elif backend == "jax":
        keras.distribution.set_distribution(keras.distribution.DataParallel())
        try:
            yield
        finally:
            keras.distribution.set_distribution(None)
    else:
        raise ValueError(
            f"--distribute needs the TensorFlow or the JAX backend. Received: {backend}"
        )


def _tf_cpus() -> list[str]:
    import tensorflow as tf

    return [d.name for d in tf.config.list_logical_devices("CPU")]


def save_model(model: keras.Model, file: Path) -> None:
    """Write a model, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.keras")
    model.save(draft)
    draft.replace(file)
