"""What the command `tune` does, in one call of Python: `krn.tuning.race`."""

import hashlib
import inspect
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
from keras_tuner import HyperModel, HyperParameters

from keras_regnoise._arguments import check_integer
from keras_regnoise.datasets.user import from_function, unbatched
from keras_regnoise.studies._policy import policy_kept
from keras_regnoise.studies.direction import Direction
from keras_regnoise.studies.engine.here import Here
from keras_regnoise.studies.engine.lock import lock_run
from keras_regnoise.studies.engine.own_source import source_of
from keras_regnoise.studies.engine.plan import Plan
from keras_regnoise.studies.engine.rehearsal import rehearsed_arms
from keras_regnoise.studies.engine.search import CellTuner
from keras_regnoise.studies.engine.trials import racing
from keras_regnoise.studies.race_result import RaceResult
from keras_regnoise.studies.run import Options, Record, Run
from keras_regnoise.studies.tune import Tuning, digest_of
from keras_regnoise.studies.user_code import absolute, lent
from keras_regnoise.tuning._alike import signature
from keras_regnoise.tuning.noise_hyper_model import takes_hp

if TYPE_CHECKING:
    from os import PathLike

    Build = Callable[..., keras.Model] | str | PathLike[str]

_DATA = "data"


def race(
    build_model: "Build",
    data: Any,
    *,
    layers: Sequence[str] = (),
    rates: Sequence[float] = (),
    placements: Sequence[str] = (),
    epochs: int = 10,
    batch_size: int = 32,
    objective: str = "val_accuracy",
    direction: Direction | None = None,
    seeds: int = 4,
    trainings: int | None = None,
    budget: float | None = None,
    measure: int = 12,
    folds: int = 0,
    target: str = "",
    full_grid: bool = False,
    directory: "str | PathLike[str] | None" = None,
    verbose: int = 1,
) -> RaceResult:
    """Find which noise, where and how strong, helps a model: the command `tune`.

    Arms are trained in rounds of seeds; one whose paired difference to the best
    excludes 0 gets no more. The winner is then measured on the test part with seeds
    that took no part in the choice. Everything is trained in this process, one model at
    a time; Keras's global seed is set and its session cleared, as between the trials of
    keras-tuner.

    Args:
        build_model: A function that builds and compiles a model, or the file of one,
            as in `from_file`. One of `hp`, or a `keras_tuner.HyperModel`, may ask for
            hyperparameters of its own.
        data: `(x, y)`; or `(x, y), (x_val, y_val)`; or these and `(x_test, y_test)`;
            or a function that returns that. A part that is not given is taken from the
            first. In the place of a pair there may be a `tf.data.Dataset` or a
            `keras.utils.PyDataset`. Or the path of an .npz or CSV file, or the name of
            a data set, see `keras_regnoise.datasets.load`.
        layers: Kinds of noise; by default dropout and rotationout. See
            `NoiseHyperModel` for them and the next two.
        rates: Their rates; by default 0.1, 0.3 and 0.5.
        placements: Where; by default before the weights, after the activations, and
            before the head. Arms that are the same model are one arm.
        epochs: Passes over the training part.
        batch_size: Examples of a batch.
        objective: What is chosen by, such as `"val_mae"`.
        direction: `"max"` or `"min"`; by default told by the name of the objective.
        seeds: Number of seeds of the first round.
        trainings: The budget in trainings; by default 10 for each arm.
        budget: The budget in seconds of training, in the place of `trainings`.
        measure: Number of fresh seeds that the winner is measured with at first.
        folds: For small data: each seed validates on another part of so many; 0 for
            the validation part.
        target: Column of the targets, of a CSV file.
        full_grid: Whether all arms get all seeds, and none is out.
        directory: Folder of what is trained. The same call goes on where one was
            interrupted. By default it is temporary.
        verbose: 1 for a progress bar, 0 for none.

    Returns:
        The answer in a sentence, the table, the figure, and the best model.

    Raises:
        ValueError: If something is wrong with the model, the data or an argument.

    Example:
        >>> import keras_regnoise as krn
        >>> result = krn.tuning.race(build_model, (x, y))  # doctest: +SKIP
        >>> print(result.sentence)  # doctest: +SKIP
        RotationOut 0.5 before the head is better than none by 1.82 ± 0.61 points.
    """
    functions: dict[str, Callable[..., Any]] = {}
    policy = keras.config.dtype_policy().name
    tuning = Tuning(
        build=_model(build_model, functions),
        data=_data(data, functions),
        layers=tuple(layers),
        rates=tuple(rates),
        placements=tuple(placements),
        epochs=check_integer("epochs", epochs, minimum=1),
        batch_size=check_integer("batch_size", batch_size, minimum=1),
        seeds=tuple(range(check_integer("seeds", seeds, minimum=2))),
        objective=objective,
        direction=direction,
        race=not full_grid,
        trainings=trainings,
        budget_s=budget,
        measure=check_integer("measure", measure, minimum=3),
        folds=check_integer("folds", folds, minimum=0),
        target=target,
        digest=_digest(build_model, data, functions),
    )
    temporary = tempfile.TemporaryDirectory() if directory is None else None
    folder = Path(temporary.name if temporary else directory or ".")
    options = Options(precision=policy)
    with lent(**functions), policy_kept():
        run = _train(tuning, options, folder, _Bar(verbose))
    return RaceResult(run, functions, temporary)


def _train(tuning: Tuning, options: Options, folder: Path, bar: "_Bar") -> Run:
    tuning = replace(tuning, arms=rehearsed_arms(tuning, options)).with_budget()
    plan = Plan(
        study=tuning.study(),
        source=tuning.source,
        scale="short",
        directory=folder,
        options=options,
    )
    with lock_run(folder):
        run = plan.begin()
        bar.begin(run)
        CellTuner(racing(run), run, Here(run), bar).search()
    bar.end()
    return Run.open(folder)


def _model(build_model: Any, functions: dict[str, Callable[..., Any]]) -> str:
    if isinstance(build_model, HyperModel):
        if type(build_model).fit is not HyperModel.fit:
            raise ValueError(
                f"{type(build_model).__name__} has a fit() of its own, which a race "
                "does not call: it trains as `epochs` and `batch_size` say. Give its "
                "build."
            )
        # Not `build_model.build`: keras-tuner has wrapped it.
        build_model = type(build_model).build.__get__(build_model)
    if isinstance(build_model, keras.Model):
        raise ValueError(
            f"build_model is a model ({build_model.name}), and each training needs a "
            "new one. Give the function that builds and compiles it, or save it and "
            "give the path of the .keras file."
        )
    if not callable(build_model):
        return absolute(str(build_model))
    name = getattr(build_model, "__name__", "")
    name = name if name.isidentifier() and name != _DATA else "build_model"
    functions[name] = build_model
    return f"python:{name}"


def _data(data: Any, functions: dict[str, Callable[..., Any]]) -> str:
    if isinstance(data, str | Path):
        return absolute(str(data))
    # Read once: what is shuffled, or drawn in a function, is another one each time.
    arrays = unbatched(data() if inspect.isroutine(data) else data, _DATA)
    functions[_DATA] = lambda: arrays
    return f"python:{_DATA}"


def _digest(build_model: Any, data: Any, functions: Mapping[str, Any]) -> str:
    """Return what tells one race from another that would go on in its folder."""
    digest = hashlib.blake2b(digest_size=16)
    places = [str(p) for p in (build_model, data) if isinstance(p, str | Path)]
    digest.update(digest_of(*places).encode())
    for name, function in functions.items():
        if name == _DATA:
            digest.update(from_function(function, _DATA).fingerprint.encode())
        else:
            digest.update(f"{source_of(function)}\n{_built(function)}".encode())
    return digest.hexdigest()


def _built(function: Any) -> str:
    """Describe what it builds: the same source may build another model each time."""
    try:
        with policy_kept():
            model = function(HyperParameters()) if takes_hp(function) else function()
        outputs = getattr(model, "output_names", [])
        parts = [
            json.loads(signature(model) or "null"),
            [tuple(weight.shape) for weight in model.weights],
            model.get_compile_config(),
        ]
        cleaned = _without_names(parts, {n: str(i) for i, n in enumerate(outputs)})
    except Exception:  # the rehearsal, which comes next, has words for it
        return ""
    return json.dumps(cleaned, default=lambda one: type(one).__name__)


def _without_names(config: Any, outputs: Mapping[str, str]) -> Any:
    """Leave out names, on which Keras counts, and lambdas, which know their file."""
    if isinstance(config, Mapping):
        if config.get("class_name") == "__lambda__":
            return "lambda"
        return {
            outputs.get(key, key): _without_names(value, outputs)
            for key, value in config.items()
            if key != "name"
        }
    if isinstance(config, list | tuple):
        return [_without_names(one, outputs) for one in config]
    return outputs.get(config, config) if isinstance(config, str) else config


class _Bar:
    """Keras's progress bar, in a terminal and in a notebook alike."""

    def __init__(self, verbose: int) -> None:
        self._verbose, self._ended = verbose, 0
        self._bar: Any = None

    def begin(self, run: Run) -> None:
        self._bar = keras.utils.Progbar(
            len(run.manifest.cells), verbose=self._verbose, unit_name="training"
        )
        self._ended = len(run.records)

    def end(self) -> None:
        self._bar.update(self._ended, finalize=True)

    def say(self, text: str) -> None:
        print(text)

    def planned(self, cell: str) -> None:
        self._bar.target += 1

    def epoch(self, cell: str, epoch: int, of: int) -> None:
        """A bar of trainings."""

    def ended(self, records: Mapping[str, Record]) -> None:
        self._ended = len(records)
        self._bar.update(self._ended, finalize=False)
