from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_regnoise import _backend, models, placement
from keras_regnoise.layers import SpatialRotationOut, WeightNoise
from keras_regnoise.ops.drop import drop, kept_scale
from keras_regnoise.studies.model import Fit, StudyModel
from keras_regnoise.studies.papers.protocol import add_weight_decay, piecewise

_BLANK, _END = 0, -1
_BETWEEN_LAYERS: dict[str, Callable[..., Any]] = {
    "dropout": keras.layers.Dropout,
    "locked": keras.layers.SpatialDropout1D,  # one mask for all steps
    "rotationout": SpatialRotationOut,
}


@keras.saving.register_keras_serializable(package="keras_regnoise_studies")
class VariationalWeightDrop(WeightNoise):
    """Weight drop of whole columns: of all weights into a gate of a unit.

    Reference:
        Merity et al., Regularizing and Optimizing LSTM Language Models, 2018; the
        released code, with `variational=True`.
    """

    def _noisy(
        self, variable: keras.Variable, amount: Any, seed: Any, stream: int
    ) -> Any:
        shape = (1, variable.shape[-1])
        is_dropped = _backend.bernoulli(shape, amount, seed, stream)
        return drop(ops.convert_to_tensor(variable), is_dropped, kept_scale(amount))


_OF_WEIGHTS = {"weight drop": WeightNoise, "variational": VariationalWeightDrop}


class SpeechModel(StudyModel):
    """Bidirectional LSTM layers with the noise of the arm, and CTC."""

    shares_programs = False

    def build(self, hp: Any) -> keras.Model:
        model = self._network(hp)
        add_weight_decay(model, 1e-5)
        rate = piecewise(self.recipe.learning_rate, self.steps, {0.5: 0.2})
        model.compile(keras.optimizers.Adam(rate), keras.losses.CTC())
        return model

    def _network(self, hp: Any) -> keras.Model:
        options, depth = self.recipe.options, self.recipe.options["depth"]
        words: dict[str, Any] = {}
        if kind := hp.values.get("noise"):
            noise = _BETWEEN_LAYERS[kind]
            words["noise"] = partial(noise, hp.get("rate"), seed=hp.get("seed"))
            words["noise_stages"] = range(2, depth + 1)
        network = models.lstm_ctc(
            depth,
            ("noise", "lstm") if words else ("lstm",),
            width=options["width"],
            classes=self.data.classes,
            input_shape=self.data.shape,
            seed=hp.get("seed"),
            **words,
        )
        if kind := hp.values.get("weights"):

            def wrapped(layer: keras.layers.Layer) -> keras.layers.Layer:
                return _OF_WEIGHTS[kind](
                    layer,
                    rate=hp.get("weight_rate"),
                    weights=("recurrent_kernel",),
                    seed=self.seed(hp, f"{layer.name}_weights"),
                )

            network = placement.replace(network, keras.layers.Bidirectional, wrapped)
        return network

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        metrics = super().fit(hp, model, fit)
        width = self.recipe.options["beam_width"]
        beam = {"strategy": "beam_search", "beam_width": width}
        test = self._distances(model, "test")
        letters = float(np.mean([len(one) for one in texts(self.data.test.y)]))
        return metrics | {
            "edit_distance": test,
            "error_rate": test / letters,
            "beam_edit_distance": self._distances(model, "test", **beam),
            "val_edit_distance": self._distances(model, "validation"),
        }

    def _distances(self, model: keras.Model, split: str, **decoder: Any) -> float:
        """Return the mean edit distance of a split."""
        found = []
        for x, y in self.data.batches(split, self.evaluation_batch_size):
            # Not predict_on_batch: every replica of TensorFlow's would predict all.
            logits = model.predict(x, batch_size=len(x), verbose=0)
            heard = zip(decoded(logits, **decoder), texts(y), strict=True)
            found += [edit_distance(*pair) for pair in heard]
        return float(np.mean(found))


def decoded(logits: Any, **decoder: Any) -> list[list[int]]:
    """Return the labels of every sequence of a batch.

    Args:
        logits: Tensor `(batch, time, classes)`.
        **decoder: Those of `keras.ops.ctc_decode`; greedy by default.
    """
    lengths = np.full(len(logits), logits.shape[1], "int32")
    (best, *_), _ = ops.ctc_decode(logits, lengths, mask_index=_BLANK, **decoder)
    return list(texts(ops.convert_to_numpy(best)))


def texts(labels: Any) -> Iterator[list[int]]:
    """Yield the labels of every sequence, without what fills it up."""
    for line in ops.convert_to_numpy(labels).tolist():
        yield [label for label in line if label not in (_BLANK, _END)]


def edit_distance(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many labels have to be inserted, removed or replaced (Levenshtein).

    Example:
        >>> edit_distance([1, 2, 3], [2, 3, 4])
        2
    """
    steps = np.arange(len(other) + 1)
    row = steps
    for count, label in enumerate(one, start=1):
        replaced = row[:-1] + (np.array(other, "int64") != label)
        row = np.minimum(row + 1, np.concatenate([[count], replaced]))
        # Insertions: each costs one more than the cell to the left.
        row = np.minimum.accumulate(row - steps) + steps
    return int(row[-1])
