"""The examples of the docstrings run, and every public function has one."""

import doctest
import importlib
import inspect
import pkgutil

import keras
import numpy as np
import pytest

from keras_regnoise import analysis

FINDER = doctest.DocTestFinder(exclude_empty=True)
EXAMPLES = [
    test
    for info in pkgutil.iter_modules(analysis.__path__, analysis.__name__ + ".")
    for module in [importlib.import_module(info.name)]
    for test in FINDER.find(module, globs={**vars(module), "keras": keras, "np": np})
    if test.examples
]


@pytest.mark.parametrize("test", EXAMPLES, ids=[test.name for test in EXAMPLES])
def test_example(test):
    if "mutual_information" in test.name:
        pytest.importorskip("sklearn")
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test)
    assert runner.failures == 0


def test_every_public_object_has_one():
    documented = {test.name.rsplit(".", 1)[-1] for test in EXAMPLES}
    public = {name for name in analysis.__all__ if name != "plots"}
    assert all(inspect.getdoc(getattr(analysis, name)) for name in public)
    assert public <= documented
