import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras

from keras_regnoise import placement
from keras_regnoise._figures import shown_in_notebooks
from keras_regnoise.studies._policy import policy_kept
from keras_regnoise.studies.best import best_arm, cells_by_score, code_of_best
from keras_regnoise.studies.engine.again import save_model_of
from keras_regnoise.studies.engine.export import load, own_objects
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.race import standing_of
from keras_regnoise.studies.report.answer import answer
from keras_regnoise.studies.report.columns import Numbers, arm_columns
from keras_regnoise.studies.report.summary import summarize
from keras_regnoise.studies.report.table import render
from keras_regnoise.studies.run import Run
from keras_regnoise.studies.user_code import lent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class RaceResult:
    """What a race has found; printed, it is the report, in a notebook a table.

    `keras_regnoise.tuning.race` returns it.

    Attributes:
        run: Every training with its numbers, for `keras_regnoise.report`.

    Example:
        >>> result = krn.tuning.race(build_model, (x, y))  # doctest: +SKIP
        >>> result.winner  # doctest: +SKIP
        'RotationOut 0.5 before the head'
        >>> result.best_model().save("best.keras")  # doctest: +SKIP
    """

    run: Run
    _functions: Mapping[str, Callable[..., Any]]
    # Models of a race without a folder live as long as its result.
    _temporary: tempfile.TemporaryDirectory[str] | None

    @property
    def sentence(self) -> str:
        """The answer: what is better than none and by how much, or that nothing is."""
        return answer(summarize(self.run), self.run)

    @property
    def winner(self) -> str:
        """Name of the arm to take; that without noise if none is better."""
        return best_arm(self.run)[1]

    @property
    def table(self) -> list[dict[str, Any]]:
        """A row for each arm: `pandas.DataFrame(result.table)` makes it a frame."""
        lines, standing = summarize(self.run), standing_of(self.run)
        out = standing.out if standing else {}
        columns = arm_columns(lines, self.run.description.baseline, timed=True)
        rows = []
        for line in lines:
            numbers: Numbers = {}
            for column in columns:
                numbers |= column.numbers(line)
            still_in = line.arm not in out
            rows.append({"arm": line.arm, **line.values, **numbers, "left": still_in})
        return rows

    @property
    def code(self) -> str:
        """Lines of Python that make the winner, for a training script."""
        return code_of_best(self.run)

    def figure(self) -> "Figure":
        """Draw the difference to none by rate: a line a noise, a panel a place."""
        from keras_regnoise.studies.report.figures import drawn

        return shown_in_notebooks(drawn(self.run))

    def best_model(self, noisy: bool = False) -> keras.Model:
        """Return the trained model of the winner, of its seeds the best.

        A race keeps no models: the first call trains this one once more, which sets
        Keras's global seed and clears its session as the race did.

        Args:
            noisy: Whether with its noise; without, all layers are Keras's or yours.
        """
        best = cells_by_score(self.run, best_arm(self.run))[0]
        file = self.run.model_of(best)
        with lent(**self._functions), policy_kept():
            if not file.exists() and (reason := save_model_of(file.parents[1], best)):
                raise InputError(f"Can't train {best} once more: {reason}")
            model = load(file, own_objects(self.run.manifest.source))
        return model if noisy else placement.strip(model)

    def __str__(self) -> str:
        return str(render(summarize(self.run), self.run, terminal=False))

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return str(self)
