"""The papers' studies: what stands where, and which arms there are."""

import dataclasses
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras_regnoise as krn
from keras_regnoise import datasets
from keras_regnoise.analysis import VarianceShift
from keras_regnoise.datasets.data_set import from_splits
from keras_regnoise.studies import Fit, registry
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.models import vcl_time
from keras_regnoise.studies.papers.models.dropout_placement import _shifts
from keras_regnoise.studies.papers.protocol import batch_norm
from tests.helpers import to_numpy

NAMES = [name for name in registry.names() if name != "keep-rate"]
PAPERS = {name: registry.find(name)[0] for name in NAMES}
DIGITS = "ResNet-8, digits: "


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits", examples=100, test_examples=100)


def build(name, arm, data, seed=0):
    study = PAPERS[name]
    (cell,) = study.cells("smoke", [arm], [seed])
    model = study.load_model()(study.recipe("smoke"), data)
    return model.build(hyperparameters(cell))


def flat(model):
    """Return the layers, those of inner models too, in order."""
    return [
        inner
        for layer in model.layers
        for inner in (flat(layer) if isinstance(layer, keras.Model) else [layer])
    ]


def named(model, *kinds):
    return [layer.name for layer in flat(model) if type(layer) in kinds]


def test_grids():
    assert {name: len(s.cells("smoke")) for name, s in PAPERS.items()} == {
        "closed-forms": 33,
        "lecture": 24,
        "early-stopping": 5,
        "rotationout-keep-rate": 5,
        "rotationout-imagenet": 4,
        "rotationout-coco": 2,
        "rotationout-speech": 3,
        "drop-activation": 3,
        "drop-activation-cifar100": 3,
        "drop-activation-cifar10": 3,
        "drop-activation-svhn": 3,
        "drop-activation-emnist": 3,
        "drop-activation-cutout": 3,
        "drop-activation-autoaugment": 3,
        "drop-activation-fitted": 3,
        "drop-activation-regression": 2,
        "drop-activation-shift": 4,
        "ic-units": 7,
        "ic-imagenet": 5,
        "dropout-placement": 4,
        "norms-by-batch": 6,
        "vcl-uci": 3,
        "vcl-uci-500": 3,
        "vcl-time": 3,
        "vcl-cifar": 3,
        "vcl-clusters": 6,
        "vcl-kurtosis": 3,
        "vcl-tiny-imagenet": 3,
    }
    assert {
        name: len(s.cells("short"))
        for name, s in PAPERS.items()
        if "short" in s.recipes
    } == {
        "closed-forms": 5 * 33,
        "lecture": 5 * 24,
        "early-stopping": 20 * 5,
        "rotationout-keep-rate": 8 * 9,
        "rotationout-speech": 3 * 8,
        "drop-activation": 5 * 9,
        "drop-activation-cifar10": 5 * 3,
        "drop-activation-fitted": 30 * 6,
        "drop-activation-regression": 75 * 10,
        "drop-activation-shift": 8 * 4,
        "ic-units": 8 * 7,
        "dropout-placement": 8 * 8,
        "norms-by-batch": 10 * 15,
        "vcl-uci": 5 * 23 * 9,
        "vcl-uci-500": 5 * 9 * 9,
        "vcl-time": 3 * 3,
        "vcl-cifar": 3 * 27,
        "vcl-clusters": 10 * 6,
        "vcl-kurtosis": 5 * 3,
    }
    assert {
        name: len(s.cells("paper"))
        for name, s in PAPERS.items()
        if "paper" in s.recipes
    } == {
        "rotationout-keep-rate": 5 * 2 * 29,
        "rotationout-imagenet": 5 * 8,
        "rotationout-coco": 3 * 6,
        "rotationout-speech": 3 * 8,
        "drop-activation": 20 * 9,
        "drop-activation-cifar100": 3 * 18,
        "drop-activation-cifar10": 3 * 18,
        "drop-activation-svhn": 3 * 9,
        "drop-activation-emnist": 3 * 15,
        "drop-activation-cutout": 3 * 6,
        "drop-activation-autoaugment": 3 * 6,
        "drop-activation-shift": 3 * 4,
        "ic-units": 3 * 8 * 7,
        "ic-imagenet": 3 * 5,
        "dropout-placement": 3 * 8,
        "vcl-uci": 3 * 3 * 44 * 9,
        "vcl-time": 3 * 3,
        "vcl-cifar": 3 * 2 * 27,
        "vcl-tiny-imagenet": 3 * 4,
    }


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_differs(name):
    study = PAPERS[name]
    assert study.paper
    assert study.deviations
    sentences = list(study.deviations)
    if "short" in study.recipes:
        assert study.recipe("short").deviations
        sentences += study.recipe("short").deviations
    assert all(sentence.endswith(".") for sentence in sentences)


def test_whose_networks_have_batch_norm_declare_its_epsilon():
    declared = set()
    for name in set(PAPERS) - {"early-stopping"}:  # keep-rate's model without it
        study = PAPERS[name]
        modules = [sys.modules[base.__module__] for base in study.load_model().__mro__]
        if any(getattr(m, "batch_norm", None) is batch_norm for m in modules):
            assert "epsilon of 0.001" in " ".join(study.deviations), name
            declared.add(name)
    assert {"vcl-cifar", "ic-imagenet", "drop-activation-svhn"} <= declared


@pytest.mark.parametrize(
    ("arm", "kind"),
    [
        ("Dropout 0.8", keras.layers.Dropout),
        ("CenteredDropout 0.8", krn.CenteredDropout),
        ("SpatialDropout 0.8", keras.layers.SpatialDropout2D),
        ("CenteredSpatialDropout 0.8", krn.CenteredDropout),
        ("RotationOut 0.8", krn.SpatialRotationOut),
        ("RotationOut uniform 0.8", krn.SpatialRotationOut),
        ("RotationOut 0.8, released code", krn.SpatialRotationOut),
        ("Dropout 0.8, released code", keras.layers.SpatialDropout2D),
    ],
)
def test_rotationout_stands_before_the_convolutions_of_the_last_stage(
    arm, kind, digits
):
    group, released = DIGITS, arm.endswith(", released code")
    if released:
        group = DIGITS.replace(":", ", released code:")
    name = arm.removesuffix(", released code")
    model = build("rotationout-keep-rate", group + name, digits)
    layers = flat(model)
    noise = [layer for layer in layers if type(layer) is kind]
    names = [layer.name for layer in noise]
    assert names == ["stage3_unit1_noise1", "stage3_unit1_noise2"]
    assert all(abs(layer.rate - 0.2) < 1e-9 for layer in noise)
    assert len({layer.seed for layer in noise}) == 2
    if kind is krn.CenteredDropout:
        assert {layer.spatial for layer in noise} == {"Spatial" in arm}
    if kind is krn.SpatialRotationOut:
        assert {layer.angles for layer in noise} == {
            "uniform" if "uniform" in arm else "gaussian"
        }
        assert {layer.shared_angle for layer in noise} == {released}
    decay = 1e-4 if released else 1e-5
    assert all(float(v.regularizer.l2) == decay / 2 for v in model.trainable_variables)


def test_dropout_a_and_b(digits):
    def order(arm):
        model = build("dropout-placement", DIGITS + arm, digits)
        names = [layer.name for layer in flat(model) if "stage3" in layer.name]
        noise = [name for name in names if "noise" in name]
        assert len(noise) == 1
        return names[names.index(noise[0]) - 1], type(model.layers[-1]), model

    before, _, model = order("Dropout-a centred")
    assert before == "stage3_unit1_conv1"
    assert named(model, krn.CenteredDropout) == ["stage3_unit1_noise"]
    before, _, model = order("Dropout-b")
    assert before == "stage3_unit1_relu1"
    assert named(model, keras.layers.Dropout) == ["stage3_unit1_noise"]


def test_dropout_placement_measures_the_shift(digits):
    study = PAPERS["dropout-placement"]
    results = {}
    for arm in ("none", "Dropout-a centred"):
        (cell,) = study.cells("smoke", [DIGITS + arm], [0])
        model = study.load_model()(study.recipe("smoke"), digits)
        hp = hyperparameters(cell)
        network = model.build(hp)
        results[arm] = model.fit(hp, network)
        after = network.evaluate(digits.batches("test", 100), verbose=0)[1]
        # Recalibration was undone.
        assert after == pytest.approx(results[arm]["test_accuracy"], abs=0.011)
    # Dropout-a centred doubles the variance of the BatchNormalization behind it, of
    # every feature; the other one of the unit does not count.
    none, a = results.values()
    assert none["variance_shift"] < 1.5 < a["variance_shift"] < 2.5
    assert a["variance_shift_spread"] < 0.5
    assert abs(a["corrected_variance_shift"] - 1.0) < 0.3
    assert a["variance_shift_block1"] == a["variance_shift"]  # of the only unit
    assert a["variance_shift"] <= a["variance_shift_max"]
    assert 0.5 < a["variance_increase"] < 1.5


@pytest.mark.parametrize(("place", "norm"), [("a", "norm1"), ("b", "norm2")])
def test_the_shift_is_that_right_behind_the_noise(place, norm):
    shifts = {
        f"stage{stage}_unit{unit}_{name}": VarianceShift(
            np.array([1.0, 3.0]) * (unit if name == norm and stage == 3 else 7.0),
            np.array([1.0, 1.0]),
        )
        for stage in (2, 3)
        for unit in (1, 2)
        for name in ("norm1", "norm2")
    }
    hp = {"place": place, "centred": False}
    found = _shifts(shifts, hp)
    # Ratios of 1 and 3 in the first unit, of 2 and 6 in the second.
    assert found["variance_shift_block1"] == 2.0
    assert found["variance_shift_block2"] == 4.0
    assert found["variance_shift_block2_max"] == 6.0
    assert found["variance_shift"] == 3.0
    assert found["variance_shift_spread"] == 1.5
    assert found["variance_shift_max"] == 4.5
    assert found["variance_increase"] == 2.0
    assert found["corrected_variance_shift"] == 3.0
    corrected = _shifts(shifts, {"place": "a", "centred": True})
    if place == "a":  # 2 and 1.5, 1 and 3
        assert corrected["corrected_variance_shift"] == 1.875


@pytest.mark.parametrize("probability", ["1.00", "0.95", "0.60"])
def test_drop_activation_replaces_every_relu(probability, digits):
    model = build("drop-activation", f"digits: {probability}", digits)
    layers = [x for x in flat(model) if isinstance(x, krn.DropActivation)]
    assert len(layers) == 4
    assert all(abs(x.rate - (1 - float(probability))) < 1e-9 for x in layers)
    assert not [x for x in flat(model) if isinstance(x, keras.layers.ReLU)]


def test_ic_units_without_their_noise(digits):
    name = "ReLU-IC-Conv2D"
    noisy, plain = (
        [
            x
            for x in flat(build("ic-units", DIGITS + arm, digits))
            if hasattr(x, "noise")
        ]
        for arm in (name, f"{name}, rate 0")
    )
    assert len(noisy) == len(plain) > 0
    assert {layer.rate for layer in noisy} == {0.05}
    assert {layer.rate for layer in plain} == {0.0}


def test_ic_units(digits):
    counts = {
        arm: build("ic-units", DIGITS + arm, digits).count_params()
        for arm in ("baseline", "ReLU-IC-Conv2D", "IC-Conv2D-ReLU", "Conv2D-ReLU-IC")
    }
    assert len({*counts.values()}) == 1, counts
    model = build("ic-units", DIGITS + "ReLU-IC-Conv2D", digits)
    ic = [layer for layer in flat(model) if isinstance(layer, krn.ICLayer)]
    assert ic
    assert all(layer.rate == 0.05 for layer in ic)


@pytest.mark.parametrize(
    ("arm", "noise", "count"),
    [
        ("ReLU, 4 layers: vcl", keras.layers.Dropout, 1),
        ("ELU, 4 layers: bn", keras.layers.Dropout, 1),
        ("SELU, 4 layers: vcl", keras.layers.AlphaDropout, 4),
    ],
)
def test_vcl_on_tables(arm, noise, count):
    data = datasets.load("ringnorm", examples=100)
    model = build("vcl-uci", f"ringnorm, {arm}", data)
    assert len(named(model, noise)) == count
    assert model.optimizer.clipnorm == 1.0
    vcl = [x for x in model.layers if isinstance(x, krn.layers.VarianceConstancy)]
    assert len(vcl) == (4 if "vcl" in arm else 0)
    assert all((x.weight, x.sample_size) == (0.01, 10) for x in vcl)
    assert len(named(model, keras.layers.BatchNormalization)) == 4 * ("bn" in arm)


def test_the_epoch_is_chosen_on_the_validation_part():
    study = PAPERS["vcl-uci"]
    model = study.load_model()(
        study.recipe("smoke"), datasets.load("ringnorm", examples=100)
    )
    (cell,) = study.cells("smoke", ["ringnorm, ELU, 4 layers: none"], [0])
    hp = hyperparameters(cell)
    history = {
        "val_accuracy": [0.1, 0.9, 0.8, 0.2],
        "test_accuracy": [0.4, 0.5, 0.6, 0.7],
    }
    network = model.build(hp)
    metrics = model.fit(hp, network, Fit((), 0, history))
    # Over two, the errors are 0.5, 0.15, 0.5: the second window is the best.
    assert metrics["selected_test_error"] == pytest.approx(0.4)
    assert metrics["selected_val_error"] == pytest.approx(0.15)
    assert metrics["test_error"] == pytest.approx(1 - metrics["test_accuracy"])
    # Without an engine, it has the history of its own training.
    assert 0 < model.fit(hp, network)["selected_test_error"] < 1


@pytest.mark.parametrize("arm", ["LReLU: gn", "ReLU: ln", "ELU: vcl, n = 9"])
def test_vcl_on_images(arm, digits):
    model = build("vcl-cifar", f"digits, {arm}", digits)
    kinds = (
        keras.layers.GroupNormalization,
        keras.layers.LayerNormalization,
        krn.layers.VarianceConstancy,
    )
    found = [layer for layer in flat(model) if isinstance(layer, kinds)]
    assert len(found) == 10
    if "vcl" in arm:
        assert {layer.sample_size for layer in found} == {9}
    names = [layer.name for layer in flat(model)]
    following = flat(model)[names.index(found[0].name) + 1]
    kind = keras.layers.LeakyReLU if "LReLU" in arm else keras.layers.Activation
    assert isinstance(following, kind)


def test_the_released_code_of_vcl(digits):
    """Its learning rate drops at epochs 60, 100 and 140 of 500, its filters double."""

    def schedule_and_filters(group):
        model = build("vcl-cifar", f"{group}: bn", digits)
        schedule = model.optimizer._learning_rate
        steps = [float(to_numpy(b)) for b in schedule.boundaries]
        rates = [float(to_numpy(v)) / 0.01 for v in schedule.values]
        convs = [x for x in flat(model) if isinstance(x, keras.layers.Conv2D)]
        return steps, rates, convs[1].filters

    # 100 images in batches of 50, 2 epochs: 4 steps.
    steps, rates, filters = schedule_and_filters("digits, ELU")
    assert steps == [round(4 * epoch / 500) for epoch in (180, 280, 380, 480)]
    np.testing.assert_allclose(rates, [1, 0.4, 0.04, 0.004, 0.0004], rtol=1e-5)
    assert filters == 192
    steps, rates, filters = schedule_and_filters("digits, ELU, released code")
    assert steps == [round(4 * epoch / 500) for epoch in (60, 100, 140)]
    np.testing.assert_allclose(rates, [1, 0.4, 0.04, 0.004], rtol=1e-5)
    assert filters == 2 * 192


def test_vcl_on_tiny_imagenet():
    """Images of 64 x 64; the rate drops at epochs 50, 100 and 180 of 250."""
    x = np.zeros((20, 64, 64, 3), "uint8")
    split = datasets.Split(x, np.arange(20) % 4)
    splits = dict.fromkeys(("train", "validation", "test"), split)
    data = from_splits("tiny-imagenet", splits, 4)
    study = PAPERS["vcl-tiny-imagenet"]
    (cell,) = study.cells("paper", ["Tiny ImageNet: vcl, n = 2"], [0])
    recipe = dataclasses.replace(study.recipe("paper"), batch_size=2)
    model = study.load_model()(recipe, data).build(hyperparameters(cell))
    convs = [x for x in flat(model) if isinstance(x, keras.layers.Conv2D)]
    assert [conv.filters for conv in convs[:3]] == [192, 2 * 192, 2 * 240]
    vcl = [x for x in flat(model) if isinstance(x, krn.layers.VarianceConstancy)]
    assert {(x.weight, x.sample_size) for x in vcl} == {(0.01, 2)}
    schedule = model.optimizer._learning_rate
    steps = [float(to_numpy(b)) for b in schedule.boundaries]
    assert steps == [10 * epoch for epoch in (50, 100, 180)]
    rates = [float(to_numpy(v)) for v in schedule.values]
    np.testing.assert_allclose(rates, [0.05, 0.02, 0.002, 0.0002], rtol=1e-5)
    assert [number.value for number in study.published] == [0.392, 0.402, 0.373]


def test_steps_are_timed(digits, monkeypatch):
    """100 times the median of the steps of all epochs but the first."""
    study = PAPERS["vcl-time"]
    (cell,) = study.cells("smoke", ["digits: vcl"], [0])
    model = study.load_model()(study.recipe("smoke"), digits)
    hp = hyperparameters(cell)
    # Three epochs of two steps, which take 9, 0.2 and 0.4 seconds.
    ticks = iter([0.0, 9.0, 10.0, 10.2, 20.0, 20.4])
    clock = SimpleNamespace(perf_counter=lambda: next(ticks))
    monkeypatch.setattr(vcl_time, "time", clock)
    found = model.fit(hp, model.build(hp))
    assert found == {study.metric: pytest.approx(100 * 0.3 / 2)}
    # An interrupted training has the times of before.
    monkeypatch.setattr(vcl_time, "time", SimpleNamespace(perf_counter=lambda: 0.0))
    history = {study.metric: [900.0, 20.0, 40.0, 10.0]}
    again = model.fit(hp, model.build(hp), Fit((), 0, history))
    assert again == {study.metric: 20.0}


@pytest.mark.parametrize(
    ("name", "arms"),
    [
        ("rotationout-keep-rate", ("none", "Dropout 0.8", "RotationOut 0.6")),
        ("ic-units", ("baseline", "ReLU-IC-Conv2D", "Conv2D-ReLU-IC")),
        ("dropout-placement", ("none", "Dropout-a", "Dropout-b centred")),
        ("drop-activation", ("1.00", "0.95", "0.60")),
        ("vcl-cifar", ("none", "bn", "vcl, n = 2")),
    ],
)
def test_arms_of_one_seed_start_from_the_same_weights(name, arms, digits):
    def kernels(arm, seed):
        return {
            layer.name: to_numpy(layer.kernel)
            for layer in flat(build(name, group + arm, digits, seed))
            if hasattr(layer, "kernel")
        }

    groups = {"drop-activation": "digits: ", "vcl-cifar": "digits, ELU: "}
    group = groups.get(name, DIGITS)

    first, *others = (kernels(arm, 3) for arm in arms)
    # ResNet-8 has 7 convolutions, 2 projections and the classifier.
    assert len(first) == {"drop-activation": 5, "vcl-cifar": 11}.get(name, 10)
    for other in others:
        assert other.keys() == first.keys()
        for key, kernel in first.items():
            np.testing.assert_array_equal(other[key], kernel)
    other, last = kernels(arms[0], 4), next(iter(first))
    assert (other[last] != first[last]).any()
