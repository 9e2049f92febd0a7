"""Draws closed_forms.png. Run with: python docs/figures/analysis/closed_forms.py."""

from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

from keras_regnoise import RotationOut, analysis
from keras_regnoise.analysis import plots


def main() -> None:
    """Draw the four panels."""
    random = np.random.default_rng(0)
    x = random.normal(size=(5000, 8)) @ random.normal(size=(8, 8))
    y = keras.ops.convert_to_numpy(RotationOut(0.3, seed=1)(x, training=True))
    with plots.style():
        figure, panels = plt.subplots(2, 2, figsize=(10, 8))
        plots.coadaptation_factor(ax=panels[0, 0])
        plots.drop_activation_shift(ax=panels[0, 1])
        plots.batch_norm(ax=panels[1, 0])
        plots.correlation(analysis.correlation(y), ax=panels[1, 1])
        figure.savefig(Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
