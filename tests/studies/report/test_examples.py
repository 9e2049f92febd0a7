"""The examples of the report's docstrings run, and print what they say."""

import doctest
import importlib
import pkgutil

import pytest

pytest.importorskip("rich")
pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

from keras_regnoise.studies import report


def examples():
    for info in pkgutil.iter_modules(report.__path__, "keras_regnoise.studies.report."):
        module = importlib.import_module(info.name)
        yield from (t for t in doctest.DocTestFinder().find(module) if t.examples)


EXAMPLES = list({test.name: test for test in examples()}.values())


@pytest.mark.parametrize("test", EXAMPLES, ids=[test.name for test in EXAMPLES])
def test_example(test):
    runner = doctest.DocTestRunner()
    runner.run(test)
    assert runner.failures == 0
