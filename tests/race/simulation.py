"""Races on score tables with a known truth: no model is trained.

Draw the figure of docs/tuning.md with: python -m tests.race.simulation FILE.png
"""

import random
import sys
from dataclasses import dataclass

from keras_regnoise._race.decide import decide
from keras_regnoise._race.pairs import paired
from keras_regnoise._race.rules import ALPHA, FRESH, Rules

RACES = 1000
SEEDS = 30  # of every arm of the full grid
# True means of 13 arms, the one without noise first, in standard deviations of a
# paired difference of two arms that are alike.
TRUTHS = {
    "no arm differs from none": (0.0,) * 13,
    "every arm is worse than none": tuple(-0.2 * n for n in range(13)),
    "one arm is best, some help": (
        *(0.0, 0.5, 0.8, 0.2, -0.5, -1.0, -2.0, 2.0, 1.0, 0.3, -3.0, -1.0, -4.0),
    ),
    "many arms help, one most": (
        *(0.0, 1.0, 1.5, 1.0, 0.5, 0.0, -2.0, 2.0, 3.0, 1.2, -3.0, -6.0, -10.0),
    ),
}


@dataclass
class Counts:
    """What came of many races, as shares; `trainings` is the mean number."""

    right: float = 0.0
    wrong: float = 0.0
    trainings: float = 0.0

    def add(self, right, wrong, trainings, races):
        self.right += right / races
        self.wrong += wrong / races
        self.trainings += trainings / races


def table(means, draw):
    """Draw scores: what a seed is worth to all arms, and what it is to each.

    The spread of an arm grows with its distance from none: arms are not alike.
    """
    seeds = [*range(2 * SEEDS), *range(FRESH, FRESH + 4 * SEEDS)]
    common = {seed: draw.gauss(0, 2) for seed in seeds}
    return {
        f"arm{n}": {
            seed: mean + common[seed] + draw.gauss(0, (1 + 0.3 * abs(mean)) / 2**0.5)
            for seed in seeds
        }
        for n, mean in enumerate(means)
    }


def race(arms, scores, rules):
    """Run a race; as in life, only its winner has scores of fresh seeds."""
    choice = decide(arms, scores, rules, measured={})
    known = {a: scores[a] if a in (arms[0], choice.leader) else {} for a in arms}
    return decide(arms, scores, rules, measured=known)


def simulate(means, races=RACES, seed=0):
    """Return what comes of races, and of full grids with Bonferroni's correction."""
    draw = random.Random(seed)
    arms = [f"arm{n}" for n in range(len(means))]
    best = arms[means.index(max(means))] if max(means) > 0 else None
    rules = Rules(trainings=len(arms) * SEEDS // 2)
    of_races, of_grids = Counts(), Counts()
    for _ in range(races):
        scores = table(means, draw)
        standing = race(arms, scores, rules)
        found = standing.leader if standing.end == "better" else None
        trainings = len(list(standing.given()))
        _count(of_races, found, best, means, trainings, races)
        _count(of_grids, _grid(arms, scores), best, means, len(arms) * SEEDS, races)
    return of_races, of_grids


def _count(counts, found, best, means, trainings, races):
    wrong = found is not None and means[int(found[3:])] <= 0
    counts.add(found == best, wrong, trainings, races)


def _grid(arms, scores):
    """Return the arm that a full grid finds, or None."""
    own = {a: {s: scores[a][s] for s in range(SEEDS)} for a in arms}
    best = max(arms, key=lambda arm: sum(own[arm].values()))
    difference = paired(own[best], own[arms[0]])
    is_found = difference.excludes_zero(ALPHA / (len(arms) - 1))
    return best if is_found and best != arms[0] else None


def row(name, of_races, of_grids):
    """Return a line of the table in docs/tuning.md."""
    numbers = [
        f"{100 * c.right:.1f} % | {100 * c.wrong:.1f} % | {c.trainings:.0f}"
        for c in (of_races, of_grids)
    ]
    return f"| {name} | {' | '.join(numbers)} |"


def draw_figure(file):
    from matplotlib.figure import Figure

    from keras_regnoise._figures import LIGHT, grid_lines, style

    with style():
        figure = Figure(figsize=(8, 3))
        panels = figure.subplots(1, 3, sharey=True)
        heads = ("right answer, %", "wrong answer, %", "trainings")
        for place, (name, means) in enumerate(TRUTHS.items()):
            both = dict(zip(("race", "full grid"), simulate(means), strict=True))
            print(row(name, *both.values()))
            for height, (kind, counts) in enumerate(both.items()):
                values = 100 * counts.right, 100 * counts.wrong, counts.trainings
                for axes, value in zip(panels, values, strict=True):
                    axes.barh(
                        -place - 0.35 * height,
                        value,
                        0.32,
                        color=LIGHT.color(height),
                        label=kind if not place else None,
                    )
        for axes, head in zip(panels, heads, strict=True):
            axes.set_title(head, loc="left")
            grid_lines(axes, "x")
        panels[0].set_yticks([-n - 0.17 for n in range(len(TRUTHS))], list(TRUTHS))
        panels[1].set_xlim(0, 6)
        panels[1].axvline(5, color=LIGHT.ink, linestyle="--")
        figure.legend(
            *panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=2
        )
        figure.savefig(file)


if __name__ == "__main__":
    draw_figure(sys.argv[1])
