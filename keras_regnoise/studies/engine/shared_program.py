"""Lets cells that differ in their seed alone share one compiled program.

A network holds its compiled steps. To trace and compile them takes longer than many a
cell trains, and they are the same for every seed of an arm.
"""

import contextlib
import json
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from keras_regnoise._keras.sublayers import every_layer
from keras_regnoise.studies.model import StudyModel

_MOST = 32  # networks
_ROOM = 2**26  # numbers in their variables
_OURS = ("keras", "keras_regnoise")
_VALUES = ("__keras_tensor__", "__numpy__", "__tensor__")  # no classes, for Keras


@dataclass(frozen=True)
class _Kept:
    network: keras.Model
    program: str
    size: int


class SharedPrograms:
    """The networks of the last cells, for the next ones of the same arms.

    They are few and small; the one that was not used for longest goes first.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @contextlib.contextmanager
    def network(
        self, key: str, fresh: keras.Model, model: StudyModel
    ) -> Iterator[keras.Model]:
        """Yield the network to train: one that is compiled already, or the fresh one.

        Their states are the same, so that the results are too. If the training raises,
        no later cell gets the network.

        Args:
            key: What the cells have in common.
            fresh: What `build` made for the seed.
            model: Of the study; trains the network.
        """
        kept = self._kept.pop(key, None)
        program = program_of(fresh) if leaves_program(model) else None
        if kept and kept.program == program and _have_same_state(fresh, kept.network):
            copy_state(fresh, kept.network)
            fresh = kept.network
        yield fresh
        if program is not None and program_of(fresh) == program:
            self._kept[key] = _Kept(fresh, program, _size(fresh))
            self._make_room()

    def _make_room(self) -> None:
        while len(self) > _MOST or sum(k.size for k in self._kept.values()) > _ROOM:
            del self._kept[next(iter(self._kept))]


def leaves_program(model: StudyModel) -> bool:
    """Whether the methods that get the network leave its program as it was built."""
    owners = (
        next(owner for owner in type(model).__mro__ if method in vars(owner))
        for method in ("fit", "evaluate", "check")
    )
    return all(vars(owner).get("shares_programs", False) for owner in owners)


def program_of(network: keras.Model) -> str | None:
    """Return all that the compiled steps follow from, the seeds left out.

    Seeds are states in the layers of Keras and of this package. Of the code of others
    that can't be told, nor what else a step holds of it: None.
    """
    if keras.config.backend() not in ("tensorflow", "jax"):
        return None  # nothing is compiled
    if not network.built or not all(map(_is_known, [network, *every_layer(network)])):
        return None
    try:
        with warnings.catch_warnings(action="ignore"):
            content = [
                _serialized(network),
                list(map(_described, network.variables)),
                network.jit_compile,  # may have been set since `compile`
                network.steps_per_execution,
            ]
            return json.dumps(_without_seeds(content), sort_keys=True)
    except (NotImplementedError, TypeError, ValueError):
        return None


def _is_known(layer: keras.Layer) -> bool:
    """Whether a layer is all that its config and its variables say."""
    if getattr(layer, "stateful", False):
        return False  # Keras does not list the state of such an RNN
    if hasattr(layer, "adapt") and not isinstance(layer, keras.layers.Normalization):
        return False  # what it learned is in tables
    if getattr(layer, "adapt_mean", None) is not None:
        return False  # read from the variables once, then a constant
    return _is_ours(type(layer)) and all(
        _is_ours(value) for value in vars(layer).values() if callable(value)
    )


def _is_ours(thing: Any) -> bool:
    return str(getattr(thing, "__module__", "")).split(".")[0] in _OURS


def _described(variable: keras.Variable) -> list[Any]:
    """Return what a step holds of a variable; a regularizer is in no config."""
    attached = (variable.regularizer, variable.constraint)
    return [
        variable.path,
        list(variable.shape),
        variable.dtype,
        variable.trainable,
        *map(_serialized, attached),
    ]


def _serialized(thing: Any) -> Any:
    return keras.saving.serialize_keras_object(thing)


def _without_seeds(content: Any) -> Any:
    """Leave the seeds out of what Keras serialized.

    Raises:
        ValueError: If there are classes or functions of others in it.
    """
    if isinstance(content, list | tuple):
        return [_without_seeds(part) for part in content]
    if not isinstance(content, dict):
        return content
    name, module = content.get("class_name"), str(content.get("module"))
    if name and name not in _VALUES and module.split(".")[0] not in _OURS:
        raise ValueError(f"not known: {name} of {module}")
    return {k: _without_seeds(part) for k, part in content.items() if k != "seed"}


def _states(network: keras.Model) -> list[keras.Variable]:
    optimizer = network.optimizer
    if not optimizer.built:
        optimizer.build(network.trainable_variables)
    return [*network.variables, *optimizer.variables]


def _have_same_state(one: keras.Model, other: keras.Model) -> bool:
    shapes = ([(v.shape, v.dtype) for v in _states(n)] for n in (one, other))
    return next(shapes) == next(shapes)


def copy_state(source: keras.Model, target: keras.Model) -> None:
    """Give a network the weights, random states and optimizer of its like."""
    for value, variable in zip(_states(source), _states(target), strict=True):
        variable.assign(value.value)
    target.reset_metrics()


def _size(network: keras.Model) -> int:
    return sum(math.prod(variable.shape) for variable in _states(network))
