import math
import random

import pytest

from keras_regnoise._race.decide import decide
from keras_regnoise._race.pairs import Pairs, paired, smallest_step
from keras_regnoise._race.rules import FRESH, Rules, alpha

ARMS = ("none", "good", "middling", "bad")
MEANS = {"none": 0.0, "good": 3.0, "middling": 0.2, "bad": -9.0}


class Trainings:
    """Trains on demand: a score for every arm and seed, always the same."""

    def __init__(self, means=MEANS, failing=()):
        self.means, self.failing = means, failing
        self.scores = {arm: {} for arm in means}
        self.order = []

    def train(self, arm, seed):
        common = random.Random(seed).gauss(0, 2)
        own = random.Random(f"{arm}/{seed}").gauss(0, 0.7)
        value = math.nan if arm in self.failing else self.means[arm] + common + own
        self.scores[arm][seed] = value
        self.order.append((arm, seed))

    def run(self, rules, most=1000):
        while (standing := decide(tuple(self.means), self.scores, rules)).wanted:
            for arm, seed in standing.wanted:
                if len(self.order) == most:
                    return standing
                self.train(arm, seed)
        return standing


def test_the_best_arm_wins_and_the_others_stop_early():
    trainings = Trainings()
    standing = trainings.run(Rules())
    assert (standing.end, standing.leader) == ("better", "good")
    assert standing.out["bad"] == 4
    assert not any(seed >= 4 for arm, seed in trainings.order if arm == "bad")
    assert abs(standing.difference.mean - 3.0) < 4 * 1 / 12**0.5


def test_the_winner_is_measured_on_seeds_that_took_no_part_in_the_choice():
    trainings = Trainings()
    standing = trainings.run(Rules(measure=12))
    fresh = [(arm, seed) for arm, seed in trainings.order if seed >= FRESH]
    assert fresh == standing.fresh(1)
    assert {arm for arm, _ in fresh} == {"none", "good"}
    # Whatever the choice was made by, the measurement is that of its own scores.
    scores = {
        a: {s: v - 9 * (s < FRESH) for s, v in own.items()}
        for a, own in trainings.scores.items()
    }
    assert decide(ARMS, scores, Rules()).difference == standing.difference


def test_an_interrupted_race_makes_the_same_decisions():
    unbroken = Trainings()
    standing = unbroken.run(Rules(trainings=60))
    for most in range(1, len(unbroken.order), 7):
        broken = Trainings()
        broken.run(Rules(trainings=60), most)
        assert broken.run(Rules(trainings=60)) == standing
        assert sorted(broken.order) == sorted(unbroken.order)


def test_a_race_with_more_budget_begins_with_the_same_trainings():
    few, many = Trainings(), Trainings()
    few.run(Rules(trainings=45))
    many.run(Rules(trainings=200))
    rounds = [t for t in few.order if t[1] < FRESH]
    assert many.order[: len(rounds)] == rounds


@pytest.mark.parametrize("budget", [30, 45, 60, 100])
def test_the_budget_is_kept(budget):
    close = {"none": 0.0, "a": 0.1, "b": 0.12, "c": 0.11}
    trainings = Trainings(close)
    trainings.run(Rules(first=3, measure=8, trainings=budget))
    assert len(trainings.order) <= budget


def test_a_budget_of_time_is_that_of_the_trainings_so_far():
    seconds = {
        arm: dict.fromkeys([*range(99), *range(FRESH, FRESH + 99)], 10.0)
        for arm in ARMS
    }
    close = Trainings({arm: 0.01 * n for n, arm in enumerate(ARMS)})
    rules = Rules(seconds=400.0)
    standing = decide(ARMS, close.scores, rules, seconds=seconds)
    while standing.wanted:
        for arm, seed in standing.wanted:
            close.train(arm, seed)
        standing = decide(ARMS, close.scores, rules, seconds=seconds)
    assert 300 <= 10 * len(close.order) <= 400


def test_no_noise_may_win_and_needs_no_measurement():
    trainings = Trainings({"none": 0.0, "a": -5.0, "b": -6.0})
    standing = trainings.run(Rules())
    assert (standing.end, standing.leader, standing.measured) == ("nothing", "none", 0)


def test_an_arm_that_always_fails_is_out_and_the_race_goes_on():
    trainings = Trainings(failing=("middling",))
    standing = trainings.run(Rules())
    assert standing.out["middling"] == 4
    assert standing.leader == "good"


def diverging(arm, seeds, means=MEANS):
    """Train an arm that diverges with every other of some seeds."""
    trainings = Trainings(means)
    train = trainings.train

    def trained(name, seed):
        train(name, seed)
        if name == arm and seeds(seed) and seed % 2:
            trainings.scores[name][seed] = -math.inf

    trainings.train = trained
    return trainings


def test_an_arm_that_diverges_now_and_then_is_not_the_best():
    """The seeds with which it does not are a selection."""
    standing = diverging("good", lambda seed: True).run(Rules())
    assert standing.out["good"] == 4
    assert standing.leader != "good"
    # Without noise, it is the other way round.
    standing = diverging("none", lambda seed: True).run(Rules())
    assert (standing.end, standing.leader) == ("better", "good")


def test_a_winner_that_diverges_when_it_is_measured_has_not_won():
    standing = diverging("good", lambda seed: seed >= FRESH).run(Rules())
    assert (standing.end, standing.leader) == ("diverged", "good")
    assert standing.difference.mean > 0


def ending(badly, value, seeds=lambda seed: True):
    """Run a race in which all trainings of some arms end with a value."""
    trainings = Trainings()
    train = trainings.train

    def trained(name, seed):
        train(name, seed)
        if name in badly and seeds(seed):
            trainings.scores[name][seed] = value

    trainings.train = trained
    return trainings.run(Rules())


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_where_all_trainings_fail_there_is_nothing_to_say(value):
    standing = ending(ARMS, value)
    assert (standing.end, standing.won, standing.measured) == ("failed", False, 0)


def test_where_all_trainings_with_noise_fail_there_was_no_choice():
    assert ending(ARMS[1:], math.nan).end == "failed"
    # They were tried, and are no good.
    assert ending(ARMS[1:], -math.inf).end == "nothing"


def test_the_best_noise_leads_where_without_it_all_diverge():
    standing = ending(("none",), -math.inf)
    assert (standing.end, standing.leader) == ("none diverged", "good")
    assert standing.won
    assert not standing.difference.count


def test_the_best_noise_leads_where_without_it_all_fail():
    """It can't be said to be better than what did not run."""
    standing = ending(("none",), math.nan)
    assert (standing.end, standing.leader) == ("failed", "good")
    assert not standing.won
    assert set(standing.out) == {"middling", "bad"}


def test_a_measurement_that_fails_says_nothing():
    standing = ending(("good",), math.nan, lambda seed: seed >= FRESH)
    assert (standing.end, standing.leader, standing.won) == ("failed", "good", False)


def measuring(*scores):
    """Measure an arm that leads, with scores of none and of the arm."""
    table = {"none": {}, "a": {}}
    for number in range(4):
        table["none"][number], table["a"][number] = 0.1 * number, 1 + 0.1 * number
    for number, (none, own) in enumerate(scores):
        table["none"][FRESH + number], table["a"][FRESH + number] = none, own
    rules = Rules(measure=len(scores), trainings=8 + 2 * len(scores))
    return decide(("none", "a"), table, rules)


BAD, LOST, FINE = (-math.inf, 0.5), (math.nan, 0.5), (0.5, 0.5)


@pytest.mark.parametrize(
    ("scores", "end"),
    [
        ((BAD, BAD, FINE), "none diverged"),
        ((BAD, BAD, FINE, FINE, FINE), "budget"),  # not in most
        ((BAD, BAD, BAD, BAD, FINE, (0.4, 0.5), (0.6, 0.5)), "none diverged"),
        ((BAD, BAD, (0.5, -math.inf)), "budget"),  # both do
        ((BAD, (0.9, 0.1), (0.8, 0.1)), "failed"),  # two pairs say nothing
        ((LOST, LOST, FINE), "failed"),
        ((LOST, LOST, (math.nan, -math.inf)), "failed"),  # none never ran
    ],
)
def test_what_a_measurement_with_divergences_says(scores, end):
    standing = measuring(*scores)
    expected = "failed" if end == "budget" and standing.difference.count < 3 else end
    assert (standing.leader, standing.end) == ("a", expected)


def test_without_a_race_equal_arms_are_measured_once():
    trainings = Trainings({"none": 0.0, "a": 0.0, "b": 0.0})
    standing = trainings.run(Rules(off=True), most=500)
    assert standing.end in ("nothing", "budget")
    assert len(trainings.order) <= 3 * 4 + 2 * 12


def test_without_a_race_every_arm_gets_all_its_seeds():
    trainings = Trainings()
    standing = trainings.run(Rules(first=6, off=True))
    assert sum(seed < FRESH for _, seed in trainings.order) == 4 * 6
    assert standing.leader == "good"


def test_the_error_rates_of_all_looks_add_up():
    assert sum(alpha(look) for look in range(1, 60)) == pytest.approx(0.05)


def test_equal_differences_of_one_step_tell_little():
    """Of 100 examples, four seeds that gain one example each are no proof."""
    one = dict.fromkeys(range(4), 0.71 + 0.01)
    other = dict.fromkeys(range(4), 0.71)
    step = smallest_step([list(one.values()), list(other.values())])
    assert step == pytest.approx(0.01)
    assert paired(one, other, step).deviation == pytest.approx(0.01 / 6**0.5)
    assert not paired(one, other, step).excludes_zero(alpha(1) / 12)


def test_seeds_needed():
    assert Pairs(1.0, 1.0, 5).needed(0.05, 100) == 7  # t(6) = 2.45 < sqrt(7)
    assert Pairs(0.01, 1.0, 5).needed(0.05, 100) is None
