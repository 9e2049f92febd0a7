"""Which noise, if any, helps a small regression: the race in one call of Python.

Run with: python examples/tune_regression.py
Needs a backend and the extra "studies".
"""

import sys

import keras
from sklearn.datasets import load_diabetes

import keras_regnoise as krn


def build_model() -> keras.Model:
    """Build and compile a plain Keras model, as you have one."""
    model = keras.Sequential(
        [
            keras.Input((10,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-3), loss="mse", metrics=["mae"])
    return model


def main(epochs: int = 40, trainings: int = 60, measure: int = 12) -> None:
    """Race, print the answer and the table, and keep figure and model."""
    x, y = load_diabetes(return_X_y=True)
    result = krn.tuning.race(
        build_model,
        (x / x.std(0), y / y.std()),
        rates=(0.2, 0.5),
        placements=("before_weights",),
        objective="val_mae",
        epochs=epochs,
        folds=5,  # 442 examples are few: each seed validates on another fifth
        trainings=trainings,
        measure=measure,
    )
    print(result.sentence)
    for row in result.table:
        print(f"{row['arm']:<60} {row['mean']:.4f} ({row['n']} seeds)")
    result.figure().savefig("tune_regression.png")
    result.best_model().save("tune_regression.keras")
    print(result.code)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

# Output:
# RotationOut 0.5 before the weights is better than none by 0.061 ± 0.015 in test mae.
# none                                                         0.5984 (6 seeds)
# Dropout 0.2 before the weights                               0.5741 (6 seeds)
# Dropout 0.5 before the weights                               0.5969 (6 seeds)
# RotationOut 0.2 before the weights                           0.5802 (6 seeds)
# RotationOut 0.5 before the weights                           0.5721 (6 seeds)
# # RotationOut 0.5 before the weights
# import keras_regnoise as krn
#
# model = krn.tuning.with_noise(build_model(), 'rotationout', 0.5, 'before_weights')
