from typing import Any

import keras
import numpy as np

from keras_regnoise.datasets.split import Split


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches in an order that depends on the seed alone.

    `fit(shuffle=True)` draws the order from generators that a model's layers may draw
    from as well, so that two models see two orders. Here two runs with one seed see
    the same batches, whatever they train, and their results can be compared in pairs.

    Args:
        data: Examples.
        batch_size: Examples of a batch; the last, smaller batch is left out.
        seed: Integer.
    """

    def __init__(self, data: Split, batch_size: int, seed: int) -> None:
        super().__init__()
        self.data = data
        self.batch_size = batch_size
        self._random = np.random.default_rng(seed)
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        self._order = self._random.permutation(len(self.data.x))

    def __len__(self) -> int:
        return len(self.data.x) // self.batch_size

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        start = index * self.batch_size
        chosen = self._order[start : start + self.batch_size]
        return self.data.x[chosen], self.data.y[chosen]
