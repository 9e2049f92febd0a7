from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import keras_tuner

from keras_regnoise._arguments import shown
from keras_regnoise._seeds import derived_seed
from keras_regnoise.datasets import DataSet
from keras_regnoise.datasets._epochs import EpochBatches
from keras_regnoise.studies._rehearsal import check_sizes, rehearse
from keras_regnoise.studies._text import clean_line
from keras_regnoise.studies.curve import TestCurve
from keras_regnoise.studies.input_error import InputError, nearest
from keras_regnoise.studies.study import Recipe, Study

# These remember earlier epochs, which no backup has.
_REMEMBERING = (keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau)
_SPLITS = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class Fit:
    """What an interrupted training needs to go on.

    Attributes:
        callbacks: Callbacks of the engine, for `model.fit`.
        initial_epoch: Epochs that are trained already.
        history: Metrics by epoch, those before an interruption too; it grows while
            the model trains.
        begin_anew: To be called before a training that could not go on in the middle,
            since a callback of it remembers earlier epochs as
            `keras.callbacks.EarlyStopping` does: if it is interrupted, it begins anew.
    """

    callbacks: tuple[Any, ...] = ()
    initial_epoch: int = 0
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    begin_anew: Callable[[], None] = lambda: None


class StudyModel(keras_tuner.HyperModel):  # type: ignore[misc]
    """The model of a study: subclass it and write `build`.

    Args:
        recipe: The recipe of the chosen scale.
        data: The data set.

    Attributes:
        recipe: See above.
        data: See above; `data.shape` and `data.classes` size the model.
        shares_programs: Whether `fit`, `evaluate` and `check` leave the network's
            layers and how it is compiled as `build` made them. Then cells that differ
            in their seed alone may use one compiled program. A class that overrides one
            of the three has to say so itself.
    """

    shares_programs = True

    def __init__(self, recipe: Recipe, data: DataSet) -> None:
        super().__init__()
        self.recipe = recipe
        self.data = data

    @property
    def steps(self) -> int:
        """Training steps in all, for learning rate schedules."""
        per_epoch = self.data.sizes["train"] // self.recipe.batch_size
        return max(1, per_epoch * self.recipe.epochs)

    @staticmethod
    def seed(hp: Any, name: str) -> int:
        """Derive the seed of a layer from the cell's seed and the layer's name.

        Layers of one name start from the same weights in all arms of a seed.
        """
        seed: int = derived_seed(hp.get("seed"), name)
        return seed

    def build(self, hp: Any) -> keras.Model:
        """Build and compile the model of a cell.

        Args:
            hp: `hp.get("rate")` and so on give the values of the arm, and
                `hp.get("seed")` the seed of the cell.
        """
        raise NotImplementedError

    def augmentation(self, hp: Any) -> tuple[str, ...]:
        """Return how training images are changed at random; as the recipe says.

        Args:
            hp: See `build`.
        """
        return self.recipe.augmentation

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        """Train, then measure; the test split is measured after the last epoch.

        Args:
            hp: See `build`.
            model: The model that `build` made.
            fit: What the engine adds.

        Returns:
            Metrics, such as `"test_accuracy"`, of the last epoch.
        """
        recipe = self.recipe
        own = self.callbacks(model)
        if any(isinstance(callback, _REMEMBERING) for callback in own):
            fit.begin_anew()
        training = self.data.fit_arguments(
            recipe.batch_size,
            seed=hp.get("seed"),
            epochs=recipe.epochs,
            augmentation=self.augmentation(hp),
            initial_epoch=fit.initial_epoch,
            steps_per_execution=model.steps_per_execution,
        )
        model.fit(
            **training,
            validation_data=self.validation(),
            validation_freq=recipe.validation_freq,
            callbacks=[
                _Epochs(training["x"]),
                *own,
                *fit.callbacks,
            ],
            verbose=0,
        )
        return self.evaluate(model)

    def check(self, network: keras.Model, wanted: Iterable[str] = ()) -> None:
        """Raise if the training of a network would fail, as far as that can be told.

        One call is evaluated, of one batch or as many as the network takes in a call,
        and the network is left as it was. Where `fit` or `evaluate` is overridden, only
        what does not depend on them is checked.

        Args:
            network: What `build` made, not trained.
            wanted: Metrics that `fit` has to return, such as the study's.

        Raises:
            InputError: If the inputs, a batch size, the classes or a metric do not
                fit, in one line.
        """
        checked_model(network)
        if type(self).fit is not StudyModel.fit:
            return
        batches = self.recipe.batch_size, self.evaluation_batch_size
        check_sizes(network, self.data, batches)
        measured = rehearse(network, self.validation())
        if type(self).evaluate is StudyModel.evaluate:
            known = [f"{p}_{name}" for p in _SPLITS.values() for name in measured]
            _check_wanted(known, wanted)

    def callbacks(self, model: keras.Model) -> list[keras.callbacks.Callback]:
        """Return what looks at a training, before the callbacks of the engine.

        With `EarlyStopping` or `ReduceLROnPlateau` a training that was interrupted
        begins anew; with callbacks of your own that remember epochs, let `fit` call
        `fit.begin_anew()` first.

        Args:
            model: The model that `build` made.
        """
        if not self.recipe.test_freq:
            return []
        batches = self.data.batches("test", self.evaluation_batch_size)
        return [TestCurve(batches, self.recipe.test_freq)]

    def validation(self) -> Iterable[Any]:
        """Return the batches that `val_` metrics of each epoch are about."""
        batches: Iterable[Any] = self.data.batches(
            "validation", self.evaluation_batch_size
        )
        return batches

    def evaluate(self, model: keras.Model) -> dict[str, float]:
        """Measure every compiled metric on every split."""
        metrics: dict[str, float] = {}
        for split, prefix in _SPLITS.items():
            batches = self.data.batches(split, self.evaluation_batch_size)
            values = model.evaluate(batches, verbose=0, return_dict=True)
            metrics |= {f"{prefix}_{name}": float(v) for name, v in values.items()}
        return metrics

    @property
    def evaluation_batch_size(self) -> int:
        """Examples of a batch where nothing is trained; it changes no number."""
        return max(500, self.recipe.batch_size)


class _Epochs(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells batches the epoch.

    Of a model that is not built or is under a strategy `fit` reads some beforehand.
    """

    def __init__(self, batches: Any) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if isinstance(self._batches, EpochBatches):
            self._batches.epoch = epoch


def checked_model(model: Any, where: str = "`build`") -> keras.Model:
    """Return a compiled model, or raise `InputError`.

    Args:
        model: What was built.
        where: What built it, for the error.
    """
    if isinstance(model, keras.Model) and model.compiled:
        return model
    what = clean_line(shown(model))
    if isinstance(model, keras.Model):
        what = f"{type(model).__name__} {model.name!r}, not compiled"
    raise InputError(f"{where} must return a compiled keras.Model. Received: {what}")


def checked_metrics(metrics: Any, study: Study) -> dict[str, float]:
    """Return what `fit` measured as Python's floats, or raise `InputError`.

    Args:
        metrics: What `StudyModel.fit` returned; NumPy's numbers and tensors without
            axes are numbers, and so are NaN and infinity.
        study: Its metric and its objective must be there.
    """
    if not isinstance(metrics, Mapping):
        raise InputError(
            f"`fit` of study {study.name!r} must return a dict from names of metrics "
            f"to numbers. Received: {clean_line(shown(metrics))}"
        )
    found = {str(name): _number(name, value) for name, value in metrics.items()}
    _check_wanted(found, (study.metric, study.objective))
    return found


def _number(name: Any, value: Any) -> float:
    try:
        array = keras.ops.convert_to_numpy(value)
        if array.dtype.kind not in "US" and array.size == 1:
            return float(array.reshape(()))
    except (TypeError, ValueError):
        pass
    raise InputError(
        f"The metric {name!r} that `fit` returned must be a number. "
        f"Received: {clean_line(shown(value))}"
    )


def _check_wanted(known: Iterable[str], wanted: Iterable[str]) -> None:
    known = list(known)
    for name in wanted:
        if name not in known:
            raise InputError(
                f"The study's metric {name!r} is not among those that its model "
                f"measures: {', '.join(known) or 'none'}.{nearest(name, known)}"
            )
