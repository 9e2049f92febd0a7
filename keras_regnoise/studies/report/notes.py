"""What is to be known of the numbers of a table: on the terminal and in the page."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from keras_regnoise._race.words import method
from keras_regnoise.studies.race import standing_of
from keras_regnoise.studies.report.comparison import ArmComparison
from keras_regnoise.studies.report.interval import FEWEST
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.report.summary import ArmSummary
from keras_regnoise.studies.run import Record, Run, arm_name

# What a number may depend on, by its name in `Record.environment`.
ENVIRONMENT = (
    "keras_regnoise",
    "commit",
    "keras",
    "backend",
    "python",
    "machine",
    "device",
    "precision",
    "jit",
)
_SPREAD = (
    "mean ± standard deviation over n seeds. Neither ± nor an interval is shown for "
    f"fewer than {FEWEST}."
)
_MOST = 3
_MOST_GROUPS = 10


def arm_notes(arms: Sequence[ArmSummary], run: Run) -> list[str]:
    """Return the notes below the table of a run."""
    run = readable(run)
    metric = Metric(arms[0].metric if arms else run.metric())
    standing = standing_of(run)
    notes = [
        f"vs {run.description.baseline}: difference in pairs of equal seeds, ± half a "
        f"95 % interval (Student's t). {_SPREAD}",
        *_paper_notes(arms),
        *([method(standing)] if standing else _chance_note(arms)),
    ]
    if metric.best:
        notes.append(
            f"The {metric.words} is that of the best epoch, chosen by itself: better "
            "than that of a model chosen without it."
        )
    if lost := sum(arm.not_finite for arm in arms):
        verb = "run ended" if lost == 1 else "runs ended"
        notes.append(f"{lost} {verb} without a finite number, and are in no mean.")
    notes += mixed(run)
    if run.left_out:
        left_out = _left_out(run)
        notes.append(f"Arms of the study that this run leaves out: {left_out}.")
    return notes


def comparison_notes(lines: Sequence[ArmComparison]) -> list[str]:
    """Return the notes below the table of two runs."""
    differs = dict.fromkeys(part for line in lines for part in line.differs)
    return [
        "B - A: difference in pairs of equal seeds, ± half a 95 % interval (Student's "
        f"t). {_SPREAD}",
        *(f"Differs: {difference}" for difference in differs),
    ]


def mixed(run: Run) -> list[str]:
    """Say in what the cells of a run are not alike."""
    notes = []
    codes = (record.origin.code for record in run.records if record.origin)
    states = _counted(tuple(sorted(code.items())) for code in codes)
    changed = max(len(states), len(run.manifest.code))
    if changed > 1:
        counts = ", ".join(map(cells, states.values()))
        notes.append(
            f"The code changed while it ran, {changed} states of it ({counts}): the "
            "cells may be of different models."
        )
    several = [key for key, prints in run.fingerprints.items() if len(prints) > 1]
    if names := dict.fromkeys(name for name, _ in several):
        notes.append(
            "The cells were trained on different data of one name, "
            f"{', '.join(names)}, and are no pairs."
        )
    for name in ENVIRONMENT:
        values = environment(run.records, name)
        if len(values) > 1:
            words = name.replace("_", " ")
            text = ", ".join(f"{v} ({cells(n)})" for v, n in values.items())
            notes.append(f"The cells differ in {words}: {text}.")
    return notes


def environment(records: Iterable[Record], name: str) -> Counter[str]:
    """Count the values of one name of the environment."""
    return _counted(as_text(r.environment.get(name)) for r in records)


def _counted(values: Iterable[Any]) -> Counter[Any]:
    return Counter(value for value in values if value)


def as_text(value: object) -> str:
    """Return a value of a record in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def cells(count: int) -> str:
    """Count cells in words."""
    return f"{count} cell" if count == 1 else f"{count} cells"


def _paper_notes(arms: Sequence[ArmSummary]) -> Iterable[str]:
    if not any(arm.published for arm in arms):
        return
    yield (
        "published: ± standard deviation, (number of runs), where the paper has them; "
        "best: of the best epoch, mean: of the last epochs, chosen: on the validation "
        "split."
    )
    yield (
        f"verdict: about the sign of the difference beside that of the published one, "
        f"from {FEWEST} pairs on and if the interval leaves 0 out; levels are compared "
        "at the paper's scale alone."
    )
    groups: dict[str, dict[str, None]] = {}
    for arm in arms:
        for number in arm.published:
            if number.of:
                groups.setdefault(number.of, {})[arm.group] = None
    for of, names in groups.items():
        yield f"Published numbers beside {_some(list(names))} are of {of}."


def _some(names: Sequence[str]) -> str:
    """List names, the first ones of many."""
    more = f" and {len(names) - _MOST} more groups" if len(names) > _MOST else ""
    return "; ".join(names[:_MOST]) + more


def _chance_note(arms: Sequence[ArmSummary]) -> Iterable[str]:
    differences = [d for arm in arms if (d := arm.difference) and d.enough]
    if len(differences) > 1:
        count = sum(difference.excludes_zero for difference in differences)
        yield (
            f"{count} of {len(differences)} intervals of differences leave 0 out; if "
            f"no arm did anything, about {len(differences) / 20:.1f} would. The answer "
            "allows for their number (Holm's correction)."
        )


def _left_out(run: Run) -> str:
    """List arms, and groups that are left out as a whole."""
    shown = {group for group, _ in run.arms}
    arms = [arm_name(key) for key in run.left_out if key[0] in shown]
    groups = dict.fromkeys(group for group, _ in run.left_out if group not in shown)
    if len(groups) > _MOST_GROUPS:
        return ", ".join([*arms, f"those of {len(groups)} other groups"])
    return ", ".join([*arms, *(f"all of {group}" for group in groups)])
