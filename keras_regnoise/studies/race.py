"""Where the race of a run is, told by its records."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keras_regnoise._race.decide import Standing, decide
from keras_regnoise._race.rules import FRESH, Rules
from keras_regnoise.studies.run import Record, Run
from keras_regnoise.studies.study import Cell


def rules_of(tuned: Mapping[str, Any], seeds: int) -> Rules:
    """Return the rules that a tuning asks for.

    Args:
        tuned: What the manifest's source has under `"tune"`.
        seeds: Number of seeds of the first round.
    """
    return Rules(
        first=seeds,
        measure=tuned["measure"],
        trainings=tuned["trainings"],
        seconds=tuned["budget_s"],
        off=not tuned["race"],
    )


def is_tuning(run: Run) -> bool:
    """Whether a run is a tuning that ends with a measurement of its winner."""
    return "race" in run.manifest.source.get("tune", {})


def standing_of(run: Run) -> Standing | None:
    """Return where the race is, or None if the run is none."""
    if not is_tuning(run):
        return None
    tuned = run.manifest.source["tune"]
    seeds = tuned["seeds"]
    arms = tuple(arm.name for arm in run.description.arms)
    tables: list[dict[str, dict[int, float]]] = [{a: {} for a in arms} for _ in "123"]
    names = run.description.objective, measured_by(run)
    sign = 1.0 if run.description.direction == "max" else -1.0
    for record in run.records:
        number = _number(record.seed, seeds)
        if record.arm not in tables[0] or number is None:
            continue
        for table, name in zip(tables, names, strict=False):
            value = -math.inf if record.diverged else sign * _value(record, name)
            table[record.arm][number] = value
        tables[2][record.arm][number] = record.seconds or 0.0
    scores, measured, seconds = tables
    return decide(arms, scores, rules_of(tuned, len(seeds)), measured, seconds)


def measured_by(run: Run) -> str:
    """Name what the winner is measured by: the objective, on the test part."""
    objective = run.description.objective
    return f"test_{objective.removeprefix('val_')}"


def wanted_cells(run: Run, standing: Standing) -> list[Cell]:
    """Return the cells that a race waits for, seed by seed."""
    arms = {arm.name: arm for arm in run.description.arms}
    seeds = run.manifest.source["tune"]["seeds"]
    return [Cell(arms[arm], seed_of(number, seeds)) for arm, number in standing.wanted]


def seed_of(number: int, seeds: list[int]) -> int:
    """Return the seed of a number of the race; after the given ones it counts on."""
    if number < len(seeds) or number >= FRESH:
        return seeds[number] if number < len(seeds) else number
    return max(seeds) + 1 + number - len(seeds)


def choosing(run: Run) -> Run:
    """Return a run without the trainings that measured the winner."""
    records = tuple(record for record in run.records if record.seed < FRESH)
    cells = tuple(cell for cell in run.manifest.cells if cell.seed < FRESH)
    return Run(run.directory, replace(run.manifest, cells=cells), records)


def _number(seed: int, seeds: list[int]) -> int | None:
    if seed in seeds:
        return seeds.index(seed)
    if seed >= FRESH:
        return seed
    number = seed - max(seeds) - 1 + len(seeds)
    return number if number >= len(seeds) else None


def _value(record: Record, name: str) -> float:
    return record.metrics.get(name, math.nan) if record.done else math.nan
