"""Table 3 of RotationOut: average precision, boxes to find, noise in the backbone."""

import sys

import keras
import numpy as np
import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")

import keras_regnoise as krn
from keras_regnoise.datasets import load
from keras_regnoise.studies import registry
from keras_regnoise.studies.engine.training import hyperparameters
from keras_regnoise.studies.papers.average_precision import average_precision, overlaps

STUDY = registry.find("rotationout-coco")[0]


def boxes(rows, labels, confidence=None):
    found = {
        "boxes": np.array(rows, "float32").reshape(-1, 4),
        "labels": np.array(labels),
    }
    return found if confidence is None else found | {"confidence": np.array(confidence)}


def test_overlaps():
    some = np.array([[0, 0, 2, 2], [0, 0, 0, 0.0]])
    others = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6.0]])
    np.testing.assert_allclose(overlaps(some, others), [[1, 1 / 3, 0], [0, 0, 0]])


def test_average_precision_by_hand():
    """Two boxes of one class; of three that are found the first and third are right."""
    wanted = [boxes([[0, 0, 10, 10], [20, 0, 30, 10]], [1, 1])]
    rows = [[0, 0, 10, 10], [50, 50, 60, 60], [20, 0, 30, 10]]
    found = [boxes(rows, [1, 1, 1], [0.9, 0.8, 0.7])]
    # Precision 1 up to recall 1/2 (51 of 101 recalls), 2/3 above it.
    expected = (51 * 1 + 50 * 2 / 3) / 101
    assert average_precision(found, wanted, (0.5,)) == pytest.approx(expected)
    # Half of every box: right at 0.5 alone of the ten thresholds.
    half = [boxes([[0, 0, 5, 10], [20, 0, 25, 10]], [1, 1], [0.9, 0.8])]
    assert average_precision(half, wanted, (0.5,)) == pytest.approx(1.0)
    assert average_precision(half, wanted, (0.75,)) == 0.0
    assert average_precision(half, wanted) == pytest.approx(0.1)


def test_a_box_is_found_once_and_classes_count_alike():
    wanted = [boxes([[0, 0, 10, 10]], [1]), boxes([[0, 0, 10, 10]], [2])]
    twice = boxes([[0, 0, 10, 10], [0, 0, 10, 9]], [1, 1], [0.5, 0.9])
    nothing = boxes([], [], [])
    # The one with more confidence takes it; class 2 is not found at all.
    assert average_precision([twice, nothing], wanted, (0.5,)) == pytest.approx(0.5)
    # A wrong box with more confidence halves the precision of a class.
    wrong = boxes([[50, 50, 60, 60], [0, 0, 10, 10]], [1, 1], [0.9, 0.5])
    found = [wrong, boxes([[0, 0, 10, 10]], [2], [0.1])]
    assert average_precision(found, wanted, (0.5,)) == pytest.approx(0.75)
    assert np.isnan(average_precision([nothing], [boxes([], [])]))


def test_digits_stand_in_their_boxes():
    data = load("digit-boxes", examples=30, validation_examples=10, test_examples=10)
    assert (data.classes, data.shape) == (10, (64, 64, 3))
    digits = load("digits").train
    known = {
        np.round(255 * image[..., 0]).astype("uint8").tobytes(): label
        for image, label in zip(*digits, strict=True)
    }
    x, y = data.train
    for image, rows, labels in zip(x, y["boxes"], y["labels"], strict=True):
        rest = image.copy()
        assert (labels >= 0).sum() in (1, 2, 3)
        for (left, top, right, bottom), label in zip(
            rows[labels >= 0].astype(int), labels[labels >= 0], strict=True
        ):
            part = image[top:bottom, left:right, 0]
            assert known[np.ascontiguousarray(part[::4, ::4]).tobytes()] == label
            rest[top:bottom, left:right] = 0
        assert not rest.any()
        assert not rows[labels < 0].any()


def test_without_keras_hub_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    data = load("digit-boxes", examples=20)
    (cell,) = STUDY.cells("smoke", ["RetinaNet, digit boxes: none"], [0])
    model = STUDY.load_model()(STUDY.recipe("smoke"), data)
    with pytest.raises(ModuleNotFoundError, match="pip install keras-hub"):
        model.build(hyperparameters(cell))


def test_the_paper_has_its_own_schedule_and_numbers():
    recipe = STUDY.recipe("paper")
    assert (recipe.epochs, recipe.batch_size) == (35, 64)
    numbers = {(n.arm, n.metric): n.value for n in STUDY.published}
    assert numbers["RotationOut Block, pretrained", "test_ap"] == 0.387
    assert numbers["none", "test_ap75"] == 0.394
    arms = {cell.arm.name: cell.arm.values for cell in STUDY.cells("paper")}
    assert {name for name, _ in numbers} == set(arms)
    for name, values in arms.items():
        assert values["pretrained"] == name.endswith(", pretrained")


def test_noise_stands_in_the_last_two_stages_of_the_backbone():
    pytest.importorskip("keras_hub")
    data = load("digit-boxes", examples=20, validation_examples=4, test_examples=4)
    (cell,) = STUDY.cells("smoke", ["RetinaNet, digit boxes: RotationOut Block"], [0])
    model = STUDY.load_model()(STUDY.recipe("smoke"), data)
    features = model.encoder(hyperparameters(cell))
    noise = [x for x in features.layers if isinstance(x, krn.SpatialRotationOut)]
    following = [n.operation.name for x in noise for n in x._outbound_nodes]
    assert following == [
        f"stack{stage}_block0_{number}_conv" for stage in (2, 3) for number in (1, 2, 3)
    ]
    assert [layer.block_size for layer in noise] == [7] * 3 + [3] * 3
    assert {layer.rate for layer in noise} == {0.2}
    assert [*features.pyramid_outputs] == ["P2", "P3", "P4", "P5"]
    first = features.layers[1]
    assert isinstance(first, keras.layers.Normalization)


def test_it_trains():
    pytest.importorskip("keras_hub")
    data = load("digit-boxes", examples=20, validation_examples=4, test_examples=4)
    (cell,) = STUDY.cells("smoke", ["RetinaNet, digit boxes: none"], [0])
    model = STUDY.load_model()(STUDY.recipe("smoke"), data)
    hp = hyperparameters(cell)
    network = model.build(hp)
    metrics = model.fit(hp, network)
    assert {STUDY.metric, STUDY.objective, "test_ap50", "test_ap75"} <= metrics.keys()
    assert metrics["train_bbox_regression_loss"] > 0  # some anchors have a digit
    found, wanted = model.detect(network, "test")
    assert [len(one["labels"]) for one in wanted] == [
        int((labels >= 0).sum()) for labels in data.test.y["labels"]
    ]
    assert len(found) == len(wanted) == 4
