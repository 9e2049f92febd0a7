import keras
import pytest

from benchmarks import derivatives, first_step
from benchmarks.cases import BACKENDS, MODES, Plan

pytestmark = pytest.mark.skipif(
    keras.config.backend() not in BACKENDS, reason="does not train"
)


def first_steps(monkeypatch, seconds, **options):
    asked = []

    def in_own_process(network, kind, mode, dtype):
        asked.append((network, kind, mode, dtype))
        return seconds[kind]

    monkeypatch.setattr(first_step, "_in_own_process", in_own_process)
    plan = Plan(networks=("elu11", "ResNet50"), **options)
    return list(first_step.measure("torch", plan)), asked


@pytest.mark.parametrize(("ours", "is_met"), [(3.0, True), (3.2, False)])
def test_a_first_step_is_compared_with_that_of_spatial_dropout(
    monkeypatch, ours, is_met
):
    seconds = {"none": 1.0, "SpatialDropout2D": 2.0, "SpatialRotationOut": ours}
    rows, asked = first_steps(monkeypatch, seconds, repeats=2)
    assert [row.layer for row in rows] == list(seconds)
    assert rows[2].ratio_to_reference == ours / 2.0
    assert rows[2].meets_target is is_met
    assert rows[1].target is None
    # In turns, and what compiles on torch is torch.compile.
    turn = [("ResNet50", kind, "torch-compile", "float32") for kind in seconds]
    assert asked == 2 * turn


def test_a_first_step_takes_time():
    mode = {MODES[mode]: mode for mode in MODES}[keras.config.backend()]
    arguments = ("MobileNetV2", "none", mode.replace("jit", "graph"), "float32")
    if keras.config.backend() == "torch":
        pytest.skip("torch.compile takes a minute")
    assert first_step.first_step_seconds(*arguments) > 0.1


def test_every_layer_has_the_derivatives_that_dropout_has():
    plan = Plan(layers=("RotationOut", "DropActivation", "VarianceConstancy"))
    rows = list(derivatives.measure(keras.config.backend(), plan))
    assert {row.layer for row in rows} == set(plan.layers)
    assert {"reverse", "forward", "computed again"} < {row.shape for row in rows}
    assert all(row.meets_target for row in rows), [
        row for row in rows if not row.meets_target
    ]


def test_a_derivative_that_raises_says_why(monkeypatch):
    def fails(layer, x):
        def function(x):
            raise ValueError("no rule for it\nmore")

        return function

    monkeypatch.setattr(derivatives, "held", fails)
    (row, *_) = derivatives.measure(keras.config.backend(), Plan(layers=("ICLayer",)))
    assert row.note == "no rule for it"
    assert row.meets_target  # Dropout fails in the same way
