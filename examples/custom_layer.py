"""A noise layer of your own: swap noise, in a few lines on NoiseLayer.

In training a unit takes, with probability `rate`, its value of another sample.

Run with: python examples/custom_layer.py [EPOCHS]
Needs a backend and the extra "studies" (for scikit-learn's digits).
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import keras
from keras import layers, ops

import keras_regnoise as krn
from keras_regnoise.datasets import load_digits


@keras.saving.register_keras_serializable(package="examples")
class SwapNoise(krn.layers.NoiseLayer):
    """Takes values from other samples of the batch.

    Args:
        rate: The probability, a float in [0, 1), or a schedule.
        seed: Optional integer.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        rate, seed = self.next_noise()
        is_swapped = krn.ops.random_uniform(ops.shape(inputs), seed) < rate
        # Another draw with the same seed needs another stream.
        order = krn.ops.random_uniform(ops.shape(inputs)[:1], seed, stream=1)
        others = ops.take(inputs, ops.argsort(order), axis=0)
        return ops.where(is_swapped, others, inputs)


def build_model(rate: float) -> keras.Model:
    """Build a network with the noise on its inputs."""
    model = keras.Sequential(
        [
            keras.Input((64,)),
            SwapNoise(rate, seed=1),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main(epochs: int = 30) -> None:
    """Train without and with the noise, change its rate, save and load."""
    train, _, test = load_digits()
    x, test_x = train.x.reshape(-1, 64), test.x.reshape(-1, 64)
    for rate in (0.0, 0.1):
        keras.utils.set_random_seed(1)
        model = build_model(rate)
        model.fit(x, train.y, epochs=epochs, verbose=0)
        found = model.evaluate(test_x, test.y, verbose=0, return_dict=True)
        print(f"rate {rate}: test accuracy {found['accuracy']:.3f}")
    krn.placement.set_rate(model, 0.2)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        loaded = keras.saving.load_model(Path(folder) / "model.keras")
    state = ops.convert_to_numpy(loaded.layers[0].seed_generator.state)
    print(f"loaded: rate {loaded.layers[0].rate}, after {state[1]} draws")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

# Output:
# rate 0.0: test accuracy 0.956
# rate 0.1: test accuracy 0.946
# loaded: rate 0.2, after 480 draws
