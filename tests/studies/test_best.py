"""Which arm is taken, where runs of some diverged."""

from dataclasses import replace

import pytest

from keras_regnoise.studies.best import best_arm
from keras_regnoise.studies.engine.failure import reason_of
from keras_regnoise.studies.engine.training import DivergedError
from keras_regnoise.studies.race import standing_of
from tests.studies.report.synthetic import changed, toy

pytestmark = pytest.mark.tensorflow  # nothing here depends on the backend


def validated(table, **options):
    run = toy(table, **options)
    return changed(
        run,
        lambda r: replace(
            r, metrics={**r.metrics, "val_accuracy": r.metrics["test_accuracy"]}
        ),
    )


def diverged(run, name, seeds):
    return changed(
        run,
        lambda r: (
            replace(
                r,
                status="failed",
                metrics={},
                error=reason_of(DivergedError("the loss became nan in epoch 2")),
            )
            if r.arm == name and r.seed in seeds
            else r
        ),
    )


TABLE = {"none": [0.8] * 4, "Dropout 0.3": [0.85] * 4, "Dropout 0.9": [0.95] * 4}


def test_what_is_left_of_an_arm_that_diverged_is_not_the_best():
    run = validated(TABLE)
    assert best_arm(run) == ("", "Dropout 0.9")
    assert best_arm(diverged(run, "Dropout 0.9", [1])) == ("", "Dropout 0.3")
    all_of_them = run
    for name in TABLE:
        all_of_them = diverged(all_of_them, name, [1])
    assert best_arm(all_of_them) == ("", "Dropout 0.9")


@pytest.mark.parametrize("direction", ["max", "min"])
def test_a_race_knows_of_it(direction):
    run = validated(
        {name: [v + 0.01 * s for s, v in enumerate(row)] for name, row in TABLE.items()}
    )
    sign = 1 if direction == "max" else -1
    run = changed(
        run,
        lambda r: replace(
            r, metrics={"val_accuracy": sign * r.metrics["test_accuracy"]}
        ),
    )
    tuned = {"seeds": [0, 1, 2, 3], "measure": 4, "trainings": None, "budget_s": None}
    description = replace(run.description, direction=direction)
    manifest = replace(
        run.manifest,
        description=description,
        source={"name": "toy", "tune": {**tuned, "race": True}},
    )
    run = replace(run, manifest=manifest)
    assert standing_of(run).leader == "Dropout 0.9"
    standing = standing_of(diverged(run, "Dropout 0.9", [1, 2]))
    assert standing.leader == "Dropout 0.3"
    assert standing.out["Dropout 0.9"] == 4
