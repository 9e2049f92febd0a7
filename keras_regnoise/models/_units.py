"""Units as data: the order of the layers of a network is a tuple of words.

A unit names what happens around a weight layer, for example
`("conv", "norm", "relu")`. A tuple with one weight word is repeated for every weight
layer of a residual unit; a tuple with all of them written out is taken as it is.
This module reads tuples and knows no layers.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

Unit = tuple[str, ...]

BASELINE: Unit = ("conv", "norm", "relu")
PREACTIVATION: Unit = ("norm", "relu", "conv")
IC_UNITS: dict[int, Unit] = {
    1: ("relu", "ic", "conv"),
    2: ("ic", "conv", "relu"),
    3: ("conv", "relu", "ic"),
}

# The words that act on the sum when a unit ends with its activation.
_SUM_WORDS = frozenset({"vcl", "relu", "noise"})


class Step(NamedTuple):
    """One word of a unit with the name of its layer."""

    word: str
    name: str


class ResidualSteps(NamedTuple):
    """A residual unit cut at the places where its two paths part and meet.

    Attributes:
        lead: What a projected shortcut shares with the residual branch.
        branch: The rest of the residual branch.
        merged: What acts on the sum of the two paths.
    """

    lead: list[Step]
    branch: list[Step]
    merged: list[Step]


def spell_out(unit: Iterable[str], weights: int, weight: str = "conv") -> Unit:
    """Write a unit out for all of its weight layers.

    Args:
        unit: The words.
        weights: Number of weight layers of the unit.
        weight: The word that stands for a weight layer.

    Returns:
        The words with `weight` among them exactly `weights` times.

    Raises:
        ValueError: If `unit` is no sequence of words, or has another number of
            weight words than one or `weights`.
    """
    if isinstance(unit, str) or not all(isinstance(word, str) for word in unit):
        raise ValueError(
            f"`unit` must be a tuple of words, e.g. ('{weight}', 'norm', 'relu'). "
            f"Received: unit={unit!r}"
        )
    words = tuple(unit)
    found = words.count(weight)
    if found == 1:
        return words * weights
    if found == weights:
        return words
    raise ValueError(
        f"`unit` must hold the word {weight!r} once (it is then repeated for every "
        f"weight layer) or {weights} times (the whole unit written out). "
        f"Received it {found} times: unit={words}"
    )


def label(words: Iterable[str], prefix: str) -> list[Step]:
    """Name the layer of every word; a word that occurs again is numbered.

    Example:
        >>> [step.name for step in label(("conv", "relu", "conv"), "stem")]
        ['stem_conv1', 'stem_relu', 'stem_conv2']
    """
    words = tuple(words)
    total, seen = Counter(words), Counter[str]()
    steps = []
    for word in words:
        seen[word] += 1
        number = str(seen[word]) if total[word] > 1 else ""
        steps.append(Step(word, f"{prefix}_{word}{number}"))
    return steps


def words_before(words: Unit, weight: str = "conv") -> Unit:
    """Return what stands in front of the first weight layer."""
    return words[: words.index(weight)]


def words_after(words: Unit, weight: str = "conv") -> Unit:
    """Return what stands behind the last weight layer."""
    return words[len(words) - words[::-1].index(weight) :]


def without_noise(words: Unit) -> Unit:
    """Return the words but for "noise"."""
    return tuple(word for word in words if word != "noise")


def residual_steps(words: Unit, prefix: str) -> ResidualSteps:
    """Cut a residual unit where its paths part and where they meet.

    - The lead ends at the first weight or noise: a projection sees normalized and
      activated values as the branch does, and never the branch's noise.
    - A unit that begins with its weight and ends with its activation activates the
      sum (He et al., 2016a). Every other unit acts on the branch alone.

    Args:
        words: The words of the unit, written out.
        prefix: Name of the unit.

    Returns:
        The named steps of the three parts.

    Reference:
        He et al., Identity Mappings in Deep Residual Networks, 2016, section 3.

    Example:
        >>> parts = residual_steps(2 * ("conv", "norm", "relu"), "unit1")
        >>> [step.name for step in parts.merged]
        ['unit1_relu2']
    """
    steps = label(words, prefix)
    parting = min(words.index(word) for word in ("conv", "noise") if word in words)
    meeting = len(words)
    if not without_noise(words_before(words)):
        while words[meeting - 1] in _SUM_WORDS:
            meeting -= 1
        if "relu" not in words[meeting:]:
            meeting = len(words)
    return ResidualSteps(steps[:parting], steps[parting:meeting], steps[meeting:])
