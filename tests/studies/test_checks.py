"""What arms, recipes and studies refuse, in one line each."""

import numpy as np
import pytest

from keras_regnoise.studies import Arm, Claim, Gate, Published, Recipe, Study

ARM = Arm("none", {"rate": 0.0})
RECIPE = {"epochs": 1, "batch_size": 2, "seeds": (0,)}
STUDY = {
    "name": "s",
    "title": "title",
    "model": lambda *_: None,
    "data": "digits",
    "arms": (ARM,),
    "baseline": "none",
    "recipes": {"smoke": Recipe(**RECIPE)},
}
CLAIM = {"text": "a is better than b.", "arms": ("a", "b")}
UNPRINTABLE = (
    *("a\nb", "a\tb", "a\rb", "\x00", "\x07", "\x1b[31mred\x1b[0m", "\x9b31m", "\x7f"),
    *("\ud800", "a\udfffb", "line\u2028", "paragraph\u2029", "\u202eback"),
)
SHOWN = (
    "<script>",
    '"quoted"',
    "it's",
    "a/b",
    "C:\\x",
    "Größe é 0,5 ± 1",
    "雑音",
    "👍🏽",
)


def refused(make, expected):
    with pytest.raises(ValueError, match=expected) as error:
        make()
    message = str(error.value)
    assert message.isprintable(), "one line, that any terminal shows"
    message.encode()
    return message


@pytest.mark.parametrize("text", UNPRINTABLE)
def test_names_that_would_reach_the_terminal(text):
    expected = "without control characters, escape codes and lone surrogates"
    for make in (
        lambda: Arm(text),
        lambda: Arm("none", group=text),
        lambda: Arm("none", data=text),
        lambda: Arm("none", {text: 1}),
        lambda: Arm("none", {"noise": text}),
        lambda: Study(**STUDY | {"name": text}),
        lambda: Study(**STUDY | {"title": text}),
        lambda: Study(**STUDY | {"metric": text}),
        lambda: Study(**STUDY, paper=text),
        lambda: Published(text, 0.5),
    ):
        refused(make, expected)


@pytest.mark.parametrize("text", SHOWN)
def test_names_that_are_only_text(text):
    arm = Arm(text, {"noise": text}, group=text)
    study = Study(**STUDY | {"arms": (arm,), "baseline": text, "title": text})
    assert study.arms[0].name == study.title == text


def test_sentences_may_have_several_lines():
    recipe = Recipe(**RECIPE, deviations=("One line,\n\tand another.",))
    assert recipe.deviations == ("One line,\n\tand another.",)
    with pytest.raises(ValueError, match="escape codes"):
        Recipe(**RECIPE, deviations=("\x1b[2J",))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Arm(3), r"Arm: `name` must be a string\. Received: 3"),
        (lambda: Arm(""), "Arm: `name` must be a string that is not empty"),
        (lambda: Arm("a", ["rate"]), r"Arm 'a': `values` must be a dict"),
        (lambda: Arm("a", {"rate": float("nan")}), r"`values\['rate'\]` .* finite"),
        (lambda: Arm("a", {"rate": np.inf}), r"finite number .* Received: inf"),
        (lambda: Arm("a", {"rate": None}), r"Received: None"),
        (lambda: Arm("a", {"rate": (0.1,)}), r"Received: \(0\.1,\)"),
        (lambda: Arm("a", {1: 0.1}), "`values` must be a string"),
        (lambda: Recipe(**RECIPE | {"epochs": 0}), "an integer of 1 or more"),
        (lambda: Recipe(**RECIPE | {"epochs": 1.5}), "Received: 1.5"),
        (lambda: Recipe(**RECIPE | {"epochs": True}), "Received: True"),
        (lambda: Recipe(**RECIPE | {"batch_size": "32"}), "Received: '32'"),
        (lambda: Recipe(**RECIPE | {"seeds": ()}), "`seeds` must be a tuple"),
        (lambda: Recipe(**RECIPE | {"seeds": 3}), "Received: 3"),
        (lambda: Recipe(**RECIPE | {"seeds": "012"}), "Received: '012'"),
        (lambda: Recipe(**RECIPE | {"seeds": (0, 0)}), "different integers"),
        (lambda: Recipe(**RECIPE | {"seeds": (0, 1.5)}), r"Received: \(0, 1\.5\)"),
        (lambda: Recipe(**RECIPE | {"seeds": (-1,)}), "from 0 to 2147483647"),
        (lambda: Recipe(**RECIPE | {"seeds": (2**31,)}), "from 0 to 2147483647"),
        (lambda: Recipe(**RECIPE, learning_rate=float("nan")), "Received: nan"),
        (lambda: Recipe(**RECIPE, learning_rate=-1), "a finite number of 0 or more"),
        (lambda: Recipe(**RECIPE, examples=0), "`examples` must be an integer of 1"),
        (lambda: Recipe(**RECIPE, arms="none"), "`arms` must be a tuple of strings"),
        (lambda: Recipe(**RECIPE, augmentation="flip"), "`augmentation` must be a"),
        (lambda: Recipe(**RECIPE, validation_freq=0), "`validation_freq` must be"),
        (lambda: Recipe(**RECIPE, options=3), "`options` must be a dict"),
        (lambda: Recipe(**RECIPE, wrong_labels=0.4), "0 without `redraw`"),
        (lambda: Recipe(**RECIPE, redraw=True, wrong_labels=1.1), "a share in"),
        (lambda: Claim(**CLAIM | {"arms": ("a",)}), "`arms` must be two patterns"),
        (lambda: Claim(**CLAIM, margin=0), "`margin` must be more than 0"),
        (lambda: Claim(**CLAIM, sign=2), "`sign` must be 1, 0 or -1"),
        (
            lambda: Claim(**CLAIM, statistic="median"),
            "one of mean, plateau, slope, problems",
        ),
        (lambda: Claim(**CLAIM, statistic="plateau"), "`x` must be a string that is"),
        (lambda: Claim(**CLAIM, gate="none"), "`gate` must be a Gate or None"),
        (lambda: Gate(baseline=""), "`baseline` must be a string"),
        (lambda: Published("a", float("nan")), "`value` must be a finite number"),
        (lambda: Study(**STUDY | {"name": None}), "Study: `name` must be a string"),
        (lambda: Study(**STUDY | {"arms": ("none",)}), "`arms` must be a tuple of Arm"),
        (lambda: Study(**STUDY | {"arms": "none"}), "`arms` must be a tuple of Arm"),
        (lambda: Study(**STUDY | {"arms": 3}), "Study 's': `arms` .* Received: 3"),
        (lambda: Study(**STUDY | {"metric": 3}), "`metric` must be a string"),
        (lambda: Study(**STUDY | {"objective": None}), "`objective` must be a string"),
        (lambda: Study(**STUDY | {"recipes": [RECIPE]}), "`recipes` must be a dict"),
        (lambda: Study(**STUDY | {"recipes": {"smoke": RECIPE}}), "Recipe objects"),
        (lambda: Study(**STUDY | {"recipes": {3: Recipe(**RECIPE)}}), "other scales"),
        (lambda: Study(**STUDY | {"model": 3}), "`model` must be a StudyModel class"),
        (lambda: Study(**STUDY | {"model": "my model"}), 'place as "module:Class"'),
        (lambda: Study(**STUDY, direction="up"), '`direction` must be "max", "min"'),
        (
            lambda: Study(**STUDY, profile=("a", "b", "c")),
            "`profile` must be a Profile",
        ),
        (lambda: Recipe(**RECIPE, by_group={"a": 3}), "`by_group` must be a dict of"),
        (
            lambda: Recipe(**RECIPE, by_group={"a": {"seeds": (1,)}}),
            "with batch_size, epochs, learning_rate",
        ),
        (lambda: Recipe(**RECIPE, by_group={"a": {"epochs": 0}}), "`epochs` must be"),
        (lambda: Study(**STUDY, published=(0.5,)), "`published` must be a tuple of"),
        (lambda: Study(**STUDY, deviations="One."), "`deviations` must be a tuple of"),
    ],
)
def test_wrong_types_and_values(make, expected):
    refused(make, expected)


@pytest.mark.parametrize("name", ["val_loss", "val_mae", "test_error"])
def test_the_largest_loss_is_not_the_best(name):
    with pytest.warns(UserWarning, match=f'{name} for the best.*direction="min"'):
        Study(**STUDY | {"objective": name})
    Study(**STUDY | {"objective": f"val_neg_{name}"})  # as scikit-learn has them
    Study(**STUDY | {"objective": name, "metric": "test_loss", "direction": "min"})
    Study(**STUDY | {"objective": name, "direction": ""})


def test_numbers_of_numpy_are_numbers():
    values = {"rate": np.float32(0.5), "depth": np.int64(3), "wide": np.bool_(True)}
    arm = Arm("a", values)
    assert [(type(v), v) for v in arm.values.values()] == [
        (float, 0.5),
        (int, 3),
        (bool, True),
    ]
    recipe = Recipe(epochs=1, batch_size=2, seeds=list(np.arange(2)))
    assert recipe.seeds == (0, 1)
    assert {type(seed) for seed in recipe.seeds} == {int}


def test_lists_of_arms_become_tuples():
    assert Study(**STUDY | {"arms": [ARM]}).arms == (ARM,)
