"""Draw the baseline's residual unit and the three units with IC layers.

The boxes are derived from the unit tuples that the networks are built from.

    python docs/figures/ic_units.py
"""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

from keras_regnoise.models import BASELINE, IC_UNITS
from keras_regnoise.models._units import (
    Unit,
    residual_steps,
    spell_out,
    without_noise,
    words_before,
)

TEXTS = {"conv": "Conv2D", "norm": "BatchNorm", "relu": "ReLU", "ic": "IC"}
COLORS = {"conv": "#cfe2f3", "norm": "#fff2cc", "relu": "#f4cccc", "ic": "#d9ead3"}
BOX_WIDTH, BOX_HEIGHT, PITCH, COLUMN = 1.8, 0.5, 0.85, 3.6


def draw_box(axes: Any, x: float, y: float, word: str, dashed: bool = False) -> None:
    """Draw one layer, with the arrow that enters it."""
    arrow(axes, x, y + PITCH - BOX_HEIGHT / 2, y + BOX_HEIGHT / 2, dashed)
    axes.add_patch(
        FancyBboxPatch(
            (x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2),
            BOX_WIDTH,
            BOX_HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.1",
            facecolor=COLORS[word],
            edgecolor="black",
            linestyle="--" if dashed else "-",
        )
    )
    axes.text(x, y, TEXTS[word], ha="center", va="center", fontsize=10)


def arrow(axes: Any, x: float, start: float, end: float, dashed: bool = False) -> None:
    """Draw a vertical arrow."""
    style = {"arrowstyle": "-|>", "color": "black", "ls": "--" if dashed else "-"}
    axes.annotate("", (x, end), (x, start), arrowprops=style)


def draw_unit(axes: Any, unit: Unit, x: float, title: str) -> float:
    """Draw a unit of two convolutions from top to bottom and return its lower end."""
    lead, branch, merged = residual_steps(spell_out(unit, 2), "")
    y = 0.0
    axes.text(x, 1.0, title, ha="center", va="bottom", fontsize=10)
    for word, _ in lead + branch:
        y -= PITCH
        draw_box(axes, x, y, word)
    y = draw_sum(axes, x, y - PITCH)
    for word, _ in merged:
        y -= PITCH
        draw_box(axes, x, y, word)
    for word in without_noise(words_before(unit)):
        y -= PITCH
        draw_box(axes, x, y, word, dashed=True)
    arrow(axes, x, y - BOX_HEIGHT / 2, y - PITCH)
    return y - PITCH


def draw_sum(axes: Any, x: float, y: float) -> float:
    """Draw the addition at `y` and the shortcut that leads to it from the top."""
    entry, side = -PITCH / 4, x + BOX_WIDTH * 0.75
    axes.plot([x, x], [0.6, entry], color="black", lw=1)
    axes.plot([x, side, side], [entry, entry, y], color="black", lw=1)
    axes.annotate(
        "", (x + 0.22, y), (side, y), arrowprops={"arrowstyle": "-|>", "color": "black"}
    )
    arrow(axes, x, y + PITCH - BOX_HEIGHT / 2, y + 0.22)
    axes.text(
        x,
        y,
        "+",
        ha="center",
        va="center",
        bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white"},
    )
    return y


def main() -> None:
    """Draw every unit beside the others."""
    units = {"baseline": BASELINE}
    units |= {f"IC unit {version}": unit for version, unit in IC_UNITS.items()}
    figure, axes = plt.subplots(figsize=(9.5, 7))
    ends = [
        draw_unit(axes, unit, COLUMN * column, f"{title}\n2 x {{{'-'.join(unit)}}}")
        for column, (title, unit) in enumerate(units.items())
    ]
    axes.set_xlim(-1.3, COLUMN * (len(units) - 1) + 1.8)
    axes.set_ylim(min(ends) - 0.6, 2.1)
    axes.text(
        -1.2,
        min(ends) - 0.5,
        "Dashed: behind the last unit of the network only.",
        fontsize=9,
    )
    axes.set_aspect("equal")
    axes.axis("off")
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=110, bbox_inches="tight")


if __name__ == "__main__":
    main()
