import dataclasses
import shutil
import sys

import keras
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise.studies.engine import backup, shared_program
from keras_regnoise.studies.engine.shared_program import SharedPrograms, program_of
from keras_regnoise.studies.model import StudyModel
from tests.studies.engine.command import HERE
from tests.studies.engine.test_training import Killed, cell, trainer

STUDY = HERE / "shared_study.py"
compiled = pytest.mark.skipif(
    keras.config.backend() == "torch", reason="torch compiles nothing to share"
)


def networks(work):
    """Return the networks of the cells so far."""
    return sys.modules[work.study.load_model().__module__].NETWORKS


def is_shared(work):
    return networks(work)[-1] is networks(work)[-2]


def fresh(directory, arm, seed, **changes):
    """Train a cell in a process that has no network yet, so to say."""
    work = trainer(STUDY, directory)
    return changed(work, **changes).train(cell(work, arm, seed))


def changed(work, **changes):
    work.recipe = dataclasses.replace(work.recipe, **changes)
    return work


def assert_same(one, other):
    assert one.metrics == other.metrics
    assert one.history == other.history


@pytest.fixture
def work(tmp_path):
    """A trainer that has trained a cell of the arm `"noisy"`."""
    work = trainer(STUDY, tmp_path)
    work.train(cell(work, "noisy", 0))
    return work


def test_a_cell_ends_the_same_to_the_bit_with_the_network_of_another_seed(
    work, tmp_path
):
    record = work.train(cell(work, "noisy", 1))
    assert is_shared(work) == (keras.config.backend() != "torch")
    assert_same(record, fresh(tmp_path, "noisy", 1))
    # And the first seed again, after which nothing is left of the second.
    assert_same(work.train(cell(work, "noisy", 0)), fresh(tmp_path, "noisy", 0))


def test_a_saved_model_has_the_seeds_and_the_state_of_its_own_cell(tmp_path):
    work = trainer(STUDY, tmp_path / "shared", save_model=True)
    alone = trainer(STUDY, tmp_path / "alone", save_model=True)
    for seed in (0, 1):
        work.train(cell(work, "noisy", seed))
    assert is_shared(work) == (keras.config.backend() != "torch")
    alone.train(cell(alone, "noisy", 1))
    assert saved(work, 1) == saved(alone, 1) != saved(work, 0)


def test_a_saved_model_has_what_a_callback_made_of_it(tmp_path, monkeypatch):
    rate = [0.1]

    class SetRate(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.layers[2].rate = rate[0]

    work = trainer(STUDY, tmp_path, save_model=True)
    model = work.study.load_model()
    monkeypatch.setattr(model, "callbacks", lambda self, network: [SetRate()])
    for seed, rate[0] in enumerate((0.1, 0.4)):
        work.train(cell(work, "noisy", seed))
    assert is_shared(work) == (keras.config.backend() != "torch")
    rates = [
        keras.saving.load_model(work.run.model_of(cell(work, "noisy", seed).id))
        .layers[2]
        .rate
        for seed in (0, 1)
    ]
    assert rates == [0.1, 0.4]


def saved(work, seed):
    """Return the config and the values of a saved model, its optimizer's too."""
    file = work.run.model_of(cell(work, "noisy", seed).id)
    keras.utils.set_random_seed(0)  # Keras's own noise is loaded with a new state
    model = keras.saving.load_model(file)
    states = [*model.variables, *model.optimizer.variables]
    return model.to_json(), [keras.ops.convert_to_numpy(v).tolist() for v in states]


def test_an_interrupted_cell_goes_on_in_the_network_of_another_seed(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(backup, "_SHARE", 0)

    def interrupt(epoch, of):
        if epoch == 2:
            raise Killed

    work = trainer(STUDY, tmp_path / "run")
    chosen = cell(work, "noisy", 1)
    with pytest.raises(Killed):
        work.train(chosen, on_epoch=interrupt)
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    work.train(cell(work, "noisy", 0))
    resumed = work.train(chosen)
    assert is_shared(work) == (keras.config.backend() != "torch")
    assert len(resumed.history["loss"]) == 3
    assert_same(resumed, fresh(tmp_path / "copy", "noisy", 1))


@compiled
@pytest.mark.parametrize("arm", ["baked", "adapted", "scaled", "decayed"])
def test_a_program_that_holds_something_of_its_seed_is_not_shared(tmp_path, arm):
    work = trainer(STUDY, tmp_path)
    work.train(cell(work, arm, 0))
    work.train(cell(work, arm, 1))
    assert not is_shared(work)


@compiled
def test_what_is_not_the_same_arm_recipe_or_option_is_not_shared(work, tmp_path):
    def use(**options):
        manifest = work.run.manifest
        options = dataclasses.replace(manifest.options, **options)
        manifest = dataclasses.replace(manifest, options=options)
        work.run = dataclasses.replace(work.run, manifest=manifest)

    work.train(cell(work, "plain", 1))
    assert not is_shared(work)
    changed(work, batch_size=25).train(cell(work, "plain", 0))
    assert not is_shared(work)
    changed(work, batch_size=20)
    use(jit="off")
    work.train(cell(work, "plain", 0))
    assert not is_shared(work)
    use(jit="auto")
    record = work.train(cell(work, "plain", 0))
    assert networks(work)[-1] is networks(work)[-4]
    assert_same(record, fresh(tmp_path, "plain", 0))


@compiled
def test_a_network_whose_training_was_broken_off_is_not_used_again(work):
    def interrupt(epoch, of):
        raise Killed

    with pytest.raises(Killed):
        work.train(cell(work, "noisy", 1), on_epoch=interrupt)
    work.train(cell(work, "noisy", 2))
    assert not is_shared(work)


@compiled
def test_a_fit_of_which_nothing_is_known_shares_nothing(work, monkeypatch):
    module = sys.modules[work.study.load_model().__module__]
    study = dataclasses.replace(work.study, model=module.OwnFit)
    monkeypatch.setattr(work, "study", study)
    work.train(cell(work, "noisy", 1))
    work.train(cell(work, "noisy", 2))
    assert not is_shared(work)


@compiled
def test_few_networks_are_kept(monkeypatch):
    def network(units):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units)])
        model.compile("sgd", "mse")
        return model

    def train(key, units=1):
        with programs.network(key, network(units), StudyModel(None, None)):
            pass

    monkeypatch.setattr(shared_program, "_MOST", 2)
    monkeypatch.setattr(shared_program, "_ROOM", 20)
    programs = SharedPrograms()
    for key in "abc":
        train(key)
    assert len(programs) == 2
    train("large", units=5)  # with its bias, and two numbers of the optimizer
    assert len(programs) == 1
    train("larger", units=7)
    assert len(programs) == 0


@compiled
def test_a_program_is_that_of_another_seed_and_of_nothing_else():
    def program(rate=0.1, seed=0, loss="mse", **options):
        keras.backend.clear_session()
        model = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dropout(rate, seed=seed)]
        )
        model.add(keras.layers.Dense(1))
        model.compile("sgd", loss, **options)
        return program_of(model)

    assert program() == program(seed=1) is not None
    others = ({"rate": 0.2}, {"loss": "mae"}, {"steps_per_execution": 2})
    assert len({program(), *(program(**other) for other in others)}) == 4
    assert program(metrics=[lambda true, predicted: 0.0]) is None
