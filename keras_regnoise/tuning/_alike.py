"""Points of a search space that are one model under several names."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import keras

from keras_regnoise._race.snippet import is_put_in
from keras_regnoise._race.words import NOISE, arm_label, merged_label

Values = Mapping[str, Any]
_RATE = "noise_rate"
# What differs between two models that are alike: the draws of their noise.
_LEFT_OUT = frozenset({"seed", "build_config", "compile_config"})


def distinct_arms(
    arms: Iterable[Values], build: Callable[[Values], keras.Model]
) -> dict[str, Values]:
    """Name the points of a space; those that are one model are one point.

    In a plain MLP, noise before a layer of weights is noise after the activation before
    it. What is compared is what was built, not what it is called: the layers, their
    configuration without names and seeds, and how they are connected.

    Args:
        arms: The points, the one without noise first.
        build: Builds the model of a point. It is asked for one rate of each.

    Returns:
        By name the values of the first of those that are alike; the name has the names
        of all.
    """
    arms = list(arms)
    signatures: dict[str, str] = {}
    alike: dict[str, list[Values]] = {}
    for values in arms:
        kind = _key({n: v for n, v in values.items() if n != _RATE})
        if kind not in signatures:
            alone = values.get("noise", "none") == "none"
            made = "" if alone else signature(build(values))
            # Noise that a `build(hp)` puts in itself may be in what is not compared.
            signatures[kind] = (made if is_put_in(values) else "") or kind
        # The rate is in the signature of its first arm; of the others it is the same.
        others = {n: v for n, v in values.items() if n not in NOISE}
        same = _key([signatures[kind], values.get(_RATE), others])
        alike.setdefault(same, []).append(values)
    return {
        merged_label([arm_label(values, arms[0]) for values in members]): members[0]
        for members in alike.values()
    }


def signature(model: keras.Model) -> str:
    """Return what a model is made of, without the names of its layers and its seeds.

    Two models of one signature compute the same; those of layers without a
    configuration have none: `""`.

    Example:

    >>> layers = keras.layers
    >>> def build(name, seed):
    ...     noise = layers.Dropout(0.1, seed=seed, name=name)
    ...     return keras.Sequential([keras.Input((4,)), noise, layers.Dense(2)])
    >>> signature(build("a", 1)) == signature(build("b", 2))
    True
    """
    try:
        config = model.get_config()
        names: dict[str, int] = {}
        _collect(config, names)
        return json.dumps(_anonymous(config, names), sort_keys=True)
    except (NotImplementedError, TypeError, ValueError):
        return ""


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _collect(config: Any, names: dict[str, int]) -> None:
    """Number the names in the order in which they appear."""
    if isinstance(config, Mapping):
        name = config.get("name")
        if isinstance(name, str):
            names.setdefault(name, len(names))
        for value in config.values():
            _collect(value, names)
    elif isinstance(config, list | tuple):
        for value in config:
            _collect(value, names)


def _anonymous(config: Any, names: Mapping[str, int]) -> Any:
    if isinstance(config, Mapping):
        return {
            key: _anonymous(value, names)
            for key, value in config.items()
            if key not in _LEFT_OUT
        }
    if isinstance(config, list | tuple):
        return [_anonymous(value, names) for value in config]
    if isinstance(config, str) and config in names:
        return f"name {names[config]}"
    return config
