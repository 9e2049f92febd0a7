"""Rounds, levels and budget of a race."""

import math
from dataclasses import dataclass

ALPHA = 0.05
FRESH = 1_000_000  # the first seed of those that take no part in the choice
_GROWTH = 1.5


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a race goes; the same rules and the same scores make the same decisions.

    All arms get the seeds of the first round, and those that are left half as many more
    in every further one. In the end the winner and the arm without noise get seeds
    that took no part in the choice, and twice as many if these do not tell and the
    budget has room. A round begins only if there is room for all of it.

    Attributes:
        first: Seeds of the first round.
        measure: Seeds that the winner is measured with at first.
        trainings: The budget in trainings, or None.
        seconds: The budget in seconds of training, all workers together, or None.
        off: Whether there is no race: one round, then one measurement.

    Example:

    >>> rules = Rules(first=4, measure=12)
    >>> [rules.seeds(look) for look in (1, 2, 3, 4, 5)]
    [4, 6, 9, 14, 21]
    >>> [rules.fresh(look) for look in (1, 2, 3)]
    [12, 24, 48]
    """

    first: int = 4
    measure: int = 12
    trainings: int | None = None
    seconds: float | None = None
    off: bool = False

    def seeds(self, look: int) -> int:
        """Return how many seeds an arm has at the end of a round, counted from 1."""
        seeds = self.first
        for _ in range(look - 1):
            seeds = max(seeds + 1, math.ceil(seeds * _GROWTH))
        return seeds

    def fresh(self, look: int) -> int:
        """Return how many fresh seeds there are at a look at the winner."""
        return int(self.measure * 2 ** (look - 1))

    def affords(self, trainings: int, seconds: float) -> bool:
        """Whether the budget has room for so much in all."""
        within = self.trainings is None or trainings <= self.trainings
        return within and (self.seconds is None or seconds <= self.seconds)


def alpha(look: int) -> float:
    """Return the error rate of one look: half of what the looks before it left.

    The rates of all looks add up to 0.05, however many there are. So an interval of
    each look misses what is true with no more than 0.05 at any of them (Bonferroni).

    Reference:
        K. K. G. Lan, D. L. DeMets: Discrete sequential boundaries for clinical trials,
        Biometrika 70 (1983), 659-663: an error rate that is spent look by look.

    Example:

    >>> [alpha(look) for look in (1, 2, 3)]
    [0.025, 0.0125, 0.00625]
    """
    return math.ldexp(ALPHA, -look)
