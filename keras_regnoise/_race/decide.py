"""Which arm of a race gets seeds next, and when it ends, told by the scores alone."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from keras_regnoise._race.pairs import NO_PAIRS, Pairs, Scores, paired, smallest_step
from keras_regnoise._race.rules import FRESH, Rules, alpha

Table = Mapping[str, Scores]
Training = tuple[str, int]
End = Literal[
    "", "nothing", "failed", "better", "worse", "diverged", "none diverged", "budget"
]


@dataclass(frozen=True)
class Standing:
    """Where a race is.

    Attributes:
        arms: All arms, the one without noise first.
        rules: The rules.
        look: Rounds that are over.
        seeds: Seeds of the arms that are left, after these rounds.
        left: Arms that are left in the race, the one without noise first.
        out: By arm, the number of seeds after which it was out.
        leader: The arm with the best mean; `""` before the end of the first round.
        chosen: Whether the choice is over, and the leader is the winner.
        measured: Looks at the winner's fresh seeds that are over.
        level: Error rate of the interval of the last look at them.
        difference: The winner minus the arm without noise, over the fresh seeds.
        wanted: Trainings that the race waits for, pairs of arm and seed.
        end: `"nothing"` if the choice fell on no noise, `"failed"` if nothing can be
            compared, `"better"` or `"worse"` if the measurement excludes 0,
            `"diverged"` if the winner diverged in it more often than no noise,
            `"none diverged"` if that did in most of it and the winner in none,
            `"budget"` if there is no room for more, `""` if the race goes on.
    """

    arms: tuple[str, ...]
    rules: Rules
    look: int = 0
    seeds: int = 0
    left: tuple[str, ...] = ()
    out: Mapping[str, int] = field(default_factory=dict)
    leader: str = ""
    chosen: bool = False
    measured: int = 0
    level: float = alpha(1)
    difference: Pairs = NO_PAIRS
    wanted: tuple[Training, ...] = ()
    end: End = ""

    @property
    def none(self) -> str:
        """The arm without noise."""
        return self.arms[0]

    @property
    def won(self) -> bool:
        """Whether the leader is to be taken, and not the arm without noise."""
        return self.end in ("better", "none diverged")

    def given(self) -> Iterator[Training]:
        """Yield the trainings of all rounds and looks that are over."""
        for arm in self.arms:
            for seed in range(self.out.get(arm, self.seeds)):
                yield arm, seed
        yield from self.fresh(self.measured)

    def fresh(self, look: int) -> list[Training]:
        """Return the trainings that the winner's measurement has up to a look."""
        count = self.rules.fresh(look) if look else 0
        pair = (self.none, self.leader)
        return [(arm, FRESH + n) for n in range(count) for arm in pair]


def decide(
    arms: Sequence[str],
    scores: Table,
    rules: Rules,
    measured: Table | None = None,
    seconds: Table | None = None,
) -> Standing:
    """Run a race as far as its scores go.

    After each round an arm whose paired difference to the leader excludes 0, at the
    error rate of this look (`rules.alpha`), is out, and so is one that diverged more
    often: the seeds with which it did not are a selection. The arm without noise stays,
    since all are measured by it. When nothing is left beside it but the leader, or the
    budget has only room for the measurement, the leader is the winner: it is measured
    on seeds that took no part in the choice. If it is no noise, there is nothing to
    measure.

    Args:
        arms: Names, the arm without noise first.
        scores: By arm and seed what is chosen by, more is better; NaN for a training
            that failed, minus infinity for one that diverged.
        rules: The rules.
        measured: By arm and seed what the winner is measured by, of data that are not
            those of `scores`; by default the same numbers. Only those of fresh seeds
            are looked at.
        seconds: By arm and seed, what a training took.

    Example:

    >>> good, bad = [0.9, 0.91, 0.9, 0.92], [0.5, 0.51, 0.51, 0.5]
    >>> scores = {"none": good, "bad": bad}
    >>> table = {arm: dict(enumerate(values)) for arm, values in scores.items()}
    >>> standing = decide(("none", "bad"), table, Rules(first=4))
    >>> standing.leader, dict(standing.out), standing.end
    ('none', {'bad': 4}, 'nothing')
    """
    took = seconds or {}
    now = Standing(tuple(arms), rules, left=tuple(arms))
    while not (now.chosen or now.wanted):
        now = _choose(now, scores, took)
    if now.chosen and now.leader == now.none:
        return replace(now, end=_without_winner(now, scores))
    while now.chosen and not (now.end or now.wanted):
        now = _measure(now, scores if measured is None else measured, took)
    return now


def _without_winner(now: Standing, scores: Table) -> End:
    """Tell whether there was a choice, or too much has failed."""
    others = [score for arm in now.arms[1:] for score in scores.get(arm, {}).values()]
    none = scores.get(now.none, {}).values()
    compared = any(map(math.isfinite, none)) and not all(map(math.isnan, others))
    return "nothing" if compared or not others else "failed"


def _choose(now: Standing, scores: Table, took: Table) -> Standing:
    """Take one round's scores, or say that they are wanted."""
    size = now.rules.seeds(now.look + 1)
    new = [(arm, seed) for seed in range(now.seeds, size) for arm in now.left]
    if now.look:
        # Nobody knows yet who will be measured: the dearest of those that are left.
        dearest = max(now.left[1:], key=lambda arm: _mean(now, took, arm))
        reserve = replace(now, leader=dearest).fresh(1)
        if not _affords(now, [*new, *reserve], took):
            return replace(now, chosen=True)
    if missing := _missing(new, scores):
        return replace(now, wanted=missing)
    table = {arm: _first(scores[arm], size) for arm in now.left}
    step = smallest_step([list(own.values()) for own in table.values()])
    leader = max(now.left, key=lambda arm: _rank(table[arm], table[now.none], step))
    level = alpha(now.look + 1)
    out = {
        arm: size
        for arm in now.left[1:]
        if _is_out(table[arm], table[leader], step, level)
    }
    left = tuple(arm for arm in now.left if arm not in out)
    return replace(
        now,
        look=now.look + 1,
        seeds=size,
        leader=leader,
        left=left,
        out={**now.out, **out},
        chosen=now.rules.off or set(left) <= {now.none, leader},
    )


def _measure(now: Standing, measured: Table, took: Table) -> Standing:
    """Take the scores of a look at the winner, or say that they are wanted."""
    new = now.fresh(now.measured + 1)[len(now.fresh(now.measured)) :]
    if now.measured and (now.rules.off or not _affords(now, new, took)):
        return replace(now, end="budget" if now.difference.enough else "failed")
    if missing := _missing(new, measured):
        return replace(now, wanted=missing)
    # A race that went on with more budget may have measured another winner before.
    winners = sum(any(s >= FRESH for s in measured[a]) for a in now.arms[1:])
    level = alpha(now.measured + 1) / winners
    count = now.rules.fresh(now.measured + 1)
    own, none = (_fresh(measured[arm], count) for arm in (now.leader, now.none))
    step = smallest_step([list(own.values()), list(none.values())])
    difference = paired(own, none, step)
    end: End = ""
    if any(all(map(math.isnan, scores.values())) for scores in (own, none)):
        end = "failed"
    elif _diverged(own) > _diverged(none):
        end = "diverged"
    elif difference.excludes_zero(level):
        end = "better" if difference.mean > 0 else "worse"
    elif _diverged(none) > count / 2 and not _diverged(own):
        end = "none diverged"
    return replace(
        now, measured=now.measured + 1, level=level, difference=difference, end=end
    )


def _missing(new: Iterable[Training], scores: Table) -> tuple[Training, ...]:
    return tuple((arm, seed) for arm, seed in new if seed not in scores.get(arm, {}))


def _first(own: Scores, size: int) -> Scores:
    return {seed: own[seed] for seed in range(size)}


def _fresh(own: Scores, count: int) -> Scores:
    return {seed: own[seed] for seed in range(FRESH, FRESH + count)}


def _affords(now: Standing, new: Sequence[Training], took: Table) -> bool:
    """Whether the budget has room for more, at what the arms took so far."""
    given = list(now.given())
    spent = math.fsum(took.get(arm, {}).get(seed, 0.0) for arm, seed in given)
    means = {arm: _mean(now, took, arm) for arm, _ in new}
    more = math.fsum(means[arm] for arm, _ in new)
    return now.rules.affords(len(given) + len(new), spent + more)


def _mean(now: Standing, took: Table, arm: str) -> float:
    """Mean over the rounds that are over, which no later training can change."""
    own = took.get(arm, {})
    values = [own[seed] for seed in range(now.seeds) if seed in own]
    return math.fsum(values) / len(values) if values else 0.0


def _rank(own: Scores, none: Scores, step: float) -> tuple[int, float]:
    """Rank by divergences, then by the difference to no noise, if that has scores."""
    finite = [score for score in own.values() if math.isfinite(score)]
    if not finite:
        mean = -math.inf
    elif not any(map(math.isfinite, none.values())):
        mean = math.fsum(finite) / len(finite)
    else:
        mean = 0.0 if own is none else paired(own, none, step).mean
    return -_diverged(own), -math.inf if math.isnan(mean) else mean


def _diverged(own: Scores) -> int:
    return sum(score == -math.inf for score in own.values())


def _is_out(own: Scores, leading: Scores, step: float, level: float) -> bool:
    """Whether an arm is behind the leader, or fails too often to be compared."""
    if _diverged(own) > _diverged(leading):
        return True
    pairs = paired(own, leading, step)
    # It can only be behind: an interval with one end, whose other rate is not spent.
    return pairs.count < min(2, len(own)) or (
        pairs.mean < 0 and pairs.excludes_zero(2 * level)
    )
