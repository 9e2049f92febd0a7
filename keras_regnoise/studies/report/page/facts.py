"""How a run was made and where it ran, in words."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from keras_regnoise.studies.report.command import commands
from keras_regnoise.studies.report.notes import ENVIRONMENT, as_text, cells
from keras_regnoise.studies.run import Record, Run, Scalar, arm_name

_DATA = ("name", "fingerprint", "train", "validation", "test")
_MOST = 10
_DIGITS = 12
# In the command, or said elsewhere.
_SAID = ("seeds", "arms", "deviations")


class Failure(NamedTuple):
    """A cell that failed."""

    arm: str
    seed: int
    error: str
    attempts: int


def failures(run: Run) -> list[Failure]:
    """Return the cells that failed, with the line that says why."""
    return [
        Failure(arm_name(record.key), record.seed, _reason(record), record.attempts)
        for record in run.failed
    ]


def _reason(record: Record) -> str:
    lines = (record.traceback or "").splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return record.error or last or "unknown"


def recipe(run: Run) -> dict[str, list[str]]:
    """Return how the run is made, by what is said."""
    facts = {
        "Command": commands(run),
        "Recipe": [_recipe(asdict(run.recipe))],
        "Cells": [_cells(run)],
        "Data": _data(run.records),
    }
    return {
        name: found
        for name, lines in facts.items()
        if (found := list(filter(None, lines)))
    }


def _cells(run: Run) -> str:
    parts = [run.progress]
    if seconds := sum(record.seconds or 0.0 for record in run.records):
        parts.append(f"{_duration(seconds)} of computing")
    if again := sum(record.attempts > 1 for record in run.records):
        parts.append(f"{cells(again)} began more than once")
    return "; ".join(parts)


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _recipe(values: Mapping[str, Any]) -> str:
    defaults = {"validation_freq": 1, "test_freq": 0}
    return "; ".join(
        _part(name, value)
        for name, value in values.items()
        if name not in _SAID
        and value not in (None, (), {})
        and defaults.get(name) != value
    )


def _part(name: str, value: Any) -> str:
    words = {
        "epochs": f"{value} epochs",
        "batch_size": f"batches of {value}",
        "validation_freq": f"validated every {value} epochs",
        "test_freq": f"tested every {value} epochs",
    }
    return words.get(name, f"{name.replace('_', ' ')} {_in_words(value)}")


def _in_words(value: Any) -> str:
    """Write a value of a recipe; what is empty in it is left out."""
    if isinstance(value, Mapping):
        parts = {name: _in_words(part) for name, part in value.items()}
        return ", ".join(f"{name} {text}" for name, text in parts.items() if text)
    if isinstance(value, list | tuple):
        return " ".join(map(_in_words, value))
    return as_text(value)


def _data(records: Sequence[Record]) -> list[str]:
    texts = dict.fromkeys(
        f"{d['name']}: {d['train']} to train, {d['validation']} to validate, "
        f"{d['test']} to test"
        for record in records
        if (d := record.data).keys() >= set(_DATA)
    )
    return list(texts) if len(texts) <= _MOST else [f"{len(texts)} data sets"]


def environment(run: Run) -> dict[str, str]:
    """Return where the cells ran and on what data; counts where they differ."""
    rows = {n: [r.environment.get(n) for r in run.records] for n in ENVIRONMENT}
    rows |= {f"data: {n}": [r.data.get(n) for r in run.records] for n in _DATA}
    codes = [record.origin.code if record.origin else {} for record in run.records]
    names = dict.fromkeys(name for code in codes for name in code)
    rows |= {
        f"code of {n}": [code.get(n, "")[:_DIGITS] for code in codes] for n in names
    }
    return {n: text for n, v in rows.items() if (text := _values(v))}


def _values(values: Iterable[Scalar]) -> str:
    counts = Counter(filter(None, map(as_text, values)))
    if len(counts) < 2:
        return next(iter(counts), "")
    if len(counts) > _MOST:
        return f"{len(counts)} different ones"
    return "; ".join(f"{text} ({cells(n)})" for text, n in counts.items())
