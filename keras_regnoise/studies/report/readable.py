"""A run as it may be shown."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from keras_regnoise.studies._text import clean_line, clean_text
from keras_regnoise.studies.run import Run

_T = TypeVar("_T")
# Of several lines, and of numbers only.
_AS_THEY_ARE = frozenset({"traceback", "history", "metrics"})


def readable(run: Run) -> Run:
    """Clean every text of a run: names, errors, and what a study says of itself.

    Names of old folders, and errors of any, may have what a terminal acts on, and what
    neither a page nor a figure can hold.
    """
    records = tuple(
        replace(_clean(record), traceback=clean_text(record.traceback or ""))
        for record in run.records
    )
    return Run(run.directory, _clean(run.manifest), records)


def _clean(value: _T) -> _T:
    cleaned: Any = value
    if isinstance(value, str):
        cleaned = clean_line(value)
    elif isinstance(value, Mapping):
        cleaned = {_clean(name): _clean(part) for name, part in value.items()}
    elif isinstance(value, tuple | list):
        cleaned = type(value)(_clean(part) for part in value)
    elif is_dataclass(value) and not isinstance(value, type):
        names = [f.name for f in fields(value) if f.name not in _AS_THEY_ARE]
        cleaned = replace(
            value, **{name: _clean(getattr(value, name)) for name in names}
        )
    return cleaned  # type: ignore[no-any-return]
