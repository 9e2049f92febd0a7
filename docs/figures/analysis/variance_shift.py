"""How noise shifts the variance that BatchNormalization sees, and what to do about it.

Trains a small ResNet with Dropout before the BatchNormalization ("a") and before the
convolution ("b"), each as usual and about the mean ("centred"), in the blocks of the
third stage as in appendix A.4 of the RotationOut paper. Measures the variance shift
behind the noise, and the test accuracy as trained, with the running variance multiplied
by the keep rate, and with recalibrated BatchNormalization.

Run with: python docs/figures/analysis/variance_shift.py
    [--data-dir DIR] [--figure FILE] [--records FILE]
Needs the extras "tensorflow" and "studies". With --data-dir a subset of CIFAR-10 from
that TensorFlow Datasets folder, otherwise scikit-learn's digits.
"""

import argparse
import csv
from pathlib import Path

import keras
import numpy as np

from keras_regnoise import analysis, datasets, models
from keras_regnoise.datasets import DataSet
from keras_regnoise.layers import CenteredDropout

RATE, STAGE, BATCH_SIZE = 0.5, 3, 50
A = ("conv", "noise", "norm", "relu", "conv", "norm", "relu")
B = ("conv", "norm", "relu", "noise", "conv", "norm", "relu")
# Unit, noise, and the BatchNormalization of a block that is right behind the noise.
VARIANTS = {
    "no noise": (models.BASELINE, None, ""),
    "a": (A, keras.layers.Dropout, "norm1"),
    "a, centred": (A, CenteredDropout, "norm1"),
    "b": (B, keras.layers.Dropout, "norm2"),
    "b, centred": (B, CenteredDropout, "norm2"),
}
RECORDS = Path(__file__).parents[2] / "results" / "analysis" / "variance_shift.csv"


def load(data_dir: Path | None, count: int) -> DataSet:
    """Load the digits, or a subset of CIFAR-10."""
    if data_dir is None:
        return datasets.load("digits")
    return datasets.load("cifar10", data_dir, examples=count, test_examples=2000)


def build_and_train(
    variant: str, depth: int, data: DataSet, seed: int, epochs: int
) -> keras.Model:
    """Train one network; the seed decides its weights, noise and batches."""
    unit, noise, _ = VARIANTS[variant]
    keras.utils.set_random_seed(seed)
    # A few hundred steps: moving statistics of momentum 0.99 would be out of date.
    words = {"layers": {"norm": lambda: keras.layers.BatchNormalization(momentum=0.9)}}
    if noise is not None:
        words |= {"noise": lambda: noise(RATE, seed=seed), "noise_stages": (STAGE,)}
    model = models.resnet(depth, unit, input_shape=data.shape, seed=seed, **words)
    batches = data.batches("train", BATCH_SIZE, seed=seed)
    steps = epochs * len(batches)
    rate = keras.optimizers.schedules.CosineDecay(0.05, steps)
    optimizer = keras.optimizers.SGD(rate, momentum=0.9, weight_decay=1e-4)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.fit(batches, epochs=epochs, verbose=0)
    return model


def accuracy(model: keras.Model, data: DataSet) -> float:
    """Return the share of right answers in the test split."""
    probabilities = model.predict(data.batches("test", 250), verbose=0)
    return float(np.mean(probabilities.argmax(axis=1) == data.test.y))


def measure(model: keras.Model, variant: str, data: DataSet) -> dict:
    """Measure shifts and accuracies; the model is recalibrated at the end."""
    train = data.batches("train", BATCH_SIZE)
    shifts = analysis.variance_shift(model, train)
    behind = [
        path
        for path in shifts
        if VARIANTS[variant][2]
        and path.startswith(f"stage{STAGE}_")
        and path.endswith(VARIANTS[variant][2])
    ]
    at = [shifts[path] for path in behind] or list(shifts.values())
    corrected = [
        analysis.VarianceShift((1 - RATE) * s.training, s.inference) for s in at
    ]
    result = {
        "shifts": shifts,
        "mean": float(np.mean([s.mean for s in at])),
        "max": float(max(s.max for s in at)),
        "as trained": accuracy(model, data),
    }
    if behind:
        result["mean corrected"] = float(np.mean([s.mean for s in corrected]))
        result["max corrected"] = float(max(s.max for s in corrected))
        analysis.rescale_running_variance(model, RATE, behind)
        result["variance x keep rate"] = accuracy(model, data)
    analysis.recalibrate_batch_normalization(model, train)
    result["recalibrated"] = accuracy(model, data)
    return result


def write(results: dict[str, list[dict]], file: Path) -> None:
    """Write the numbers of every network, a line each."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("variant", "seed", "metric", "value"))
        for variant, runs in results.items():
            for seed, run in enumerate(runs, 1):
                numbers = {k: v for k, v in run.items() if k != "shifts"}
                writer.writerows((variant, seed, *pair) for pair in numbers.items())


def main(options: argparse.Namespace) -> None:
    """Train all variants with all seeds, and write what was measured."""
    data = load(options.data_dir, options.count)
    results: dict[str, list[dict]] = {}
    for variant in options.variants:
        for seed in range(1, options.seeds + 1):
            model = build_and_train(variant, options.depth, data, seed, options.epochs)
            found = measure(model, variant, data)
            results.setdefault(variant, []).append(found)
            keras.utils.clear_session()
    write(results, options.records)
    if options.figure is not None:
        with analysis.plots.style():
            ax = analysis.plots.variance_shift(
                {
                    name: [run["shifts"] for run in runs]
                    for name, runs in results.items()
                }
            )
            ax.set_title(f"ResNet-{options.depth}, Dropout {RATE:g} in stage {STAGE}")
            ax.figure.set_size_inches(9, 5)
            ax.figure.savefig(options.figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--count", type=int, default=2000, help="CIFAR-10 images")
    parser.add_argument("--depth", type=int, default=14)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--variants", nargs="+", choices=VARIANTS, default=tuple(VARIANTS)
    )
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--records", type=Path, default=RECORDS)
    main(parser.parse_args())
