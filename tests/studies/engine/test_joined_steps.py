import contextlib
import sys

import keras
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise.datasets import data_set, load
from keras_regnoise.studies import Arm, Recipe
from keras_regnoise.studies.engine import joined_steps
from keras_regnoise.studies.engine.joined_steps import join_steps
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.model import Fit, StudyModel
from keras_regnoise.studies.study import Cell
from tests.helpers import to_numpy
from tests.studies.engine.test_shared_program import STUDY, assert_same, fresh
from tests.studies.engine.test_training import trainer

pytestmark = pytest.mark.skipif(
    keras.config.backend() == "torch", reason="torch joins nothing"
)


class OwnFit(StudyModel):
    def fit(self, hp, model, fit=Fit()):
        return super().fit(hp, model, fit)


class OwnCallbacks(StudyModel):
    def callbacks(self, model):
        return [keras.callbacks.Callback()]


def steps(model=StudyModel, **options):
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse", **options)
    join_steps(
        network,
        model(Recipe(epochs=1, batch_size=5, seeds=(0,)), load("digits", examples=500)),
    )
    return network.steps_per_execution


def test_steps_in_one_call_are_those_of_many_to_the_bit(tmp_path, monkeypatch):
    joined = fresh(tmp_path / "joined", "noisy", 1)
    networks = sys.modules[trainer(STUDY, tmp_path).study.load_model().__module__]
    assert networks.NETWORKS[-1].steps_per_execution > 1
    monkeypatch.setattr(joined_steps, "_MOST", 1)
    assert_same(joined, fresh(tmp_path / "single", "noisy", 1))
    assert networks.NETWORKS[-1].steps_per_execution == 1


@pytest.mark.tensorflow
def test_batches_of_one_pipeline_train_as_those_of_an_iterator_per_epoch(
    tmp_path, monkeypatch
):
    one = {arm: fresh(tmp_path / arm, arm, 1) for arm in ("plain", "noisy")}
    monkeypatch.setattr(data_set, "_SMALL", 0)
    assert_same(one["plain"], fresh(tmp_path / "of epochs", "plain", 1))
    # The sums of BatchNormalization are ordered by XLA, which knows the batch size now.
    other = fresh(tmp_path / "of epochs", "noisy", 1)
    for name, curve in one["noisy"].history.items():
        assert curve == pytest.approx(other.history[name], rel=1e-2), name
    losses = {name for name in other.metrics if "loss" in name}
    assert len(losses) == 3
    for name in losses:
        assert one["noisy"].metrics[name] == pytest.approx(
            other.metrics[name], rel=0.01
        )


def test_steps_that_somebody_may_count_are_single():
    assert steps() == 25  # of the 100 of an epoch
    assert steps(OwnFit) == 1
    assert steps(OwnCallbacks) == 1
    assert steps(steps_per_execution=7) == 7
    assert steps(run_eagerly=True) == 1


class Small(StudyModel):
    def build(self, hp):
        initializer = keras.initializers.GlorotUniform(seed=0)
        network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
        network.add(keras.layers.Dense(10, kernel_initializer=initializer))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        network.compile("adam", loss)
        return network


def trained(steps_per_execution=1, scope=None, **options):
    """Train two epochs of five steps; return the metrics and the number of steps."""
    recipe = Recipe(epochs=2, batch_size=20, seeds=(0,), **options)
    model = Small(recipe, load("digits", examples=100))
    hp = hyperparameters(Cell(Arm("any"), 0))
    with scope or contextlib.nullcontext():
        network = model.build(hp)
        network.steps_per_execution = steps_per_execution
        return model.fit(hp, network), int(to_numpy(network.optimizer.iterations))


@pytest.mark.parametrize("steps_per_execution", [3, 5])
def test_an_epoch_has_its_steps_however_many_are_one_call(steps_per_execution):
    once = trained()
    assert once[1] == 10
    assert trained(steps_per_execution) == once


@pytest.mark.tensorflow
@pytest.mark.parametrize("augmentation", [(), ("flip",)])
def test_a_model_under_a_strategy_sees_the_epochs_of_one_without(augmentation):
    import tensorflow as tf

    scope = tf.distribute.MirroredStrategy(["CPU:0"]).scope()
    one, steps = trained(augmentation=augmentation)
    same, same_steps = trained(scope=scope, augmentation=augmentation)
    assert same == pytest.approx(one, rel=1e-5)
    assert steps == same_steps == 10
