"""What the tests and the examples of the docstrings share."""

import gc
import itertools
import os
from pathlib import Path

# Before TensorFlow is imported anywhere: errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest

import keras_regnoise as krn

ROOT = Path(__file__).parent
BACKEND = keras.config.backend()
OTHERS = {"tensorflow", "jax", "torch"} - {BACKEND}
if BACKEND == "torch":
    import torch

    torch.set_warn_always(True)  # else only the first test of a process is warned
_MODULES = itertools.count(1)
# What computes with tensors, and so may differ between backends; of `tests` and of the
# examples in `keras_regnoise`.
DIFFERS = (
    *(
        "_backend",
        "_keras",
        "devices",
        "layers",
        "ops",
        "regularizers",
        "callbacks",
        "training",
    ),
    *("placement", "analysis", "tuning"),
    *("models/test_first_step.py", "models/test_residual.py"),
    *("test_ecosystem.py", "test_import.py", "test_float64.py"),
    *("datasets/test_batches.py", "exports/test_other_backends.py"),
    *("studies/engine/test_training.py", "studies/engine/test_shared_program.py"),
    "studies/engine/test_joined_steps.py",
    *("studies/papers/test_protocol.py", "studies/test_one_call.py"),
)
# What stands on Keras's functions: with JAX and torch, of these, the examples of pages
# and docstrings alone, without `--thorough`.
ON_KERAS = (
    *("placement", "analysis", "tuning", "models", "datasets", "test_float64.py"),
    *("studies/engine", "studies/papers"),
)


def pytest_addoption(parser):
    parser.addoption(
        "--thorough",
        action="store_true",
        help="What takes time and seldom fails alone: CONTRIBUTING.md has the list.",
    )


def pytest_ignore_collect(collection_path):
    """Look for examples neither in another backend's module nor in tests' helpers."""
    inside = collection_path.relative_to(ROOT)
    if inside.suffix != ".py":
        return None
    if inside.parts[0] == "tests":
        return None if inside.name.startswith("test_") else True
    of_another = inside.parts[:2] == ("keras_regnoise", "_backend")
    backend = inside.stem.strip("_").split("_")[0]  # of `_jax_linear` too
    return True if of_another and backend in OTHERS else None


def pytest_collection_modifyitems(config, items):
    if not config.getoption("thorough"):
        _leave_out(config, items)
    skip = pytest.mark.skip(reason=f"needs TensorFlow, the backend is {BACKEND}")
    for item in items:
        if BACKEND != "tensorflow" and item.get_closest_marker("tensorflow"):
            item.add_marker(skip)
        if _is_in(DIFFERS, item):
            item.add_marker("backend")


def _leave_out(config, items):
    """Leave out further sizes and formats, and what TensorFlow's run has."""
    rest = {i for i in items if _is_thorough(i) or _is_on_keras(i)}
    items[:] = [item for item in items if item not in rest]
    config.hook.pytest_deselected(items=list(rest))


def _is_thorough(item):
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    further = any(getattr(value, "further", False) for value in parameters)
    return further or item.get_closest_marker("thorough")


def _is_on_keras(item):
    if BACKEND == "tensorflow" or isinstance(item, pytest.DoctestItem):
        return False
    return _is_in(ON_KERAS, item) and item.path.name != "test_page.py"


def _is_in(places, item):
    place = Path(*item.path.relative_to(ROOT).parts[1:])
    return any(place.is_relative_to(name) for name in places)


@pytest.fixture(autouse=True, scope="module")
def _leave_old_objects_alone():
    """Spare collections what former modules left: millions of objects, seconds each."""
    yield
    if next(_MODULES) % 20 == 0:
        gc.unfreeze()  # what has become garbage since goes now
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _fixed_seed():
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def _example(request, doctest_namespace):
    """Give an example the names that it may use, and layers their first names."""
    if isinstance(request.node, pytest.DoctestItem):
        doctest_namespace.update(keras=keras, krn=krn, np=np)
        keras.backend.clear_session(free_memory=False)
