"""What the commands need besides Keras and NumPy, and how it is installed."""

import importlib.util
from collections.abc import Iterable

# Modules of the extra `studies`, in the order of pyproject.toml.
STUDIES = (
    *("keras_tuner", "dask", "distributed", "jinja2", "six", "tensorboard"),
    *("tensorflow_datasets", "importlib_resources", "sklearn", "scipy"),
    *("matplotlib", "rich", "pyarrow", "shtab"),
)
BACKENDS = ("tensorflow", "jax", "torch")


def missing(modules: Iterable[str]) -> list[str]:
    """Return which of the modules are not installed."""
    return [name for name in modules if importlib.util.find_spec(name) is None]


def advice(modules: Iterable[str]) -> str:
    """Say how to install modules that are missing."""
    names = list(modules)
    verb = "are" if len(names) > 1 else "is"
    text = f"{', '.join(names)} {verb} missing. Install with: pip install "
    if names[0] in BACKENDS:
        return f"{text}'keras-regnoise[{names[0]}]', or choose another KERAS_BACKEND"
    return f"{text}'keras-regnoise[studies]'"


def advice_on(error: ImportError) -> str:
    """Say what to install after an import failed; `""` if that would not help."""
    cause = error if isinstance(error, ModuleNotFoundError) else error.__cause__
    name = (getattr(cause, "name", None) or "").partition(".")[0]
    if name not in (*STUDIES, *BACKENDS):
        return ""
    return advice([name]) if cause is error else str(error)
