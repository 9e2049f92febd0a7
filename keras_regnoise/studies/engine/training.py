"""Trains one cell in this process."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import keras_tuner

from keras_regnoise import datasets
from keras_regnoise.datasets._user_files import ENDINGS
from keras_regnoise.datasets.redraw import redraw
from keras_regnoise.datasets.user import from_file, from_function
from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.attempts import Attempts
from keras_regnoise.studies.engine.backup import CellBackup
from keras_regnoise.studies.engine.distribution import distribution
from keras_regnoise.studies.engine.environment import environment, peak_device_memory
from keras_regnoise.studies.engine.garbage import Garbage
from keras_regnoise.studies.engine.joined_steps import join_steps
from keras_regnoise.studies.engine.own_random import own_random
from keras_regnoise.studies.engine.same_data import SameData
from keras_regnoise.studies.engine.shared_program import (
    SharedPrograms,
    copy_state,
    program_of,
)
from keras_regnoise.studies.engine.stopwatch import Stopwatch, StopwatchStoppedError
from keras_regnoise.studies.model import Fit, StudyModel, checked_metrics, checked_model
from keras_regnoise.studies.run import Manifest, Options, Record, Run
from keras_regnoise.studies.study import Cell, Recipe, Study, Value
from keras_regnoise.studies.user_code import is_function, load_function

OnEpoch = Callable[[int, int], None]


class DivergedError(Exception):
    """The loss became NaN or infinite."""


def load_data(study: Study, cell: Cell, recipe: Recipe, options: Options) -> Any:
    """Load the data set of a cell, whole if it is to be drawn anew for every seed."""
    name = cell.arm.data or study.data
    sizes: dict[str, Any] = {
        "examples": None if recipe.redraw else recipe.examples,
        "test_examples": recipe.test_examples,
        "validation_examples": None if recipe.redraw else recipe.validation_examples,
    }
    if is_function(name):
        return from_function(load_function(name), name, **sizes)
    if "build" in recipe.options and name.endswith(ENDINGS):  # a model of the user's
        return from_file(name, recipe.options["target"], **sizes)
    return datasets.load(name, options.data_dir or None, **sizes)


def _of_seed(data: Any, seed: int, recipe: Recipe) -> Any:
    """Return the data set as a seed sees it."""
    if not recipe.redraw:
        return data
    return redraw(
        data,
        seed,
        examples=recipe.examples,
        validation_examples=recipe.validation_examples,
        wrong_labels=recipe.wrong_labels,
    )


def hyperparameters(
    cell: Cell, values: Mapping[str, Value] | None = None
) -> keras_tuner.HyperParameters:
    """Return the values of a trial as keras-tuner hands them to `build`.

    Args:
        cell: The cell.
        values: Those of its trial; by default the arm's.
    """
    hp = keras_tuner.HyperParameters()
    hp.values = {
        **(cell.arm.values if values is None else values),
        "arm": cell.arm.name,
        "seed": cell.seed,
    }
    return hp


class Trainer:
    """Trains the cells of a run, one after the other, in this process.

    Args:
        run: The run.
        study: The study; by default what the run's manifest says.
    """

    def __init__(self, run: Run, study: Study | None = None) -> None:
        self.run = run
        self.study = study or registry.resolve(run.manifest.source)
        self.recipe = run.recipe
        self._loaded: tuple[str, Any] = ("", None)
        self._data: tuple[Any, Any] = (None, None)
        self._programs = SharedPrograms()
        self._garbage = Garbage()
        self._same_data = SameData(run)

    @property
    def _options(self) -> Options:
        return self._manifest.options

    @property
    def _manifest(self) -> Manifest:
        return self.run.manifest

    def train(
        self,
        cell: Cell,
        values: Mapping[str, Value] | None = None,
        on_epoch: OnEpoch = lambda epoch, of: None,
    ) -> Record:
        """Train a cell and return its record; whatever it raises is its failure.

        Args:
            cell: The cell.
            values: The hyperparameter values of its trial; by default the arm's.
            on_epoch: Told `(epoch, of)` after every epoch.
        """
        attempts = Attempts(self.run.backup_of(cell.id))
        backup = CellBackup(self.run.backup_of(cell.id))
        epochs = self.recipe.of(cell.arm.group).epochs
        callbacks = (
            _Finite(),  # first: what diverged is not to be backed up
            backup,
            _Report(on_epoch, epochs, attempts),
        )
        with contextlib.ExitStack() as stack:
            stack.enter_context(own_random())
            model, hp = self._prepare(cell, values)
            self._same_data.check(cell.seed, self._described())
            network, own = stack.enter_context(self._network(cell, model, hp))
            fit = Fit(callbacks, backup.initial_epoch, backup.history, backup.give_up)
            metrics = checked_metrics(model.fit(hp, network, fit), self.study)
            _check_finite(metrics, self.study)
        fit_seconds = backup.fit_seconds
        record = self._record(
            cell,
            metrics,
            history=_rounded(backup.history),
            environment=environment(self._options.precision, bool(network.jit_compile)),
            fit_seconds=fit_seconds,
            # Evaluations of the other splits included: what one waits for.
            examples_per_second=model.data.sizes["train"] * epochs / fit_seconds,
            device_memory=peak_device_memory(),
            attempts=attempts.count,
            seconds=attempts.seconds,
        )
        if self._options.save_model:
            if network is not own and program_of(network) == program_of(own):
                copy_state(network, own)
                network = own
            # One that a callback has changed keeps its config, with an earlier seed's.
            save_model(network, self.run.model_of(cell.id))
        return record

    def time(self, cell: Cell) -> float:
        """Estimate the seconds of a cell, from a few seconds of its training."""
        stopwatch = Stopwatch()
        model, hp = self._prepare(cell)
        with distribution(self._options.distribute, model.recipe.batch_size):
            network = self._build(model, hp)
            self._check(model, network)
            with contextlib.suppress(StopwatchStoppedError):
                model.fit(hp, network, Fit((stopwatch,)))
        return stopwatch.estimate(model.steps)

    def _prepare(
        self, cell: Cell, values: Mapping[str, Value] | None = None
    ) -> tuple[StudyModel, keras_tuner.HyperParameters]:
        keras.backend.clear_session(free_memory=False)
        self._garbage.collect()
        keras.config.set_dtype_policy(self._options.precision)
        recipe = self.recipe.of(cell.arm.group)
        model: StudyModel = self.study.load_model()(recipe, self.data(cell))
        keras.utils.set_random_seed(cell.seed)
        return model, hyperparameters(cell, values)

    def _build(self, model: StudyModel, hp: keras_tuner.HyperParameters) -> keras.Model:
        network = checked_model(model.build(hp))
        if self._options.jit != "auto":
            network.jit_compile = self._options.jit == "on"
        return network

    def _check(self, model: StudyModel, network: keras.Model) -> None:
        model.check(network, (self.study.metric, self.study.objective))

    @contextlib.contextmanager
    def _network(
        self, cell: Cell, model: StudyModel, hp: keras_tuner.HyperParameters
    ) -> Iterator[tuple[keras.Model, keras.Model]]:
        """Yield the network to train and the cell's own, whose config has its seeds.

        They differ where the program of an earlier cell is used.
        """
        options = self._options
        with distribution(options.distribute, model.recipe.batch_size):
            own = self._build(model, hp)
            if options.distribute:  # a program is bound to its strategy
                self._check(model, own)
                yield own, own
                return
            join_steps(own, model)
            values = {name: hp.values[name] for name in hp.values if name != "seed"}
            key = repr((cell.arm, values, self.recipe, options))
            with self._programs.network(key, own, model) as shared:
                self._check(model, shared)
                yield shared, own

    def data(self, cell: Cell) -> Any:
        """Return the data set of a cell; the last one is kept for the next cell."""
        name = cell.arm.data or self.study.data
        key = (name, cell.seed) if self.recipe.redraw else name
        if self._loaded[0] != name:
            whole = load_data(self.study, cell, self.recipe, self._options)
            self._loaded = name, whole
        if self._data[0] != key:
            self._data = key, _of_seed(self._loaded[1], cell.seed, self.recipe)
        return self._data[1]

    def _described(self) -> dict[str, Any]:
        data = self._data[1]
        return {"name": data.name, "fingerprint": data.fingerprint, **data.sizes}

    def _record(self, cell: Cell, metrics: dict[str, float], **more: Any) -> Record:
        return Record.of(
            self._manifest,
            cell,
            status="done",
            metrics=metrics,
            data=self._described(),
            **more,
        )


def _rounded(history: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Keep six digits of a curve: half of what a float has, and of a folder's size."""
    return {
        name: [float(f"{value:.6g}") for value in curve]
        for name, curve in history.items()
    }


def _check_finite(metrics: Mapping[str, float], study: Study) -> None:
    """Raise if a loss is not finite, or a number by which arms are compared.

    Others may be undefined, as the area under a curve is of one class.
    """
    compared = (name.rpartition("_")[2] for name in (study.metric, study.objective))
    ends = ("loss", *compared)
    missing = [name for name, value in metrics.items() if not math.isfinite(value)]
    if bad := [name for name in missing if name.endswith(ends)]:
        raise DivergedError(f"not finite at the end: {', '.join(bad)}")


class _Finite(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends a training that has diverged."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise DivergedError(f"the loss became {loss} in epoch {epoch + 1}")


class _Report(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports epochs."""

    def __init__(self, on_epoch: OnEpoch, epochs: int, attempts: Attempts) -> None:
        super().__init__()
        self._on_epoch, self._epochs, self._attempts = on_epoch, epochs, attempts

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._attempts.note()
        self._on_epoch(epoch + 1, self._epochs)


def save_model(model: keras.Model, file: Path) -> None:
    """Write a model, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.keras")
    model.save(draft)
    draft.replace(file)
