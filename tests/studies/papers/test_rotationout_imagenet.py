"""Table 2 of RotationOut: which noise stands where in ResNet-50."""

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras_regnoise as krn
from keras_regnoise.datasets import Split
from keras_regnoise.datasets.data_set import from_splits
from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.training import hyperparameters
from tests.helpers import to_numpy

STUDY = registry.find("rotationout-imagenet")[0]
UNITS = {"stage3": 6, "stage4": 3}
CONVS = [
    f"{stage}_unit{unit}_conv{number}"
    for stage, units in UNITS.items()
    for unit in range(1, units + 1)
    for number in (1, 2, 3)
]


def build(noise):
    images = np.zeros((300, 32, 32, 3), "uint8")
    split = Split(images, np.arange(300) % 7)
    splits = dict.fromkeys(("train", "validation", "test"), split)
    data = from_splits("imagenet2012", splits, 7)
    (cell,) = STUDY.cells("paper", [f"ResNet-50, ImageNet: {noise}"], [0])
    model = STUDY.load_model()(STUDY.recipe("paper"), data)
    return model.build(hyperparameters(cell))


def inner(model):
    (network,) = (x for x in model.layers if isinstance(x, keras.Model))
    return network


def following(network, layer):
    """Return the names of the layers that take the output of a layer."""
    return [node.operation.name for node in layer._outbound_nodes]


def of_kind(network, kind):
    return [layer for layer in network.layers if type(layer) is kind]


@pytest.mark.parametrize(
    ("noise", "kind", "rate"),
    [
        ("Dropout 0.7", keras.layers.Dropout, 0.3),
        ("DropBlock 0.9", krn.DropBlock, 0.1),
        ("RotationOut Block", krn.SpatialRotationOut, 0.2),
    ],
)
def test_noise_stands_before_the_convolutions_of_the_last_stages(noise, kind, rate):
    network = inner(build(noise))
    layers = of_kind(network, kind)
    assert [name for x in layers for name in following(network, x)] == CONVS
    assert {round(layer.rate, 9) for layer in layers} == {rate}
    assert len({layer.seed for layer in layers}) == len(layers)
    classifier = of_kind(network, krn.RotationOut)
    if noise == "RotationOut Block":
        sizes = [layer.block_size for layer in layers]
        assert sizes == [7] * (3 * 6) + [3] * (3 * 3)
        assert following(network, *classifier) == ["classifier"]
        assert classifier[0].rate == 0.2
    else:
        assert classifier == []


def test_drop_path_stands_at_the_end_of_the_branch():
    network = inner(build("DropPath 0.9"))
    layers = of_kind(network, krn.DropPath)
    assert [name for x in layers for name in following(network, x)] == [
        f"{stage}_unit{unit}_add"
        for stage, units in UNITS.items()
        for unit in range(1, units + 1)
    ]


def test_training_follows_the_paper():
    model = build("none")
    schedule = model.optimizer._learning_rate
    # 300 images are one step of 256; 240 epochs.
    steps = [float(to_numpy(b)) for b in schedule.boundaries]
    assert steps == [120, 190, 230]
    assert all(v.regularizer.l2 == 0.5e-4 for v in model.trainable_variables)
    (scale,) = of_kind(model, keras.layers.Normalization)
    white = to_numpy(scale(np.ones((1, 2, 2, 3), "float32")))[0, 0, 0]
    np.testing.assert_allclose(white, [2.2489, 2.4286, 2.64], atol=1e-3)
    images = np.random.default_rng(0).random((7, 32, 32, 3))
    found = model.evaluate(images, np.arange(7), verbose=0, return_dict=True)
    assert {"accuracy", "top5_accuracy"} <= found.keys()
    _, top5 = STUDY.load_model()(STUDY.recipe("paper"), None).metrics()
    # The fifth and the sixth of seven.
    scores = [[0.3, 0.2, 0.15, 0.12, 0.1, 0.08, 0.05]] * 2
    assert float(top5(np.array([4, 5]), np.array(scores, "float32"))) == 0.5


def test_cutout_erases_a_quarter_of_the_standardized_image():
    network = inner(build("Cutout"))
    (erasing,) = of_kind(network, keras.layers.RandomErasing)
    images = np.ones((8, 32, 32, 3), "float32")
    erased = to_numpy(erasing(images, training=True)) == 0
    shares = erased.mean((1, 2, 3))
    assert (abs(shares - 0.25) < 0.06).all()
    assert len({image.tobytes() for image in erased}) > 1
    assert not (to_numpy(erasing(images, training=False)) == 0).any()


def test_the_numbers_are_those_of_the_table():
    top5 = [n for n in STUDY.published if n.metric == "test_top5_accuracy"]
    assert len(STUDY.published) == 2 * len(top5) == 16
    assert top5[-1].value == 0.9427
    assert {cell.arm.name for cell in STUDY.cells("paper")} == {n.arm for n in top5}
