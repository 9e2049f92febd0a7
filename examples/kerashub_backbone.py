"""Noise in the backbones of KerasHub: of images and of text.

The weights are random here; `keras_hub.models.Backbone.from_preset(...)` brings trained
ones, and the edits are the same.

Run with: python examples/kerashub_backbone.py
Needs a backend and pip install keras-hub.
"""

import keras
import keras_hub
import numpy as np

import keras_regnoise as krn


def image_backbone() -> keras.Model:
    """Build a small ResNet."""
    return keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 128],
        stackwise_num_blocks=[2, 2],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=(32, 32, 3),
    )


def text_backbone() -> keras.Model:
    """Build a small BERT."""
    sizes = {"num_layers": 2, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 32}
    return keras_hub.models.BertBackbone(100, **sizes, max_sequence_length=8)


def report(name: str, model: keras.Model, noisy: keras.Model, x: object) -> None:
    """Compare the noisy model with the one that it was made of."""
    added = len(noisy.layers) - len(model.layers)
    print(
        f"{name}: {added} layers of noise, {model.count_params()} parameters as before"
    )
    assert krn.placement.strip(noisy).count_params() == noisy.count_params()
    before = keras.tree.flatten(model(x, training=False))[0]
    for training in (False, True):
        after = keras.tree.flatten(noisy(x, training=training))[0]
        same = bool(keras.ops.all(before == after))
        print(f"  training={training}: the same outputs: {same}")


def main() -> None:
    """Insert noise in both, and look at it."""
    random, model = np.random.default_rng(1), image_backbone()
    noisy = krn.placement.insert(
        model, lambda layer: krn.SpatialRotationOut(0.1), before=keras.layers.Conv2D
    )
    report("ResNet", model, noisy, random.normal(size=(4, 32, 32, 3)))

    encoder, model = keras_hub.layers.TransformerEncoder, text_backbone()
    noisy = krn.placement.insert(
        model, lambda layer: krn.RotationOut(0.1), before=encoder
    )
    tokens = {
        "token_ids": random.integers(1, 100, (4, 8)),
        "segment_ids": np.zeros((4, 8), "int32"),
        "padding_mask": np.ones((4, 8), "int32"),
    }
    report("BERT", model, noisy, tokens)


if __name__ == "__main__":
    main()

# Output:
# ResNet: 10 layers of noise, 677312 parameters as before
#   training=False: the same outputs: True
#   training=True: the same outputs: False
# BERT: 2 layers of noise, 6512 parameters as before
#   training=False: the same outputs: True
#   training=True: the same outputs: False
