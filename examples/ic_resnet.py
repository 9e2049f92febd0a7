"""A residual network of IC layers: normalization and noise right before the weights.

Run with: python examples/ic_resnet.py [EPOCHS]
Needs a backend and the extra "studies" (for scikit-learn's digits).
"""

import sys

import keras
from keras import layers

import keras_regnoise as krn
from keras_regnoise.datasets import load_digits


def ic(rate: float) -> keras.Layer:
    """Make an IC layer whose moving statistics keep up with 200 steps of training."""
    return krn.ICLayer(rate, layers.BatchNormalization(momentum=0.9))


def residual_unit(x: keras.KerasTensor, rate: float) -> keras.KerasTensor:
    """Add a branch of two times ReLU, IC layer, convolution (unit 1 of the paper)."""
    branch = x
    for _ in range(2):
        branch = layers.ReLU()(branch)
        branch = ic(rate)(branch)
        branch = layers.Conv2D(16, 3, padding="same", use_bias=False)(branch)
    return layers.Add()([x, branch])


def build_model(rate: float) -> keras.Model:
    """Build three units and a classifier, with an IC layer before it too."""
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(inputs)
    for _ in range(3):
        x = residual_unit(x, rate)
    x = ic(rate)(layers.ReLU()(x))
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main(epochs: int = 20) -> None:
    """Train, and take the noise out: what is left of an IC layer is Keras's."""
    train, _, test = load_digits()
    keras.utils.set_random_seed(1)
    model = build_model(rate=0.05)
    model.fit(*train, batch_size=50, epochs=epochs, verbose=0)
    accuracy = model.evaluate(*test, verbose=0, return_dict=True)["accuracy"]
    print(f"IC-ResNet: test accuracy {accuracy:.3f}")
    deployed = krn.placement.strip(model)
    kinds = {type(layer).__name__ for layer in deployed.layers}
    print("without noise:", *sorted(kinds), sep="\n  ")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

# Output:
# IC-ResNet: test accuracy 0.974
# without noise:
#   Add
#   BatchNormalization
#   Conv2D
#   Dense
#   GlobalAveragePooling2D
#   InputLayer
#   ReLU
