import dataclasses
import json

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise.studies import registry
from keras_regnoise.studies.engine import execute as run
from keras_regnoise.studies.engine import training
from keras_regnoise.studies.engine.backup import CellBackup
from keras_regnoise.studies.engine.training import DivergedError, Trainer
from keras_regnoise.studies.folder import backup_of
from tests.studies.engine.command import TINY, TROUBLED


class Killed(BaseException):
    """Ends a training as a signal would."""


def trainer(file, directory, on_epoch=lambda epoch, of: None, **options):
    study, source = registry.find(str(file))
    plan = run.Plan(study, source, "smoke", directory, options=options)
    return Trainer(study, plan.manifest(), directory, on_epoch)


def cell(work, arm, seed=0):
    return next(
        name for name, c in work._cells.items() if (c.arm.name, c.seed) == (arm, seed)
    )


@pytest.fixture
def every_epoch(monkeypatch):
    """Back up after every epoch, however short."""
    monkeypatch.setattr(
        training, "CellBackup", lambda directory: CellBackup(directory, 0.0)
    )


@pytest.mark.parametrize("arm", ["Dropout 0.2", "RotationOut 0.2"])
def test_an_interrupted_cell_goes_on_and_ends_as_an_unbroken_one(
    tmp_path, every_epoch, arm
):
    def interrupt(epoch, of):
        if epoch == 2:
            raise Killed

    broken = trainer(TINY, tmp_path, interrupt)
    name = cell(broken, arm)
    with pytest.raises(Killed):
        broken.train(name)
    assert CellBackup(backup_of(tmp_path, name)).initial_epoch == 2
    epochs = []
    again = trainer(TINY, tmp_path, lambda epoch, of: epochs.append(epoch))
    resumed = again.train(name)
    assert epochs == [3]
    assert not backup_of(tmp_path, name).exists()
    unbroken = trainer(TINY, tmp_path / "other").train(name)
    assert len(unbroken["history"]["loss"]) == 3
    for key in ("history", "metrics"):
        for metric, value in unbroken[key].items():
            np.testing.assert_allclose(resumed[key][metric], value, rtol=1e-5)


def test_the_noise_of_keras_is_part_of_the_backup(tmp_path):
    def random_state(model):
        return keras.ops.convert_to_numpy(model.layers[0].seed_generator.state.value)

    def model():
        network = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5)])
        network.add(keras.layers.Dense(1))
        network.compile("sgd", "mse")
        return network

    data = np.zeros((8, 2), "float32"), np.zeros((8, 1), "float32")
    first = model()
    first.fit(*data, batch_size=4, verbose=0, callbacks=[CellBackup(tmp_path, 0.0)])
    state = random_state(first)
    second, backup = model(), CellBackup(tmp_path, 0.0)
    backup.set_model(second)
    assert (random_state(second) != state).any()
    backup.on_train_begin()
    np.testing.assert_array_equal(random_state(second), state)


def test_a_backup_counts_from_the_moment_when_it_is_whole(tmp_path):
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse")
    backup = CellBackup(tmp_path, 0.0)
    backup.set_model(network)
    backup.on_epoch_end(0, {"loss": 1.0})
    # Killed while the next one is written: weights, but not the file that names them.
    (tmp_path / "epoch2.weights.h5").write_bytes(b"half")
    again = CellBackup(tmp_path, 0.0)
    assert (again.initial_epoch, again.history) == (1, {"loss": [1.0]})
    again.set_model(network)
    again.on_train_begin()
    assert [p.name for p in sorted(tmp_path.glob("epoch1*"))] == ["epoch1.weights.h5"]


def test_a_record_says_where_it_comes_from(tmp_path):
    work = trainer(TINY, tmp_path)
    record = work.train(cell(work, "none", 1))
    assert json.loads(json.dumps(record)) == record
    assert (record["arm"], record["seed"], record["status"]) == ("none", 1, "done")
    assert record["environment"]["backend"].startswith(keras.config.backend())
    assert record["data"]["fingerprint"].startswith("sha256:")
    assert (record["data"]["train"], record["data"]["test"]) == (100, 100)
    assert {"test_accuracy", "val_loss", "train_accuracy"} <= set(record["metrics"])
    assert len(record["history"]["val_accuracy"]) == 3
    assert 0 < record["fit_seconds"] <= record["seconds"]
    assert record["examples_per_second"] * record["fit_seconds"] == pytest.approx(
        100 * 3
    )
    assert record["device_memory"] is None or record["device_memory"] > 0


def test_arms_of_a_seed_start_from_the_same_weights_and_see_the_same_batches(tmp_path):
    work = trainer(TINY, tmp_path)
    losses = {}
    for arm in ("none", "Dropout 0.2"):
        chosen = work._cells[cell(work, arm)]
        model = work.study.model(work.recipe, work.data(chosen))
        network = model.build(training.hyperparameters(chosen))
        losses[arm] = [
            keras.ops.convert_to_numpy(v) for v in network.trainable_variables
        ]
    for first, second in zip(*losses.values(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_loss_that_is_not_finite_ends_the_cell(tmp_path):
    work = trainer(TROUBLED, tmp_path)
    with pytest.raises(DivergedError, match=r"the loss became (nan|inf) in epoch 1"):
        work.train(cell(work, "diverges"))


def test_mixed_precision_and_jit_reach_the_model(tmp_path):
    options = {"precision": "mixed_bfloat16", "jit": "on"}
    if keras.config.backend() == "torch":
        options.pop("jit")  # torch.compile is not what is tested here
    work = trainer(TINY, tmp_path, **options)
    try:
        record = work.train(cell(work, "RotationOut 0.2"))
    finally:
        keras.config.set_dtype_policy("float32")
    assert record["environment"]["precision"] == "mixed_bfloat16"
    assert record["environment"]["jit"] == ("jit" in options)


@pytest.mark.skipif(
    keras.config.backend() == "torch", reason="Keras does not distribute on torch"
)
def test_a_cell_on_all_devices(tmp_path):
    work = trainer(TINY, tmp_path, distribute=True)
    record = work.train(cell(work, "RotationOut 0.2"))
    assert np.isfinite(record["metrics"]["test_loss"])


def test_a_cell_is_timed_by_a_part_of_an_epoch(tmp_path):
    work = trainer(TINY, tmp_path)
    assert work.time(cell(work, "none")) > 0.0
    assert not any(tmp_path.iterdir())


def test_the_curve_of_the_test_part(tmp_path, every_epoch):
    """It is measured every `test_freq` epochs, before and after an interruption."""

    def interrupt(epoch, of):
        if epoch == 2:
            raise Killed

    def curve(directory, on_epoch=lambda epoch, of: None):
        work = trainer(TINY, directory, on_epoch)
        work.recipe = dataclasses.replace(work.recipe, test_freq=2, epochs=5)
        return work.train(cell(work, "Dropout 0.2"))

    unbroken = curve(tmp_path / "unbroken")
    assert len(unbroken["history"]["loss"]) == 5
    assert len(unbroken["history"]["test_accuracy"]) == 2
    with pytest.raises(Killed):
        curve(tmp_path / "broken", interrupt)
    resumed = curve(tmp_path / "broken")
    np.testing.assert_allclose(
        resumed["history"]["test_loss"], unbroken["history"]["test_loss"], rtol=1e-5
    )
