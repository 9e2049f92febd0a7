"""Models and data of races on real data.

In this folder, for example:

    keras-regnoise tune tune_tasks:digits_mlp --data tune_tasks:digits --rates 0.5 0.7
    keras-regnoise tune tune_tasks:diabetes_mlp --data tune_tasks:diabetes ...
"""

import keras
import numpy as np
from sklearn import datasets
from sklearn.model_selection import train_test_split

Examples = tuple[np.ndarray, np.ndarray]


def mlp(
    sizes: tuple[int, ...], outputs: int, learning_rate: float = 1e-3
) -> keras.Sequential:
    """Stack dense layers with ReLU, and one without."""
    hidden = [
        keras.layers.Dense(size, activation="relu", kernel_initializer="he_normal")
        for size in sizes[1:]
    ]
    model = keras.Sequential(
        [keras.Input(sizes[:1]), *hidden, keras.layers.Dense(outputs)]
    )
    loss: object = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(
        keras.optimizers.Adam(learning_rate),
        loss if outputs > 1 else "mse",
        metrics=["accuracy"] if outputs > 1 else ["mae"],
    )
    return model


def digits_mlp() -> keras.Model:
    """Build the MLP 64-256-256-10."""
    return mlp((64, 256, 256), 10)


def digits() -> tuple[Examples, Examples, Examples]:
    """Load 500 digits, of which 40 % have a wrong label, 297 and 1,000 others."""
    x, y = datasets.load_digits(return_X_y=True)
    x = x / 16.0
    x, x_rest, y, y_rest = train_test_split(
        x, y, train_size=500, stratify=y, random_state=0
    )
    x_val, x_test, y_val, y_test = train_test_split(
        x_rest, y_rest, train_size=297, stratify=y_rest, random_state=0
    )
    draw = np.random.default_rng(0)
    wrong = draw.permutation(500)[:200]
    y[wrong] = (y[wrong] + draw.integers(1, 10, 200)) % 10
    return (x, y), (x_val, y_val), (x_test, y_test)


def breast_cancer_mlp() -> keras.Model:
    """Build an MLP 30-64-64-2."""
    return mlp((30, 64, 64), 2)


def breast_cancer() -> Examples:
    """Load 569 examples, standardized."""
    x, y = datasets.load_breast_cancer(return_X_y=True)
    return (x - x.mean(0)) / x.std(0), y


def diabetes_mlp() -> keras.Model:
    """Build an MLP 10-64-64-1."""
    return mlp((10, 64, 64), 1)


def diabetes() -> Examples:
    """Load 442 examples, inputs and target standardized."""
    x, y = datasets.load_diabetes(return_X_y=True)
    return x / x.std(0), (y - y.mean()) / y.std()


def contrac_mlp() -> keras.Model:
    """Build an MLP 9-128-128-3."""
    return mlp((9, 128, 128), 3)
