from typing import Any

import keras


class TestCurve(keras.callbacks.Callback):  # type: ignore[misc]
    """Measures the test split while the model trains, for a curve.

    It adds `test_` metrics to the logs of the epoch, for the callbacks that follow. Of
    such a curve only what the paper reports may be quoted: the best point of it was
    chosen on the test split.

    Args:
        batches: The test split.
        freq: Epochs between evaluations.
    """

    __test__ = False  # not a test case, whatever pytest thinks of the name

    def __init__(self, batches: Any, freq: int) -> None:
        super().__init__()
        self.batches = batches
        self.freq = freq

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if (epoch + 1) % self.freq or logs is None:
            return
        values = self.model.evaluate(self.batches, verbose=0, return_dict=True)
        logs |= {f"test_{name}": float(value) for name, value in values.items()}
