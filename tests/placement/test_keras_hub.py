"""The edits on backbones of KerasHub, with random weights."""

import keras
import numpy as np
import pytest

import keras_regnoise as krn
from tests.placement.models import assert_equal_outputs, images, layer_names

keras_hub = pytest.importorskip("keras_hub")

TOKENS = {
    "token_ids": np.random.default_rng(1).integers(1, 100, (2, 8)),
    "segment_ids": np.zeros((2, 8), "int32"),
    "padding_mask": np.array([[1] * 8, [1] * 5 + [0] * 3]),
}


def resnet():
    return keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=(32, 32, 3),
    )


def vit():
    return keras_hub.models.ViTBackbone(
        image_shape=(32, 32, 3),
        patch_size=(8, 8),
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        mlp_dim=16,
    )


def bert():
    return keras_hub.models.BertBackbone(
        vocabulary_size=100,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        max_sequence_length=8,
    )


CASES = {
    "ResNet": (resnet, images, keras.layers.Conv2D, krn.SpatialRotationOut),
    "BERT": (
        bert,
        lambda: TOKENS,
        keras_hub.layers.TransformerEncoder,
        krn.RotationOut,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_noise_goes_in_and_comes_out(name, tmp_path):
    build, inputs, kind, noise = CASES[name]
    model, x = build(), inputs()
    noisy = krn.placement.insert(model, lambda layer: noise(0.2), before=kind)
    assert len(layer_names(noisy)) > len(layer_names(model))
    assert_equal_outputs(noisy, model, x)
    plain = krn.placement.strip(noisy)
    assert layer_names(plain) == layer_names(model)
    assert_equal_outputs(plain, model, x)
    noisy.save(tmp_path / "noisy.keras")
    loaded = keras.saving.load_model(tmp_path / "noisy.keras")
    assert_equal_outputs(loaded, noisy, x)
    # The last, because it moves the statistics of BatchNormalization.
    leaf, drawn = (
        keras.tree.flatten(m(x, training=t))[0]
        for m, t in ((model, False), (noisy, True))
    )
    assert np.any(keras.ops.convert_to_numpy(leaf) != keras.ops.convert_to_numpy(drawn))


def test_a_layer_that_its_configuration_cannot_rebuild(monkeypatch):
    """It is named; without what its constructor refuses it works, as the page says."""
    model, x = vit(), images()
    kind = type(model.layers[-1])

    def noisy():
        return krn.placement.insert(model, lambda la: krn.RotationOut(0.2), before=kind)

    message = "ViTPatchingAndEmbedding 'vit_patching.*cannot be copied.*`get_config`"
    with pytest.raises(ValueError, match=message):
        noisy()
    patching = type(model.get_layer("vit_patching_and_embedding"))
    complete = patching.get_config

    def get_config(self):
        refused = ("num_patches", "num_positions")
        return {k: v for k, v in complete(self).items() if k not in refused}

    monkeypatch.setattr(patching, "get_config", get_config)
    assert len(noisy().layers) == len(model.layers) + 1
    assert_equal_outputs(noisy(), model, x)
    assert_equal_outputs(krn.placement.strip(noisy()), model, x)
