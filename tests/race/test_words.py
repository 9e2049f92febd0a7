"""The first sentence is one of three, and says what the numbers say."""

from dataclasses import replace

from keras_regnoise._race.decide import Standing
from keras_regnoise._race.pairs import Pairs
from keras_regnoise._race.rules import Rules
from keras_regnoise._race.words import (
    FAILED,
    arm_label,
    missing_seeds,
    sentence,
)

ENDED = Standing(
    ("none", "RotationOut 0.5 before the head"),
    Rules(),
    look=3,
    seeds=9,
    leader="RotationOut 0.5 before the head",
    measured=1,
    level=0.025,
    end="better",
)


def ended(end, mean, deviation):
    return replace(ENDED, end=end, difference=Pairs(mean, deviation, 12))


def test_better():
    text = sentence(ended("better", 0.018, 0.008), "points", 100)
    half = 100 * 2.593 * 0.008 / 12**0.5  # t of 11 degrees of freedom at 0.025
    assert text == (
        "RotationOut 0.5 before the head is better than none by "
        f"1.80 ± {half:.2f} points."
    )


def test_the_choice_fell_on_no_noise():
    assert sentence(replace(ENDED, leader="none", end="nothing"), "points") == (
        "Nothing tried is distinguishable from none: leave it out."
    )


def test_the_default_of_a_space_of_ones_own_is_called_by_its_name():
    first = {"units": 16}
    arms = (arm_label(first, first), arm_label({"units": 32}, first))
    assert arms == ("units=16", "units=32")
    own = replace(ENDED, arms=arms, leader="units=32")
    assert sentence(replace(own, end="nothing", leader="units=16"), "points") == (
        "Nothing tried is distinguishable from units=16: stay with units=16."
    )
    lost = replace(own, end="worse", difference=Pairs(-0.1, 0.1, 12))
    assert sentence(lost, "points", 100) == (
        "units=32, chosen as the best, is worse than units=16 by 10.0 ± 7.5 points "
        "when measured: stay with units=16."
    )


def test_a_difference_that_is_small_beside_its_spread_is_nothing():
    half = 2.593 * 0.01 / 12**0.5
    assert sentence(ended("budget", 0.001, 0.01), "mae") == (
        "RotationOut 0.5 before the head, chosen as the best noise, is not "
        f"distinguishable from none (0.0010 ± {half:.4f} mae): leave it out."
    )


def test_diverged_in_the_measurement():
    assert sentence(ended("diverged", 0.1, 0.01), "points", 100) == (
        "RotationOut 0.5 before the head, chosen as the best noise, diverged more "
        "often than none when measured: leave it out."
    )


def test_what_could_not_be_measured_has_no_number():
    failed = sentence(replace(ENDED, end="failed"), "points", 100)
    assert (
        failed
        == FAILED
        == ("Nothing can be compared: the trainings failed or diverged.")
    )
    assert sentence(replace(ENDED, end="none diverged"), "points", 100) == (
        "RotationOut 0.5 before the head trains where none diverged when measured: the "
        "model needs it, or a smaller learning rate."
    )


def test_worse_in_the_measurement():
    text = sentence(ended("worse", -0.1, 0.1), "points", 100)
    assert text == (
        "RotationOut 0.5 before the head, chosen as the best noise, is worse than none "
        "by 10.0 ± 7.5 points when measured: leave it out."
    )


def test_needs_more():
    standing = ended("budget", 0.01, 0.016)
    more = missing_seeds(standing)
    text = sentence(standing, "points", 100)
    assert text.startswith(f"Needs more: about {more} more seeds would settle it")
    # So many seeds are enough, at the rate of the next look, and one less is not.
    of = standing.difference
    assert Pairs(of.mean, of.deviation, 12 + more).excludes_zero(0.0125)
    assert not Pairs(of.mean, of.deviation, 11 + more).excludes_zero(0.0125)


def test_names():
    first = {"noise": "none"}
    assert arm_label(first, first) == "none"
    assert arm_label({"units": 8}, {"units": 4}) == "units=8"
    assert arm_label({"noise": "mine", "noise_rate": 0.1}, first) == "mine 0.1"
