"""What a run has found out, in a sentence."""

from collections.abc import Sequence

from keras_regnoise._race.words import sentence
from keras_regnoise.studies.direction import direction_of
from keras_regnoise.studies.race import measured_by, standing_of
from keras_regnoise.studies.report.contrasts import Contrast, Words, told
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.report.summary import ArmSummary
from keras_regnoise.studies.run import Run


def answer(arms: Sequence[ArmSummary], run: Run) -> str:
    """Say which arms are better or worse than the baseline, and by how much.

    An arm is distinguishable if it has at least 3 pairs of seeds and the paired
    t-test rejects at 0.05 after Holm's correction for the number of arms of the whole
    run. One whose own 95 % interval leaves 0 out, but which does not stand the
    correction, is named as such. Where runs of an arm or of the baseline were lost,
    the others are a selection, and the two are not compared. A study of options over
    many problems is answered by the differences of their errors over the problems. A
    race is answered by the measurement of its winner, see
    `keras_regnoise.tuning.race`.

    Args:
        arms: What `summarize` returns.
        run: The run.
    """
    run = readable(run)
    if standing := standing_of(run):
        metric = Metric(measured_by(run))
        amount = "points" if metric.percent else f"in {metric.words}"
        text = sentence(standing, amount, metric.factor)
        errors = (r.error for r in run.records if r.error)
        if standing.end == "failed" and (error := next(errors, "")):
            return f"{text} The first: {error}"
        return text
    if run.description.profile:
        contrasts, words = _over_problems(arms, run)
    else:
        contrasts, words = _over_seeds(arms, run)
    start = "" if run.complete else "So far: "
    text = told(contrasts, words)
    return start + (text if start or not _ours(text) else text[0].upper() + text[1:])


def _ours(text: str) -> bool:
    """Tell whether a sentence begins with a word of ours, and not with a name."""
    return text.startswith(("with ", "no ", "in ", "there "))


def _over_seeds(arms: Sequence[ArmSummary], run: Run) -> tuple[list[Contrast], Words]:
    metric = Metric(arms[0].metric if arms else run.metric())
    amount = "points of" if metric.percent else "in"
    direction = direction_of(metric.name, run.description)
    baseline = run.description.baseline
    words = Words(
        metric,
        f"{amount} {metric.words}",
        "arm",
        "seed",
        *(("better than", "worse than") if direction else ("above", "below")),
        less_is_better=direction == "min",
        without=f"there is no arm to compare with {baseline}.",
    )
    lost = {(a.group, a.arm) for a in arms if a.failed + a.not_finite}
    contrasts = []
    for arm in arms:
        if arm.is_baseline:
            continue
        names = [n for n in (baseline, arm.arm) if (arm.group, n) in lost]
        missing = names[0] if names else ""
        contrasts.append(
            Contrast(arm.group, arm.arm, baseline, arm.difference, missing)
        )
    return contrasts, words


def _over_problems(
    arms: Sequence[ArmSummary], run: Run
) -> tuple[list[Contrast], Words]:
    from keras_regnoise.studies.report.standings import standings

    whole = standings(run, arms[0].metric if arms else None)
    contrasts, first = [], ""
    for line in whole.table() if whole else ():
        if line.difference is None:
            first = line.option
        else:
            options = (first, line.option)
            lost = [o for o in options if whole and whole.failed((line.within, o))]
            contrasts.append(
                Contrast(line.within, line.option, first, line.difference, *lost[:1])
            )
    error = Metric("error")
    words = Words(
        error,
        "in error",
        "option",
        "problem",
        "better than",
        "worse than",
        less_is_better=True,
        without="no problem is complete yet.",
    )
    return contrasts, words
