"""Drop-Activation in transfer learning: in the place of a trained network's ReLUs.

A network learns the digits 0 to 4 and is then trained on 50 images of 5 to 9.

Run with: python examples/transfer_learning.py [EPOCHS]
Needs a backend and the extra "studies" (for scikit-learn's digits).
"""

import sys

import keras
from keras import layers

import keras_regnoise as krn
from keras_regnoise.datasets import load_digits


def with_head(body: keras.Model) -> keras.Model:
    """Put a new classifier of five classes on a network, and compile it."""
    outputs = layers.Dense(5, activation="softmax", name="classes")(body.output)
    model = keras.Model(body.inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def build_body() -> keras.Model:
    """Build convolutions and a hidden layer, without any noise."""
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(inputs)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    x = layers.Flatten()(layers.MaxPooling2D()(x))
    return keras.Model(inputs, layers.Dense(64, activation="relu")(x))


def main(epochs: int = 60) -> None:
    """Train on five classes, then on the others, without and with the noise."""
    train, _, test = load_digits()
    old, new, new_test = train.y < 5, train.y >= 5, test.y >= 5
    keras.utils.set_random_seed(1)
    body = build_body()
    with_head(body).fit(train.x[old], train.y[old], epochs=20, verbose=0)

    few = train.x[new][:50], train.y[new][:50] - 5
    for rate in (0.0, 0.05, 0.2):
        # A copy with the trained weights; at rate 0 it computes what `body` does.
        noisy = krn.placement.replace_activations(
            body, "relu", lambda layer, r=rate: krn.DropActivation("relu", r, seed=1)
        )
        keras.utils.set_random_seed(2)
        model = with_head(noisy)
        model.fit(*few, batch_size=10, epochs=epochs, verbose=0)
        accuracy = model.evaluate(
            test.x[new_test], test.y[new_test] - 5, verbose=0, return_dict=True
        )["accuracy"]
        print(f"Drop-Activation {rate}: test accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

# Output:
# Drop-Activation 0.0: test accuracy 0.948
# Drop-Activation 0.05: test accuracy 0.946
# Drop-Activation 0.2: test accuracy 0.942
