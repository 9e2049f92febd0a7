"""Runs that never ran."""

from dataclasses import replace
from pathlib import Path

from keras_regnoise.studies import Arm, Cell, Description, Published, Recipe, Run
from keras_regnoise.studies.run import Manifest, Options, Origin, Record

ENVIRONMENT = {
    "keras_regnoise": "0.1.0",
    "commit": "abc",
    "keras": "3.15.1",
    "backend": "tensorflow 2.21.0",
    "python": "3.11.7",
    "machine": "x86_64, 2 CPU cores",
    "device": "cpu",
    "precision": "float32",
    "jit": False,
}
DATA = {
    "name": "digits",
    "fingerprint": "sha256:0123456789abcdef0123",
    "train": 500,
    "validation": 297,
    "test": 1000,
}
# Differences to none: 0.02, 0.01, 0.03 and -0.05, -0.04, -0.06.
ACCURACIES = {
    "none": [0.90, 0.92, 0.94],
    "Dropout 0.1": [0.92, 0.93, 0.97],
    "Dropout 0.3": [0.85, 0.88, 0.88],
}


def arm(name, group=""):
    method, _, rate = name.rpartition(" ")
    values = {"noise": method, "rate": float(rate)} if method else {"noise": rate}
    made = Arm("toy")
    # A run may have been made before names were checked.
    for attribute, value in {"name": name, "values": values, "group": group}.items():
        object.__setattr__(made, attribute, value)
    return made


def published(name, value, group="", metric="test_accuracy", **rest):
    return Published(name, value, group, metric, **rest)


def record(manifest, cell, accuracy, epochs=3):
    curve = [accuracy * (epoch + 1) / epochs for epoch in range(epochs)]
    return Record.of(
        manifest,
        cell,
        status="done",
        metrics={
            "test_accuracy": accuracy,
            "best_test_accuracy": accuracy,
            "test_loss": 1 - accuracy,
        },
        history={"loss": [1 - a for a in curve], "val_accuracy": curve},
        environment=dict(ENVIRONMENT),
        data=dict(DATA),
        seconds=2.0,
        fit_seconds=1.5,
    )


def toy(
    accuracies=None,
    groups=("",),
    scale="short",
    numbers=(),
    values=None,
    recipe=None,
    **description,
):
    """Return a run: all arms of a seed, then the next seed."""
    accuracies = accuracies or ACCURACIES
    arms = tuple(arm(name, group) for group in groups for name in accuracies)
    if values is not None:
        arms = tuple(replace(a, values=values(a)) for a in arms)
    seeds = tuple(range(max(map(len, accuracies.values()))))
    manifest = Manifest(
        study="toy",
        scale=scale,
        source={"name": "toy"},
        recipe=Recipe(
            **{"epochs": 3, "batch_size": 50, "seeds": seeds, **(recipe or {})}
        ),
        options=Options(),
        description=Description(
            **{
                "name": "toy",
                "title": "Which noise?",
                "data": "digits",
                "arms": arms,
                "baseline": "none",
                "paper": "A paper (2019)" if numbers else "",
                "table": "Table 1" if numbers else "",
                "published": tuple(numbers),
                "deviations": ("Digits in place of images.",) if numbers else (),
                "x": "rate",
                "series": "noise",
                **description,
            }
        ),
        created="2026-01-01T00:00:00+00:00",
        cells=tuple(Cell(a, seed) for seed in seeds for a in arms),
        chosen=(),
        code=({"toy": "1234"},),
    )
    records = tuple(
        record(manifest, cell, accuracies[cell.arm.name][cell.seed])
        for cell in manifest.cells
        if cell.seed < len(accuracies[cell.arm.name])
    )
    return Run(Path("runs/toy"), manifest, records)


def first(run, count):
    """Return the run when so many of its cells had ended."""
    return replace(run, records=run.records[:count])


def keeping(run, condition):
    """Return the run with some of its records."""
    return replace(run, records=tuple(filter(condition, run.records)))


def changed(run, change, index=None):
    """Return the run with `change` done to all records, or the one with an index."""
    records = tuple(
        change(r) if index in (None, i) else r for i, r in enumerate(run.records)
    )
    return replace(run, records=records)


def measured(run, index=None, **metrics):
    """Return the run with other metrics."""
    return changed(run, lambda r: replace(r, metrics={**r.metrics, **metrics}), index)


def elsewhere(run, index=None, data=None, **environment):
    """Return the run with cells that ran elsewhere, or on other data."""
    return changed(
        run,
        lambda r: replace(
            r,
            environment={**r.environment, **environment},
            data={**r.data, **(data or {})},
        ),
        index,
    )


def described(run, **description):
    """Return the run of a study that says something else of itself."""
    manifest = run.manifest
    manifest = replace(
        manifest, description=replace(manifest.description, **description)
    )
    return replace(run, manifest=manifest)


def coded(run, code, index=None):
    """Return the run with cells of another state of the code."""
    origin = Origin(source={}, options=Options(), code=code)
    return changed(run, lambda r: replace(r, origin=origin), index)


def failed(run, index, message="ValueError: too wide", trace=None):
    """Return the run with a cell that failed."""
    lines = f'Traceback (most recent call last):\n  File "a.py", line 1\n{message}\n'
    return changed(
        run,
        lambda r: replace(
            r,
            status="failed",
            metrics={},
            history={},
            error=message,
            traceback=lines if trace is None else trace,
            attempts=2,
        ),
        index,
    )
