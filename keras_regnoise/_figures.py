"""One look for all figures, of reports and of analysis; Matplotlib is imported late."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "v", "P", "X")
_INKS = (
    "text.color",
    "axes.edgecolor",
    "axes.labelcolor",
    "xtick.color",
    "ytick.color",
)
_OPTIONS: dict[str, object] = {
    "svg.fonttype": "none",  # text stays text: it can be read out and searched
    "svg.hashsalt": "keras_regnoise",  # the same file from the same numbers
    "text.parse_math": False,  # a name may have a dollar sign
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
    "errorbar.capsize": 2.5,
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "auto",
    "savefig.dpi": 150,
}


@dataclass(frozen=True)
class Palette:
    """Colors of a figure.

    Attributes:
        paper: Background.
        ink: Text, axes and the baseline.
        line: Grid lines.
        series: Lines and points, in turn; each has a contrast of 3 and more to the
            background.
    """

    paper: str
    ink: str
    line: str
    series: tuple[str, ...]

    def color(self, index: int) -> str:
        """Return the color of the series with this number."""
        return self.series[index % len(self.series)]


LIGHT = Palette(
    "#ffffff",
    "#1c2126",
    "#d5d9dd",
    ("#1f66b0", "#b8442c", "#6d3fa8", "#1b7a4b", "#8a6100", "#0d7282"),
)
DARK = Palette(
    "#14181c",
    "#e4e8ec",
    "#3a424a",
    ("#7fb4f2", "#f2947d", "#c6a4f2", "#74cf9f", "#dfba5c", "#66cde0"),
)


@contextmanager
def style(palette: Palette = LIGHT) -> Iterator[None]:
    """Give the figures that are made and saved in the context one look."""
    import matplotlib
    from cycler import cycler

    options: Any = {
        **_OPTIONS,
        **dict.fromkeys(_INKS, palette.ink),
        "grid.color": palette.line,
        "axes.facecolor": "none",
        "figure.facecolor": palette.paper,
        "axes.prop_cycle": cycler(color=palette.series),
    }
    with matplotlib.rc_context(options):
        yield


def shown_in_notebooks(figure: "Figure") -> "Figure":
    """Have a notebook show a figure that pyplot does not know as a picture too."""
    setattr(figure, "_repr_png_", partial(_png, figure))  # noqa: B010
    return figure


def _png(figure: "Figure") -> bytes:
    file = BytesIO()
    with style():
        figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def grid_lines(axes: "Axes", of: str = "y") -> None:
    """Draw the grid lines of one axis, below what is drawn."""
    axes.grid(axis="x" if of == "x" else "y")
