import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

from keras_regnoise.studies.papers.models.ic_units import steps_to


@pytest.mark.parametrize(
    ("curve", "steps"),
    [
        ([0.9, 1.0], 50.0),  # in the middle of the first epoch
        ([0.6, 0.8], 150.0),
        ([0.6, 1.0], 100.0),  # half way between the two middles
        ([0.7, 0.75, 0.85, 0.7, 0.9], 200.0),  # the first time
        ([0.1, 0.2, 0.3], 300.0),  # never
    ],
)
def test_steps_to_a_level_are_on_a_line_between_epochs(curve, steps):
    assert steps_to(0.8, curve, 100 * len(curve)) == pytest.approx(steps)
