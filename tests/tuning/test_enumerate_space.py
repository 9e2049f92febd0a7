import itertools

import keras
import pytest

pytest.importorskip("keras_tuner")

import keras_tuner

from keras_regnoise.tuning import NoiseHyperModel, enumerate_space, noise
from tests.tuning.spaces import Grid, trials


def scoped(hp):
    """Two scopes, one in the other, and a name that both arms have."""
    model = hp.Choice("model", ["linear", "deep"])
    with hp.conditional_scope("model", ["deep"]):
        hp.Int("layers", 2, 3)
        norm = hp.Boolean("norm")
        with hp.conditional_scope("norm", [True]):
            hp.Choice("where", ["before", "after"])
    with hp.conditional_scope("model", ["linear"]):
        hp.Choice("rate", [0.1])
    with hp.conditional_scope("model", ["deep"]):
        hp.Choice("rate", [0.2, 0.3])
    assert (model == "deep") == (norm is not None)
    return keras.Sequential([keras.layers.Dense(1)])


def test_product_of_all_kinds_of_hyperparameters():
    def build(hp):
        hp.Choice("choice", ["a", "b", "c"], default="b")
        hp.Boolean("boolean")
        hp.Int("int", 1, 5, step=2)
        hp.Int("log", 2, 8, step=2, sampling="log")
        hp.Float("float", 0.0, 0.5, step=0.25)
        hp.Fixed("fixed", 7)

    names = ("choice", "boolean", "int", "log", "float", "fixed")
    values = [
        *(("b", "a", "c"), (False, True), (1, 3, 5), (2, 4, 8)),
        *((0.0, 0.25, 0.5), (7,)),
    ]
    assert enumerate_space(build) == [
        dict(zip(names, point, strict=True)) for point in itertools.product(*values)
    ]


SCOPED = [
    {"model": "linear", "rate": 0.1},
    *[
        {"model": "deep", "layers": layers, **norm, "rate": rate}
        for layers in (2, 3)
        for norm in (
            {"norm": False},
            {"norm": True, "where": "before"},
            {"norm": True, "where": "after"},
        )
        for rate in (0.2, 0.3)
    ],
]


def test_conditional_scopes():
    assert enumerate_space(scoped) == SCOPED


def test_hyperparameters_that_python_code_depends_on():
    def build(hp):
        for number in range(hp.Int("layers", 1, 2)):
            hp.Choice(f"units_{number}", [8, 16])

    assert enumerate_space(build) == [
        {"layers": 1, "units_0": 8},
        {"layers": 1, "units_0": 16},
        *[
            {"layers": 2, "units_0": first, "units_1": second}
            for first in (8, 16)
            for second in (8, 16)
        ],
    ]


def test_default_that_is_not_among_the_values():
    grid = enumerate_space(lambda hp: hp.Float("x", 0.0, 1.0, step=0.5, default=0.2))
    assert [point["x"] for point in grid] == [0.2, 0.0, 0.5, 1.0]


def test_nothing_to_choose():
    assert enumerate_space(lambda hp: None) == [{}]


class Declared(keras_tuner.HyperModel):
    def declare_hyperparameters(self, hp):
        hp.Choice("declared", [1, 2])

    def build(self, hp):
        hp.Choice("built", [3])


def test_hypermodels():
    assert enumerate_space(Declared()) == [
        {"declared": 1, "built": 3},
        {"declared": 2, "built": 3},
    ]
    assert enumerate_space(Declared(tunable=False))[0] == {"declared": 1}


def build_digits():
    return keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(2)]
    )


def test_grid_search_trains_the_same(tmp_path):
    def mine(hp):
        noise(hp, "first", rates=(0.0, 0.2))
        noise(hp, "second", ("rotationout",), (0.1, 0.2))
        return build_digits()

    spaces = {
        "mine": mine,
        "noise": NoiseHyperModel(
            lambda hp: build_digits() if hp.Choice("seed", [1, 2]) else None,
            layers=("dropout", "dropactivation"),
        ),
    }
    for name, space in spaces.items():
        tuner = Grid(space, directory=tmp_path, project_name=name)
        found, listed = trials(tuner), enumerate_space(space)
        assert len(found) == len(listed) > 4
        assert all(values in listed for values in found)
        assert all(values in found for values in listed)


def test_own_oracle_trains_the_same(tmp_path):
    from keras_regnoise.tuning.oracle import EnumeratedOracle

    built = []

    class Tuner(keras_tuner.Tuner):
        def run_trial(self, trial, *args, **kwargs):
            self.hypermodel.build(trial.hyperparameters)
            built.append(dict(trial.hyperparameters.values))
            return 0.0

    points = {str(number): point for number, point in enumerate(SCOPED)}
    oracle = EnumeratedOracle(points, keras_tuner.Objective("loss", "min"))
    Tuner(oracle, scoped, directory=tmp_path).search()
    assert built == SCOPED


def test_models_are_built_once_for_each_point():
    calls = []
    enumerate_space(lambda hp: calls.append(hp) or noise(hp, "n"))
    assert len(calls) == 7
    calls.clear()
    hypermodel = NoiseHyperModel(lambda: calls.append(1))
    assert len(enumerate_space(hypermodel)) == 1 + 2 * 2 * 3
    assert not calls


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda hp: hp.Float("lr", 0.001, 0.1),
            r"'lr' has no finite list.*hp.Float\('lr', 0.001, 0.1, step=",
        ),
        (
            lambda hp: hp.Float("lr", 0.001, 0.1, sampling="log"),
            r"hp.Float\('lr', 0.001, 0.1, sampling='log', step=10\).*hp.Choice",
        ),
        (
            lambda hp: hp.Int("units", 8, 64, sampling="log"),
            r"'units' .* hp.Int\('units', 8, 64, sampling='log', step=",
        ),
    ],
)
def test_endless_spaces(build, message):
    with pytest.raises(ValueError, match=message):
        enumerate_space(build)


@pytest.mark.parametrize("wrong", [None, 3, Declared])
def test_what_is_no_hypermodel(wrong):
    with pytest.raises(ValueError, match=r"a function build_model\(hp\)"):
        enumerate_space(wrong)


def test_build_that_fails_says_for_what():
    def build(hp):
        if hp.Choice("units", [8, 0]) == 0:
            raise KeyError("no units")

    with pytest.raises(KeyError, match="no units") as caught:
        enumerate_space(build)
    assert caught.value.__notes__ == [
        "This was with the hyperparameters {'units': 0}.",
    ]
