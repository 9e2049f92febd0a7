"""What studies share whose arms are the sides of an equation."""

from collections.abc import Mapping
from typing import Any

from keras_regnoise.studies.study import Arm, Claim

MEASURED = "measured"
# By group: the law, what it is about, and what else stands beside the two sides.
Groups = Mapping[str, tuple[str, dict[str, Any], tuple[str, ...]]]


def arms_of(groups: Groups, expected: str) -> tuple[Arm, ...]:
    """Return the arms of every group, what is expected and what is measured first."""
    return tuple(
        Arm(side, {"law": law, **values, "side": side}, group)
        for group, (law, values, others) in groups.items()
        for side in (expected, MEASURED, *others)
    )


def claim_of(group: str, text: str, one: str, other: str, margin: float) -> Claim:
    """Return the claim that two arms of a group are equal within a margin.

    It is not about accuracy, which would need a gate.
    """
    sides = (f"{group}: {one}", f"{group}: {other}")
    return Claim(text=text, arms=sides, metric="value", sign=0, margin=margin)
