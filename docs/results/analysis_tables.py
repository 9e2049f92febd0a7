"""The tables of docs/analysis.md, from what the scripts of its figures measured."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from keras_regnoise.studies.report import Interval
from keras_regnoise.studies.report.markdown import markdown

FOLDER = Path(__file__).parent / "analysis"
_SHIFTS = ("mean", "max", "mean corrected", "max corrected")
_WAYS = ("as trained", "variance x keep rate", "recalibrated")
_GAIN = "gain of recalibration"
_PLAIN, _NOISY = "without noise", "with noise"
_METRICS = ("accuracy", "NLL", "ECE")
# By what was measured, the value of every seed.
Values = dict[tuple[str, ...], list[float]]


def contents() -> dict[str, str]:
    """Return what stands between the marks of the page, by mark."""
    shifts, predictions = _values("variance_shift"), _values("mc_predict")
    return {
        "shifts": _shifts(shifts),
        "accuracies": _accuracies(shifts),
        "predictions": _predictions(predictions),
    }


def _values(name: str) -> Values:
    values: Values = {}
    with (FOLDER / f"{name}.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            number = float(row.pop("value"))
            row.pop("seed")
            values.setdefault(tuple(row.values()), []).append(number)
    return values


def _shown(values: Iterable[float], digits: int) -> str:
    found = Interval.of(list(values))
    if not found.count:
        return ""
    return f"{found.mean:.{digits}f} ± {found.half_width:.{digits}f}"


def _shifts(values: Values) -> str:
    names = {"no noise": "no noise (all layers)"}
    lines = [
        [
            names.get(variant, variant),
            *(_shown(values.get((variant, column), ()), 2) for column in _SHIFTS),
        ]
        for variant in _first(values)
    ]
    return _table(["Dropout 0.5", *_SHIFTS], lines, 1)


def _accuracies(values: Values) -> str:
    lines = []
    for variant in _first(values):
        runs = [values.get((variant, way), []) for way in _WAYS]
        gains = [b - a for a, b in zip(runs[0], runs[-1], strict=True)]
        shown = (_shown((100 * x for x in run), 2) for run in (*runs, gains))
        lines.append([variant, *shown])
    return _table(["test accuracy, %", *_WAYS, _GAIN], lines, 1)


def _predictions(values: Values) -> str:
    lines = []
    for noise in _first(values):
        for how in (_PLAIN, _NOISY):
            shown = (_shown(values[noise, how, metric], 4) for metric in _METRICS)
            lines.append([noise, how, *shown])
        pairs = (
            zip(
                values[noise, _NOISY, metric],
                values[noise, _PLAIN, metric],
                strict=True,
            )
            for metric in _METRICS
        )
        shown = (_shown((a - b for a, b in pair), 4) for pair in pairs)
        lines.append([noise, "difference", *shown])
    return _table(["noise in training", "prediction", *_METRICS], lines, 2)


def _first(values: Values) -> list[str]:
    return list(dict.fromkeys(key[0] for key in values))


def _table(head: Sequence[str], lines: list[list[str]], words: int) -> str:
    left = [number < words for number in range(len(head))]
    return "\n".join(markdown([head, *lines], left))
