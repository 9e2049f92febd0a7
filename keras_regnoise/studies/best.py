"""The best cell of a run, by the objective."""

from collections.abc import Sequence
from statistics import mean

from keras_regnoise._race.snippet import snippet
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.race import standing_of
from keras_regnoise.studies.run import ArmKey, Record, Run, arm_name


def best_arm(run: Run) -> ArmKey:
    """Name the arm to take: of a race what it found, else that with the best mean.

    One of which runs diverged comes after all of which fewer did: the mean is that of
    the others.

    Raises:
        InputError: If no cell is done.
    """
    if not run.done:
        raise InputError(
            f"No cell of {run.directory} is done, so there is no best one yet."
        )
    if standing := standing_of(run):
        return "", standing.leader if standing.won else standing.none
    arms = [[r for r in run.of_arm(arm) if r.done] for arm in run.arms]

    def rank(records: Sequence[Record]) -> tuple[int, float]:
        diverged = sum(record.diverged for record in run.of_arm(records[0].key))
        return -diverged, mean(_scores(run, records))

    return max(filter(None, arms), key=rank)[0].key


def code_of_best(run: Run) -> str:
    """Return the lines of Python that make the arm to take, of a run of a user's model.

    Raises:
        InputError: If no cell is done.
    """
    arms = {name: values for (_, name), values in run.arms.items()}
    build = str(run.manifest.source["tune"]["build"])
    if build.startswith("python:"):  # a function that has no file
        build = build.removeprefix("python")
    return snippet(best_arm(run)[1], arms, build)


def cells_by_score(run: Run, arm: ArmKey) -> list[str]:
    """Return the cells of an arm that are done, the best first.

    Raises:
        InputError: If there is none.
    """
    done = [record for record in run.of_arm(arm) if record.done]
    if not done:
        raise InputError(f"No training of {arm_name(arm)} is done: there is no model.")
    scores = dict(zip((r.cell for r in done), _scores(run, done), strict=True))
    return sorted(scores, key=lambda cell: -scores[cell])


def best_cell(run: Run, arm: ArmKey) -> str:
    """Name the best cell of an arm of those that have a model.

    Raises:
        InputError: If there is none.
    """
    for cell in cells_by_score(run, arm):
        if run.model_of(cell).exists():
            return cell
    raise InputError(
        f"No model of the best arm, {arm[1]}, is in {run.directory / 'models'}: it "
        "was deleted, or the run was done with --no-models."
    )


def _scores(run: Run, records: Sequence[Record]) -> list[float]:
    """Return the objective of records, more is better."""
    sign = 1 if run.description.direction == "max" else -1
    return [sign * record.metrics[run.description.objective] for record in records]
