"""The command lines that make a run."""

import fnmatch
import re
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from keras_regnoise.studies.run import ArmKey, Manifest, Run, arm_key, arm_name

_DATA_DIR = "DATA_DIR"  # where the data are differs from machine to machine
_TUNED = ("layers", "rates", "placements")
_TUNED_ONE = (
    *("epochs", "batch_size", "objective", "direction"),
    *("trainings", "measure", "folds", "target"),
)


def commands(run: Run) -> list[str]:
    """Return what to type for the cells of a run, a line for each set of seeds.

    What the study has by default is left out. The folder of the data sets is a
    placeholder.
    """
    manifest = run.manifest
    if tuned := manifest.source.get("tune"):
        return [_joined("tune", *_tune(tuned), *_options(manifest))]
    name = str(manifest.source.get("file") or manifest.source.get("name") or run.study)
    start = ["run", name, "--scale", run.scale]
    return [
        _joined(*start, *_grid(run, arms, seeds), *_options(manifest))
        for seeds, arms in _by_seeds(manifest).items()
    ]


def _joined(*words: str) -> str:
    return shlex.join(("keras-regnoise", *words))


def _by_seeds(manifest: Manifest) -> Mapping[tuple[int, ...], list[ArmKey]]:
    """Collect the arms that have the same seeds: cells were added call by call."""
    seeds: dict[ArmKey, list[int]] = {}
    for cell in manifest.cells:
        seeds.setdefault(arm_key(cell.arm), []).append(cell.seed)
    arms: dict[tuple[int, ...], list[ArmKey]] = {}
    for key, own in seeds.items():
        arms.setdefault(tuple(sorted(own)), []).append(key)
    return arms


def _grid(run: Run, arms: Sequence[ArmKey], seeds: tuple[int, ...]) -> Iterable[str]:
    every = [arm_key(arm) for arm in run.description.arms]
    defaults = run.recipe.arms or ("*",)
    if {key for key in every if _matches(key, defaults)} != set(arms):
        yield from ("--arms", *_patterns(every, arms))
    if seeds != tuple(sorted(run.recipe.seeds)):
        yield from ("--seeds", _ranges(seeds))


def _matches(key: ArmKey, patterns: Iterable[str]) -> bool:
    names = (key[1], arm_name(key), key[0])
    return any(fnmatch.fnmatchcase(n, pattern) for n in names for pattern in patterns)


def _patterns(every: Sequence[ArmKey], arms: Collection[ArmKey]) -> list[str]:
    """Return patterns that match these arms and no others, `"*"` if that is all."""
    found: dict[str, None] = {}
    for key in arms:
        if any(_matches(key, [pattern]) for pattern in found):
            continue
        choices = ("*", _literal(key[0]), _literal(key[1]), _literal(arm_name(key)))
        exact = [
            pattern
            for pattern in choices
            if all(other in arms for other in every if _matches(other, [pattern]))
        ]
        found[next(filter(None, exact), choices[-1])] = None
    return list(found)


def _literal(name: str) -> str:
    """Return a pattern that matches nothing but the name."""
    return re.sub(r"([*?[])", r"[\1]", name)


def _ranges(seeds: Sequence[int]) -> str:
    """Write seeds as `--seeds` reads them, such as `"0-4,7"`."""
    ranges: list[list[int]] = []
    for seed in seeds:
        if ranges and seed == ranges[-1][1] + 1:
            ranges[-1][1] = seed
        else:
            ranges.append([seed, seed])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def _options(manifest: Manifest) -> Iterable[str]:
    options = manifest.options
    if options.precision != "float32":
        yield from ("--mixed-precision", options.precision.removeprefix("mixed_"))
    if options.jit != "auto":
        yield from ("--jit", options.jit)
    if options.distribute:
        yield "--distribute"
    if options.data_dir:
        yield from ("--data-dir", _DATA_DIR)


def _tune(tuned: Mapping[str, Any]) -> Iterable[str]:
    yield from (str(tuned["build"]), "--data", str(tuned["data"]))
    for name in _TUNED:
        if tuned.get(name):
            yield from (f"--{name}", *map(str, tuned[name]))
    for name in _TUNED_ONE:
        if tuned.get(name) not in (None, 0, ""):
            yield from (f"--{name.replace('_', '-')}", str(tuned[name]))
    if tuned.get("budget_s"):
        yield from ("--budget", f"{tuned['budget_s']:g}s")
    if not tuned.get("race", True):
        yield from ("--race", "off")
    yield from ("--seeds", _ranges(sorted(tuned["seeds"])))
