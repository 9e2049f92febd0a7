"""What is planned for a run."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from keras_regnoise.studies.run.files import FolderError, known
from keras_regnoise.studies.study import Arm, Cell, Description, Recipe

# What may differ between two calls for one folder: it changes no cell's result.
_FREE = frozenset({"data_dir", "save_model", "deviations", "seeds", "arms"})


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says about how to train.

    Attributes:
        precision: Dtype policy, such as `"float32"` or `"mixed_bfloat16"`.
        jit: Whether to compile with XLA; `"auto"` is Keras's choice.
        data_dir: Folder of the data sets, `""` for the default.
        distribute: Whether a cell uses all visible devices.
        save_model: Whether to keep the trained model.
    """

    precision: str = "float32"
    jit: Literal["auto", "on", "off"] = "auto"
    data_dir: str = ""
    distribute: bool = False
    save_model: bool = False


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a record can be traced back to, and a damaged manifest rebuilt from.

    Attributes:
        source: How another process finds the study; see `registry.resolve`.
        options: How it was trained.
        code: Digests of the study's source and of this package's, by name.
    """

    source: Mapping[str, Any]
    options: Options
    code: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a run is about: the content of `study.json`.

    Attributes:
        study: Name of the study.
        scale: Name of its recipe.
        source: How another process finds the study; see `registry.resolve`.
        recipe: How a cell is trained.
        options: What the command line says about it.
        description: The study without its model.
        created: When the run began, ISO 8601.
        cells: Every cell that was ever planned for the folder.
        chosen: Names of the cells that the last call asked for.
        code: Digests of the study's source and of this package's, by name; one for
            every state of the code that trained here, the last one counts.
    """

    study: str
    scale: str
    source: Mapping[str, Any]
    recipe: Recipe
    options: Options
    description: Description
    created: str
    cells: tuple[Cell, ...]
    chosen: tuple[str, ...]
    code: tuple[Mapping[str, str], ...] = ()

    @property
    def origin(self) -> Origin:
        """What the records of this run are traced back to."""
        code = self.code[-1] if self.code else {}
        return Origin(source=self.source, options=self.options, code=code)

    @cached_property
    def by_name(self) -> dict[str, Cell]:
        """Cells by their names."""
        return {cell.id: cell for cell in self.cells}

    def as_json(self) -> dict[str, Any]:
        """Return the content of the file."""
        names = ("study", "scale", "source", "created", "chosen", "code")
        return {
            **{name: getattr(self, name) for name in names},
            "recipe": asdict(self.recipe),
            "options": asdict(self.options),
            "description": self.description.as_json(),
            "cells": [
                {"id": c.id, "arm_fields": asdict(c.arm), "seed": c.seed}
                for c in self.cells
            ],
        }

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Manifest":
        """Return what the file says, of this format and older ones."""
        names = ("study", "scale", "source", "created")
        recipe = known(Recipe, content["recipe"])
        return Manifest(
            **{name: content[name] for name in names},
            recipe=Recipe(**{k: _as_tuple(value) for k, value in recipe.items()}),
            options=Options(**known(Options, content["options"])),
            description=Description.from_json(content["description"]),
            cells=tuple(
                Cell(Arm(**cell["arm_fields"]), int(cell["seed"]))
                for cell in content["cells"]
            ),
            chosen=tuple(content["chosen"]),
            code=tuple(content.get("code") or ()),
        )


def add_cells(
    earlier: Manifest, manifest: Manifest, directory: Path, *, force: bool = False
) -> Manifest:
    """Add the cells of a plan to those of a folder, if they are of one run.

    Args:
        earlier: What the folder says.
        manifest: What is planned.
        directory: The folder, to name it.
        force: See `Run.begin`.

    Raises:
        FolderError: See `Run.begin`.
    """
    for key in ("study", "scale", "recipe", "options"):
        before, now = (_comparable(getattr(m, key)) for m in (earlier, manifest))
        if before != now:
            raise FolderError(
                f"{directory} has a run with another {key}: {before!r}, and this one "
                f"has {now!r}. Choose another folder with --out DIR, or put this run "
                "in its place with --overwrite."
            )
    before, now = (json.dumps(_claims(m)) for m in (earlier, manifest))
    if before != now:
        raise FolderError(
            f"The claims of {manifest.study} are not those that were written down "
            f"before the run in {directory} began, and its results are known by now. "
            "Put the claims back as they were, or run the study anew: in another "
            "folder with --out DIR, or in this one with --overwrite."
        )
    code = list(earlier.code)
    if code and manifest.code and code[-1] != manifest.code[-1] and not force:
        changed = [n for n, d in manifest.code[-1].items() if code[-1].get(n) != d]
        raise FolderError(
            f"The code of {' and '.join(changed)} has changed since the cells in "
            f"{directory} were trained, and results of two models must not be mixed. "
            "Choose another folder with --out DIR, start anew with --overwrite, or, if "
            "the change makes no difference to the results, go on with --force."
        )
    if not code or (manifest.code and code[-1] != manifest.code[-1]):
        code += manifest.code
    cells = earlier.by_name | manifest.by_name
    recipe, first = manifest.recipe, earlier.recipe
    if earlier.description.claims:  # how much is planned is a part of them
        recipe = replace(recipe, seeds=first.seeds, arms=first.arms)
    return replace(
        manifest,
        recipe=recipe,
        cells=tuple(cells.values()),
        created=earlier.created,
        code=tuple(code),
    )


def _comparable(value: Any) -> Any:
    """Leave out what does not change a result; what is new has its default."""
    if isinstance(value, str):
        return value
    absent: tuple[Any, ...] = (None, 0, "", [], {})
    content = json.loads(json.dumps(asdict(value)))
    return {k: v for k, v in content.items() if k not in _FREE and v not in absent}


def _claims(manifest: Manifest) -> Any:
    return manifest.description.as_json()["claims"]


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
