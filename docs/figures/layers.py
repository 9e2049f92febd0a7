"""Draw what each layer does to a vector or to a channel of an image.

python docs/figures/layers.py
"""

from pathlib import Path
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_regnoise as krn

TITLES = ("input", "training", "training, another draw", "inference")


def vectors() -> Any:
    """A batch of vectors; the first is drawn."""
    x = np.random.default_rng(0).normal(0.2, 0.6, (64, 16))
    x[0] = np.sin(np.linspace(0.0, 6.0, 16)) + 0.3
    return x.astype("float32")


def images() -> Any:
    """A batch of images of four channels; the first channel of the first is drawn."""
    x = np.random.default_rng(0).normal(0.0, 0.1, (32, 24, 24, 4))
    axis = np.linspace(-1.0, 1.0, 24)
    for i in range(32):
        for channel in range(4):
            row, column = 0.5 * np.sin([i + channel, 2.0 * i + channel])
            distance = (axis[:, None] - row) ** 2 + (axis - column) ** 2
            x[i, :, :, channel] += np.exp(-4.0 * distance)
    return x.astype("float32")


def dense() -> keras.layers.Dense:
    """A Dense layer that mixes its input."""
    return keras.layers.Dense(
        16, kernel_initializer=keras.initializers.GlorotUniform(seed=1)
    )


def whitening() -> keras.Layer:
    """A ZCAWhitening that knows the batch."""
    layer = krn.ZCAWhitening()
    layer.adapt(vectors())
    return layer


LAYERS = {
    "rotation_out": (krn.RotationOut(0.1, seed=1), vectors),
    "spatial_rotation_out": (krn.SpatialRotationOut(0.3, seed=1), images),
    "ic_layer": (krn.ICLayer(0.2, seed=1), vectors),
    "drop_activation": (krn.DropActivation("relu", 0.3, seed=1), vectors),
    "variance_constancy": (krn.VarianceConstancy(), vectors),
    "centered_dropout": (krn.CenteredDropout(0.3, seed=1), vectors),
    "uniform_noise": (krn.UniformNoise(0.5, seed=1), vectors),
    "drop_block": (krn.DropBlock(0.2, 5, seed=1), images),
    "drop_path": (krn.DropPath(0.5, seed=6), images),
    "randomized_leaky_relu": (krn.RandomizedLeakyReLU(seed=1), vectors),
    "cross_normalization": (krn.CrossNormalization(), vectors),
    "drop_connect": (krn.DropConnect(dense(), 0.3, seed=1), vectors),
    "weight_noise": (krn.WeightNoise(dense(), stddev=0.1, seed=1), vectors),
    "zca_whitening": (whitening(), vectors),
}


def draw(name: str, layer: keras.Layer, x: Any) -> None:
    """Draw the first sample of `x` and what the layer makes of it."""
    outputs = [layer(x, training=True), layer(x, training=True), layer(x)]
    arrays = [x, *(keras.ops.convert_to_numpy(y) for y in outputs)]
    # A layer that draws nothing has one picture of training.
    chosen = [0, 1, 2, 3] if (arrays[1] != arrays[2]).any() else [0, 1, 3]
    titles, shown = [TITLES[i] for i in chosen], [arrays[i] for i in chosen]
    options = {"figsize": (2.5 * len(chosen), 2.4), "layout": "constrained"}
    figure, axes = plt.subplots(1, len(chosen), **options)
    first = [y[0, ..., 0] if y.ndim == 4 else y[0] for y in shown]
    low, high = min(y.min() for y in first), max(y.max() for y in first)
    for panel, title, y in zip(axes, titles, first, strict=True):
        panel.set_title(title, fontsize=9)
        if y.ndim == 2:
            panel.imshow(y, vmin=low, vmax=high, cmap="viridis")
            panel.set_axis_off()
        else:
            panel.bar(range(len(y)), y, color="#3f51b5")
            panel.set_ylim(low - 0.1, high + 0.1)
            panel.axhline(0.0, color="black", linewidth=0.5)
            panel.set_xticks([])
    folder = Path(__file__).parent / "layers"
    folder.mkdir(exist_ok=True)
    figure.savefig(folder / f"{name}.png", dpi=90)
    plt.close(figure)


if __name__ == "__main__":
    for name, (layer, make) in LAYERS.items():
        draw(name, layer, make())
