"""From a run's cells to the trials of keras-tuner's oracles, and back."""

from collections.abc import Iterable
from typing import Any

import keras_tuner
from keras_tuner.engine import trial as kt_trial

from keras_regnoise.studies.race import standing_of, wanted_cells
from keras_regnoise.studies.run import Run
from keras_regnoise.studies.study import Arm, Cell
from keras_regnoise.tuning.oracle import EnumeratedOracle
from keras_regnoise.tuning.race_oracle import RaceOracle


def new_cell(trial: Any, arms: Iterable[Arm] = ()) -> Cell:
    """Make a cell of a trial that nobody planned.

    Args:
        trial: The trial.
        arms: Arms of the study: one that has the trial's values is the cell's.
    """
    values = dict(trial.hyperparameters.values)
    seed = int(values.pop("seed", 0))
    for arm in arms:
        if arm.values == values:
            return Cell(arm, seed)
    words = ", ".join(f"{name} {value}" for name, value in values.items())
    return Cell(Arm(words or "default", values), seed)


def enumerated(run: Run) -> EnumeratedOracle:
    """Make the oracle of a run's grid: a cell that has a record never runs again.

    Args:
        run: The run.
    """
    records = {record.cell: record for record in run.records}
    trials, done = {}, {}
    for name in run.manifest.chosen:
        cell, record = run.manifest.by_name[name], records.get(name)
        if record and not record.done:
            continue
        trials[name] = {**cell.arm.values, "seed": cell.seed}
        if record:
            done[name] = record.metrics
    description = run.description
    oracle = EnumeratedOracle(
        trials,
        keras_tuner.Objective(description.objective, description.direction or "max"),
        done,
    )
    oracle.on_end = lambda name: _keep_best_model(oracle, run, name)
    return oracle


def racing(run: Run) -> RaceOracle:
    """Make the oracle of a race; where it is, the records of the folder say.

    Args:
        run: The run of a tuning.
    """

    def wanted() -> dict[str, Any]:
        now = Run.open(run.directory)
        standing = standing_of(now)
        cells = wanted_cells(now, standing) if standing else []
        return {cell.id: {**cell.arm.values, "seed": cell.seed} for cell in cells}

    description = run.description
    objective = keras_tuner.Objective(description.objective, description.direction)
    return RaceOracle(wanted, objective)


def _keep_best_model(oracle: EnumeratedOracle, run: Run, name: str) -> None:
    """Keep one model of every arm, by the objective, so that little room is needed."""
    sign = -1 if oracle.objective.direction == "max" else 1
    cells = run.manifest.by_name
    done = [
        trial
        for trial in oracle.trials.values()
        if trial.status == kt_trial.TrialStatus.COMPLETED
        and cells[trial.trial_id].arm == cells[name].arm
    ]
    for trial in sorted(done, key=lambda trial: sign * float(trial.score))[1:]:
        run.model_of(trial.trial_id).unlink(missing_ok=True)
