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
    *("studies/papers/test_protocol.py", "studies/test_one_call.py"),
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


def pytest_collection_modifyitems(items):
    skip = pytest.mark.skip(reason=f"needs TensorFlow, the backend is {BACKEND}")
    for item in items:
        if BACKEND != "tensorflow" and item.get_closest_marker("tensorflow"):
            item.add_marker(skip)
        place = Path(*item.path.relative_to(ROOT).parts[1:])
        if any(place.is_relative_to(name) for name in DIFFERS):
            item.add_marker("backend")


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
