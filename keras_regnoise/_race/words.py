"""What a race has found, in a sentence, and what an arm is called."""

from collections.abc import Mapping, Sequence

from keras_regnoise._race.decide import Standing
from keras_regnoise._race.rules import ALPHA

NONE = "none"
_MOST = 4  # times the seeds of the measurement that are worth asking for
_KINDS = {
    "dropout": "Dropout",
    "spatialdropout": "SpatialDropout",
    "rotationout": "RotationOut",
    "spatialrotationout": "SpatialRotationOut",
    "iclayer": "ICLayer",
    "dropactivation": "DropActivation",
}
_PLACES = {
    "before_weights": "before the weights",
    "after_activation": "after the activations",
    "before_head": "before the head",
    "replace_activations": "instead of the activations",
}
# The hyperparameters of the noise that is put into a model.
NOISE = ("noise", "noise_rate", "noise_placement")
_MOST_DIGITS = 13
FAILED = "Nothing can be compared: the trainings failed or diverged."


def place_words(placement: object) -> str:
    """Return a placement in words."""
    return _PLACES.get(str(placement), str(placement))


def kind_words(kind: object) -> str:
    """Return a kind of noise as its layer is called."""
    return _KINDS.get(str(kind), str(kind))


def arm_label(values: Mapping[str, object], first: Mapping[str, object]) -> str:
    """Name an arm by its hyperparameters.

    Args:
        values: They.
        first: Those of the arm that all others are compared with: that without noise,
            unless the defaults of the user's own hyperparameters have some.

    Example:

    >>> noise = {"noise": "rotationout", "noise_rate": 0.5}
    >>> arm_label(noise | {"noise_placement": "before_head"}, {"noise": "none"})
    'RotationOut 0.5 before the head'
    """
    plain = not first or NONE in first.values()
    if values == first and plain and first.get("noise", NONE) == NONE:
        return NONE
    words = []
    if "noise" in values:
        words = [kind_words(values["noise"]), str(values.get("noise_rate", ""))]
        words.append(place_words(values.get("noise_placement", "")))
    words += [f"{key}={value}" for key, value in values.items() if key not in NOISE]
    return " ".join(word for word in words if word)


def merged_label(labels: Sequence[str]) -> str:
    """Join the names of one arm; what they begin with is said once.

    Example:

    >>> merged_label(["Dropout 0.1 before the weights", "Dropout 0.1 before the head"])
    'Dropout 0.1 before the weights = before the head'
    """
    first, *others = labels
    words = first.split(" ")
    start = " ".join(words[:2]) + " "
    return " = ".join([first, *(other.removeprefix(start) for other in others)])


def sentence(standing: Standing, amount: str, factor: float = 1.0) -> str:
    """Say what came out: the first sentence of a report.

    Args:
        standing: The race.
        amount: What the difference is in, such as `"points"`.
        factor: What the scores are multiplied by: 100 for shares in points.
    """
    none, leader, difference = standing.none, standing.leader, standing.difference
    if not standing.look:
        missing = len(standing.wanted)
        return f"Nothing can be said yet: the first round lacks {missing} trainings."
    if not standing.end:
        ahead = "no noise" if leader == NONE else leader
        return f"The race goes on: {ahead} is ahead after {standing.seeds} seeds."
    advice = "leave it out" if none == NONE else f"stay with {none}"
    if standing.end == "nothing":
        return f"Nothing tried is distinguishable from {none}: {advice}."
    if standing.end == "failed":
        return FAILED
    # The measurement is of this one alone, and says nothing of the others.
    best = f"{leader}, chosen as the best{' noise' if none == NONE else ''},"
    if standing.end == "diverged":
        return f"{best} diverged more often than {none} when measured: {advice}."
    if standing.end == "none diverged":
        return (
            f"{leader} trains where {none} diverged when measured: the model needs it, "
            "or a smaller learning rate."
        )
    mean = factor * difference.mean
    half = factor * difference.half_width(standing.level)
    size = f"{number(mean, half)} ± {number(half, half)} {amount}"
    if standing.end == "better":
        return f"{leader} is better than {none} by {size}."
    if standing.end == "worse":
        by = f"{number(-mean, half)} ± {number(half, half)} {amount}"
        return f"{best} is worse than {none} by {by} when measured: {advice}."
    more = missing_seeds(standing)
    if more is None:
        return f"{best} is not distinguishable from {none} ({size}): {advice}."
    return (
        f"Needs more: about {more} more seeds would settle it ({leader} differs from "
        f"{none} by {size} so far)."
    )


def missing_seeds(standing: Standing) -> int | None:
    """Return how many more seeds the winner needs; None if too many, or it is behind.

    At the mean and the deviation of the measurement, and the error rate that its next
    look has. More than four times the seeds that it has are too many: the difference
    is then so small beside its spread that it is not worth the search.
    """
    difference = standing.difference
    if not difference.count or difference.mean <= 0:
        return None
    most = (1 + _MOST) * difference.count
    needed = difference.needed(standing.level / 2, most)
    return None if needed is None else max(1, needed - difference.count)


def method(standing: Standing) -> str:
    """Say how the decisions were made and what the interval allows for."""
    confidence = 100 * (1 - standing.level)
    return (
        "Seeds are given in rounds; after each, an arm whose paired difference to the "
        "best one excludes 0 gets no more (Student's t; over all looks its error rate "
        f"is {ALPHA}, half of what is left at each: Lan and DeMets 1983). The winner "
        "is measured on the test part with seeds that took no part in the choice; its "
        f"interval is one of {confidence:.1f} %, so that all looks at it together "
        "have 95 %."
    )


def number(value: float, half: float) -> str:
    """Format a number with two digits of its half interval.

    Example:

    >>> number(1.8234, 0.61), number(0.01234, 0.00456), number(123.4, 45.6)
    ('1.82', '0.0123', '123')
    >>> number(1.234e-6, 5e-8)
    '0.000001234'
    """
    digits = 1
    while digits < _MOST_DIGITS and 0 < abs(half) < 10 ** (2 - digits):
        digits += 1
    return f"{value:.{max(0, digits - 1)}f}"
