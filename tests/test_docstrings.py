"""What a docstring must have; pytest runs its examples (`--doctest-modules`)."""

import importlib
import inspect

import pytest

# Not of `studies`: what a study is made of is shown in docs/studies.md, which runs.
PACKAGES = (
    *("analysis", "callbacks", "datasets", "layers", "models", "ops", "placement"),
    *("regularizers", "training", "tuning"),
)
# What is returned or passed on, and shown in the example of a function.
WITHOUT = {
    *("Change", "NoiseLayer", "Plan", "Refit", "Split"),
    *("ImageOptions", "ResidualOptions", "WordOptions"),
}


@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_object_has_an_example(name):
    if name == "tuning":
        pytest.importorskip("keras_tuner")
    package = importlib.import_module(f"keras_regnoise.{name}")
    public = {name: getattr(package, name) for name in package.__all__}
    without = {
        name
        for name, member in public.items()
        if inspect.isclass(member) or inspect.isroutine(member)
        if ">>> " not in (inspect.getdoc(member) or "")
    }
    assert without <= WITHOUT
