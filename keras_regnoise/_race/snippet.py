"""The lines of Python that make the winning edit in a training script of the user's."""

from collections.abc import Mapping
from pathlib import PurePath
from textwrap import dedent
from typing import Any

from keras_regnoise._race.words import NOISE


def snippet(label: str, arms: Mapping[str, Mapping[str, Any]], build: str = "") -> str:
    """Return Python code that makes the model of an arm.

    Args:
        label: Name of the arm.
        arms: The hyperparameters of all arms by their names: they tell whether the
            noise was put into a model or is of the model's own asking.
        build: Where the model is from, as on the command line: a function, or a file.

    Example:

    >>> values = {"noise": "dropout", "noise_rate": 0.1}
    >>> arms = {"Dropout 0.1": values | {"noise_placement": "before_head"}}
    >>> print(snippet("Dropout 0.1", arms, "my_model.py:build").strip())
    # Dropout 0.1
    import keras_regnoise as krn
    from my_model import build
    <BLANKLINE>
    model = krn.tuning.with_noise(build(), 'dropout', 0.1, 'before_head')
    """
    values, put_in = arms[label], any(map(is_put_in, arms.values()))
    own = {key: v for key, v in values.items() if not (put_in and key in NOISE)}
    place, _, name = build.rpartition(":")
    call = f"{name or 'build_model'}({'hp' if own else ''})"
    origin = f"from {_module(place)} import {name}" if place else ""
    if build.endswith(".keras"):
        # As in the race: with new weights, and not those that it was saved with.
        call, origin = f"krn.tuning.from_file({PurePath(build).name!r})()", ""
    given = f"hp = keras_tuner.HyperParameters()\nhp.values = {own!r}\n" if own else ""
    if put_in and "noise_rate" in values:
        words = [values["noise"], values["noise_rate"]]
        if "noise_placement" in values:
            words.append(values["noise_placement"])
        call = f"krn.tuning.with_noise({', '.join([call, *map(repr, words)])})"
    tuner = "import keras_tuner\n" if own else ""
    ours = "import keras_regnoise as krn\n" if call.startswith("krn.") else ""
    head = f"# {label}\n{ours}{tuner}{origin}".rstrip()
    return dedent(f"{head}\n\n{given}model = {call}\n")


def is_put_in(values: Mapping[str, Any]) -> bool:
    """Whether an arm is of the noise that `NoiseHyperModel` puts into a model."""
    return "noise_placement" in values or values.get("noise") == "dropactivation"


def _module(place: str) -> str:
    return PurePath(place).stem if place.endswith(".py") else place
