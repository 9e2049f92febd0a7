"""The edits on models as they are used: keras.applications and a small ViT."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_regnoise.layers import DropActivation, RotationOut, SpatialRotationOut
from keras_regnoise.placement import fold, insert, plan, replace_activations, strip
from tests.helpers import assert_close
from tests.placement.models import (
    application,
    assert_equal_outputs,
    assert_keeps_weights,
    images,
    layer_names,
    predict,
    randomize,
    vit,
)

# Edits of a graph that no backend sees; smaller models are edited on each.
pytestmark = pytest.mark.tensorflow

# How many BatchNormalizations cannot be folded: those of DenseNet121 that stand after
# a concatenation or pooling, and before a ReLU (6 + 3 in the blocks, 1 between them).
LEFT_BY_FOLD = {
    "ResNet50": 0,
    "MobileNetV3Small": 0,
    "EfficientNetB0": 0,
    "DenseNet121": 10,
}


@dataclass
class Case:
    name: str
    model: keras.Model
    kinds: Any
    factory: Any
    noisy: keras.Model


@pytest.fixture(scope="module", params=[*LEFT_BY_FOLD, "ViT"])
def case(request):
    if request.param == "ViT":
        model = randomize(vit())
        kinds = (layers.Dense, layers.MultiHeadAttention)

        def factory(layer):
            return RotationOut(0.1)

    else:
        model, kinds = application(request.param), layers.Conv2D

        def factory(layer):
            return SpatialRotationOut(0.1)

    noisy = insert(model, factory, before=kinds)
    return Case(request.param, model, kinds, factory, noisy)


def test_insert_keeps_outputs_and_weights_and_adds_what_plan_said(case):
    planned = plan(case.model, case.factory, before=case.kinds)
    expected = sum(isinstance(layer, case.kinds) for layer in case.model.layers)
    added = set(layer_names(case.noisy)) - set(layer_names(case.model))
    assert len(planned) == len(added) == expected
    assert added == {change.new.split()[1] for change in planned}
    assert_keeps_weights(case.noisy, case.model)
    assert_equal_outputs(case.noisy, case.model, images())


def test_outputs_depend_on_the_inputs(case):
    first, second = predict(case.model, images())
    assert np.abs(first - second).max() > 1e-2


def test_strip_gives_the_original_back(case):
    stripped = strip(case.noisy)
    assert layer_names(stripped) == layer_names(case.model)
    assert [type(layer) for layer in stripped.layers] == [
        type(layer) for layer in case.model.layers
    ]
    assert_keeps_weights(stripped, case.model)
    assert_equal_outputs(stripped, case.model, images())


def test_save_and_load(case, tmp_path):
    case.noisy.save(tmp_path / "noisy.keras")
    loaded = keras.saving.load_model(tmp_path / "noisy.keras")
    assert layer_names(loaded) == layer_names(case.noisy)
    assert_equal_outputs(loaded, case.noisy, images())


def test_one_training_step(case):
    # Noise before the last three layers: each place costs seconds of compilation.
    last = [change.layer for change in plan(case.model, before=case.kinds)][-3:]
    noisy = insert(
        case.model, case.factory, before=case.kinds, where=lambda la: la.name in last
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=case.name != "ViT")
    # Eager, where that is the fastest for a single step.
    eager = keras.config.backend() != "jax"
    noisy.compile(keras.optimizers.SGD(0.01), loss, run_eagerly=eager)
    assert np.isfinite(noisy.train_on_batch(images(), np.array([0, 1])))
    # The kernels: a bias in front of a BatchNormalization has no gradient.
    pairs = zip(noisy.get_weights(), case.model.get_weights(), strict=True)
    moved = [np.any(new != old) for new, old in pairs if old.ndim > 1]
    assert np.mean(moved) > 0.9


def test_fold(case):
    folded = fold(case.model)
    left = [la for la in folded.layers if isinstance(la, layers.BatchNormalization)]
    assert len(left) == LEFT_BY_FOLD.get(case.name, 0)
    x = images()
    assert_close(predict(folded, x), predict(case.model, x), tolerance=1e-4)


def test_name_chooses_the_stages_of_a_resnet():
    model = keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3))
    planned = plan(model, before=layers.Conv2D, name=r"conv[45]_.*")
    assert len(planned) == (6 * 3 + 1) + (3 * 3 + 1)
    assert {change.layer[:5] for change in planned} == {"conv4", "conv5"}


@pytest.mark.parametrize(
    ("name", "activation", "number"),
    [("MobileNetV2", "relu6", 35), ("VGG16", "relu", 13)],
)
def test_activations_as_layers_and_fused_at_rate_zero(name, activation, number):
    build = getattr(keras.applications, name)
    options = {"alpha": 0.35} if name == "MobileNetV2" else {}
    model = build(weights=None, input_shape=(32, 32, 3), include_top=False, **options)
    dropped = replace_activations(
        model, activation, lambda layer: DropActivation(activation, rate=0.0)
    )
    found = [la for la in dropped.layers if isinstance(la, DropActivation)]
    assert len(found) == number
    assert_keeps_weights(dropped, model)
    assert_equal_outputs(dropped, model, images())
