"""Choosing the places of a model that an edit is about."""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import keras

from keras_regnoise._keras.graph import Call, is_graph

Kinds = type | tuple[type, ...]
Where = Callable[[keras.Layer], bool]


def check_model(model: Any) -> None:
    """Raise a ValueError unless `model` is one that placement can edit."""
    if is_graph(model):
        return
    if isinstance(model, keras.Model):
        raise ValueError(
            f"{type(model).__name__} '{model.name}' is a subclassed model: it calls "
            "its layers in Python code, which cannot be edited. Expected a functional "
            "or a Sequential model. Put the layer into the class itself, or write "
            "the model with the functional API: keras.Model(inputs, outputs)."
        )
    raise ValueError(
        "`model` must be a functional or a Sequential Keras model. "
        f"Received: {model!r} (of type {type(model).__name__})."
    )


def check_kinds(argument: str, kinds: Any) -> tuple[type, ...]:
    """`kinds` as a tuple of layer classes, or a ValueError that names `argument`."""
    classes = kinds if isinstance(kinds, tuple) else (kinds,)
    for cls in classes:
        if not (isinstance(cls, type) and issubclass(cls, keras.Operation)):
            raise ValueError(
                f"`{argument}` must be a layer class or a tuple of them, such as "
                f"keras.layers.Conv2D. Received: {argument}={kinds!r}. To choose by "
                f"name alone use {argument}=keras.Layer with name=..."
            )
    return classes


def select(
    candidates: list[Call],
    *,
    kinds: tuple[type, ...] = (keras.Operation,),
    name: str | None = None,
    where: Where | None = None,
) -> list[Call]:
    """The calls whose layer is of `kinds`, has the `name` and passes `where`.

    Raises:
        ValueError: If no candidate matches, with what could have been meant.
    """
    if where is not None and not callable(where):
        raise ValueError(
            "`where` must be a function of a layer that returns True or False. "
            f"Received: where={where!r}"
        )
    typed = [call for call in candidates if isinstance(call.layer, kinds)]
    named = [call for call in typed if _has_name(call, name)]
    found = [call for call in named if where is None or where(call.layer)]
    if not found:
        names = ", ".join(cls.__name__ for cls in kinds)
        wanted = [f"layer of type {names}"]
        wanted += [f"name matching {name!r}"] if name is not None else []
        wanted += ["`where` true"] if where is not None else []
        raise ValueError(
            f"Nothing in the model matches: {', '.join(wanted)}. "
            + _candidates(candidates, typed, named, name)
        )
    return found


def count(words: Iterable[str]) -> str:
    """As in `Conv2D (53), Dense (1)`, the most frequent first."""
    return ", ".join(f"{word} ({n})" for word, n in Counter(words).most_common())


def _has_name(call: Call, name: str | None) -> bool:
    if name is None:
        return True
    try:
        pattern = re.compile(name)
    except re.error as error:
        raise ValueError(
            f"`name` must be a regular expression. Received: name={name!r} ({error})."
        ) from error
    return any(pattern.fullmatch(text) for text in (call.layer.name, call.path))


def _candidates(
    candidates: list[Call], typed: list[Call], named: list[Call], name: str | None
) -> str:
    """What the model has instead, from the first of the conditions that failed."""
    if not typed:
        present = count(type(call.layer).__name__ for call in candidates)
        return f"Types that stand where it could: {present or 'none'}."
    if named:
        return f"`where` was false for all {len(named)} of: {_some(named)}."
    paths = [call.path for call in typed]
    close = difflib.get_close_matches(str(name), paths, n=5, cutoff=0.4)
    return (
        "`name` is a regular expression for the whole name (write .* where anything "
        f"may stand). Closest names: {', '.join(close) or _some(typed)}."
    )


def _some(found: list[Call], limit: int = 8) -> str:
    names = list(dict.fromkeys(call.path for call in found))
    return ", ".join(names[:limit]) + (", ..." if len(names) > limit else "")
