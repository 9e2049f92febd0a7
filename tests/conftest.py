import os

# Before TensorFlow is imported anywhere: errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import pytest

BACKEND = keras.config.backend()


def pytest_collection_modifyitems(items):
    skip = pytest.mark.skip(reason=f"needs TensorFlow, the backend is {BACKEND}")
    for item in items:
        if BACKEND != "tensorflow" and item.get_closest_marker("tensorflow"):
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _fixed_seed():
    keras.utils.set_random_seed(0)
