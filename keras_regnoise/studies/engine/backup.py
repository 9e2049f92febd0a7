import json
import shutil
import time
from pathlib import Path
from typing import Any

import keras

from keras_regnoise.studies.folder import read_json, write_json

_STATE = "state.json"


class CellBackup(keras.callbacks.Callback):  # type: ignore[misc]
    """Lets an interrupted training go on from its last epoch, and end the same.

    `keras.callbacks.BackupAndRestore` writes the weights and the number of the epoch
    one after the other, so that a kill in between pairs the weights of one epoch with
    the number of another, and it leaves out the random state of Keras's own noise
    layers. Here a backup is a folder that counts from the moment when its name is
    written into one file, and it has the seeds and the history as well.

    Args:
        directory: Folder of the backups of one cell; it is removed by `remove`.
        interval_s: Least seconds between two backups, so that short epochs do not wait
            for the disk.
    """

    def __init__(self, directory: Path, interval_s: float = 20.0) -> None:
        super().__init__()
        self.directory = directory
        self.interval_s = interval_s
        self.history: dict[str, list[float]] = {}
        self._last = time.monotonic()
        self._state: dict[str, Any] = {}
        if (directory / _STATE).exists():
            self._state = read_json(directory / _STATE)
            self.history = self._state["history"]

    @property
    def initial_epoch(self) -> int:
        """Epochs that are trained already."""
        return int(self._state.get("epoch", 0))

    def on_train_begin(self, logs: Any = None) -> None:
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
        if time.monotonic() - self._last >= self.interval_s:
            self._save(epoch + 1)
            self._last = time.monotonic()

    def _save(self, epoch: int) -> None:
        earlier = self._state.get("weights")
        weights = f"epoch{epoch}.weights.h5"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.model.save_weights(self.directory / weights)
        self._state = {
            "format": 1,
            "epoch": epoch,
            "weights": weights,
            "seeds": [
                keras.ops.convert_to_numpy(state.value).tolist()
                for state in _random_states(self.model)
            ],
            "history": json.loads(json.dumps(self.history)),
        }
        write_json(self._state, self.directory / _STATE)
        if earlier:
            (self.directory / earlier).unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the backups of a cell that is done."""
        shutil.rmtree(self.directory, ignore_errors=True)


def _random_states(model: keras.Model) -> list[Any]:
    """Seed states of all layers, ours and Keras's."""
    return [
        v for v in model.non_trainable_variables if v.name == "seed_generator_state"
    ]
