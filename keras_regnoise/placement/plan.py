"""What an edit would change, as a table."""

from collections.abc import Iterator
from dataclasses import dataclass

import keras

from keras_regnoise._keras.graph import Call, walk
from keras_regnoise.placement._factory import Factory
from keras_regnoise.placement._rebuild import Edits
from keras_regnoise.placement._select import Kinds, Where, count
from keras_regnoise.placement.activations import Activation, activation_replacements
from keras_regnoise.placement.insert import insertions
from keras_regnoise.placement.replace import replacements

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Change:
    """One row of a plan: one new layer.

    Attributes:
        layer: The path of the layer that was chosen, as in `"encoder/dense_1"`.
        type: Its class.
        shape: The shape of the tensor that the new layer will be called on; None
            where it is not known yet.
        action: `"insert before"`, `"insert after"`, `"replace"` or
            `"split activation"` (of a layer that has it fused).
        new: Class and name of the new layer.
    """

    layer: str
    type: str
    shape: Shape | None
    action: str
    new: str


@dataclass(frozen=True)
class Plan:
    """The new layers that an edit would bring; `str(plan)` is a table of them."""

    changes: tuple[Change, ...]

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __str__(self) -> str:
        rows = [("layer", "type", "shape", "action", "new layer")]
        rows += [
            (c.layer, c.type, str(c.shape or "?"), c.action, c.new)
            for c in self.changes
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) for cell, width in zip(row, widths, strict=True)
            )
            for row in rows
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        total = count(change.action for change in self)
        lines.append(f"new layers: {total or 'none'}")
        return "\n".join(line.rstrip() for line in lines)


def plan(
    model: keras.Model,
    factory: Factory | None = None,
    *,
    before: Kinds | None = None,
    after: Kinds | None = None,
    replace: Kinds | str | None = None,
    activation: Activation | None = None,
    name: str | None = None,
    where: Where | None = None,
) -> Plan:
    """Show what `insert`, `replace` or `replace_activations` would change.

    Nothing is changed and no model is built.

    Args:
        model: A functional or Sequential model.
        factory: The factory of the edit. Without it the table leaves the new layers
            out, and counts one for every place.
        before: As in `insert`.
        after: As in `insert`.
        replace: The target of `replace`.
        activation: The activation of `replace_activations`.
        name: As in `insert` and `replace_activations`.
        where: As in all three.

    Returns:
        A `Plan`: print it, take its `len()`, or iterate over its changes.

    Raises:
        ValueError: If not exactly one of `before`, `after`, `replace` and
            `activation` is given, and wherever the edit itself would raise.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [keras.Input((4,)), keras.layers.Dense(8, name="hidden")]
        ... )
        >>> dropout = lambda layer: keras.layers.Dropout(0.1)
        >>> print(plan(model, dropout, before=keras.layers.Dense))
        layer   type   shape      action         new layer
        ------  -----  ---------  -------------  ----------------------
        hidden  Dense  (None, 4)  insert before  Dropout hidden_dropout
        new layers: insert before (1)
    """
    modes = {
        "before": before,
        "after": after,
        "replace": replace,
        "activation": activation,
    }
    given = [mode for mode, value in modes.items() if value is not None]
    if len(given) != 1:
        raise ValueError(
            f"Exactly one of {', '.join(modes)} must be given. "
            f"Received: {', '.join(given) or 'none of them'}."
        )
    make = factory if factory is not None else lambda layer: keras.layers.Identity()
    if activation is not None:
        edits = activation_replacements(model, activation, make, name, where)
    elif replace is None:
        edits = insertions(model, make, before, after, name, where)
    elif name is None:
        edits = replacements(model, replace, make, where)
    else:
        raise ValueError(
            "`name` does not go with `replace`: give the regular expression as "
            f"replace={name!r}, or choose by `where`."
        )
    return _describe(model, edits, named=factory is not None)


def _describe(model: keras.Model, edits: Edits, named: bool) -> Plan:
    """One change for each new layer, at the first place where it stands."""
    seen: set[int] = set()
    changes = []
    for call in walk(model):
        for action, shape, new in _changes_at(call, edits):
            if id(new) not in seen:
                seen.add(id(new))
                text = f"{type(new).__name__} {new.name}" if named else ""
                kind = type(call.layer).__name__
                changes.append(Change(call.path, kind, shape, action, text))
    return Plan(tuple(changes))


def _changes_at(
    call: Call, edits: Edits
) -> Iterator[tuple[str, Shape | None, keras.Layer]]:
    """The new layers at one call: what happens, on which shape, which layer."""
    for position, tensor in enumerate(call.entering):
        new = edits.before.get((call.key, position))
        if new is not None:
            yield "insert before", getattr(tensor, "shape", None), new
    instead = edits.instead.get(id(call.layer))
    action = "insert after" if instead is None else "split activation"
    split = False
    for position, tensor in enumerate(call.leaving):
        new = edits.after.get((call.key, position))
        if new is not None:
            split = True
            yield action, getattr(tensor, "shape", None), new
    if instead is not None and not split:
        yield "replace", getattr(next(iter(call.tensors), None), "shape", None), instead
