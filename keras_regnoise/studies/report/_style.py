"""What all figures have in common, on paper and in the page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "v", "P", "X")
_XLINK = "{http://www.w3.org/1999/xlink}href"
_OPTIONS: dict[str, object] = {
    "svg.fonttype": "none",  # text stays text: it can be read out and searched
    "svg.hashsalt": "keras_regnoise",  # the same page from the same records
    "text.parse_math": False,  # a name may have a dollar sign
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
    "errorbar.capsize": 2.5,
}


@dataclass(frozen=True)
class Palette:
    """Colors of a figure.

    Attributes:
        ink: Text, axes and the baseline.
        line: Grid lines.
        series: Lines and points, in turn.
    """

    ink: str
    line: str
    series: tuple[str, ...]

    def color(self, index: int) -> str:
        """Return the color of the series with this number."""
        return self.series[index % len(self.series)]


PAPER = Palette(
    "#1c2126",
    "#d5d9dd",
    ("#1f66b0", "#b8442c", "#6d3fa8", "#1b7a4b", "#8a6100", "#0d7282"),
)
# Stand-ins, exchanged for the page's own colors, light or dark.
PAGE = Palette("#000001", "#000002", tuple(f"#00000{i}" for i in range(3, 9)))
_EXCHANGED = {
    PAGE.ink: "currentColor",
    PAGE.line: "var(--line)",
    **{color: f"var(--c{i})" for i, color in enumerate(PAGE.series, 1)},
}


@contextmanager
def options(palette: Palette) -> Iterator[None]:
    """Draw within: plain text, no background, the palette's ink."""
    colors = (
        "text.color",
        "axes.edgecolor",
        "axes.labelcolor",
        "xtick.color",
        "ytick.color",
    )
    inks: dict[str, object] = {
        **dict.fromkeys(colors, palette.ink),
        "grid.color": palette.line,
        "axes.facecolor": "none",
        "figure.facecolor": "none" if palette is PAGE else "white",
        "savefig.facecolor": "auto",
    }
    every: Any = _OPTIONS | inks
    with matplotlib.rc_context(every):
        yield


def tidy_axes(axes: Axes, grid: str = "y") -> None:
    """Leave out what says nothing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x" if grid == "x" else "y", linewidth=0.6)
    axes.set_axisbelow(True)


def inline_svg(figure: Figure, name: str, label: str) -> str:
    """Return a figure as an element of a page.

    Colors follow the page, identities begin with `name`, and nothing in it is an
    address.

    Args:
        figure: Drawn with the palette `PAGE`.
        name: Unique in the page.
        label: What the figure shows, for who does not see it.
    """
    stream = StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(stream, format="svg", metadata=nothing)
    root = ElementTree.fromstring(stream.getvalue())
    for parent in root.iter():
        for child in list(parent):
            if child.tag.endswith(("style", "metadata")):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {
            key.rpartition("}")[2]: _exchange(value, key, name)
            for key, value in element.attrib.items()
        }
    box = root.attrib["viewBox"]
    width, height = map(float, box.split()[2:])
    root.attrib = {
        "viewBox": box,
        "width": f"{width:.0f}",
        "height": f"{height:.0f}",
        "role": "img",
        "aria-label": label,
    }
    return ElementTree.tostring(root, encoding="unicode")


def _exchange(value: str, key: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == _XLINK:
        return value.replace("#", f"#{name}-")
    value = value.replace("url(#", f"url(#{name}-")
    for color, own in _EXCHANGED.items():
        value = value.replace(color, own)
    # The page's typeface; the size stays.
    return re.sub(r"font: [^;]*?([\d.]+px)[^;]*", r"font-size: \1", value)
