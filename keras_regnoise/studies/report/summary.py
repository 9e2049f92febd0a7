"""From the records of a run to the lines of its table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keras_regnoise.studies.race import choosing, is_tuning
from keras_regnoise.studies.report import verdict
from keras_regnoise.studies.report.interval import Interval
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.report.resolution import step
from keras_regnoise.studies.run import ArmKey, Record, Run
from keras_regnoise.studies.study import Published, Value


@dataclass(frozen=True, kw_only=True)
class ArmSummary:
    """One line of the table.

    Attributes:
        group: Panel of the table.
        arm: Name of the arm.
        values: The arm's values.
        metric: Name of the metric.
        is_baseline: Whether the others of its group are compared with it.
        seeds: The metric by seed, of the runs where it is a finite number.
        value: Over the seeds.
        difference: To the baseline of the group, in pairs of equal seeds; None for
            the baseline and without a pair.
        published: The paper's numbers: of this metric, or else of the same metric at
            another choice of the epoch.
        verdict: How the difference, or else the level, compares with the paper's; see
            `summarize`.
        planned: Number of runs that the plan has.
        failed: Number of runs that ended in an error.
        not_finite: Number of runs that ended with NaN or infinity.
        seconds: Mean wall time of a run, NaN without any.
    """

    group: str
    arm: str
    values: Mapping[str, Value]
    metric: str
    is_baseline: bool
    seeds: Mapping[int, float]
    value: Interval
    difference: Interval | None
    published: tuple[Published, ...]
    verdict: str
    planned: int
    failed: int
    not_finite: int
    seconds: float = math.nan


def summarize(run: Run, metric: str | None = None) -> list[ArmSummary]:
    """Summarize one metric by arm, in the order of the study.

    Every arm that is planned has a line, also before its first run. Runs that failed,
    or whose metric is not a finite number, are counted and are in no mean. All
    intervals are 95 %, by Student's t.

    The difference to the baseline is taken within pairs: for every seed that both the
    arm and the baseline of its group have, the arm's metric minus the baseline's.

    The verdict of an arm is about the direction of that difference, if the paper has
    a number for the arm and for the baseline of its group (with the same choice of
    the epoch; of several, the first counts). In this order:

    - `"no difference published"`: the two numbers are equal.
    - `"too few runs"`: there are fewer than 3 pairs.
    - `"not distinguishable"`: our interval includes 0.
    - `"agrees in direction"`, `"differs in direction"`: our mean difference has the
      sign of the published one, or the other sign. Nothing is said of its size.

    The verdict of the baseline, and of an arm that the paper gives without one, is
    about the level:

    - `"other protocol"`: the scale is not `"paper"`, the number is of another network
      or data set, or the paper chose the epoch differently, so that levels tell
      nothing.
    - `"too few runs"`: there are fewer than 3 runs.
    - `"not distinguishable"`: the interval of our mean minus the published one
      includes 0. It is Welch's if the paper has spread and number of runs; without,
      it is that of our mean alone.
    - `"above the published level"`, `"below the published level"`.

    Without a published number it is empty.

    Of a race these are the runs by which was chosen, without the measurement of the
    winner.

    Args:
        run: The run.
        metric: Name of a metric; the study's headline by default.

    Raises:
        InputError: If cells are done and none has the metric.

    Example:

    >>> from pathlib import Path
    >>> from keras_regnoise.studies import Arm, Cell, Description, Recipe
    >>> from keras_regnoise.studies.run import Manifest, Options
    >>> arms = Arm("none"), Arm("Dropout")
    >>> manifest = Manifest(
    ...     study="toy",
    ...     scale="short",
    ...     source={},
    ...     recipe=Recipe(epochs=1, batch_size=50, seeds=(0, 1, 2)),
    ...     options=Options(),
    ...     description=Description(
    ...         name="toy", title="", data="digits", arms=arms, baseline="none"
    ...     ),
    ...     created="",
    ...     cells=tuple(Cell(arm, seed) for arm in arms for seed in (0, 1, 2)),
    ...     chosen=(),
    ... )
    >>> accuracies = [0.90, 0.92, 0.94, 0.92, 0.93, 0.97]
    >>> records = tuple(
    ...     Record.of(manifest, cell, status="done", metrics={"test_accuracy": value})
    ...     for cell, value in zip(manifest.cells, accuracies)
    ... )
    >>> dropout = summarize(Run(Path(), manifest, records))[1]
    >>> f"{dropout.difference.mean:.3f} ± {dropout.difference.half_width:.3f}"
    '0.020 ± 0.025'
    """
    run = readable(run)
    name = run.metric(metric)
    if is_tuning(run):
        run = choosing(run)
    seeds = {key: _by_seed(run.of_arm(key), name) for key in run.arms}
    return [_summary(run, key, name, seeds) for key in run.arms]


def _by_seed(records: Sequence[Record], metric: str) -> dict[int, float]:
    values = {r.seed: r.metrics.get(metric, math.nan) for r in records if r.done}
    return {s: value for s, value in sorted(values.items()) if math.isfinite(value)}


def _summary(
    run: Run, key: ArmKey, metric: str, seeds: Mapping[ArmKey, Mapping[int, float]]
) -> ArmSummary:
    own, baseline = seeds[key], run.baseline(key[0])
    reference = seeds.get(baseline, {}) if key != baseline else {}
    pairs = [own[seed] - reference[seed] for seed in own if seed in reference]
    value = Interval.of(list(own.values()))
    least = step(run, metric, [key, baseline])
    difference = Interval.of_pairs(pairs, least) if pairs else None
    published = _published(run, key, metric)
    done = sum(record.done for record in run.of_arm(key))
    return ArmSummary(
        group=key[0],
        arm=key[1],
        values=run.arms[key],
        metric=metric,
        is_baseline=key == baseline,
        seeds=own,
        value=value,
        difference=difference,
        published=published,
        verdict=_verdict(run, key, metric, value, difference, published),
        planned=run.planned(key),
        failed=len(run.of_arm(key)) - done,
        not_finite=done - len(own),
        seconds=_seconds(run.of_arm(key)),
    )


def _seconds(records: Sequence[Record]) -> float:
    took = [record.seconds for record in records if record.seconds is not None]
    return math.fsum(took) / len(took) if took else math.nan


def _published(run: Run, key: ArmKey, metric: str) -> tuple[Published, ...]:
    numbers = tuple(
        number
        for number in run.description.published
        if (number.group, number.arm) == key
        and Metric(number.metric).base == Metric(metric).base
    )
    return tuple(n for n in numbers if n.metric == metric) or numbers


def _verdict(
    run: Run,
    key: ArmKey,
    metric: str,
    value: Interval,
    difference: Interval | None,
    published: tuple[Published, ...],
) -> str:
    if not published:
        return ""
    baseline = run.baseline(key[0])
    for number in published if key != baseline else ():
        for reference in _published(run, baseline, number.metric):
            if reference.metric == number.metric:
                gap = number.value - reference.value
                return verdict.of_direction(difference, gap)
    if run.scale != "paper" or published[0].of or published[0].metric != metric:
        return verdict.OTHER_PROTOCOL
    return verdict.of_level(value, published[0])
