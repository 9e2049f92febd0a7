import json
import time
from pathlib import Path
from typing import Any

import keras

from keras_regnoise.studies.run import DamagedError, read_json, write_json

_STATE = "state.json"
_SHARE = 50  # of the time, at most one part goes into backups
_FIRST_S = 0.02  # what a backup is thought to take before the first one


class CellBackup(keras.callbacks.Callback):  # type: ignore[misc]
    """Lets an interrupted training go on from its last epoch, and end the same.

    `keras.callbacks.BackupAndRestore` writes the weights and the number of the epoch
    one after the other, so that a kill in between pairs the weights of one epoch with
    the number of another, and it leaves out the random state of Keras's own noise
    layers. Here a backup is a folder that counts from the moment when its name is
    written into one file, and it has the seeds and the history as well.

    It is written after an epoch, but not so often that it takes more than 2 % of the
    time.

    Args:
        directory: Folder of the backups of one cell.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory
        self.history: dict[str, list[float]] = {}
        self._cost, self._last = _FIRST_S, time.monotonic()
        self._state: dict[str, Any] = {}
        self._fit_start = 0.0
        self._is_given_up = False
        if (directory / _STATE).exists():
            try:
                self._state = read_json(directory / _STATE)
            except DamagedError:
                return  # from the first epoch, then
            self.history = self._state["history"]

    @property
    def initial_epoch(self) -> int:
        """Epochs that are trained already."""
        return int(self._state.get("epoch", 0))

    @property
    def fit_seconds(self) -> float:
        """Seconds of `fit` for the epochs that are trained, over all attempts."""
        earlier = float(self._state.get("fit_seconds", 0.0))
        return earlier + time.monotonic() - self._fit_start

    def give_up(self) -> None:
        """Write none in this training, which could not go on from one."""
        self._is_given_up = True

    def on_train_begin(self, logs: Any = None) -> None:
        self._fit_start = time.monotonic()
        if not self._state:
            return
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        self.model.load_weights(self.directory / self._state["weights"])
        for state, saved in zip(
            _random_states(self.model), self._state["seeds"], strict=True
        ):
            state.assign(saved)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        begin = time.monotonic()
        if not self._is_given_up and begin - self._last >= _SHARE * self._cost:
            self._save(epoch + 1)
            self._last = time.monotonic()
            self._cost = self._last - begin

    def _save(self, epoch: int) -> None:
        earlier = self._state.get("weights")
        weights = f"epoch{epoch}.weights.h5"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.model.save_weights(self.directory / weights)
        now = self.fit_seconds
        state = {
            "epoch": epoch,
            "weights": weights,
            "seeds": [
                keras.ops.convert_to_numpy(state.value).tolist()
                for state in _random_states(self.model)
            ],
            "history": json.loads(json.dumps(self.history)),
            "fit_seconds": now,
        }
        write_json(state, self.directory / _STATE)
        self._state, self._fit_start = state, time.monotonic()
        if earlier:
            (self.directory / earlier).unlink(missing_ok=True)


def _random_states(model: keras.Model) -> list[Any]:
    """Seed states of all layers, ours and Keras's."""
    return [
        v for v in model.non_trainable_variables if v.name == "seed_generator_state"
    ]
