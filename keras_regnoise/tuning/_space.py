"""The hyperparameters of a choice of noise."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from keras_regnoise.tuning._kinds import DROP_ACTIVATION, NONE

REPLACE = "replace_activations"


@dataclass(frozen=True)
class Arm:
    """What was chosen: `rate` is 0 and `placement` None where there is no noise."""

    kind: str = NONE
    rate: float = 0.0
    placement: str | None = None


def choose(
    hp: Any,
    name: str,
    kinds: Collection[str],
    rates: Sequence[float],
    placements: Sequence[str] = (),
) -> Arm:
    """Ask `hp` for a kind, and for its rate and placement where it has them.

    No noise is one value of the kind and has no rate, so that a rate of 0 is one
    point of the grid and not one for each kind and placement.

    Args:
        hp: A `keras_tuner.HyperParameters`.
        name: Name of the kind; the others are `<name>_placement` and `<name>_rate`.
        kinds: Names of the kinds, without `"none"`.
        rates: The rates; 0 stands for `"none"`.
        placements: Those of every kind but `DropActivation`, which has one.
    """
    positive = [rate for rate in rates if rate > 0.0]
    active = list(kinds) if positive else []
    inserted = [kind for kind in active if kind != DROP_ACTIVATION]
    values = [NONE, *active] if 0.0 in rates else active
    kind = _choice(hp, name, values)
    rate, placement = 0.0, None
    if inserted and placements:
        with hp.conditional_scope(name, inserted):
            placement = _choice(hp, f"{name}_placement", list(placements))
    if active:
        with hp.conditional_scope(name, active):
            rate = _choice(hp, f"{name}_rate", positive)
    if kind in (None, NONE):  # None: inside a scope of the user's that is not active
        return Arm()
    return Arm(kind, rate, REPLACE if kind == DROP_ACTIVATION else placement)


def _choice(hp: Any, name: str, values: list[Any]) -> Any:
    value = hp.Choice(name, values)
    if value is not None and value not in values:
        raise ValueError(
            f"The hyperparameter {name!r} has the value {value!r}. Expected one of "
            f"{values}. If another part of the model has one of this name, rename it."
        )
    return value
