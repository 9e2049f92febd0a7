"""Tables 1 to 6 of Drop-Activation: which networks, and how they are trained."""

import dataclasses

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras_regnoise as krn
from keras_regnoise import datasets
from keras_regnoise.datasets import Split
from keras_regnoise.datasets.data_set import from_splits
from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.models.drop_activation_networks import _NETWORKS
from keras_regnoise.studies.papers.published import published
from tests.helpers import to_numpy

TABLES = {
    "cifar100": 1,
    "cifar10": 2,
    "svhn": 3,
    "emnist": 4,
    "cutout": 5,
    "autoaugment": 6,
}
STUDIES = {name: registry.find(f"drop-activation-{name}")[0] for name in TABLES}


def images(name, shape=(32, 32, 3), classes=10):
    x = np.random.default_rng(0).integers(0, 256, (20, *shape), "uint8")
    split = Split(x, np.arange(20) % classes)
    return from_splits(name, dict.fromkeys(("train", "validation", "test"), split), 10)


def build(study, group, method, data, scale="paper"):
    (cell,) = study.cells(scale, [f"{group}: {method}"], [0])
    recipe = study.recipe(scale).of(group)
    model = study.load_model()(recipe, data)
    return model.build(hyperparameters(cell))


def flat(model):
    return [
        inner
        for layer in model.layers
        for inner in (flat(layer) if isinstance(layer, keras.Model) else [layer])
    ]


@pytest.mark.parametrize("name", TABLES)
def test_the_cells_are_the_numbers_of_the_table_and_rrelu(name):
    study = STUDIES[name]
    numbers = published(f"drop_activation_table{TABLES[name]}")
    cells = study.cells("paper", seeds=[0])
    printed = [(number.group, number.arm) for number in numbers]
    trained = [(c.arm.group, c.arm.name) for c in cells]
    assert [names for names in trained if names in printed] == printed
    assert {arm for _, arm in set(trained) - set(printed)} <= {"RReLU"}
    assert len(trained) == 3 * len(dict(trained))  # every method in every network
    assert study.published == numbers
    assert {cell.arm.values["network"] for cell in cells} <= _NETWORKS.keys()
    assert {cell.arm.data for cell in cells} == {study.data}
    assert study.recipe("smoke").arms == ("ResNet-8, digits",)


def test_every_network_has_the_schedule_of_its_paper():
    def schedules(name):
        recipe = STUDIES[name].recipe("paper")
        return {
            group: (of.epochs, of.batch_size, of.learning_rate)
            for group in dict.fromkeys(
                c.arm.group for c in STUDIES[name].cells("paper")
            )
            for of in [recipe.of(group)]
        }

    assert schedules("cifar100") == {
        "ResNet-164, CIFAR-100": (164, 128, 0.1),
        "PreResNet-164, CIFAR-100": (164, 128, 0.1),
        "WideResNet-28-10, CIFAR-100": (200, 128, 0.1),
        "DenseNet-BC-100-12, CIFAR-100": (300, 64, 0.1),
        "DenseNet-BC-190-40, CIFAR-100": (300, 32, 0.1),
        "ResNeXt-29-8x64d, CIFAR-100": (300, 128, 0.1),
    }
    assert schedules("svhn") == {
        "WideResNet-16-8, SVHN": (160, 128, 0.01),
        "DenseNet-BC-100-12, SVHN": (40, 64, 0.1),
        "ResNeXt-29-8x64d, SVHN": (100, 128, 0.1),
    }
    assert STUDIES["svhn"].recipe("paper").augmentation == ()
    assert STUDIES["cifar10"].recipe("paper").augmentation == ("pad_crop", "flip")


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("baseline", keras.layers.Activation),
        ("RReLU", krn.RandomizedLeakyReLU),
        ("DropAct", krn.DropActivation),
    ],
)
def test_the_activation_stands_in_place_of_every_relu(method, kind):
    data = images("cifar10", (8, 8, 1))
    model = build(STUDIES["cifar10"], "ResNet-8, digits", method, data, "smoke")
    relus = [layer for layer in flat(model) if "relu" in layer.name]
    assert len(relus) == 7  # after the stem, and twice in three units
    assert {type(layer) for layer in relus} == {kind}
    if method == "DropAct":
        assert {layer.rate for layer in relus} == {0.05}
    if method != "baseline":
        assert len({layer.seed for layer in relus}) == 7


def test_wide_networks_on_svhn():
    study = STUDIES["svhn"]
    group = "WideResNet-16-8, SVHN"
    model = build(study, group, "DropAct", images("svhn_cropped+extra"))
    layers = flat(model)
    dropouts = [x for x in layers if isinstance(x, keras.layers.Dropout)]
    assert {layer.rate for layer in dropouts} == {0.4}
    assert len(dropouts) == 6  # once in a unit
    assert not [x for x in layers if isinstance(x, keras.layers.Normalization)]
    assert model.optimizer.nesterov
    assert {round(float(v.regularizer.l2), 6) for v in model.trainable_variables} == {
        2.5e-4
    }
    # 20 images are no step of batch 128, which counts as one in all.
    rates = [float(to_numpy(v)) for v in model.optimizer._learning_rate.values]
    np.testing.assert_allclose(rates, [0.01, 0.001, 0.0001], rtol=1e-5)


def test_dense_networks_have_dropout_where_images_are_not_augmented():
    def dropouts(name, group):
        data = images("svhn_cropped+extra" if name == "svhn" else name)
        layers = flat(build(STUDIES[name], group, "DropAct", data))
        kinds = (keras.layers.Dropout, keras.layers.Normalization)
        return [sum(isinstance(x, kind) for x in layers) for kind in kinds]

    # 16 units of 2 convolutions in three blocks, and the first two transitions.
    assert dropouts("svhn", "DenseNet-BC-100-12, SVHN") == [3 * 16 * 2 + 2, 0]
    assert dropouts("cifar10", "DenseNet-BC-100-12, CIFAR-10") == [0, 1]


@pytest.mark.parametrize(
    ("name", "method", "augmentation", "kind"),
    [
        ("cutout", "baseline", (), keras.layers.Activation),
        ("cutout", "Cutout", ("cutout_quarter",), keras.layers.Activation),
        ("cutout", "Cutout+DropAct", ("cutout_quarter",), krn.DropActivation),
        ("autoaugment", "AutoAug", ("autoaugment", "cutout"), keras.layers.Activation),
        (
            "autoaugment",
            "AutoAug+DropAct",
            ("autoaugment", "cutout"),
            krn.DropActivation,
        ),
    ],
)
def test_an_augmentation_beside_the_activation(name, method, augmentation, kind):
    study = STUDIES[name]
    (cell,) = study.cells("smoke", [f"ResNet-8, digits: {method}"], [0])
    data = images("digits", (8, 8, 1))
    model = study.load_model()(study.recipe("smoke"), data)
    hp = hyperparameters(cell)
    assert model.augmentation(hp) == augmentation
    network = model.build(hp)
    assert {type(x) for x in flat(network) if "relu" in x.name} == {kind}
    of_paper = study.load_model()(study.recipe("paper"), data).augmentation(hp)
    assert of_paper == ("pad_crop", "flip", *augmentation)


def test_the_images_of_an_arm_are_augmented(monkeypatch):
    """What `fit` trains on is what the arm says, and what it measures is not."""
    study, seen = STUDIES["autoaugment"], []
    data = images("digits", (8, 8, 1))
    batches = type(data).batches

    def watched(self, split, *sizes, augmentation=(), **options):
        seen.append((split, tuple(augmentation)))
        return batches(self, split, *sizes, augmentation=augmentation, **options)

    monkeypatch.setattr(type(data), "batches", watched)
    (cell,) = study.cells("smoke", ["ResNet-8, digits: AutoAug"], [0])
    recipe = dataclasses.replace(study.recipe("smoke"), batch_size=10, epochs=1)
    model = study.load_model()(recipe, data)
    hp = hyperparameters(cell)
    metrics = model.fit(hp, model.build(hp))
    assert {"test_error", "val_error"} <= metrics.keys()
    assert seen[0] == ("train", ("autoaugment", "cutout"))
    assert {augmentation for _, augmentation in seen[1:]} == {()}


def test_resnet_18_is_trained_as_the_paper_of_cutout_does():
    study = STUDIES["cutout"]
    recipe = study.recipe("paper").of("ResNet-18, CIFAR-100")
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (200, 128, 0.1)
    model = build(study, "ResNet-18, CIFAR-100", "Cutout", images("cifar100"))
    rates = [float(to_numpy(v)) for v in model.optimizer._learning_rate.values]
    np.testing.assert_allclose(rates, [0.1, 0.02, 0.004, 0.0008], rtol=1e-5)
    assert model.optimizer.nesterov
    assert {float(v.regularizer.l2) for v in model.trainable_variables} == {2.5e-4}
    (cell,) = study.cells("paper", ["WideResNet-20-10*: Cutout"], [0])
    assert cell.arm.values["network"] == "WideResNet-28-10"


@pytest.mark.parametrize(
    ("arm", "kind", "count"),
    [
        ("Drop-Activation 0.95", krn.DropActivation, 4),
        ("RReLU", krn.RandomizedLeakyReLU, 4),
        ("LeakyReLU", keras.layers.LeakyReLU, 4),
        ("Dropout 0.5", keras.layers.Dropout, 2),
    ],
)
def test_the_convnet_that_fits_has_one_kind_of_noise(arm, kind, count):
    study = registry.find("drop-activation-fitted")[0]
    data = datasets.load("digits", examples=50)
    (cell,) = study.cells("smoke", [f"digits: {arm}"], [0])
    network = study.load_model()(study.recipe("smoke"), data).build(
        hyperparameters(cell)
    )
    inner = next(x for x in network.layers if isinstance(x, keras.Model))
    assert sum(type(layer) is kind for layer in inner.layers) == count
    noisy = (krn.DropActivation, krn.RandomizedLeakyReLU, keras.layers.Dropout)
    found = {type(layer) for layer in inner.layers if isinstance(layer, noisy)}
    assert found <= {kind}
