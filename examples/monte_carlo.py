"""How sure is the network? Predictions with the noise on, many times over.

Run with: python examples/monte_carlo.py [EPOCHS]
Needs a backend and the extra "studies" (for scikit-learn's digits).
"""

import sys

import keras
import numpy as np
from keras import layers

import keras_regnoise as krn
from keras_regnoise.datasets import load_digits


def build_model() -> keras.Model:
    """Build a ConvNet with noise before both of its last weight layers."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            krn.SpatialRotationOut(0.3, seed=1),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Flatten(),
            krn.RotationOut(0.3, seed=2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def main(epochs: int = 30) -> None:
    """Train, predict with 50 draws of the noise, and sort by how much they differ."""
    train, _, test = load_digits()
    keras.utils.set_random_seed(1)
    model = build_model()
    model.fit(*train, batch_size=50, epochs=epochs, verbose=0)
    prediction = krn.analysis.mc_predict(
        model, test.x, num_samples=50, batch_size=250, seed=1
    )
    chosen = prediction.mean.argmax(axis=1)
    spread = np.take_along_axis(prediction.std, chosen[:, None], axis=1)[:, 0]
    is_right = chosen == test.y
    print(f"all: {is_right.mean():.3f} are right")
    order = np.argsort(spread)
    for name, part in zip(("sure", "unsure"), np.split(order, [800]), strict=True):
        share, mean = is_right[part].mean(), spread[part].mean()
        print(f"{len(part)} {name}: {share:.3f} are right, spread {mean:.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

# Output:
# all: 0.951 are right
# 800 sure: 0.995 are right, spread 0.037
# 200 unsure: 0.775 are right, spread 0.193
