import pytest

pytest.importorskip("keras_tuner")

from keras_regnoise.studies import Arm
from keras_regnoise.studies.engine.familiar import Familiar
from keras_regnoise.studies.study import Cell

CELLS = [Cell(Arm(name), seed) for seed in range(3) for name in "abc"]


def test_a_worker_goes_on_with_its_arms_and_seed_by_seed():
    familiar, waiting, order = Familiar(), list(CELLS), {"one": "", "two": ""}
    for turn in range(9):
        worker = ("one", "two")[turn % 2]
        cell = familiar.choose(worker, waiting)
        assert cell.seed == turn // 3
        waiting.remove(cell)
        familiar.note(worker, cell)
        order[worker] += cell.arm.name
    # The third arm moves once, so that nobody waits.
    assert order == {"one": "acaac", "two": "bbcb"}
