"""Noise into the first stages of six more networks of keras.applications, and out.

With those of test_applications.py they are ten, and a small ViT.
"""

import keras
import pytest
from keras import layers

from keras_regnoise.layers import SpatialRotationOut
from keras_regnoise.placement import insert, plan, strip
from tests.placement.models import (
    assert_equal_outputs,
    assert_keeps_weights,
    images,
    layer_names,
    randomize,
)

# Edits of a graph that no backend sees; smaller models are edited on each.
pytestmark = pytest.mark.tensorflow

# The last layer that is kept, and the smallest image that the network takes.
NETWORKS = {
    "VGG16": ("block2_pool", 32),
    "Xception": ("block2_pool", 71),
    "InceptionV3": ("mixed0", 75),
    "MobileNetV2": ("block_3_project_BN", 32),
    "EfficientNetV2B0": ("block2b_add", 32),
    "ConvNeXtTiny": ("convnext_tiny_downsampling_block_0", 32),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_noise_goes_in_and_comes_out(name):
    last, size = NETWORKS[name]
    build = getattr(keras.applications, name)
    whole = build(weights=None, input_shape=(size, size, 3), include_top=False)
    model = randomize(keras.Model(whole.inputs, whole.get_layer(last).output))
    x = images(size)

    def noise(layer):
        return SpatialRotationOut(0.1)

    noisy = insert(model, noise, before=layers.Conv2D)
    planned = plan(model, noise, before=layers.Conv2D)
    added = set(layer_names(noisy)) - set(layer_names(model))
    assert len(added) == len(planned) > 1
    assert_keeps_weights(noisy, model)
    assert_equal_outputs(noisy, model, x)
    plain = strip(noisy)
    assert layer_names(plain) == layer_names(model)
    assert_equal_outputs(plain, model, x)
