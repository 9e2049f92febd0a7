import json

import pytest

from keras_regnoise.studies import Arm, Claim, Description, Published, Recipe, Study

ARMS = (
    Arm("none", {"rate": 0.0}, "a"),
    Arm("Dropout 0.1", {"rate": 0.1}, "a"),
    Arm("none", {"rate": 0.0}, "b"),
)
RECIPES = {
    "smoke": Recipe(1, 2, (0,), arms=("none",)),
    "paper": Recipe(9, 2, (0, 1)),
}


def study(**options):
    defaults = {
        "name": "s",
        "title": "title",
        "model": lambda *_: None,
        "data": "digits",
        "arms": ARMS,
        "baseline": "none",
        "recipes": RECIPES,
    }
    return Study(**defaults | options)


def test_the_grid_is_enumerated_seed_by_seed():
    cells = study().cells("paper")
    assert [(str(c.arm), c.seed) for c in cells] == [
        *(("a: none", 0), ("a: Dropout 0.1", 0), ("b: none", 0)),
        *(("a: none", 1), ("a: Dropout 0.1", 1), ("b: none", 1)),
    ]
    assert len({cell.id for cell in cells}) == 6


def test_a_recipe_or_a_pattern_chooses_arms_and_seeds():
    assert [str(c.arm) for c in study().cells("smoke")] == ["a: none", "b: none"]
    assert [c.seed for c in study().cells("paper", ["Drop*"], [7, 8])] == [7, 8]
    assert [str(c.arm) for c in study().cells("smoke", ["b"])] == ["b: none"]


def test_the_id_of_a_cell_is_the_same_every_time_and_changes_with_the_arm():
    cell = study().cells("paper")[1]
    assert cell.id == "a-Dropout-0.1-seed0-6f19a57f"
    changed = (ARMS[0], Arm("Dropout 0.1", {"rate": 0.11}, "a"), ARMS[2])
    assert study(arms=changed).cells("paper")[1].id != cell.id


def test_a_description_is_json():
    number = Published("Dropout 0.1", 0.9, "a", n=5)
    description = study(published=(number,)).as_json()
    assert json.loads(json.dumps(description)) == description
    assert description["published"][0]["n"] == 5
    assert "model" not in description
    assert Description.from_json(description).as_json() == description
    assert Description.from_json(description | {"later": 1}).published == (number,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"arms": ()}, "no arms"),
        ({"arms": (ARMS[0], ARMS[0])}, "same name"),
        ({"baseline": "nothing"}, "its baseline"),
        ({"recipes": {"huge": RECIPES["smoke"]}}, "other scales"),
        ({"recipes": {}}, "no recipe"),
        ({"published": (Published("x", 0.5),)}, "does not have"),
        (
            {"claims": (Claim(text="x", arms=("Dropout*", "Dropuot*")),)},
            "claims about arms that it does not have: 'Dropuot",
        ),
        (
            {"claims": (Claim(text="Better.", arms=("a: Drop*", "a: none")),)},
            r"about accuracy without a gate.*gate=Gate\(.*: 'Better",
        ),
        *(
            (
                {
                    "claims": (
                        Claim(
                            text="x",
                            arms=("a: Drop*", "a: none"),
                            metric="test_loss",
                            statistic="slope",
                            x=x,
                        ),
                    )
                },
                f"do not have as a number, for a slope above 0: '{x} of a: {arm}",
            )
            for x, arm in (("rate", "none"), ("batch", "none', 'batch of a: Drop"))
        ),
    ],
)
def test_a_study_that_contradicts_itself_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        study(**options)


def test_unknown_scales_and_arms_are_told_with_the_known_ones():
    with pytest.raises(ValueError, match="smoke, paper"):
        study().cells("short")
    with pytest.raises(ValueError, match=r"a: none, a: Dropout 0\.1"):
        study().cells("paper", ["Rotation*"])
