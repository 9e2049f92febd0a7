"""Does the noise, left on, tell how sure a network may be?

Trains a small network on scikit-learn's digits with each kind of noise, and compares
the mean of many noisy predictions with the usual prediction without noise.

Run with: python docs/figures/analysis/mc_predict.py [--figure FILE]
    [--records FILE]
Needs the extras "tensorflow" and "studies".
"""

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_regnoise as krn
from keras_regnoise import analysis
from keras_regnoise.datasets import load_digits

NOISES: dict[str, Callable[[int], keras.layers.Layer]] = {
    "Dropout 0.3": lambda seed: keras.layers.Dropout(0.3, seed=seed),
    "RotationOut 0.3": lambda seed: krn.layers.RotationOut(0.3, seed=seed),
}
RECORDS = Path(__file__).parents[2] / "results" / "analysis" / "mc_predict.csv"
METRICS = ("accuracy", "NLL", "ECE")


def build_model(noise: str, seed: int) -> keras.Model:
    """Build two hidden layers of 128 units, with noise behind each."""
    dense = keras.layers.Dense
    if noise == "DropConnect 0.3":
        connect = krn.layers.DropConnect
        return keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                keras.layers.Flatten(),
                dense(128, activation="relu"),
                connect(dense(128, activation="relu"), 0.3, seed=10 * seed + 1),
                connect(dense(10, activation="softmax"), 0.3, seed=10 * seed + 2),
            ]
        )
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            dense(128, activation="relu"),
            NOISES[noise](10 * seed + 1),
            dense(128, activation="relu"),
            NOISES[noise](10 * seed + 2),
            dense(10, activation="softmax"),
        ]
    )


def measure(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, ...]:
    """Return accuracy, negative log-likelihood and expected calibration error."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return (
        float(np.mean(probabilities.argmax(axis=1) == labels)),
        float(-np.mean(np.log(np.maximum(chosen, 1e-12)))),
        analysis.calibration(probabilities, labels).error,
    )


def main(
    seeds: int, epochs: int, samples: int, figure: Path | None, records: Path
) -> None:
    """Train, predict both ways, and write what was measured."""
    train, _, test = load_digits()
    names = [*NOISES]
    if hasattr(krn.layers, "DropConnect"):
        names.append("DropConnect 0.3")
    rows: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    predictions: dict[tuple[str, str], list[np.ndarray]] = {}
    for noise in names:
        for seed in range(1, seeds + 1):
            keras.utils.set_random_seed(seed)
            model = build_model(noise, seed)
            model.compile("adam", "sparse_categorical_crossentropy")
            model.fit(*train, batch_size=32, epochs=epochs, verbose=0)
            plain = model.predict(test.x, batch_size=250, verbose=0)
            noisy = analysis.mc_predict(
                model, test.x, samples, batch_size=250, seed=seed
            ).mean
            for how, values in (("without noise", plain), ("with noise", noisy)):
                rows.setdefault((noise, how), []).append(measure(values, test.y))
                predictions.setdefault((noise, how), []).append(values)

    write(rows, records)
    if figure is not None:
        draw(predictions, np.tile(test.y, seeds), names, figure)


def write(rows: dict[tuple[str, str], list[tuple[float, ...]]], file: Path) -> None:
    """Write the numbers of every network, a line each."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("noise", "prediction", "seed", "metric", "value"))
        for key, found in rows.items():
            for seed, values in enumerate(found, 1):
                pairs = zip(METRICS, values, strict=True)
                writer.writerows((*key, seed, *pair) for pair in pairs)


def draw(
    predictions: dict[tuple[str, str], list[np.ndarray]],
    labels: np.ndarray,
    names: list[str],
    file: Path,
) -> None:
    """Draw accuracy over confidence, a panel for each noise, all seeds together."""
    with analysis.plots.style():
        size = (4 * len(names), 4)
        figure, panels = plt.subplots(1, len(names), sharey=True, figsize=size)
        for noise, panel in zip(names, panels, strict=True):
            analysis.plots.calibration(
                {
                    how: analysis.calibration(np.concatenate(p), labels, bins=8)
                    for (name, how), p in predictions.items()
                    if name == noise
                },
                ax=panel,
            )
            panel.set_title(noise)
            panel.label_outer()
        figure.savefig(file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--records", type=Path, default=RECORDS)
    main(**vars(parser.parse_args()))
