import dataclasses
import json
import math
import random

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise.studies import registry
from keras_regnoise.studies.engine import attempts, backup, training
from keras_regnoise.studies.engine.attempts import Attempts
from keras_regnoise.studies.engine.backup import CellBackup
from keras_regnoise.studies.engine.cell import time_cell
from keras_regnoise.studies.engine.own_random import own_random
from keras_regnoise.studies.engine.plan import Plan
from keras_regnoise.studies.engine.same_data import SameData
from keras_regnoise.studies.engine.training import DivergedError, Trainer, _check_finite
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.model import StudyModel
from keras_regnoise.studies.run import Options, Record, Run, write_manifest
from tests.studies.engine.command import TINY, TROUBLED


class Killed(BaseException):
    """Ends a training as a signal would."""


def trainer(file, directory, **options):
    study, source = registry.find(str(file))
    plan = Plan(
        study=study,
        source=source,
        scale="smoke",
        directory=directory,
        options=Options(**options),
    )
    return Trainer(Run(directory, plan.manifest()), study)


def cell(work, arm, seed=0):
    return next(
        c for c in work.run.manifest.cells if (c.arm.name, c.seed) == (arm, seed)
    )


@pytest.fixture
def every_epoch(monkeypatch):
    """Back up after every epoch, however short."""
    monkeypatch.setattr(backup, "_SHARE", 0)


def test_cells_on_other_data_are_refused(tmp_path):
    """As those of a function that shuffles without a seed, in another process."""
    work = trainer(TINY, tmp_path)
    record = work.train(cell(work, "none"))
    data = {**record.data, "fingerprint": "sha256:other"}
    work.run.write(dataclasses.replace(record, data=data))
    again = trainer(TINY, tmp_path)
    with pytest.raises(InputError, match=r"are other ones .* fixed seed"):
        again.train(cell(again, "none", seed=1))
    # Drawn anew for each seed they are meant to differ.
    drawn = trainer(TINY, tmp_path)
    drawn.recipe = dataclasses.replace(drawn.recipe, redraw=True)
    manifest = dataclasses.replace(drawn.run.manifest, recipe=drawn.recipe)
    run = dataclasses.replace(drawn.run, manifest=manifest)
    same = SameData(run)
    same.check(1, {"name": "digits", "fingerprint": "sha256:1"})
    same.check(2, {"name": "digits", "fingerprint": "sha256:2"})
    with pytest.raises(InputError, match="other ones"):
        same.check(2, {"name": "digits", "fingerprint": "sha256:1"})


def test_functions_taken_from_random_meanwhile_draw_from_it_afterwards():
    with own_random():
        from random import random as taken  # as a module does that is imported late

        random.seed(1)
    first, second = [], []
    for drawn in (first, second):
        random.seed(0)
        drawn += [taken(), taken()]
    random.seed(0)
    assert first == second == [random.random(), random.random()]


def test_a_group_has_a_recipe_of_its_own(tmp_path):
    work = trainer(TINY, tmp_path)
    other = {"": {"epochs": 1, "batch_size": 25}}
    work.recipe = dataclasses.replace(work.recipe, by_group=other)
    told = []
    record = work.train(cell(work, "none"), on_epoch=lambda *epoch: told.append(epoch))
    assert told == [(1, 1)]
    assert len(record.history["loss"]) == 1
    model, _ = work._prepare(cell(work, "none"))
    assert model.recipe.batch_size == 25


@pytest.mark.parametrize("arm", ["Dropout 0.2", "RotationOut 0.2"])
def test_an_interrupted_cell_goes_on_and_ends_as_an_unbroken_one(
    tmp_path, every_epoch, arm
):
    def interrupt(epoch, of):
        if epoch == 2:
            raise Killed

    broken = trainer(TINY, tmp_path)
    chosen = cell(broken, arm)
    place = broken.run.backup_of(chosen.id)
    with pytest.raises(Killed):
        broken.train(chosen, on_epoch=interrupt)
    assert CellBackup(place).initial_epoch == 2
    epochs = []
    resumed = trainer(TINY, tmp_path).train(
        chosen, on_epoch=lambda epoch, of: epochs.append(epoch)
    )
    assert epochs == [3]
    assert resumed.attempts == 2
    unbroken = trainer(TINY, tmp_path / "other").train(chosen)
    assert len(unbroken.history["loss"]) == 3
    for key in ("history", "metrics"):
        for metric, value in getattr(unbroken, key).items():
            np.testing.assert_allclose(getattr(resumed, key)[metric], value, rtol=1e-5)


@pytest.mark.parametrize("remembers", [False, True])
def test_a_callback_that_remembers_epochs_lets_a_training_begin_anew(
    tmp_path, every_epoch, monkeypatch, remembers
):
    def interrupt(epoch, of):
        if epoch == 2:
            raise Killed

    kind = keras.callbacks.EarlyStopping if remembers else keras.callbacks.Callback
    monkeypatch.setattr(StudyModel, "callbacks", lambda self, model: [kind()])
    work = trainer(TINY, tmp_path)
    chosen = cell(work, "none")
    with pytest.raises(Killed):
        work.train(chosen, on_epoch=interrupt)
    begin = CellBackup(work.run.backup_of(chosen.id)).initial_epoch
    assert begin == (0 if remembers else 2)


def test_the_noise_of_keras_is_part_of_the_backup(tmp_path, every_epoch):
    def random_state(model):
        return keras.ops.convert_to_numpy(model.layers[0].seed_generator.state.value)

    def model():
        network = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5)])
        network.add(keras.layers.Dense(1))
        network.compile("sgd", "mse")
        return network

    data = np.zeros((8, 2), "float32"), np.zeros((8, 1), "float32")
    first = model()
    first.fit(*data, batch_size=4, verbose=0, callbacks=[CellBackup(tmp_path)])
    state = random_state(first)
    second, backup = model(), CellBackup(tmp_path)
    backup.set_model(second)
    assert (random_state(second) != state).any()
    backup.on_train_begin()
    np.testing.assert_array_equal(random_state(second), state)


def test_a_backup_counts_from_the_moment_when_it_is_whole(tmp_path, every_epoch):
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse")
    backup = CellBackup(tmp_path)
    backup.set_model(network)
    backup.on_epoch_end(0, {"loss": 1.0})
    # Killed while the next one is written: weights, but not the file that names them.
    (tmp_path / "epoch2.weights.h5").write_bytes(b"half")
    again = CellBackup(tmp_path)
    assert (again.initial_epoch, again.history) == (1, {"loss": [1.0]})
    again.set_model(network)
    again.on_train_begin()
    assert [p.name for p in sorted(tmp_path.glob("epoch1*"))] == ["epoch1.weights.h5"]


def test_a_record_says_where_it_comes_from(tmp_path):
    work = trainer(TINY, tmp_path)
    record = work.train(cell(work, "none", 1))
    assert Record.from_json(json.loads(json.dumps(record.as_json()))) == record
    assert (record.arm, record.seed, record.status) == ("none", 1, "done")
    assert record.environment["backend"].startswith(keras.config.backend())
    assert record.data["fingerprint"].startswith("sha256:")
    assert (record.data["train"], record.data["test"]) == (100, 100)
    assert {"test_accuracy", "val_loss", "train_accuracy"} <= set(record.metrics)
    assert len(record.history["val_accuracy"]) == 3
    assert 0 < record.fit_seconds <= record.seconds
    assert record.examples_per_second * record.fit_seconds == pytest.approx(100 * 3)
    assert record.device_memory is None or record.device_memory > 0
    assert record.origin.code["keras_regnoise"].startswith("blake2b:")


def test_arms_of_a_seed_start_from_the_same_weights_and_see_the_same_batches(tmp_path):
    work = trainer(TINY, tmp_path)
    losses = {}
    for arm in ("none", "Dropout 0.2"):
        chosen = cell(work, arm)
        model = work.study.load_model()(work.recipe, work.data(chosen))
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
    assert record.environment["precision"] == "mixed_bfloat16"
    assert record.environment["jit"] == ("jit" in options)


@pytest.mark.skipif(
    keras.config.backend() == "torch", reason="Keras does not distribute on torch"
)
def test_a_cell_on_all_devices(tmp_path):
    work = trainer(TINY, tmp_path, distribute=True)
    record = work.train(cell(work, "RotationOut 0.2"))
    assert np.isfinite(record.metrics["test_loss"])


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
        work = trainer(TINY, directory)
        work.recipe = dataclasses.replace(work.recipe, test_freq=2, epochs=5)
        return work.train(cell(work, "Dropout 0.2"), on_epoch=on_epoch)

    unbroken = curve(tmp_path / "unbroken")
    assert len(unbroken.history["loss"]) == 5
    assert len(unbroken.history["test_accuracy"]) == 2
    with pytest.raises(Killed):
        curve(tmp_path / "broken", interrupt)
    resumed = curve(tmp_path / "broken")
    np.testing.assert_allclose(
        resumed.history["test_loss"], unbroken.history["test_loss"], rtol=1e-5
    )


def test_an_epoch_that_diverged_is_not_backed_up(tmp_path, every_epoch):
    work = trainer(TROUBLED, tmp_path)
    chosen = cell(work, "diverges")
    with pytest.raises(DivergedError):
        work.train(chosen)
    assert CellBackup(work.run.backup_of(chosen.id)).initial_epoch == 0


def test_a_damaged_backup_is_no_backup(tmp_path):
    (tmp_path / "state.json").write_text('{"format": 1, "epo')
    assert CellBackup(tmp_path).initial_epoch == 0


def test_the_time_of_attempts_that_were_killed_is_added(tmp_path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(attempts.time, "time", lambda: now[0])
    first = Attempts(tmp_path)
    for now[0] in (1003.0, 1010.0):  # seen alive after each epoch
        first.note()
    now[0] = 2000.0  # it was killed, and a day later
    second = Attempts(tmp_path)
    now[0] = 2005.0
    assert (second.count, second.seconds) == (2, 10.0 + 5.0)


def test_a_cell_is_timed_in_the_precision_of_the_run(tmp_path):
    work = trainer(TINY, tmp_path, precision="mixed_bfloat16")
    seen = []
    build = work.study.load_model().build

    def watched(self, hp):
        seen.append(keras.config.dtype_policy().name)
        return build(self, hp)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work.study.load_model(), "build", watched)
        try:
            assert work.time(cell(work, "none")) > 0.0
        finally:
            keras.config.set_dtype_policy("float32")
    assert seen == ["mixed_bfloat16"]


def test_why_a_cell_can_not_be_timed_is_said(tmp_path):
    work = trainer(TROUBLED, tmp_path)
    write_manifest(tmp_path, work.run.manifest)
    timing = time_cell(tmp_path, cell(work, "raises"))
    assert (timing.seconds, timing.reason) == (None, "ValueError: out of luck")


@pytest.mark.parametrize("name", ["test_auc", "val_precision"])
def test_a_metric_by_which_nothing_is_compared_may_be_undefined(name):
    study = registry.find("keep-rate")[0]
    _check_finite({"test_accuracy": 0.5, "loss": 0.1, name: math.nan}, study)
    for other in ("loss", "val_loss", "test_accuracy", "best_val_accuracy"):
        with pytest.raises(DivergedError, match=f"not finite at the end: {other}"):
            _check_finite({other: math.inf}, study)
