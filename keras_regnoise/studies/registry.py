"""Finds studies: this package's, other packages', and those of a file."""

import importlib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.study import Study
from keras_regnoise.studies.user_code import UserCodeError, load_file

ENTRY_POINTS = "keras_regnoise.studies"
_MODULES = (
    "keep_rate",
    "closed_forms",
    "lecture",
    "early_stopping",
    "rotationout_keep_rate",
    "rotationout_imagenet",
    "rotationout_coco",
    "rotationout_speech",
    "drop_activation",
    "drop_activation_cifar100",
    "drop_activation_cifar10",
    "drop_activation_svhn",
    "drop_activation_emnist",
    "drop_activation_cutout",
    "drop_activation_autoaugment",
    "drop_activation_fitted",
    "drop_activation_regression",
    "drop_activation_shift",
    "ic_units",
    "ic_imagenet",
    "dropout_placement",
    "norms_by_batch",
    "vcl_uci",
    "vcl_uci_500",
    "vcl_time",
    "vcl_cifar",
    "vcl_clusters",
    "vcl_kurtosis",
    "vcl_tiny_imagenet",
)

Source = Mapping[str, Any]


class UnknownStudyError(InputError):
    """There is no study of that name, or none in that file."""


def names() -> list[str]:
    """Return the names of all studies, without importing them."""
    return [module.replace("_", "-") for module in _MODULES] + [
        entry.name for entry in _entry_points()
    ]


def _entry_points() -> Any:
    return metadata.entry_points(group=ENTRY_POINTS)


def module_of(name: str) -> str:
    """Return the module of another package's study; `""` for one of this package's."""
    if name.replace("-", "_") in _MODULES:
        return ""
    return next((entry.module for entry in _entry_points() if entry.name == name), "")


def is_foreign(name: str) -> bool:
    """Tell whether there is such a study and it is not this package's own."""
    if name.endswith(".py"):
        return Path(name).is_file()
    return any(entry.name == name for entry in _entry_points())


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
        from keras_regnoise.studies.tune import tuning_study

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
            return _from_package(entry)
    unknown = UnknownStudyError.unknown("There is no study", name, names())
    raise UnknownStudyError(f"{unknown}; or give a Python file that has a STUDY.")


def _from_package(entry: Any) -> Study:
    where = f"entry point {entry.value}"
    try:
        study = entry.load()
    except (Exception, SystemExit) as error:
        raise _unloadable(where, error) from error
    return _checked(study, where)


def _from_file(file: Path) -> Study:
    try:
        module = load_file(file)
    except UserCodeError as error:
        raise UnknownStudyError(str(error)) from error
    return _checked(getattr(module, "STUDY", None), str(file))


def _unloadable(where: str, error: BaseException) -> UnknownStudyError:
    reason = f"{type(error).__name__}: {error}"
    return UnknownStudyError(f"{where} can't be imported: {reason}")


def _checked(study: Any, where: str) -> Study:
    if not isinstance(study, Study):
        raise UnknownStudyError(
            f"{where} must have a STUDY, a keras_regnoise.studies.Study. Received: "
            f"{type(study).__name__}"
        )
    return study
