"""Finds studies: this package's, other packages', and those of a file."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import Any

from keras_regnoise.studies.study import Study

ENTRY_POINTS = "keras_regnoise.studies"
_MODULES = (
    "keep_rate",
    "rotationout_keep_rate",
    "drop_activation",
    "ic_units",
    "dropout_placement",
    "vcl_uci",
    "vcl_cifar",
)

Source = Mapping[str, Any]


class UnknownStudyError(ValueError):
    """There is no study of that name, or none in that file."""


def names() -> list[str]:
    """Return the names of all studies, without importing them."""
    return [module.replace("_", "-") for module in _MODULES] + [
        entry.name for entry in _entry_points()
    ]


def _entry_points() -> Any:
    return metadata.entry_points(group=ENTRY_POINTS)


def find(name: str) -> tuple[Study, Source]:
    """Return a study and how another process finds it.

    Args:
        name: A name, or the path of a Python file that has a `STUDY`.

    Raises:
        UnknownStudyError: If there is none, with the names that there are.
    """
    source: Source = {"name": name}
    if name.endswith(".py"):
        source = {"file": str(Path(name).resolve())}
    return resolve(source), source


def resolve(source: Source) -> Study:
    """Return the study that `find` found, perhaps in another process."""
    if "file" in source:
        return _from_file(Path(source["file"]))
    if "tune" in source:
        from keras_regnoise.studies.engine.tune import tuning_study

        return tuning_study(**source["tune"])
    name = source["name"]
    module = name.replace("-", "_")
    if module in _MODULES:
        return _checked(
            importlib.import_module(f"keras_regnoise.studies.papers.{module}").STUDY,
            name,
        )
    for entry in _entry_points():
        if entry.name == name:
            return _checked(entry.load(), f"entry point {entry.value}")
    close = get_close_matches(name, names(), 1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise UnknownStudyError(
        f"There is no study {name!r}.{hint} Choose from: {', '.join(names())}; or give "
        "a Python file that has a STUDY."
    )


def _from_file(file: Path) -> Study:
    if not file.is_file():
        raise UnknownStudyError(f"There is no file {file}")
    spec = importlib.util.spec_from_file_location(f"study_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(file.parent))  # what lies beside it can be imported
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UnknownStudyError(
            f"{file} can't be imported: {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.remove(str(file.parent))
    return _checked(getattr(module, "STUDY", None), str(file))


def _checked(study: Any, where: str) -> Study:
    if not isinstance(study, Study):
        raise UnknownStudyError(
            f"{where} must have a STUDY, a keras_regnoise.studies.Study. Received: "
            f"{type(study).__name__}"
        )
    return study
