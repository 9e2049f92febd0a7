"""The examples of the docstrings run, and print what they say."""

import doctest
import importlib
import inspect
import pkgutil

import keras
import pytest

import keras_regnoise

PACKAGES = ("ops", "layers", "regularizers", "callbacks", "training")


def examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    for package in PACKAGES:
        root = importlib.import_module(f"keras_regnoise.{package}")
        for info in pkgutil.iter_modules(root.__path__, root.__name__ + "."):
            module = importlib.import_module(info.name)
            scope = {**vars(keras_regnoise), **vars(module), "keras": keras}
            for test in finder.find(module, globs=scope):
                if test.examples:
                    yield test


EXAMPLES = list(examples())


@pytest.mark.parametrize("test", EXAMPLES, ids=[test.name for test in EXAMPLES])
def test_example(test):
    if keras.config.backend() != "tensorflow" and "TensorShape" in test.docstring:
        pytest.skip("prints a TensorFlow type")
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test)
    assert runner.failures == 0


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_object_has_one(package):
    root = importlib.import_module(f"keras_regnoise.{package}")
    documented = {test.name.rsplit(".", 1)[-1] for test in EXAMPLES}
    public = {
        name
        for name in root.__all__
        if inspect.isclass(getattr(root, name))
        or inspect.isfunction(getattr(root, name))
    }
    assert public - documented <= {"NoiseLayer", "Refit"}
