"""Any oracle of keras-tuner says what is trained."""

import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("distributed")
pytest.importorskip("sklearn")

import keras_tuner

from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.cluster import Workers
from keras_regnoise.studies.engine.execute import execute
from keras_regnoise.studies.engine.plan import Plan
from tests.studies.engine.command import TINY

pytestmark = pytest.mark.tensorflow  # the engine is the same on every backend


class Silent:
    def say(self, text):
        pass

    def planned(self, cell):
        pass

    def epoch(self, cell, epoch, of):
        pass

    def ended(self, records):
        self.records = dict(records)


def random_search(run):
    space = keras_tuner.HyperParameters()
    space.Choice("noise", ["Dropout", "RotationOut"])
    space.Float("rate", 0.1, 0.5)
    space.Fixed("seed", 3)
    return keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective("val_accuracy", "max"),
        max_trials=3,
        hyperparameters=space,
        seed=1,
    )


def test_a_random_search_is_run_and_recorded(tmp_path):
    study, source = registry.find(str(TINY))
    plan = Plan(
        study=study,
        source=source,
        scale="smoke",
        directory=tmp_path / "run",
        arms=("none",),
        seeds=(0,),
    )
    run = execute(plan, Workers(count=2), Silent(), make_oracle=random_search)
    searched = [record for record in run.done if record.seed == 3]
    assert len(searched) == 3
    for record in searched:
        assert 0.1 <= record.values["rate"] <= 0.5
        assert record.values["noise"] in ("Dropout", "RotationOut")
        assert record.arm == (
            f"noise {record.values['noise']}, rate {record.values['rate']}"
        )
    assert len({record.values["rate"] for record in searched}) == 3
