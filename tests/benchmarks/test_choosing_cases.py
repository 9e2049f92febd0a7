import pytest

from benchmarks import __main__ as command_line
from benchmarks import cases
from benchmarks.cases import MODES, SHAPES
from benchmarks.targets import LAYER_TARGETS, STEP_TARGETS


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.setattr(command_line, "installed_backends", lambda: ("jax", "torch"))


def plan(*arguments):
    return command_line.plan_of(command_line._parser().parse_args(arguments))


@pytest.mark.parametrize(
    ("option", "name", "valid"),
    [
        (
            "--suite",
            "speed",
            "layers, parts, steps, first_step, cells, derivatives, memory",
        ),
        ("--layer", "Rotation", "RotationOut, SpatialRotationOut, DropActivation"),
        ("--shape", "2x2", "128x512, 32x100x256, 128x32x32x64, 128x8x8x640"),
        ("--mode", "eager", "tensorflow-graph, tensorflow-jit, jax-jit, torch-eager"),
        ("--backend", "numpy", "tensorflow, jax, torch"),
        ("--network", "vgg", "elu11, resnet20, wide_resnet28_10, MobileNetV2"),
    ],
)
def test_a_wrong_name_is_answered_with_the_valid_ones(option, name, valid, capsys):
    assert command_line.main([option, name]) == 2
    error = capsys.readouterr().err
    assert f"There is no {option[2:]} '{name}'" in error
    assert valid in error


def test_names_are_taken_in_the_order_of_the_table():
    assert cases.select("shape", ["b", "a", "b"], ["a", "b", "c"]) == ("a", "b")


def test_only_installed_backends_run():
    assert plan().modes == ("jax-jit", "torch-eager")
    assert plan("--backend", "torch").modes == ("torch-eager",)


def test_a_backend_that_is_not_installed_is_an_error(capsys):
    assert command_line.main(["--backend", "tensorflow"]) == 2
    assert "Installed: jax, torch" in capsys.readouterr().err


def test_options_reach_the_plan():
    chosen = plan("--layer", "ICLayer", "--repeats", "3", "--dtype", "bfloat16")
    assert (chosen.layers, chosen.repeats, chosen.dtype) == (
        ("ICLayer",),
        3,
        "bfloat16",
    )


def test_quick_measures_less_and_may_be_overruled():
    quick, full = plan("--quick"), plan()
    assert quick.quick
    assert set(quick.shapes) < set(full.shapes)
    assert quick.repeats < full.repeats
    assert plan("--quick", "--shape", "128x8x8x640").shapes == ("128x8x8x640",)


def test_layers_are_compared_where_they_take_the_input():
    vectors = cases.references(plan(), "jax-jit", SHAPES["128x512"])
    images = cases.references(plan(), "jax-jit", SHAPES["128x8x8x640"])
    assert vectors["RotationOut"] == ["identity", "Dropout"]
    assert images["RotationOut"] == ["identity", "Dropout", "SpatialDropout2D"]
    assert set(images) - set(vectors) == {"SpatialRotationOut"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES.values())
@pytest.mark.parametrize("quick", [True, False])
def test_every_target_of_a_layer_is_measured(mode, shape, quick):
    measured = cases.references(cases.Plan(quick=quick), mode, shape)
    for layer, names in measured.items():
        assert LAYER_TARGETS[layer][mode].reference in names


def test_every_target_of_a_step_belongs_to_something_measured():
    for network, layers in STEP_TARGETS.items():
        assert network in cases.NETWORKS
        assert set(layers) <= set(cases.LAYERS)
        assert all(mode in MODES for limits in layers.values() for mode in limits)


def test_networks_of_steps_and_of_first_steps_are_told_apart():
    from benchmarks import networks

    assert networks.networks(plan(), "") == ("elu11", "resnet20")
    assert networks.networks(plan("--network", "MobileNetV2", "elu11"), "") == (
        "elu11",
    )
    assert networks.networks(plan("--network", "ResNet50"), "") == ()
