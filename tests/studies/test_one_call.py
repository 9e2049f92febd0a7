"""`krn.tuning.race`: the race in the user's own process."""

import random
import threading

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("distributed")

import keras_tuner

import keras_regnoise as krn
from keras_regnoise.datasets.user import from_function
from keras_regnoise.studies.one_call import _built
from keras_regnoise.studies.race import standing_of
from keras_regnoise.studies.report import summarize
from keras_regnoise.studies.run import FolderError
from tests.studies.engine.command import metrics

SMALL = {
    "layers": ("dropout",),
    "rates": (0.2, 0.9),
    "epochs": 2,
    "seeds": 2,
    "measure": 3,
    "trainings": 20,
    "verbose": 0,
}
OF_MAE = SMALL | {"objective": "val_mae", "placements": ("before_head",)}


def data():
    x = np.random.default_rng(0).normal(size=(160, 4))
    return x, x.sum(1)


def build_model():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
    return model


@pytest.fixture(scope="module")
def result():
    return krn.tuning.race(build_model, data, **OF_MAE)


def test_the_arms_are_ranked_and_the_answer_is_that_of_the_records(result):
    standing = standing_of(result.run)
    assert standing.end
    rows = {row["arm"]: row for row in result.table}
    assert list(rows) == ["none", *(f"Dropout {r} before the head" for r in (0.2, 0.9))]
    assert rows["Dropout 0.9 before the head"]["difference"] > 0  # of an error
    for line in summarize(result.run):
        assert rows[line.arm]["mean"] == line.value.mean
        assert rows[line.arm]["seconds"] > 0
        assert rows[line.arm]["left"] == (line.arm not in standing.out)
    assert (result.winner == "none") == (standing.end != "better")
    assert str(result).startswith(result.sentence)


def test_a_notebook_shows_the_report_and_the_picture(result):
    assert repr(result) == result._repr_markdown_() == str(result)
    assert result.figure()._repr_png_().startswith(b"\x89PNG")


def test_the_best_model_is_the_one_that_was_measured(result):
    """It is trained once more, and gives what its record says to the last digit."""
    own = [r for r in result.run.done if r.arm == result.winner]
    best = min(own, key=lambda record: record.metrics["val_mae"])
    part = from_function(data, "data").validation
    for noisy in (False, True):
        model = result.best_model(noisy)
        predicted = model.predict(part.x, verbose=0)[:, 0]
        mae = np.abs(predicted - part.y).mean()
        assert mae == pytest.approx(best.metrics["val_mae"], rel=1e-5)
        layers = [type(layer).__module__ for layer in model.layers]
        assert noisy or not any(name.startswith("keras_regnoise") for name in layers)


def test_the_code_makes_the_model(result):
    names = {"build_model": build_model}
    exec(result.code, names)
    noisy = result.best_model(noisy=True)
    assert [type(layer) for layer in names["model"].layers] == [
        type(layer) for layer in noisy.layers
    ]


def test_the_figure_has_a_panel_for_each_place(result):
    figure = result.figure()
    (axes,) = [axes for axes in figure.axes if axes.get_visible()]
    assert axes.get_title(loc="left") == "before the head"
    assert list(axes.get_xticks()) == [0.2, 0.9]
    line, *_ = axes.containers[0]
    differences = [a.difference.mean for a in summarize(result.run) if a.difference]
    np.testing.assert_allclose(np.array(line.get_ydata(), float), differences)


def test_a_race_that_was_interrupted_goes_on_with_the_same_decisions(result, tmp_path):
    built = 0

    def build_model():  # as above, but for the interruption
        nonlocal built
        built += 1
        if built == 8:
            raise KeyboardInterrupt
        return unbroken()

    unbroken, options = globals()["build_model"], OF_MAE | {"directory": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        krn.tuning.race(build_model, data, **options)
    begun = metrics(tmp_path)
    assert begun
    again = krn.tuning.race(build_model, data, **options)
    assert metrics(tmp_path) == metrics(result.run.directory)
    assert begun.items() <= metrics(tmp_path).items()
    one, other = standing_of(again.run), standing_of(result.run)
    assert (one.leader, one.out, one.end) == (other.leader, other.out, other.end)


def test_other_data_do_not_go_on_in_a_folder(tmp_path):
    options = OF_MAE | {"directory": tmp_path, "rates": (0.2,), "epochs": 1}
    krn.tuning.race(build_model, data, **options)
    x, y = data()
    with pytest.raises(FolderError, match="another recipe"):
        krn.tuning.race(build_model, (x, 2 * y), **options)


def test_the_dtype_policy_is_the_users(result):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with pytest.raises(ValueError, match="too few"):
            krn.tuning.race(build_model, data, **OF_MAE | {"trainings": 3})
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        for model in (result.run.directory / "models").rglob("*.keras"):
            model.unlink()  # so that it is trained once more
        result.best_model()
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy(policy)


WRONG = {
    "a model": ({"build_model": keras.Sequential()}, "each training needs a new one"),
    "no such file": ({"build_model": "model.keras"}, "There is no file model.keras"),
    "no such metric": ({"objective": "val_accuracy"}, "val_accuracy"),
    "of the test": ({"objective": "test_mae"}, 'begins with "val_".*test_mae'),
    "of the training": ({"objective": "mae"}, 'begins with "val_".*mae'),
    "one seed": ({"seeds": 1}, "seeds"),
    "one part": ({"data": lambda: np.zeros(3)}, "must return"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_before_anything_trains(case):
    changes, message = WRONG[case]
    options = {"build_model": build_model, "data": data, **OF_MAE, **changes}
    with pytest.raises(ValueError, match=message):
        krn.tuning.race(**options)


def test_draws_of_other_threads_change_nothing(result):
    """Dask's event loop and a notebook draw from Python's generator now and then."""
    ended = threading.Event()

    def draw():
        while not ended.wait(0.001):
            random.random()

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        again = krn.tuning.race(build_model, data, **OF_MAE)
    finally:
        ended.set()
        thread.join()
    assert metrics(again.run.directory) == metrics(result.run.directory)


def with_units(units):
    def build():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
        model.add(keras.layers.Dense(1))
        model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
        return model

    return build


def test_another_model_of_the_same_source_does_not_go_on_in_a_folder(tmp_path):
    few = {"rates": (0.2,), "epochs": 1, "trainings": 12, "directory": tmp_path}
    krn.tuning.race(with_units(2), data, **OF_MAE | few)
    with pytest.raises(FolderError, match="another recipe"):
        krn.tuning.race(with_units(3), data, **OF_MAE | few)
    krn.tuning.race(with_units(2), data, **OF_MAE | few)  # and this one does


@pytest.mark.parametrize("rate", [0.1, 0.2])
def test_what_is_compiled_is_told_apart_too(rate):
    def build():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(rate), "mse")
        return model

    assert _built(build) == _built(build)
    assert str(rate) in _built(build)


def test_shuffled_batches_are_read_once(tmp_path):
    tf = pytest.importorskip("tensorflow")
    batches = tf.data.Dataset.from_tensor_slices(data()).shuffle(160).batch(32)
    few = {"rates": (0.2,), "epochs": 1, "trainings": 12}
    result = krn.tuning.race(build_model, batches, **OF_MAE | few)
    load = result._functions["data"]
    assert all((a == b).all() for a, b in zip(load(), load(), strict=True))


def test_trainings_that_all_fail_are_no_answer():
    x, y = data()
    y[::3] = np.nan
    few = {"rates": (0.2,), "epochs": 1, "trainings": 12}
    result = krn.tuning.race(build_model, (x, y), **OF_MAE | few)
    assert result.sentence.startswith("Nothing can be compared: the trainings failed")
    assert "loss became nan" in result.sentence
    with pytest.raises(ValueError, match="No cell"):
        result.best_model()


class Units(keras_tuner.HyperModel):
    """A space of its own, without noise."""

    def build(self, hp):
        return with_units(hp.Choice("units", [4, 16]))()


def test_a_space_without_noise_has_no_arm_called_none():
    few = {"epochs": 1, "seeds": 2, "measure": 3, "trainings": 12, "verbose": 0}
    result = krn.tuning.race(Units(), data, objective="val_mae", **few)
    assert [row["arm"] for row in result.table] == ["units=4", "units=16"]
    assert "none" not in result.sentence
    assert "model = build(hp)" in result.code


class Fitted(Units):
    """Trains in its own way."""

    def fit(self, hp, model, *args, **kwargs):
        raise NotImplementedError


def test_a_fit_of_ones_own_is_not_called_and_so_refused():
    with pytest.raises(ValueError, match=r"Fitted has a fit\(\) of its own"):
        krn.tuning.race(Fitted(), data)


def test_what_is_compiled_by_name_or_lambda_is_the_same_the_next_time():
    def build():
        inputs = keras.Input((4,))
        model = keras.Model(inputs, keras.layers.Dense(1, lambda x: x)(inputs))
        name = model.output_names[0]
        model.compile("sgd", {name: lambda y, p: keras.ops.mean(y - p)})
        return model

    one, other = build(), build()
    assert one.output_names != other.output_names
    assert _built(build) == _built(build) != ""
    assert "sgd" in _built(build).lower()
