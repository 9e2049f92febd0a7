import pytest

from keras_regnoise.models._depth import units_per_stage
from keras_regnoise.models._units import (
    BASELINE,
    IC_UNITS,
    PREACTIVATION,
    label,
    residual_steps,
    spell_out,
    words_after,
    words_before,
)


def test_a_unit_with_one_weight_is_repeated():
    assert spell_out(BASELINE, 2) == BASELINE + BASELINE


def test_a_unit_written_out_is_kept():
    unit = ("conv", "norm", "relu", "noise", "conv", "norm", "relu")
    assert spell_out(unit, 2) == unit


@pytest.mark.parametrize("unit", [("norm", "relu"), ("conv",) * 3, ()])
def test_wrong_number_of_weights(unit):
    with pytest.raises(ValueError, match=r"the word 'conv' once .* or 2 times"):
        spell_out(unit, 2)


@pytest.mark.parametrize("unit", ["conv", ("conv", 1), (("conv",), "relu")])
def test_a_unit_holds_words(unit):
    with pytest.raises(ValueError, match="must be a tuple of words"):
        spell_out(unit, 1)


def test_only_repeated_words_are_numbered():
    steps = label(("noise", "conv", "relu", "conv", "relu"), "a")
    assert [name for _, name in steps] == [
        "a_noise",
        "a_conv1",
        "a_relu1",
        "a_conv2",
        "a_relu2",
    ]


@pytest.mark.parametrize(
    ("unit", "before", "after"),
    [
        (BASELINE, (), ("norm", "relu")),
        (PREACTIVATION, ("norm", "relu"), ()),
        (IC_UNITS[1], ("relu", "ic"), ()),
        (IC_UNITS[2], ("ic",), ("relu",)),
        (IC_UNITS[3], (), ("relu", "ic")),
    ],
)
def test_words_round_the_weights(unit, before, after):
    words = spell_out(unit, 2)
    assert words_before(words) == before
    assert words_after(words) == after


@pytest.mark.parametrize(
    ("unit", "lead", "merged"),
    [
        (BASELINE, [], ["relu"]),
        (PREACTIVATION, ["norm", "relu"], []),
        (IC_UNITS[1], ["relu", "ic"], []),
        (IC_UNITS[2], ["ic"], []),
        (IC_UNITS[3], [], []),
        # Noise in front of a weight neither reaches the projection nor makes the
        # unit one of pre-activation.
        (("noise", "conv", "norm", "relu"), [], ["relu"]),
        (("conv", "noise", "norm", "relu"), [], ["relu"]),
        (("norm", "relu", "noise", "conv"), ["norm", "relu"], []),
        (("noise", "norm", "relu", "conv"), [], []),
        (("norm", "relu", "conv", "noise"), ["norm", "relu"], []),
        # What stands before an activation moves with it.
        (("conv", "norm", "vcl", "relu"), [], ["vcl", "relu"]),
        (("conv", "vcl", "relu"), [], ["vcl", "relu"]),
        (("conv", "norm", "relu", "noise"), [], ["relu", "noise"]),
        (("conv", "norm", "noise"), [], []),
        (("conv", "relu", "norm", "noise"), [], []),
    ],
)
def test_where_the_paths_part_and_meet(unit, lead, merged):
    words = spell_out(unit, 2)
    parts = residual_steps(words, "a")
    assert [word for word, _ in parts.lead] == lead
    assert [word for word, _ in parts.merged] == merged
    assert [*parts.lead, *parts.branch, *parts.merged] == label(words, "a")


def test_depth_rule():
    assert units_per_stage(110, 6, 2) == 18
    assert units_per_stage(164, 9, 2) == 18


@pytest.mark.parametrize(
    ("depth", "nearest"), [(21, "20 or 26"), (2, "8 or 14"), (-7, "8 or 14")]
)
def test_a_depth_that_does_not_fit_names_the_next(depth, nearest):
    with pytest.raises(ValueError, match=rf"6n \+ 2 .* {nearest}\. .*depth={depth}"):
        units_per_stage(depth, 6, 2)
