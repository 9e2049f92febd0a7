"""From the records of a run to the lines of its table."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from keras_regnoise.studies.report import verdict
from keras_regnoise.studies.report._run import ArmKey, Record, Run, metrics_of
from keras_regnoise.studies.report.arm_summary import ArmSummary
from keras_regnoise.studies.report.interval import Interval
from keras_regnoise.studies.report.metric import Metric

Numbers = tuple[Mapping[str, Any], ...]


def summarize(
    manifest: Mapping[str, Any],
    records: Sequence[Record],
    metric: str | None = None,
) -> list[ArmSummary]:
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

    Args:
        manifest: Content of `study.json`.
        records: Contents of the files in `cells/`.
        metric: Name of a metric; the study's headline by default.

    Raises:
        ValueError: If cells are done and none has the metric.

    Example:

    >>> arms = [{"name": n, "group": "", "values": {}} for n in ("none", "Dropout")]
    >>> study = {"arms": arms, "baseline": "none", "metric": "test_accuracy"}
    >>> cells = [
    ...     {"id": f"{name}{seed}", "arm": name, "group": "", "seed": seed}
    ...     for name in ("none", "Dropout")
    ...     for seed in (0, 1, 2)
    ... ]
    >>> accuracies = [0.90, 0.92, 0.94, 0.92, 0.93, 0.97]
    >>> records = [
    ...     {**c, "cell": c["id"], "status": "done", "metrics": {"test_accuracy": a}}
    ...     for c, a in zip(cells, accuracies)
    ... ]
    >>> manifest = {
    ...     "study": "x", "scale": "short", "description": study, "cells": cells
    ... }
    >>> dropout = summarize(manifest, records)[1]
    >>> f"{dropout.difference.mean:.3f} ± {dropout.difference.half_width:.3f}"
    '0.020 ± 0.025'
    """
    run = Run(manifest, records)
    name = run.metric(metric)
    seeds = {key: _by_seed(run.of_arm(key), name) for key in run.arms}
    return [_summary(run, key, name, seeds) for key in run.arms]


def _by_seed(records: Sequence[Record], metric: str) -> dict[int, float]:
    values = {
        int(record["seed"]): metrics_of(record).get(metric, math.nan)
        for record in records
        if record["status"] == "done"
    }
    return {s: value for s, value in sorted(values.items()) if math.isfinite(value)}


def _summary(
    run: Run, key: ArmKey, metric: str, seeds: Mapping[ArmKey, Mapping[int, float]]
) -> ArmSummary:
    own, baseline = seeds[key], run.baseline(key[0])
    reference = seeds.get(baseline, {}) if key != baseline else {}
    pairs = [own[seed] - reference[seed] for seed in own if seed in reference]
    value = Interval.of(list(own.values()))
    difference = Interval.of(pairs) if pairs else None
    published = _published(run, key, metric)
    done = sum(record["status"] == "done" for record in run.of_arm(key))
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
    )


def _published(run: Run, key: ArmKey, metric: str) -> Numbers:
    numbers = [
        number
        for number in run.description.get("published") or ()
        if (number["group"], number["arm"]) == key
        and Metric(number["metric"]).base == Metric(metric).base
    ]
    same = [number for number in numbers if number["metric"] == metric]
    return tuple(same or numbers)


def _verdict(
    run: Run,
    key: ArmKey,
    metric: str,
    value: Interval,
    difference: Interval | None,
    published: Numbers,
) -> str:
    if not published:
        return ""
    baseline = run.baseline(key[0])
    for number in published if key != baseline else ():
        for reference in _published(run, baseline, number["metric"]):
            if reference["metric"] == number["metric"]:
                gap = number["value"] - reference["value"]
                return verdict.direction(difference, gap)
    other = published[0].get("of") or published[0]["metric"] != metric
    if run.scale != "paper" or other:
        return verdict.OTHER_PROTOCOL
    return verdict.level(value, published[0])
