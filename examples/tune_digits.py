"""Search for the noise that helps a model that was written without any.

Run with: python examples/tune_digits.py
Needs a backend and the extra "studies". Leaves the best model in digits.keras.
"""

import sys
import tempfile
from typing import Any

import keras
import keras_tuner

import keras_regnoise as krn
from keras_regnoise.datasets import Split, load_digits


def build_model() -> keras.Model:
    """Build a plain Keras model, as you have one."""
    x = inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(16, 3, padding="same", activation="relu")(x)
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(128, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(10)(x), name="digits")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss, metrics=["accuracy"])
    return model


def search(train: Split, epochs: int, directory: str) -> Any:
    """Train the model without noise and with 2 kinds x 2 rates x 2 placements."""
    hypermodel = krn.tuning.NoiseHyperModel(
        build_model,
        layers=("dropout", "rotationout"),
        rates=(0.0, 0.1, 0.3),
        placements=("before_weights", "before_head"),
        seed=1,
    )
    tuner = keras_tuner.GridSearch(
        hypermodel, objective="val_accuracy", directory=directory, project_name="digits"
    )
    tuner.search(*train, validation_split=0.4, epochs=epochs, verbose=0)
    return tuner


def print_table(tuner: Any) -> None:
    """Print every trial, the best first."""
    print(f"{'noise':<14}{'rate':>6}  {'placement':<16}{'val_accuracy':>12}")
    for trial in tuner.oracle.get_best_trials(len(tuner.oracle.trials)):
        values = trial.hyperparameters.values
        rate, place = values.get("noise_rate", ""), values.get("noise_placement", "")
        print(f"{values['noise']:<14}{rate:>6}  {place:<16}{trial.score:>12.3f}")


def main(epochs: int = 12, file: str = "digits.keras") -> None:
    """Search, show what was found, and save the best model without its noise."""
    train, _, test = load_digits()
    with tempfile.TemporaryDirectory() as directory:
        tuner = search(train, epochs, directory)
        best = tuner.get_best_models()[0]
    print_table(tuner)
    accuracy = best.evaluate(*test, verbose=0, return_dict=True)["accuracy"]
    print(f"best model: test accuracy {accuracy:.3f}")
    krn.placement.strip(best).save(file)
    print(f"saved to {file}, without noise: it loads where keras_regnoise is not")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3])

# Output:
# noise           rate  placement       val_accuracy
# rotationout      0.3  before_head            0.965
# rotationout      0.1  before_head            0.960
# ... and seven more
# best model: test accuracy 0.950
# saved to digits.keras, without noise: it loads where keras_regnoise is not
