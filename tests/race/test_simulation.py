"""What a race promises, on 1,000 score tables for each of some truths."""

import pytest

from tests.helpers import ROOT
from tests.race.simulation import RACES, SEEDS, TRUTHS, row, simulate

# Two standard errors of a share of 0.05 and of the difference of two near 0.98.
OF_WRONG = 2 * (0.05 * 0.95 / RACES) ** 0.5


@pytest.mark.parametrize("name", TRUTHS)
def test_the_race_is_as_right_as_the_full_grid_at_half_its_cost(name):
    means = TRUTHS[name]
    race, grid = simulate(means)
    assert race.wrong <= 0.05 - OF_WRONG
    assert race.right >= grid.right - 0.02
    assert race.trainings <= 0.5 * grid.trainings
    assert grid.trainings == pytest.approx(len(means) * SEEDS)
    assert row(name, race, grid) in (ROOT / "docs" / "tuning.md").read_text("utf-8")


def test_the_simulation_would_show_a_race_that_believes_its_choice():
    """The leader's own scores, by which it was chosen, find too much."""
    import random

    from keras_regnoise._race.decide import decide
    from keras_regnoise._race.pairs import paired
    from keras_regnoise._race.rules import Rules
    from tests.race.simulation import table

    means = TRUTHS["no arm differs from none"]
    arms, draw = [f"arm{n}" for n in range(13)], random.Random(0)
    wrong = 0
    for _ in range(300):
        scores = table(means, draw)
        choice = decide(arms, scores, Rules(trainings=195), measured={})
        own = {s: scores[choice.leader][s] for s in range(choice.seeds)}
        difference = paired(own, scores[arms[0]])
        wrong += choice.leader != arms[0] and difference.excludes_zero(0.05)
    assert wrong / 300 > 0.1
