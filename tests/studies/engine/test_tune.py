"""Models of users: what could fail after the training is tried before it."""

import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("distributed")


from keras_regnoise.studies.engine.export import export_model, load, own_objects
from keras_regnoise.studies.engine.plan import Plan
from keras_regnoise.studies.engine.rehearsal import rehearsed_arms
from keras_regnoise.studies.engine.training import Trainer
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.race import standing_of
from keras_regnoise.studies.run import Options, Run
from keras_regnoise.studies.tune import Tuning
from tests.studies.engine.command import command, metrics, records, start

HEAD = """
import keras, numpy as np
import keras_regnoise as krn
L = keras.layers
draw = np.random.default_rng(0)
"""
CLASSIFIER = """
def data():
    return draw.normal(size=(100, 8)), np.arange(100) % 2
def build():
    model = keras.Sequential(
        [keras.Input((8,)), L.Dense(8, "relu"), L.Dense(2, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""
REGRESSOR = """
def data():
    x = draw.normal(size=(200, 4))
    return x, x.sum(1)
def build():
    model = keras.Sequential([keras.Input((4,)), L.Dense(8, "relu"), L.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    return model
"""


@pytest.fixture
def mine(tmp_path):
    """Write a module and return what tunes it."""

    def write(code, **changes):
        file = tmp_path / "mine.py"
        file.write_text(HEAD + textwrap.dedent(code))
        fields = {
            "build": f"{file}:build",
            "data": f"{file}:data",
            "layers": ("dropout",),
            "rates": (0.2,),
            "placements": ("before_weights",),
            "epochs": 1,
            "batch_size": 16,
            "seeds": (0,),
        }
        return Tuning(**fields | changes)

    return write


def trained(tuning, directory, arm=0):
    """List the arms, train a cell of one, and return the run and its record."""
    tuning = replace(tuning, arms=rehearsed_arms(tuning, Options()))
    plan = Plan(
        study=tuning.study(),
        source=tuning.source,
        scale="short",
        directory=directory,
        options=Options(save_model=True),
    )
    run = plan.begin()
    record = Trainer(run).train(run.manifest.cells[arm])
    return run, record


def exported(run, record, target):
    """Export a model; return what it gives for zeros where nothing of ours is."""
    assert export_model(run.directory, record.cell, "keras", target) == ""
    return load(target, own_objects(run.manifest.source))


UNKNOWN_SIZE = """
def data():
    return draw.integers(0, 20, (100, 7)), np.arange(100) % 2
def build():
    model = keras.Sequential([
        keras.Input((None,), dtype="int32"), L.Embedding(20, 6, mask_zero=True),
        L.LSTM(4), L.Dense(2, "softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""
OWN_LAYER_AND_LOSS = """
@keras.saving.register_keras_serializable("mine")
class Twice(L.Layer):
    def call(self, x):
        return 2 * x
class NotRegistered(L.Layer):
    def call(self, x):
        return x + 1
def my_loss(y, p):
    return keras.losses.sparse_categorical_crossentropy(y, p)
def data():
    return draw.normal(size=(100, 8)), np.arange(100) % 2
def build():
    model = keras.Sequential([
        keras.Input((8,)), Twice(), L.Dense(8, "relu"), NotRegistered(),
        L.Dense(2, "softmax"),
    ])
    model.compile("adam", my_loss, metrics=["accuracy"])
    return model
"""
TWO_INPUTS = """
def data():
    v = draw.normal(size=(100, 8))
    return X, np.arange(100) % 2
def build():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    h = L.Dense(8, "relu")(L.Concatenate()([a, b]))
    model = keras.Model([a, b], L.Dense(2, "softmax")(h))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""
CASES = {
    "unknown size": UNKNOWN_SIZE,
    "own layers and loss": OWN_LAYER_AND_LOSS,
    "dict of inputs": TWO_INPUTS.replace("X", '{"a": v[:, :4], "b": v[:, 4:]}'),
    "list of inputs": TWO_INPUTS.replace("X", "[v[:, :4], v[:, 4:]]"),
    "whitening and Gaussian weights": """
def data():
    return draw.normal(size=(100, 8)), np.arange(100) % 2
def build():
    whitening = krn.ZCAWhitening()
    whitening.adapt(data()[0])
    model = keras.Sequential([
        keras.Input((8,)), whitening,
        krn.DropConnect(L.Dense(8, "relu"), 0.5, inference="gaussian"),
        L.Dense(2, "softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
""",
}


@pytest.mark.parametrize("case", CASES)
def test_a_users_model_is_tuned_and_exported(mine, tmp_path, case):
    run, record = trained(mine(CASES[case]), tmp_path / "run", arm=1)
    assert record.done
    model = exported(run, record, tmp_path / "best.keras")
    layers = [type(layer).__module__ for layer in model._flatten_layers()]
    assert not any(name.startswith("keras_regnoise") for name in layers)


def test_the_evaluation_has_the_batch_size_of_the_training(mine, tmp_path):
    code = """
    def data():
        return draw.normal(size=(800, 8)), np.arange(800) % 2
    def build():
        model = keras.Sequential([
            keras.Input(batch_shape=(16, 8)), L.Reshape((8, 1)),
            L.LSTM(4, stateful=True), L.Dense(2, "softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model
    """
    _, record = trained(mine(code), tmp_path / "run")
    assert np.isfinite(record.metrics["val_loss"])


def test_the_second_pair_is_the_validation_split(mine, tmp_path):
    """Its labels are the other way round: a model that learns scores about 0 there."""
    code = """
    x = draw.normal(size=(400, 8))
    y = (x[:, 0] > 0).astype(int)
    def data():
        return (x[:300], y[:300]), (x[300:], 1 - y[300:])
    def build():
        model = keras.Sequential(
            [keras.Input((8,)), L.Dense(16, "relu"), L.Dense(2, "softmax")]
        )
        model.compile(
            keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        return model
    """
    _, record = trained(mine(code, epochs=8), tmp_path / "run")
    assert record.metrics["val_accuracy"] < 0.2
    assert record.metrics["test_accuracy"] > 0.8
    assert record.data["validation"] == 100


def test_less_of_an_error_is_better(mine):
    tuning = mine(REGRESSOR, objective="val_mae", arms={"none": {"noise": "none"}})
    assert tuning.study().direction == "min"
    unknown = mine(REGRESSOR, objective="val_wonder", arms={"none": {"noise": "none"}})
    with pytest.raises(InputError, match="--direction"):
        unknown.study()
    stated = mine(
        REGRESSOR,
        objective="val_wonder",
        direction="max",
        arms={"none": {"noise": "none"}},
    )
    assert stated.study().direction == "max"


BROKEN = {
    "not compiled": (
        CLASSIFIER.replace("    model.compile(", "    (lambda *_, **__: None)("),
        {},
        "compiled",
    ),
    "not a model": (
        CLASSIFIER.replace("return model", "return None"),
        {},
        "NoneType",
    ),
    "no such metric": (CLASSIFIER, {"objective": "val_mae"}, "val_mae"),
    "another input shape": (CLASSIFIER.replace("(100, 8)", "(100, 9)"), {}, "9"),
    "more classes than outputs": (CLASSIFIER.replace("% 2", "% 5"), {}, "5"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_said_before_anything_trains(mine, case):
    code, changes, message = BROKEN[case]
    with pytest.raises(ValueError, match=message) as error:
        rehearsed_arms(mine(code, **changes), Options())
    assert len(str(error.value).splitlines()) == 1


OWN_SPACE = CLASSIFIER.replace("build()", "build(hp)").replace(
    '"relu")', '"relu"), L.Dense(hp.Choice("units", [4, 8]))'
)


def test_a_space_of_its_own_is_searched_and_combined_on_request(mine):
    nothing = {"layers": (), "rates": (), "placements": ()}
    alone = rehearsed_arms(mine(OWN_SPACE, **nothing), Options())
    assert alone == {"units=4": {"units": 4}, "units=8": {"units": 8}}
    both = rehearsed_arms(mine(OWN_SPACE, **nothing | {"rates": (0.2,)}), Options())
    assert {arm["units"] for arm in both.values()} == {4, 8}
    assert {arm.get("noise_rate") for arm in both.values()} == {None, 0.2}


def test_arms_that_are_one_model_are_one_arm_with_all_its_names(mine):
    places = ("before_weights", "after_activation", "before_head")
    arms = rehearsed_arms(mine(CLASSIFIER, placements=places), Options())
    assert list(arms) == [
        "none",
        "Dropout 0.2 before the weights = after the activations = before the head",
    ]
    deeper = CLASSIFIER.replace('L.Dense(8, "relu"),', 'L.Dense(8, "relu"),' * 2)
    kinds = ("dropout", "spatialdropout")
    arms = rehearsed_arms(mine(deeper, placements=places, layers=kinds), Options())
    assert len(arms) == 3
    assert "SpatialDropout 0.2 before the head" in list(arms)[2]


@pytest.mark.tensorflow  # the command is the same on every backend
def test_the_race_of_a_regression_ends_with_the_smallest_error(mine, tmp_path):
    mine(REGRESSOR)
    arguments = (
        *("tune", f"{tmp_path}/mine.py:build", "--data", f"{tmp_path}/mine.py:data"),
        *("--objective", "val_mae", "--layers", "dropout", "--rates", 0.1, 0.9),
        *("--placements", "before_head", "--epochs", 5, "--seeds", "0-2"),
        *("--measure", 4, "--trainings", 24, "--out", tmp_path / "run"),
    )
    code, output, errors = command(*arguments)
    assert code == 0, errors
    run = Run.open(tmp_path / "run")
    assert run.description.direction == "min"
    first = output.splitlines()[0]
    standing = standing_of(run)
    assert standing.out["Dropout 0.9 before the head"] >= 3
    is_better = standing.end == "better"
    assert ("is better than none by" in first) == is_better
    arm = standing.leader if is_better else "none"
    own = [record for record in run.done if record.arm == arm]
    best = min(own, key=lambda record: record.metrics["val_mae"])
    assert f"the model of {best.cell}" in errors
    assert (tmp_path / "run" / "best_noisy.keras").exists() == is_better
    program = "import sys; sys.modules['keras_regnoise'] = None\nimport keras\n"
    program += "print(keras.saving.load_model(sys.argv[1]).output_shape)"
    subprocess.run(
        [sys.executable, "-c", program, tmp_path / "run" / "best.keras"], check=True
    )


@pytest.mark.tensorflow
def test_a_race_that_was_killed_goes_on_with_the_same_decisions(
    mine, tmp_path, request
):
    mine(REGRESSOR)
    common = (
        *("tune", f"{tmp_path}/mine.py:build", "--data", f"{tmp_path}/mine.py:data"),
        *("--objective", "val_mae", "--layers", "dropout", "--rates", 0.1, 0.3),
        *("--epochs", 3, "--seeds", "0-1", "--measure", 3, "--trainings", 24),
        *("--no-models", "--out"),
    )
    assert command(*common, tmp_path / "unbroken")[0] == 0
    killed = tmp_path / "killed"
    for cells in (3, 9) if request.config.getoption("thorough") else (9,):
        process = start(*common, killed)
        while len(records(killed)) < cells and process.poll() is None:
            time.sleep(0.02)
        assert process.poll() is None
        process.kill()
        process.wait()
    code, _, errors = command(*common, killed)
    assert code == 0, errors
    assert metrics(killed) == metrics(tmp_path / "unbroken")
    runs = [Run.open(tmp_path / name) for name in ("killed", "unbroken")]
    one, other = map(standing_of, runs)
    assert one == other
    assert one.end


def test_too_small_a_budget_is_said_before_anything_trains(mine):
    arms = {name: {} for name in "abc"}
    tuning = mine(REGRESSOR, arms=arms, seeds=(0, 1, 2, 3), trainings=20)
    with pytest.raises(InputError, match=r"20 trainings are too few.* 36"):
        tuning.with_budget()
    assert replace(tuning, trainings=None).with_budget().trainings == 36
    timed = replace(tuning, trainings=None, budget_s=60.0)
    assert timed.with_budget(2).rules.seconds == 120.0
